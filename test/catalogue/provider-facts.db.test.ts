import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { proofOn } from '../../src/catalogue/model/provider-facts.ts';
import { type FactCells, noFacts, readFactLine } from '../../src/catalogue/model/provider-facts-line.ts';
import { makeProviderFactsStore, type ProviderFactsStore } from '../../src/catalogue/store/provider-facts.ts';
import { makeProviderFacts } from '../../src/catalogue/use-cases/provider-facts.ts';
import { demoProviderFacts } from '../../src/demo/provider-facts.ts';
import { AppError } from '../../src/errors.ts';
import { parseSiret } from '../../src/harvest/parse/codes.ts';
import { readCsvRows } from '../../src/platform/read-csv.ts';
import { siret, today } from '../builders/funding.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const siretOf = (text: string) => {
  const parsed = parseSiret(text);
  if (parsed.kind === 'siret') return { siret: parsed.siret };
  return { cause: parsed.kind === 'refused' ? parsed.cause : 'il est vide' };
};

function cells(changes: Partial<FactCells>): FactCells {
  return {
    siret,
    fait: 'declaration',
    valeur: 'oui',
    certification: '',
    preuve: 'verifie',
    source: 'Liste publique',
    date: '2026-11-02',
    du: '',
    au: '',
    ...changes,
  };
}

const read = (changes: Partial<FactCells>) => readFactLine(cells(changes), { siretOf, today });

describe('a line about a school', () => {
  const fact = (value: unknown, until: string | null = null) => ({
    value,
    proof: 'verified',
    source: 'Liste publique',
    date: '2026-11-02',
    until,
  });
  const rows: readonly [string, Partial<FactCells>, object][] = [
    ['a valid declaration', {}, { declarationValid: fact(true) }],
    [
      'a date as people write it, with an end',
      { date: '02/11/2026', au: '31/12/2026' },
      { declarationValid: fact(true, '2026-12-31') },
    ],
    ['a declaration number', { fait: 'NDA', valeur: '52 44 09999 01' }, { activityNumber: fact('52440999901') }],
    ['struck off', { fait: 'Déréférence', valeur: 'Non' }, { delisted: fact(false) }],
    [
      'no subcontracting, as the school says',
      { fait: 'sous-traitance', valeur: 'non', preuve: 'déclaré' },
      { subcontracting: { ...fact(false), proof: 'declared' } },
    ],
    [
      'a Qualiopi certificate',
      { fait: 'qualiopi', valeur: 'AF, vae', du: '2025-03-01', au: '2028-02-29' },
      { qualiopi: fact({ categories: ['AF', 'VAE'], from: '2025-03-01', to: '2028-02-29' }, '2028-02-29') },
    ],
    [
      'no Qualiopi certificate',
      { fait: 'qualiopi', valeur: 'aucune' },
      { qualiopi: fact({ categories: [], from: null, to: null }) },
    ],
    [
      'an offer',
      { fait: 'offre', certification: 'rncp 37674' },
      { certifications: [{ code: 'RNCP37674', offer: fact(true), habilitation: null }] },
    ],
    [
      'a habilitation (P-04b)',
      { fait: 'habilitation', valeur: 'former', certification: 'RS6604' },
      { certifications: [{ code: 'RS6604', offer: null, habilitation: fact('former') }] },
    ],
    [
      'blocks that an offer does not name (P-06)',
      { fait: 'blocs', valeur: 'non', certification: 'RNCP37674' },
      { certifications: [{ code: 'RNCP37674', offer: null, habilitation: null, blocksDeclared: fact(false) }] },
    ],
  ];
  for (const [when, changes, expected] of rows)
    it(`gives ${when}`, () => {
      const reading = read(changes);
      if (!reading.ok) throw new Error(reading.problems.join(' '));
      expect(reading.line.siret).to.equal(siret);
      expect(reading.line.apply(noFacts(siret))).to.deep.equal({ ...noFacts(siret), ...expected });
    });

  const refused: readonly [string, Partial<FactCells>, string][] = [
    ['a wrong SIRET', { siret: '99900001100019' }, 'clé de contrôle fausse'],
    ['a SIRET of a spreadsheet', { siret: '9,99E+13' }, 'arrondi par un tableur'],
    ['an unknown fact', { fait: 'label' }, 'nous attendons nda, declaration'],
    ['a value that is neither yes nor no', { valeur: 'peut-être' }, 'nous attendons oui ou non'],
    ['a proof of another kind', { preuve: 'certain' }, 'nous attendons declare ou verifie'],
    ['no source', { source: ' ' }, 'dites où le fait a été lu'],
    ['no date', { date: '' }, 'Le champ date est obligatoire'],
    ['a day that does not exist', { date: '31/02/2026' }, 'Nous ne pouvons pas lire la date'],
    ['a proof of tomorrow', { date: '2026-11-23' }, 'est à venir'],
    [
      'an end before its start',
      { fait: 'qualiopi', valeur: 'AF', du: '2026-03-01', au: '2026-02-01' },
      'est avant le début',
    ],
    ['a Qualiopi certificate without its days', { fait: 'qualiopi', valeur: 'AF' }, 'a un début (du) et une fin (au)'],
    [
      'a category that does not exist',
      { fait: 'qualiopi', valeur: 'AF,XX', du: '2025-01-01', au: '2027-01-01' },
      'nous attendons aucune, ou AF',
    ],
    ['a start where there is none', { du: '2025-01-01' }, 'ne sert que pour qualiopi'],
    ['a bare number (B28)', { fait: 'offre', certification: '37674' }, 'précisez RNCP ou RS'],
    [
      'a habilitation of another name',
      { fait: 'habilitation', valeur: 'oui', certification: 'RS6604' },
      'nous attendons certificateur',
    ],
    ['blocks of the specific register', { fait: 'blocs', certification: 'RS6604' }, 'RS6604 n’a pas de bloc'],
    ['a short declaration number', { fait: 'nda', valeur: '5244' }, '11 chiffres'],
  ];
  for (const [when, changes, problem] of refused)
    it(`is refused with ${when}, and says so`, () => {
      const reading = read(changes);
      expect(reading.ok ? '' : reading.problems.join(' ')).to.include(problem);
    });

  it('names every mistake at once', () => {
    const reading = read({ siret: '1', fait: 'x', preuve: 'x', source: '', date: 'x' });
    expect(reading.ok ? [] : reading.problems).to.have.length(5);
  });
});

describe('the file of proofs about schools', () => {
  let database: TestDatabase;
  let connection: Connection;
  let store: ProviderFactsStore;
  const forgotten: string[] = [];

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    store = makeProviderFactsStore(connection);
  });
  after(async () => {
    await connection.close();
    await database.drop();
  });
  beforeEach(async () => {
    await connection.db?.collection('provider_facts').deleteMany({});
    forgotten.length = 0;
  });

  function importing(text: string) {
    const useCases = makeProviderFacts({
      store,
      assessing: { forget: async (sirets) => void forgotten.push(...sirets) },
      siretOf,
      now: () => new Date('2026-11-22T09:00:00Z'),
    });
    async function* bytes() {
      yield Buffer.from(text);
    }
    return useCases.import(readCsvRows(bytes()));
  }

  it('takes the right lines and refuses the others one by one; its schools are assessed again', async () => {
    const report = await importing(
      `siret;fait;valeur;certification;preuve;source;date;du;au
${siret};declaration;oui;;verifie;Liste publique;02/11/2026;;
${siret};offre;peut-être;RNCP37674;verifie;Mon Compte Formation;02/11/2026;;
${siret};offre;oui;RNCP37674;verifie;Mon Compte Formation;02/11/2026;;
13002526500013;nda;11750000000;;declare;Son site;01/11/2026;;
`,
    );
    expect(report).to.deep.include({ taken: 3, providers: 2, refused: 1 });
    expect(report.refusals.map(({ line }) => line)).to.deep.equal([3]);
    expect(forgotten).to.have.members([siret, '13002526500013']);
    const known = (await store.bySirets([siret])).get(siret);
    expect(known?.declarationValid?.value).to.equal(true);
    expect(known?.certifications.map(({ code }) => code)).to.deep.equal(['RNCP37674']);
  });

  it('a fact taken again is replaced, the others stay', async () => {
    const head = 'siret;fait;valeur;preuve;source;date';
    await importing(
      `${head}\n${siret};declaration;oui;verifie;Liste;2026-10-01\n${siret};dereference;non;verifie;Liste;2026-10-01\n`,
    );
    await importing(`${head}\n${siret};declaration;non;verifie;Liste;2026-11-01\n`);
    const known = (await store.bySirets([siret])).get(siret);
    expect(known?.declarationValid).to.deep.include({ value: false, date: '2026-11-01' });
    expect(known?.delisted?.value).to.equal(false);
  });

  it('without its header, nothing is taken and the columns are named', async () => {
    const error = await importing(`${siret};declaration;oui\n`).then(
      () => null,
      (fault: unknown) => fault,
    );
    expect(error).to.be.instanceOf(AppError);
    expect((error as AppError).publicMessage).to.include('siret;fait;valeur;certification;preuve;source;date;du;au');
  });

  it('of fictional schools goes with the demonstration, and shows every state of proof', async () => {
    const demo = demoProviderFacts(new Date('2026-11-22T09:00:00Z'));
    await importing(`siret;fait;valeur;preuve;source;date\n13002526500013;declaration;oui;verifie;Liste;2026-10-01\n`);
    await store.save(demo);
    const states = demo.flatMap((one) =>
      [one.activityNumber, one.declarationValid, one.qualiopi].map((fact) => proofOn(fact, today)),
    );
    expect(new Set(states)).to.deep.equal(new Set(['declared', 'verified', 'expired']));
    await store.removeDemo();
    expect((await store.bySirets(demo.map((one) => one.siret))).size).to.equal(0);
    expect((await store.bySirets(['13002526500013'])).size).to.equal(1);
  });
});
