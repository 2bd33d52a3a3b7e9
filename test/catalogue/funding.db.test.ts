import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { makeProviderFactsStore, type ProviderFactsStore } from '../../src/catalogue/store/provider-facts.ts';
import { makeFunding } from '../../src/catalogue/use-cases/funding.ts';
import {
  type CertificationOfProvider,
  type Habilitation,
  pairKey,
  type Register,
} from '../../src/framework/registry/model.ts';
import { aFundedCourse, aRecord, rsRecord, seen, siret, someFacts, today } from '../builders/funding.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

/** A register of two records since 1 August, with one habilitation and one offer. */
function aRegister(asked: string[] = []): Pick<Register, 'certifications' | 'habilitations' | 'hasOffers'> {
  const records = [aRecord(), rsRecord()];
  const answers = <Value>(pairs: readonly CertificationOfProvider[], value: (pair: CertificationOfProvider) => Value) =>
    new Map(pairs.map((pair) => [pairKey(pair), value(pair)]));
  return {
    async certifications(codes, on) {
      asked.push(`certifications ${codes.join(' ')}`);
      const known = records.filter(({ code }) => codes.includes(code) && (on === undefined || on >= '2026-08-01'));
      return new Map(known.map((record) => [record.code, record]));
    },
    async habilitations(pairs) {
      asked.push(`habilitations ${pairs.length}`);
      return answers(pairs, ({ code }): Habilitation | null => (code === 'RNCP37674' ? 'organiser' : null));
    },
    async hasOffers(pairs) {
      asked.push(`offers ${pairs.length}`);
      return answers(pairs, ({ code }) => code === 'RNCP37674');
    },
  };
}

describe('what is known of the funding of courses', () => {
  let database: TestDatabase;
  let connection: Connection;
  let store: ProviderFactsStore;

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    store = makeProviderFactsStore(connection);
  });
  after(async () => {
    await connection.close();
    await database.drop();
  });
  beforeEach(async () => connection.db?.collection('provider_facts').deleteMany({}));

  const factsOfOne = async (codes: readonly string[], on = today) =>
    (
      await makeFunding({ register: aRegister(), providerFacts: store }).fundingFacts([aFundedCourse({}, codes)], on)
    ).get('fwndab1e');

  it('comes from one question to each register for a whole batch', async () => {
    const asked: string[] = [];
    const courses = ['a', 'b', 'c'].map((id) => ({ ...aFundedCourse({}, ['RNCP37674', 'RS6604']), id }));
    const facts = await makeFunding({ register: aRegister(asked), providerFacts: store }).fundingFacts(courses, today);
    expect([...facts.keys()]).to.deep.equal(['a', 'b', 'c']);
    expect(asked).to.deep.equal(['certifications RNCP37674 RS6604', 'habilitations 2', 'offers 2']);
  });

  it('a course without a code and without a SIRET has no fact, and asks nothing', async () => {
    const asked: string[] = [];
    const course = aFundedCourse({ provider: { name: 'X', url: null, siret: null, activityNumber: null } }, []);
    const facts = await makeFunding({ register: aRegister(asked), providerFacts: store }).fundingFacts([course], today);
    expect(facts.get('fwndab1e')).to.deep.equal({
      code: null,
      certification: null,
      habilitation: null,
      offer: null,
      provider: null,
    });
    expect(asked).to.deep.equal([]);
  });

  it('gives back the proofs of a school as they were saved, replaced whole by the next ones', async () => {
    await store.save([someFacts({ siret: '13002526500013' }), someFacts()]);
    expect((await store.bySirets([siret])).get(siret)).to.deep.equal(someFacts());
    await store.save([someFacts({ qualiopi: null, certifications: [] })]);
    expect((await store.bySirets([siret])).get(siret)).to.deep.equal(someFacts({ qualiopi: null, certifications: [] }));
    expect((await store.bySirets(['00000000000000'])).size).to.equal(0);
  });

  it('the register decides a habilitation that it shows; a proof seen by an operator is for the others (P-04b)', async () => {
    const proven = { offer: null, habilitation: seen('former' as const) };
    await store.save([
      someFacts({
        certifications: [
          { code: 'RNCP37674', ...proven },
          { code: 'RS6604', ...proven },
        ],
      }),
    ]);
    expect((await factsOfOne(['RNCP37674']))?.habilitation).to.equal('organiser');
    expect((await factsOfOne(['RS6604']))?.habilitation).to.equal('former');
  });

  it('an offer that the open data do not list counts when an operator saw it, and what is listed is confirmed', async () => {
    expect(await factsOfOne(['RS6604'])).to.include({ offer: false });
    const offered = (code: string, value: boolean) => ({ code, offer: seen(value), habilitation: null });
    await store.save([someFacts({ certifications: [offered('RS6604', true), offered('RNCP37674', false)] })]);
    expect(await factsOfOne(['RS6604'])).to.include({ offer: true });
    expect(await factsOfOne(['RNCP37674'])).to.include({ offer: true });
  });

  it('a fictional school is in no register: only its own facts speak', async () => {
    const certifications = [{ code: 'RNCP37674', offer: seen(true), habilitation: seen('former' as const) }];
    await store.save([someFacts({ demo: true, certifications })]);
    expect(await factsOfOne(['RNCP37674'])).to.include({ habilitation: 'former', offer: true });
    await store.save([someFacts({ demo: true, certifications: [] })]);
    expect(await factsOfOne(['RNCP37674'])).to.include({ habilitation: null, offer: null });
  });

  it('on a day before the oldest export, the dates that the newest gives still count', async () => {
    expect((await factsOfOne(['RNCP37674'], '2026-06-10'))?.certification?.code).to.equal('RNCP37674');
  });

  it('takes the certification that can be paid among several, and a block with its record', async () => {
    await store.save([
      someFacts({ certifications: [{ code: 'RS6604', offer: seen(true), habilitation: seen('former' as const) }] }),
    ]);
    expect((await factsOfOne(['RNCP37674', 'RS6604']))?.code).to.equal('RS6604');
    const block = aFundedCourse({ certifications: [{ kind: 'RNCP', code: 'RNCP37674BC01' }] }, []);
    const facts = await makeFunding({ register: aRegister(), providerFacts: store }).fundingFacts(
      [{ ...block, alignment: { ...block.alignment, certifications: [] } }],
      today,
    );
    expect(facts.get('fwndab1e')).to.deep.include({ code: 'RNCP37674BC01', certification: aRecord() });
  });

  it('answers for a certification of a school without a course', async () => {
    const funding = makeFunding({ register: aRegister(), providerFacts: store });
    expect(await funding.factsOf('RNCP37674', siret, today)).to.deep.include({ code: 'RNCP37674', offer: true });
    expect(await funding.factsOf(null, null, today)).to.deep.include({ code: null, provider: null });
  });

  it('answers for many certifications of schools at once, in their order', async () => {
    const asked: string[] = [];
    const funding = makeFunding({ register: aRegister(asked), providerFacts: store });
    const pairs = [
      { code: 'RS6604', siret: null },
      { code: null, siret },
      { code: 'RNCP37674', siret },
    ];
    expect((await funding.manyFacts(pairs, today)).map(({ code, offer }) => [code, offer])).to.deep.equal([
      ['RS6604', null],
      [null, null],
      ['RNCP37674', true],
    ]);
    expect(asked).to.have.length(3);
  });
});
