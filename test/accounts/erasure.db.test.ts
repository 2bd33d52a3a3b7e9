/** An account with everything, erased, then looked for in every document and file of the database. */
import { expect } from 'chai';
import { mongo } from 'mongoose';
import request from 'supertest';
import type { Holding } from '../../src/accounts/model/holding.ts';
import type { Account } from '../../src/accounts/model.ts';
import { AppError } from '../../src/errors.ts';
import type { Actor } from '../../src/rights.ts';
import {
  aPersonWithEverything,
  openPersonalDataWorld,
  type PersonalDataWorld,
  personPassword,
} from '../builders/personal-data.ts';
import { errorOf } from '../support/error-of.ts';

const learner = (accountId: string): Actor => ({ accountId, roles: ['learner'], memberships: [], strong: false });
async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const error = await errorOf(work);
  if (error instanceof AppError) return error;
  throw new Error('it was not refused', { cause: error });
}
const noProof = { password: '', signedInAt: null };

describe('the erasure of an account', () => {
  let world: PersonalDataWorld;

  before(async () => {
    world = await openPersonalDataWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    for (const { name } of await world.connection.listCollections()) {
      await world.connection.collection(name).deleteMany({});
    }
    world.clock = new Date('2026-11-22T10:00:00Z');
  });

  async function signedIn(id: string) {
    const agent = request.agent(world.app);
    const { text } = await agent.get('/jeton').expect(200);
    await agent.post(`/entrer/${id}`).type('form').send({ _csrf: text }).expect(204);
    return agent;
  }

  const post = async (agent: ReturnType<typeof request.agent>, path: string, fields: Record<string, string>) => {
    const { text: _csrf } = await agent.get('/jeton').expect(200);
    return agent
      .post(path)
      .type('form')
      .send({ _csrf, ...fields });
  };

  /** With two sessions, and a neighbour who must lose nothing. */
  async function withEverything(): Promise<Account> {
    const { ada } = await aPersonWithEverything(world);
    await signedIn(ada.id);
    await signedIn(ada.id);
    return ada;
  }

  /** Where one of these texts stands, in whatever form of value, key or file. */
  async function traces(texts: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const { name } of await world.connection.listCollections()) {
      for await (const document of world.connection.collection(name).find({})) {
        const { _id: id } = document;
        if (texts.some((text) => contains(document, text.toLowerCase()))) found.push(`${name} ${String(id)}`);
      }
    }
    return found;
  }

  function contains(value: unknown, text: string): boolean {
    if (typeof value === 'string') return value.toLowerCase().includes(text) || isSealed(value, text);
    if (value instanceof mongo.Binary) return Buffer.from(value.buffer).toString('utf8').toLowerCase().includes(text);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8').toLowerCase().includes(text);
    if (typeof value !== 'object' || value === null || value instanceof Date) return false;
    return Object.entries(value).some(([key, inner]) => key.toLowerCase().includes(text) || contains(inner, text));
  }

  /** What is sealed with the key of the installation can be read by the installation: it counts. */
  function isSealed(value: string, text: string): boolean {
    if (!value.startsWith('v1.') || value.split('.').length !== 3) return false;
    try {
      return world.secrets.open(value).toLowerCase().includes(text);
    } catch {
      // A signature has the same shape.
      return false;
    }
  }

  const namesOf = ({ id }: Account) => [id, 'ada.lovelace', 'lovelace@exemple.fr', 'Ada Lovelace', 'sub-of-ada'];

  it('the search finds every part before, so that finding nothing after means something', async () => {
    const ada = await withEverything();
    const places = new Set((await traces(namesOf(ada))).map((place) => place.split(' ')[0]));
    // The last entry stands in the head too.
    places.delete('auditHead');
    expect([...places].sort()).to.deep.equal([
      'account-tokens',
      'accounts',
      'audit',
      'enrolments',
      'files.chunks',
      'files.files',
      'invitations',
      'kept_courses',
      'organisations',
      'outbox',
      'sessions',
    ]);
    expect(await traces(['jamais vu'])).to.deep.equal([]);
  });

  it('leaves no trace of the id, the address or the name, but the id in the audit trail, which stays valid', async () => {
    const ada = await withEverything();
    expect(await world.personalData.eraseOwn(learner(ada.id), { password: personPassword, signedInAt: null })).to.equal(
      true,
    );
    // The last mail waits for its departure: it is the only place where the address still is.
    const [last, ...more] = await world.mail.pending();
    expect(more).to.deep.equal([]);
    expect(last?.to).to.equal('Ada.Lovelace@exemple.fr');
    expect(last?.text).to.include('votre compte est effacé');
    expect(last?.text).to.not.include(ada.id);
    await world.connection.collection('outbox').deleteMany({});

    const left = (await traces(namesOf(ada))).filter((place) => !place.startsWith('audit'));
    expect(left).to.deep.equal([]);
    expect(await traces(namesOf(ada).slice(1))).to.deep.equal([]);
    const trail = await world.audit.verify();
    expect(trail).to.include({ sound: true });
    const [entry] = await world.audit.list({ limit: 1 });
    expect(entry).to.include({ act: 'account.erased', actor: ada.id, target: ada.id });
  });

  it('takes nothing from anybody else, and hands the organisation to its oldest member', async () => {
    const ada = await withEverything();
    const grace = await world.accounts.byEmail('grace@exemple.fr');
    await world.personalData.eraseOwn(learner(ada.id), { password: personPassword, signedInAt: null });
    expect(await world.accounts.byId(grace?.id ?? '')).to.deep.equal(grace);
    expect(await world.enrolments.ofAccount(grace?.id ?? '')).to.have.length(1);
    expect(await world.organisations.byId('alone')).to.equal(null);
    expect((await world.organisations.byId('shared'))?.members).to.deep.equal([
      { accountId: grace?.id, owner: true, since: world.clock },
    ]);
  });

  it('ends every session', async () => {
    const ada = await world.person();
    const agent = await signedIn(ada.id);
    await agent.get('/mon-espace/donnees').expect(200);
    await world.personalData.eraseOwn(learner(ada.id), { password: personPassword, signedInAt: null });
    await agent.get('/mon-espace/donnees').expect(401);
  });

  it('cut anywhere, is finished by the next night, once, with one mail', async () => {
    // Before each part, and once after the account itself is gone.
    for (const cut of [...world.holdings.keys(), world.holdings.length + 1]) {
      const ada = await withEverything();
      let calls = 0;
      const dying = world.holdings.map(
        (holding): Holding => ({
          ...holding,
          erase: async (id) => {
            calls += 1;
            if (calls > cut) throw new Error('killed');
            return holding.erase(id);
          },
        }),
      );
      const cutShort = world
        .personalDataWith({ holdings: dying })
        .eraseOwn(learner(ada.id), { password: personPassword, signedInAt: null });
      expect(await cutShort.catch((error: Error) => error.message), `cut ${cut}`).to.equal('killed');
      expect(await world.personalData.finishErasures(), `cut ${cut}`).to.equal(1);
      expect(await world.personalData.finishErasures()).to.equal(0);
      expect((await world.mail.pending()).map(({ to }) => to)).to.deep.equal(['Ada.Lovelace@exemple.fr']);
      await world.connection.collection('outbox').deleteMany({});
      const left = (await traces(namesOf(ada))).filter((place) => !place.startsWith('audit'));
      expect(left, `cut ${cut}`).to.deep.equal([]);
      await world.accounts.remove((await world.accounts.byEmail('grace@exemple.fr'))?.id ?? '');
      for (const name of ['organisations', 'invitations', 'enrolments']) {
        await world.connection.collection(name).deleteMany({});
      }
    }
  });

  it('a page that was being answered meanwhile leaves nothing behind', async () => {
    const ada = await world.person();
    const busy = world.holdings.map(
      (holding): Holding => ({
        ...holding,
        erase: async (id) => {
          const erased = await holding.erase(id);
          // Once, after its own part was erased.
          if (holding === world.holdings.at(-1) && (await world.accounts.byId(ada.id)) !== null) {
            await world.kept.add(ada.id, { kind: 'course', target: '7k2m9qzx', title: 'Un cours', at: world.clock });
          }
          return erased;
        },
      }),
    );
    await world.personalDataWith({ holdings: busy }).erase(ada.id, { by: null, tell: false });
    expect(await world.kept.ofAccount(ada.id)).to.deep.equal([]);
    expect(await world.mail.pending()).to.deep.equal([]);
  });

  it('asks for the password: a wrong one, none, or a session alone erase nothing', async () => {
    const ada = await world.person();
    for (const proof of [
      { ...noProof, password: 'autre chose que le bon' },
      noProof,
      { ...noProof, signedInAt: world.clock },
    ]) {
      expect(await world.personalData.eraseOwn(learner(ada.id), proof)).to.equal(false);
    }
    expect(await world.accounts.byId(ada.id)).to.not.equal(null);
  });

  it('limits the tries at the password', async () => {
    const ada = await world.person();
    const wrong = { ...noProof, password: 'autre chose que le bon' };
    for (let attempt = 0; attempt < 5; attempt += 1) await world.personalData.eraseOwn(learner(ada.id), wrong);
    const right = { ...noProof, password: personPassword };
    expect((await refusalOf(world.personalData.eraseOwn(learner(ada.id), right))).kind).to.equal('too-many');
    expect(await world.accounts.byId(ada.id)).to.not.equal(null);
  });

  it('of an account without password asks for a sign-in of less than 5 minutes', async () => {
    const ada = await world.person({ passwordHash: null });
    const erase = (minutesAgo: number) =>
      world.personalData.eraseOwn(learner(ada.id), {
        password: 'quoi que ce soit',
        signedInAt: new Date(world.clock.getTime() - minutesAgo * 60_000),
      });
    expect((await refusalOf(erase(5.1))).code).to.equal('CONNEXION_ANCIENNE');
    expect((await refusalOf(world.personalData.eraseOwn(learner(ada.id), noProof))).code).to.equal(
      'CONNEXION_ANCIENNE',
    );
    expect(await world.accounts.byId(ada.id)).to.not.equal(null);
    expect(await erase(5)).to.equal(true);
  });

  it('is for the person alone: a visitor is asked to sign in', async () => {
    const visitor: Actor = { accountId: null, roles: ['visitor'], memberships: [], strong: false };
    for (const act of [
      () => world.personalData.held(visitor),
      () => world.personalData.download(visitor),
      () => world.personalData.eraseOwn(visitor, noProof),
      () => world.personalData.withdrawConsent(visitor, 'news', world.clock),
    ]) {
      expect((await refusalOf(act())).kind).to.equal('unauthenticated');
    }
  });

  describe('pages', () => {
    const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'");

    it('show every part, why, until when, and each value', async () => {
      const ada = await withEverything();
      const { text } = await (await signedIn(ada.id)).get('/mon-espace/donnees').expect(200);
      const page = plain(text);
      for (const { name, why, until } of world.holdings) {
        expect(page).to.include(name).and.include(plain(why)).and.include(plain(until));
      }
      for (const value of ['Ada Lovelace', 'Ada.Lovelace@exemple.fr', 'sub-of-ada', 'Atelier', 'Un cours', ada.id]) {
        expect(page, value).to.include(value);
      }
      expect(page).to.not.match(/sealed|argon2|recoveryCodes/);
    });

    it('give the same as a JSON file to keep, without digest or seed', async () => {
      const ada = await withEverything();
      const answer = await (await signedIn(ada.id)).get('/mon-espace/donnees/telecharger').expect(200);
      expect(answer.headers['content-disposition']).to.equal('attachment; filename=mes-donnees-2026-11-22.json');
      expect(answer.headers['cache-control']).to.equal('no-store');
      const { parts } = JSON.parse(answer.text) as { parts: { name: string; values: unknown[] }[] };
      expect(parts.map(({ name }) => name)).to.include.members(world.holdings.map(({ name }) => name));
      expect(parts.every(({ values }) => values.length > 0)).to.equal(true);
      expect(answer.text).to.not.match(/sealed|argon2|"hash"/);
    });

    it('a visitor gets neither page nor file', async () => {
      for (const path of ['', '/telecharger', '/effacer']) {
        await request(world.app).get(`/mon-espace/donnees${path}`).expect(401);
      }
    });

    it('a consent is shown with its words and date, and withdrawn once', async () => {
      const ada = await withEverything();
      const agent = await signedIn(ada.id);
      const before = plain((await agent.get('/mon-espace/donnees')).text);
      expect(before).to.include("J'accepte les nouvelles.").and.include('Donné le 22 novembre 2026');
      const given = { purpose: 'news', at: world.clock.toISOString() };
      world.clock = new Date('2026-11-23T10:00:00Z');
      expect((await post(agent, '/mon-espace/donnees/accords', given)).status).to.equal(303);
      expect(plain((await agent.get('/mon-espace/donnees')).text)).to.include('Retiré le 23 novembre 2026');
      expect((await post(agent, '/mon-espace/donnees/accords', given)).status).to.equal(404);
      expect((await post(agent, '/mon-espace/donnees/accords', { purpose: 'news', at: 'hier' })).status).to.equal(404);
    });

    it('the consent that the account needs is withdrawn with the account', async () => {
      const terms = { purpose: 'terms', words: "J'accepte.", at: world.clock, withdrawnAt: null };
      const ada = await world.person({ consents: [terms] });
      const agent = await signedIn(ada.id);
      const given = { purpose: 'terms', at: world.clock.toISOString() };
      expect((await post(agent, '/mon-espace/donnees/accords', given)).status).to.equal(409);
      expect(plain((await agent.get('/mon-espace/donnees')).text)).to.include('effacez votre compte');
    });

    it('say before what the erasure does, organisation by organisation', async () => {
      const ada = await withEverything();
      const text = plain((await (await signedIn(ada.id)).get('/mon-espace/donnees/effacer').expect(200)).text);
      expect(text).to.match(/Atelier<\/strong> : vous en êtes la dernière personne/);
      expect(text).to.match(/Fabrique<\/strong> : vous en êtes le dernier propriétaire/);
      expect(text).to.include('Cela ne peut pas être défait');
    });

    it('a wrong password gives the page again with the error at its field, and nothing is erased', async () => {
      const ada = await world.person();
      const agent = await signedIn(ada.id);
      for (const [password, error] of [
        ['autre chose que le bon', "Ce n'est pas votre mot de passe."],
        ['', 'Tapez votre mot de passe.'],
      ] as const) {
        const answer = await post(agent, '/mon-espace/donnees/effacer', { password });
        expect(answer.status).to.equal(422);
        expect(plain(answer.text)).to.include(`<a href="#password">${error}`).and.include('id="password-erreur"');
        expect(answer.text).to.not.include('autre chose');
      }
      expect(await world.accounts.byId(ada.id)).to.not.equal(null);
    });

    it('a password that is no text is no password', async () => {
      const ada = await world.person();
      const agent = await signedIn(ada.id);
      const answer = await post(agent, '/mon-espace/donnees/effacer', { 'password[$gt]': '' });
      expect(answer.status).to.equal(422);
      const { text: token } = await agent.get('/jeton');
      const json = await agent
        .post('/mon-espace/donnees/effacer')
        .set('X-CSRF-Token', token)
        .send({ password: { $gt: '' } });
      expect(json.status).to.equal(400);
      expect(await world.accounts.byId(ada.id)).to.not.equal(null);
    });

    it('another site cannot have it sent', async () => {
      const ada = await world.person();
      const agent = await signedIn(ada.id);
      await agent.post('/mon-espace/donnees/effacer').type('form').send({ password: personPassword }).expect(403);
      expect(await world.accounts.byId(ada.id)).to.not.equal(null);
    });

    it('the right password erases, signs out and says so', async () => {
      const ada = await withEverything();
      const agent = await signedIn(ada.id);
      const answer = await post(agent, '/mon-espace/donnees/effacer', { password: personPassword });
      expect(answer.status).to.equal(303);
      expect(answer.headers.location).to.equal('/compte-efface');
      expect((await agent.get('/compte-efface').expect(200)).text).to.include('Votre compte est effacé');
      await agent.get('/mon-espace/donnees').expect(401);
      expect(await world.accounts.byId(ada.id)).to.equal(null);
      await world.connection.collection('outbox').deleteMany({});
      const left = (await traces(namesOf(ada))).filter((place) => !place.startsWith('audit'));
      expect(left).to.deep.equal([]);
    });
  });
});
