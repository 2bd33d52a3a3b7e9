import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { AppError } from '../../src/errors.ts';
import { makeLog } from '../../src/platform/log.ts';
import { type Mail, type MailSettings, type Message, makeMail } from '../../src/platform/mail.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { loadMailViews } from '../../src/platform/web/mail-views.ts';
import { testDatabase } from '../support/database.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';

const views = loadMailViews(fileURLToPath(new URL('../../views', import.meta.url)));
const nbsp = '\u00a0';
const minute = 60_000;

describe('mail', () => {
  let connection: Connection;
  let uri: string;
  let drop: () => Promise<void>;
  let server: MailServer;
  let mail: Mail;
  let clock: Date;
  const key = randomBytes(32);
  const secrets = makeSecrets(key);
  const from = { name: 'École numérique au carré', address: 'ne-pas-repondre@exemple.fr' };
  const outbox = () => connection.collection<{ _id: string; [field: string]: unknown }>('outbox');
  const later = (ms: number) => {
    clock = new Date(clock.getTime() + ms);
  };
  const made = (change: Partial<MailSettings> = {}) =>
    makeMail(connection, {
      views,
      secrets,
      smtp: { url: server.url, from },
      now: () => clock,
      log: makeLog('silent'),
      ...change,
    });
  const invitation = (change: Partial<Message> = {}): Message => ({
    to: 'lea.martin@exemple.fr',
    template: 'invitation',
    values: {
      organisation: "L'Atelier numérique d'Évreux",
      link: 'https://ecole.exemple.fr/invitations/abc?x=1&y=2',
      until: '29 novembre 2026',
    },
    key: 'invitation:1',
    ...change,
  });

  before(async () => {
    const database = await testDatabase();
    uri = database.uri;
    connection = await mongoose.createConnection(uri).asPromise();
    server = await startMailServer();
    await made().ensureIndexes();
    drop = async () => {
      await server.close();
      await connection.close();
      await database.drop();
    };
  });
  after(() => drop());

  beforeEach(async () => {
    await outbox().deleteMany({});
    server.received.length = 0;
    server.refuse = {};
    server.beforeAccepting = async () => {};
    clock = new Date();
    mail = made();
  });

  async function code(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
    return 'accepted';
  }

  it('arrives with its accents, in text and HTML, from us, and says that a machine wrote it', async () => {
    await mail.send(invitation());
    expect(await mail.deliver()).to.deep.equal({ sent: 1, postponed: 0, failed: 0, waiting: 0 });
    const [received] = server.received;
    expect(received?.subject).to.equal(`Invitation à rejoindre «${nbsp}L'Atelier numérique d'Évreux${nbsp}»`);
    expect(received?.from).to.deep.include({ name: from.name, address: from.address });
    expect(received?.to?.[0]).to.deep.include({ address: 'lea.martin@exemple.fr' });
    expect(received?.envelopeTo).to.deep.equal(['lea.martin@exemple.fr']);
    expect(received?.text).to.include("L'Atelier numérique d'Évreux").and.include('abc?x=1&y=2\n');
    expect(received?.html).to.include('Évreux').and.include('<html lang="fr">');
    expect(received?.headers.find(({ key: name }) => name === 'auto-submitted')?.value).to.equal('auto-generated');
    expect(received?.headers.some(({ key: name }) => name === 'x-mailer')).to.equal(false);
  });

  it('a name is shown as it was typed: no markup in HTML, no entity in text', async () => {
    const values = { ...invitation().values, organisation: '<b>Été</b> & Cie' };
    await mail.send(invitation({ values }));
    await mail.deliver();
    expect(server.received[0]?.text).to.include('<b>Été</b> & Cie');
    expect(server.received[0]?.html).to.include('&lt;b&gt;Été&lt;/b&gt; &amp; Cie').and.not.include('<b>');
  });

  describe('is refused', () => {
    for (const to of [
      'lea@exemple.fr\r\nBcc: tous@exemple.fr',
      'lea@exemple.fr\nSubject: x',
      'lea@exemple.fr, paul@exemple.fr',
      'lea@exemple.fr;paul@exemple.fr',
      'Léa <lea@exemple.fr>',
      'lea@exemple.fr\u0000',
      '"a\r\n"@exemple.fr',
      'lea',
      `${'a'.repeat(250)}@exemple.fr`,
    ]) {
      it(`with the address ${JSON.stringify(to).slice(0, 50)}`, async () => {
        expect(await code(mail.send(invitation({ to })))).to.equal('ADRESSE_INVALIDE');
        expect(await outbox().countDocuments({})).to.equal(0);
      });
    }

    for (const [what, values] of Object.entries({
      'with a name that ends the subject and begins a header': { organisation: 'Atelier\r\nBcc: tous@exemple.fr' },
      'with a name that turns the line round': { organisation: 'Atelier\u202etxt.exe' },
      'with a name that carries the address of another site': { organisation: 'Gagnez sur https://piege.exemple' },
      'with a link that is a script': { link: 'javascript:alert(1)' },
      'with a link that is no address': { link: '/invitations/abc' },
      'with a very long value': { organisation: 'a'.repeat(2_001) },
    })) {
      it(what, async () => {
        const message = invitation({ values: { ...invitation().values, ...values } });
        expect(await code(mail.send(message))).to.equal('COURRIEL_REFUSE');
        expect(await outbox().countDocuments({})).to.equal(0);
      });
    }

    for (const [what, change] of Object.entries<Partial<Message>>({
      'with a value missing': { values: { link: 'https://ecole.exemple.fr/', until: 'demain' } },
      'under a template that does not exist': { template: 'publicite' },
      'under the name of a file that others include': { template: 'layout' },
      'under a key that names a person': { key: 'verification:lea@exemple.fr' },
    })) {
      it(what, async () => {
        let refusal: unknown;
        await mail.send(invitation(change)).catch((error: unknown) => {
          refusal = error;
        });
        expect(refusal).to.be.instanceOf(Error);
        expect(await outbox().countDocuments({})).to.equal(0);
      });
    }
  });

  it('asked for twice, leaves once', async () => {
    await Promise.all([mail.send(invitation()), mail.send(invitation())]);
    await mail.deliver();
    await mail.send(invitation());
    await mail.deliver();
    expect(server.received).to.have.length(1);
  });

  it('while it waits its address and its link are sealed; once it has left nothing of them is kept', async () => {
    await mail.send(invitation({ account: 'c0ffee' }));
    const trace = /lea\.martin|exemple\.fr|\/invitations\/|Atelier/;
    expect(JSON.stringify(await outbox().findOne({}))).to.not.match(trace);
    expect(await mail.pending()).to.have.length(1);
    await mail.deliver();
    const kept = await outbox().findOne({});
    expect(JSON.stringify(kept)).to.not.match(trace);
    expect(kept).to.not.have.any.keys('sealed', 'dueAt');
    expect(await mail.pending()).to.deep.equal([]);
    const [record] = await mail.of('c0ffee');
    expect(record).to.deep.equal({ state: 'sent', template: 'invitation', since: clock, endedAt: clock });
  });

  it('records of ended mails end by themselves after 90 days', async () => {
    const ttl = (await outbox().indexes()).find(({ expireAfterSeconds }) => expireAfterSeconds !== undefined);
    expect(ttl).to.deep.include({ key: { endedAt: 1 }, expireAfterSeconds: 90 * 86_400 });
  });

  it('without a mail server it waits, and leaves when there is one', async () => {
    const without = made({ smtp: null });
    await without.send(invitation());
    expect(await without.deliver()).to.deep.equal({ sent: 0, postponed: 0, failed: 0, waiting: 1 });
    const [waiting] = await without.pending();
    expect(waiting).to.deep.include({ to: 'lea.martin@exemple.fr', state: 'waiting', attempts: 0 });
    expect(waiting?.text).to.include('https://ecole.exemple.fr/invitations/abc');
    expect((await mail.deliver()).sent).to.equal(1);
  });

  it('a mail server that is not there delays mails, longer each time, and loses none', async () => {
    const nowhere = made({ smtp: { url: 'smtp://127.0.0.1:9', from } });
    await nowhere.send(invitation());
    await nowhere.send(invitation({ key: 'invitation:2' }));
    expect(await nowhere.deliver(), 'one try says enough').to.include({ postponed: 1, waiting: 2 });
    expect((await nowhere.deliver()).postponed).to.equal(1);
    expect((await nowhere.deliver()).postponed, 'not before a minute').to.equal(0);
    for (let day = 0; day < 4; day += 1) {
      later(24 * 60 * minute);
      expect(await nowhere.deliver()).to.include({ failed: 0, waiting: 2 });
    }
    expect((await mail.deliver()).sent, 'its turn comes again').to.be.lessThan(2);
    later(60 * minute);
    await mail.deliver();
    expect(server.received).to.have.length(2);
    expect(new Set(server.received.map(({ messageId }) => messageId)).size).to.equal(2);
  });

  it('a recipient refused for now is tried again, one refused for good is not, and neither stops the next mail', async () => {
    await mail.send(invitation());
    server.refuse = { recipient: 451 };
    expect(await mail.deliver()).to.include({ postponed: 1, waiting: 1 });
    later(2 * minute);
    await mail.send(invitation({ key: 'invitation:2' }));
    server.refuse = { recipient: 550 };
    expect(await mail.deliver()).to.deep.equal({ sent: 0, postponed: 0, failed: 2, waiting: 0 });
    const kept = await outbox().findOne({ _id: 'invitation:1' });
    expect(kept).to.include({ state: 'failed', reason: 'RCPT-550' });
    expect(JSON.stringify(kept), 'the words of the server repeat the address').to.not.match(/lea|refused/);
    expect(server.received).to.have.length(0);
  });

  it('what did not leave is told without its address: given up, or tried in vain, not what waits for its first try', async () => {
    await mail.send(invitation());
    server.refuse = { recipient: 550 };
    await mail.deliver();
    later(minute);
    await mail.send(invitation({ key: 'invitation:2', account: 'compte-1' }));
    server.refuse = { recipient: 451 };
    await mail.deliver();
    later(1);
    await mail.send(invitation({ key: 'invitation:3' }));
    const found = await mail.undelivered(10);
    expect(found.map(({ state, attempts, reason, account }) => [state, attempts, reason, account])).to.deep.equal([
      ['waiting', 1, 'RCPT-451', 'compte-1'],
      ['failed', 1, 'RCPT-550', null],
    ]);
    expect(JSON.stringify(found)).to.not.match(/lea|exemple|Évreux/);
    expect(await mail.undelivered(1)).to.have.length(1);
  });

  it('a text deep inside lists is looked at like another', async () => {
    const digest = (line: string) => ({
      ...{
        day: '22 novembre 2026',
        summary: 'rien à traiter',
        runs: 'Aucune.',
        link: 'https://ecole.exemple.fr/admin',
      },
      ...{ quiet: [], others: [], running: [], site: [], sources: [{ name: 'École', lines: [{ line }] }] },
    });
    const send = (line: string) => mail.send({ ...invitation(), template: 'digest', values: digest(line) });
    for (const line of [
      'Voir https://piege.example/',
      'www.piege.example',
      'À\r\nBcc: tous@exemple.fr',
      'x'.repeat(3_000),
    ]) {
      const refused = await send(line).then(
        () => 'sent',
        (error: unknown) => (error instanceof AppError ? error.code : error),
      );
      expect(refused, line.slice(0, 40)).to.equal('COURRIEL_REFUSE');
    }
    await send('12 fiches en quarantaine.');
    expect((await mail.pending())[0]?.text).to.include('École\n- 12 fiches en quarantaine.');
  });

  it('content refused for five days is given up', async () => {
    await mail.send(invitation());
    server.refuse = { content: 452 };
    for (let day = 0; day <= 5; day += 1) {
      expect((await mail.deliver()).postponed, `day ${day}`).to.equal(1);
      later(24 * 60 * minute);
    }
    expect((await mail.deliver()).failed).to.equal(1);
    expect((await mail.deliver()).waiting).to.equal(0);
  });

  it('stops between two mails when it is asked to', async () => {
    await mail.send(invitation());
    await mail.send(invitation({ key: 'invitation:2' }));
    const stop = new AbortController();
    server.beforeAccepting = async () => stop.abort();
    expect(await mail.deliver(stop.signal)).to.include({ sent: 1, waiting: 1 });
  });

  it('mails about an account, and those on their way to its address, are erased with it', async () => {
    const without = made({ smtp: null });
    await mail.send(invitation({ account: 'c0ffee' }));
    await mail.deliver();
    await without.send(invitation({ key: 'reset:1', account: 'c0ffee' }));
    await without.send(invitation({ key: 'invitation:2', to: 'Lea.Martin@exemple.fr' }));
    await made({ secrets: makeSecrets(randomBytes(32)) }).send(invitation({ key: 'sealed-with-a-lost-key' }));
    await without.send(invitation({ key: 'invitation:3', to: 'paul@exemple.fr', account: 'beef' }));
    expect(await mail.erase('c0ffee', 'lea.martin@exemple.fr')).to.equal(3);
    await outbox().deleteOne({ _id: 'sealed-with-a-lost-key' });
    expect((await mail.pending()).map(({ to }) => to)).to.deep.equal(['paul@exemple.fr']);
    expect(await mail.of('c0ffee')).to.deep.equal([]);
  });

  it('after a change of key, what waits is sealed again and leaves', async () => {
    await mail.send(invitation());
    const newer = randomBytes(32);
    await made({ secrets: makeSecrets(newer, [key]) }).reseal();
    const without = made({ secrets: makeSecrets(newer) });
    expect((await without.deliver()).sent).to.equal(1);
  });

  it('a mail whose key is not here waits for it, and does not stop the others', async () => {
    await made({ secrets: makeSecrets(randomBytes(32)) }).send(invitation({ key: 'invitation:0' }));
    later(1);
    await mail.send(invitation());
    expect(await mail.deliver()).to.deep.equal({ sent: 1, postponed: 1, failed: 0, waiting: 1 });
  });

  describe('over kills and processes', () => {
    const deliverer = fileURLToPath(new URL('mail-deliverer.ts', import.meta.url));
    const args = () => ['--import', 'tsx', deliverer, uri, key.toString('hex'), server.url];

    /** Starts a process and kills it while the server holds the mail, before or after having accepted it. */
    async function killWhileSending(): Promise<void> {
      let child: ChildProcess | undefined;
      const reached = new Promise<void>((resolve) => {
        server.beforeAccepting = async () => {
          child?.kill('SIGKILL');
          if (child !== undefined) await once(child, 'exit');
          resolve();
        };
      });
      child = spawn(process.execPath, args(), { stdio: 'ignore' });
      await reached;
      server.beforeAccepting = async () => {};
    }

    it('killed before the server accepted, it leaves once, after the claim of the dead process', async () => {
      await mail.send(invitation());
      server.refuse = { content: 451 };
      await killWhileSending();
      server.refuse = {};
      expect(await mail.deliver(), 'claimed by a process that may live').to.include({ sent: 0, waiting: 1 });
      expect((await mail.pending())[0]?.state).to.equal('sending');
      later(3 * minute);
      expect(await mail.deliver()).to.include({ sent: 1, waiting: 0 });
      later(3 * minute);
      await mail.deliver();
      expect(server.received).to.have.length(1);
    });

    it('killed after the server accepted, it leaves once more, recognisable by its Message-ID and date', async () => {
      await mail.send(invitation());
      await killWhileSending();
      later(3 * minute);
      await mail.deliver();
      later(3 * minute);
      await mail.deliver();
      expect(server.received).to.have.length(2);
      const [first, second] = server.received;
      expect(first?.messageId).to.match(/^<[0-9a-f]{40}@exemple\.fr>$/);
      expect(second?.messageId).to.equal(first?.messageId);
      expect(second?.date).to.equal(first?.date);
    });

    it('a mail that takes longer than its claim is not taken by another process: the claim is renewed', async () => {
      const own: Partial<MailSettings> = { now: () => new Date(), claimMs: 600 };
      await made(own).send(invitation());
      const others: number[] = [];
      server.beforeAccepting = async () => {
        for (let look = 0; look < 6; look += 1) {
          await wait(300);
          others.push((await made(own).deliver()).sent);
        }
      };
      expect((await made(own).deliver()).sent).to.equal(1);
      expect(others).to.deep.equal([0, 0, 0, 0, 0, 0]);
      expect(server.received).to.have.length(1);
    });

    it('two processes deliver each mail once', async () => {
      for (let n = 0; n < 20; n += 1) await mail.send(invitation({ key: `invitation:${n}`, to: `p${n}@exemple.fr` }));
      const start = () => promisify(execFile)(process.execPath, args());
      const done = (await Promise.all([start(), start()])).map(({ stdout }) => JSON.parse(stdout) as { sent: number });
      expect(done.reduce((sum, { sent }) => sum + sent, 0)).to.equal(20);
      expect(server.received.map(({ envelopeTo }) => envelopeTo[0]).sort()).to.deep.equal(
        Array.from({ length: 20 }, (_, n) => `p${n}@exemple.fr`).sort(),
      );
    });
  });
});
