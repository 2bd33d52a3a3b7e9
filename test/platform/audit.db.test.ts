import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { AppError } from '../../src/errors.ts';
import { type Audit, type AuditEvent, entryAfter, makeAudit } from '../../src/platform/audit.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { testDatabase } from '../support/database.ts';

/** Loose on purpose: these tests write what the platform never would. */
type Loose = { _id: number | string; [field: string]: unknown };

describe('the audit trail', () => {
  let connection: Connection;
  let uri: string;
  let drop: () => Promise<void>;
  const key = randomBytes(32);
  const now = () => new Date('2026-11-22T08:00:00Z');
  let audit: Audit;
  const ofKey = (bytes: Buffer, ...older: Buffer[]) =>
    makeAudit(connection, { secrets: makeSecrets(bytes, older), now });
  const entries = () => connection.collection<Loose>('audit');
  const head = () => connection.collection<Loose>('auditHead');
  const signIn = (n: number): AuditEvent => ({
    actor: randomUUID(),
    act: 'account.sign-in',
    target: `session:${n}`,
    details: { strong: n % 2 === 0, attempt: n, role: 'provider-owner', reason: null },
  });
  const kinds = async () =>
    (await audit.verify()).faults.map(({ kind, sequence, count }) => `${kind} ${sequence} ${count}`);
  async function code(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
    return 'accepted';
  }

  before(async () => {
    const database = await testDatabase();
    uri = database.uri;
    connection = await mongoose.createConnection(uri).asPromise();
    drop = async () => {
      await connection.close();
      await database.drop();
    };
  });
  after(() => drop());

  beforeEach(async () => {
    await entries().deleteMany({});
    await head().deleteMany({});
    audit = ofKey(key);
  });

  async function trailOf(count: number) {
    for (let n = 1; n <= count; n += 1) await audit.record(signIn(n));
  }

  it('an empty trail is sound', async () => {
    expect(await audit.verify()).to.deep.equal({ entries: 0, sound: true, faults: [], head: null });
  });

  it('keeps what was recorded, in order, and says it is sound', async () => {
    await trailOf(5);
    const verified = await audit.verify();
    expect(verified).to.deep.include({ entries: 5, sound: true, faults: [] });
    const [last, ...older] = await audit.list({ limit: 3 });
    expect(last).to.deep.include({ sequence: 5, act: 'account.sign-in', target: 'session:5', at: now() });
    expect(last?.details).to.deep.equal({ strong: false, attempt: 5, role: 'provider-owner', reason: null });
    expect(last?.hash).to.equal(verified.head?.hash);
    expect(older.map(({ sequence }) => sequence)).to.deep.equal([4, 3]);
    expect((await audit.list({ before: 3, limit: 10 })).map(({ sequence }) => sequence)).to.deep.equal([2, 1]);
  });

  it('the entries about one id are those where it acts and those where it is acted upon', async () => {
    await audit.ensureIndexes();
    const [ada, other] = [randomUUID(), randomUUID()];
    await trailOf(2);
    await audit.record({ actor: ada, act: 'session.opened', target: ada });
    await audit.record({ actor: other, act: 'account.role-granted', target: ada });
    await audit.record({ actor: ada, act: 'organisation.created', target: other });
    const acts = async (options: { before?: number; limit: number }) =>
      (await audit.list({ about: ada, ...options })).map(({ sequence }) => sequence);
    expect(await acts({ limit: 10 })).to.deep.equal([5, 4, 3]);
    expect(await acts({ limit: 2 })).to.deep.equal([5, 4]);
    expect(await acts({ before: 4, limit: 10 })).to.deep.equal([3]);
    expect(await audit.list({ about: randomUUID(), limit: 10 })).to.deep.equal([]);
  });

  it('entries recorded at once stand one after another without a gap', async () => {
    const other = ofKey(key);
    await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? audit : other).record(signIn(n))));
    expect(await audit.verify()).to.deep.include({ entries: 40, sound: true });
    expect((await audit.list({ limit: 100 })).map(({ sequence }) => sequence)).to.deep.equal(
      Array.from({ length: 40 }, (_, n) => 40 - n),
    );
  });

  it('three processes write one sound trail and lose nothing', async () => {
    const writer = fileURLToPath(new URL('audit-writer.ts', import.meta.url));
    const args = ['--import', 'tsx', writer, uri, key.toString('hex'), '20'];
    await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args)));
    expect(await audit.verify()).to.deep.include({ entries: 60, sound: true });
    const written = (await audit.list({ limit: 100 })).map(({ details }) => `${details.pid}/${details.written}`);
    expect(new Set(written).size).to.equal(60);
  });

  describe('a verification finds', () => {
    beforeEach(() => trailOf(6));

    for (const [field, value] of Object.entries({
      actor: randomUUID(),
      act: 'account.sign-out',
      target: null,
      at: new Date(0),
      details: { strong: true },
      previous: 'f'.repeat(64),
      'details.attempt': 99,
      note: 'beside',
    })) {
      it(`a changed ${field}`, async () => {
        await entries().updateOne({ _id: 3 }, { $set: { [field]: value } });
        expect(await kinds()).to.deep.equal(['altered 3 1']);
      });
    }

    it('a value kept with another type', async () => {
      await entries().updateOne({ _id: 3 }, { $set: { at: now().toISOString() } });
      expect(await kinds()).to.include('altered 3 1');
    });

    it('an entry whose hash was made again', async () => {
      const [before] = await audit.list({ before: 3, limit: 1 });
      const { sequence, ...forged } = entryAfter(before ?? null, { ...signIn(3), details: {} }, now());
      await entries().replaceOne({ _id: sequence }, forged);
      expect(await kinds()).to.deep.equal(['broken-link 4 1']);
    });

    it('a chain rewritten to its end, since the head is signed', async () => {
      let last = (await audit.list({ before: 4, limit: 1 }))[0] ?? null;
      for (let n = 4; n <= 6; n += 1) {
        last = entryAfter(last, { ...signIn(n), details: {} }, now());
        const { sequence, ...forged } = last;
        await entries().replaceOne({ _id: sequence }, forged);
      }
      expect(await kinds()).to.deep.equal(['broken-link 6 1']);
      const { sequence, ...entry } = last ?? entryAfter(null, { ...signIn(1), details: {} }, now());
      await head().updateOne({ _id: 'head' }, { $set: { sequence, entry } });
      expect((await audit.verify()).faults[0]?.kind).to.equal('head');
    });

    it('entries removed from the middle, the beginning and the end', async () => {
      await entries().deleteMany({ _id: { $in: [3, 4] } });
      expect(await kinds()).to.deep.equal(['removed 3 2']);
      await entries().deleteOne({ _id: 1 });
      expect(await kinds()).to.deep.equal(['removed 1 1', 'removed 3 2']);
      await entries().deleteOne({ _id: 6 });
      expect(await kinds()).to.deep.equal(['removed 1 1', 'removed 3 2', 'removed 6 1']);
      await entries().deleteMany({});
      expect(await kinds()).to.deep.equal(['removed 1 6']);
    });

    it('two entries put in each other’s place', async () => {
      const [third, fourth] = await Promise.all([3, 4].map((_id) => entries().findOne({ _id })));
      await entries().deleteMany({ _id: { $in: [3, 4] } });
      await entries().insertMany([
        { ...fourth, _id: 3 },
        { ...third, _id: 4 },
      ]);
      expect(await kinds()).to.include.members(['altered 3 1', 'altered 4 1']);
    });

    it('an entry added after the head, or at a place that is none', async () => {
      const [last] = await audit.list({ limit: 1 });
      const { sequence, ...forged } = entryAfter(last ?? null, { ...signIn(7), details: {} }, now());
      await entries().insertOne({ ...forged, _id: sequence });
      expect(await kinds()).to.deep.equal(['added 7 1']);
      await entries().deleteOne({ _id: 7 });
      await entries().insertOne({ ...forged, _id: 'x' });
      expect(await kinds()).to.deep.equal(['added null 1']);
    });

    it('a head that was removed, moved back, or signed by nobody', async () => {
      const kept = await head().findOne({ _id: 'head' });
      await head().deleteMany({});
      expect(await kinds()).to.deep.equal(['head null 1']);
      await head().insertOne({ ...kept, _id: 'head', signature: 'v1.0.0' });
      expect(await kinds()).to.deep.equal(['head null 1']);
      await head().replaceOne({ _id: 'head' }, { ...kept, sequence: 5 });
      expect(await kinds()).to.deep.equal(['head null 1']);
      await head().replaceOne({ _id: 'head' }, { sequence: 6 });
      expect(await kinds()).to.deep.equal(['head null 1']);
    });

    it('no more faults than a person reads', async () => {
      await entries().updateMany({}, { $set: { act: 'x' } });
      expect((await audit.verify()).faults).to.have.length(6);
      expect((await audit.verify()).sound).to.equal(false);
    });
  });

  it('nothing is added to a trail whose head was tampered with', async () => {
    await trailOf(2);
    const kept = await head().findOne({ _id: 'head' });
    await head().updateOne({ _id: 'head' }, { $set: { 'entry.actor': 'somebody-else' } });
    expect(await code(audit.record(signIn(3)))).to.equal('AUDIT_UNTRUSTED');
    await head().deleteMany({});
    expect(await code(audit.record(signIn(3)))).to.equal('AUDIT_UNTRUSTED');
    await head().insertOne({ ...kept, _id: 'head' });
    await audit.record(signIn(3));
    expect(await audit.verify()).to.deep.include({ entries: 3, sound: true });
  });

  it('an entry put in the way of the next one stops the trail instead of passing for it', async () => {
    await trailOf(1);
    const [last] = await audit.list({ limit: 1 });
    const { sequence, ...forged } = entryAfter(last ?? null, { ...signIn(9), details: {} }, now());
    await entries().insertOne({ ...forged, _id: sequence });
    expect(await code(audit.record(signIn(2)))).to.equal('AUDIT_UNTRUSTED');
    expect((await audit.verify()).sound).to.equal(false);
  });

  it('an entry whose writer died after committing it is not lost: the next writer puts it in place', async () => {
    await trailOf(3);
    await entries().deleteOne({ _id: 3 });
    await head().updateOne({ _id: 'head' }, { $set: { inPlace: false } });
    expect(await audit.verify(), 'committed, not in place yet').to.deep.include({ entries: 3, sound: true });
    await audit.record(signIn(4));
    expect(await audit.verify()).to.deep.include({ entries: 4, sound: true });
    expect((await audit.list({ limit: 9 })).map(({ target }) => target)).to.deep.equal(
      [4, 3, 2, 1].map((n) => `session:${n}`),
    );
  });

  it('a verification during writing finds no fault', async () => {
    let writing = true;
    const written = (async () => {
      for (let n = 0; n < 25; n += 1) await audit.record(signIn(n));
      writing = false;
    })();
    let looked = 0;
    while (writing) {
      expect((await ofKey(key).verify()).faults).to.deep.equal([]);
      looked += 1;
    }
    await written;
    expect(looked).to.be.greaterThan(1);
  });

  it('after a change of key the trail goes on; signed again, it no longer needs the older key', async () => {
    await trailOf(2);
    const newer = randomBytes(32);
    expect((await ofKey(newer).verify()).sound, 'without the older key').to.equal(false);
    expect(await code(ofKey(newer).record(signIn(3)))).to.equal('AUDIT_UNTRUSTED');
    expect(await code(ofKey(newer).reseal())).to.equal('AUDIT_UNTRUSTED');
    await ofKey(newer, key).reseal();
    expect(await ofKey(newer).verify()).to.deep.include({ entries: 2, sound: true });
    await ofKey(newer).record(signIn(3));
    expect((await ofKey(newer).verify()).entries).to.equal(3);
  });

  const personal: Record<string, AuditEvent> = {
    'an e-mail address in the details': { ...signIn(1), details: { to: 'lea.martin@example.org' } },
    'a long text in the details': { ...signIn(1), details: { note: 'a'.repeat(81) } },
    'a sentence in the details': { ...signIn(1), details: { note: 'Léa Martin a changé' } },
    'a network address in the details': { ...signIn(1), details: { from: '192.0.2.17' } },
    'a telephone number in the details': { ...signIn(1), details: { phone: '06-12-34-56-78' } },
    'a social security number as target': { ...signIn(1), target: 'person:185057800608436' },
    'a social security number as a number': { ...signIn(1), details: { number: 1_850_578_006_084 } },
    'an object in the details': { ...signIn(1), details: { all: { name: 'x' } as never } },
    'a list of many details': {
      ...signIn(1),
      details: Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`d${n}`, n])),
    },
    'an e-mail address as actor': { ...signIn(1), actor: 'lea@example.org' },
    'a name as target': { ...signIn(1), target: 'Léa Martin' },
    'a network address as target': { ...signIn(1), target: 'address:2001:db8::1' },
    'a sentence as act': { ...signIn(1), act: 'Léa signed in' },
    'an e-mail address as name of a detail': { ...signIn(1), details: { 'lea@example.org': true } },
  };
  for (const [what, event] of Object.entries(personal)) {
    it(`${what} is refused, and not repeated in the message`, async () => {
      let refusal: unknown;
      try {
        await audit.record(event);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).to.be.instanceOf(TypeError);
      expect(String(refusal)).to.not.match(/lea@|martin|Léa|192\.0|06-12|185057|aaaa/i);
      expect((await audit.verify()).entries).to.equal(0);
    });
  }
});
