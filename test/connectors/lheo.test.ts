import { expect } from 'chai';
import fc from 'fast-check';
import lheo from '../../connectors/lheo/index.ts';
import { courseDraftSchema } from '../../src/catalogue/model.ts';
import type { CourseDraft, Normalised } from '../../src/harvest/connector.ts';
import type { XmlElement } from '../../src/platform/read-xml.ts';

function leaf(name: string, text: string): XmlElement {
  return { name, text };
}
function branch(name: string, ...children: XmlElement[]): XmlElement {
  return { name, attributes: { numero: '1' }, children };
}

const school = branch('organisme-formation-responsable', leaf('nom-organisme', 'École Modèle'));
const title = leaf('intitule-formation', 'Bases du web');
const address = branch('url-action', leaf('urlweb', 'https://ecole.example/web'));

function answer(inAction: readonly XmlElement[], inFormation: readonly XmlElement[] = []): Normalised {
  const formation = branch('formation', title, school, ...inFormation);
  return lheo.normalise({ shape: 'action', formation, action: branch('action', address, ...inAction) });
}

function course(inAction: readonly XmlElement[], inFormation: readonly XmlElement[] = []): CourseDraft {
  const normalised = answer(inAction, inFormation);
  if (normalised.kind !== 'course') throw new Error(JSON.stringify(normalised));
  return normalised.course;
}

function codes(inAction: readonly XmlElement[], inFormation: readonly XmlElement[] = []): string[] {
  const normalised = answer(inAction, inFormation);
  if (normalised.kind === 'rejected') return normalised.problems.map(({ code }) => code);
  return normalised.kind === 'course' ? (normalised.warnings ?? []).map(({ code }) => code) : [];
}

describe('LHÉO', () => {
  for (const [code, modality] of [
    ['0', 'onsite'],
    ['1', 'blended'],
    ['2', 'remote'],
    ['3', 'unknown'],
    ['', 'unknown'],
  ] as const) {
    it(`teaching mode « ${code} » is ${modality}`, () => {
      expect(course([leaf('modalites-enseignement', code)]).modality).to.equal(modality);
    });
  }

  for (const [code, eqf] of [
    ['0', null],
    ['3', null],
    ['4', 3],
    ['5', 4],
    ['6', 5],
    ['7', 6],
    ['8', 7],
    ['11', 1],
    ['15', 5],
    ['18', 8],
    ['19', null],
  ] as const) {
    it(`level code ${code} is European level ${eqf}`, () => {
      expect(course([], [leaf('code-niveau-sortie', code)]).level.eqf).to.equal(eqf);
    });
  }

  it('is free only at a total price of 0: neither without a price nor with nothing left to pay', () => {
    expect(course([leaf('prix-total-TTC', '0,00')]).contentFree).to.equal(true);
    expect(course([leaf('prix-total-TTC', '12,5')]).contentFree).to.equal(false);
    expect(course([]).contentFree).to.equal(null);
    expect(course([leaf('conventionnement', '1'), leaf('frais-restants', '0')]).contentFree).to.equal(null);
    expect(course([leaf('prise-en-charge-frais-possible', '1')]).contentFree).to.equal(null);
  });

  it('is funded for job seekers by an agreement that leaves nothing to pay, in the words of the source', () => {
    const agreed = leaf('conventionnement', '1');
    const nothing = leaf('frais-restants', '0 €');
    const words = leaf('detail-conditions-prise-en-charge', 'Payé par la Région.');
    expect(course([agreed, nothing, words]).fundedForJobSeekers).to.deep.equal({ text: 'Payé par la Région.' });
    expect(course([agreed, nothing]).fundedForJobSeekers?.text).to.contain('0 €');
    for (const parts of [
      [agreed],
      [nothing, words],
      [agreed, leaf('frais-restants', '150 €')],
      [agreed, leaf('frais-restants', 'nous consulter')],
      [leaf('conventionnement', '0'), nothing, words],
    ]) {
      expect(course(parts).fundedForJobSeekers).to.equal(null);
    }
  });

  it('adds the hours in the centre and in the company when no total is given, and warns of what is no number', () => {
    const centre = leaf('nombre-heures-centre', '100');
    const company = leaf('nombre-heures-entreprise', '35,5');
    expect(course([centre, company]).totalHours).to.equal(135.5);
    expect(course([centre, company, leaf('nombre-heures-total', '120')]).totalHours).to.equal(120);
    expect(course([centre, company, leaf('nombre-heures-total', '0')]).totalHours).to.equal(135.5);
    expect(course([leaf('duree-indicative', '35 heures')]).totalHours).to.equal(35);
    expect(course([leaf('nombre-heures-total', 'environ 30')]).totalHours).to.equal(null);
    expect(codes([leaf('nombre-heures-total', 'environ 30')])).to.deep.equal(['AV_DUREE_ILLISIBLE']);
  });

  it('takes the address of the session, else of the action, else of the formation, else of the school', () => {
    const session = branch('session', branch('url-session', leaf('urlweb', 'www.ecole.example/s')));
    const ofFormation = branch('url-formation', leaf('urlweb', '-'), leaf('urlweb', 'ecole.example/f'));
    expect(course([session]).url).to.equal('http://www.ecole.example/s');
    expect(course([]).url).to.equal('https://ecole.example/web');
    const bare = { ...branch('action') };
    const from = (...parts: XmlElement[]) =>
      lheo.normalise({ shape: 'action', formation: branch('formation', title, school, ...parts), action: bare });
    const found = from(ofFormation);
    expect(found.kind === 'course' && found.course.url).to.equal('http://ecole.example/f');
    const nothing = from();
    expect(nothing.kind === 'rejected' && nothing.problems.map(({ code }) => code)).to.deep.equal(['E_CHAMP_MANQUANT']);
  });

  it('writes certifications as the registers do, each once', () => {
    const certification = (name: string, code: string) => branch('certification', leaf(name, code));
    const { certifications, certificate } = course(
      [],
      [
        certification('code-RNCP', '474'),
        certification('code-RNCP', 'RNCP474'),
        certification('code-RNCP', 'RS5080'),
        certification('code-RS', '6604'),
        certification('code-RS', '-'),
        certification('code-CPF', 'CPF202'),
        certification('code-CERTIFINFO', '0'),
      ],
    );
    expect(certifications.map(({ code }) => code)).to.deep.equal(['RNCP474', 'RS5080', 'RS6604', 'CPF202']);
    expect(certificate.type).to.equal('registered');
    expect(course([], [leaf('certifiante', '1')]).certificate.type).to.equal('unknown');
    expect(codes([], [certification('code-RNCP', 'BTS')])).to.deep.equal(['E_FORMAT_CHAMP']);
  });

  it('is open for enrolment all the time without a session, when entries are permanent', () => {
    const [session, ...others] = course([leaf('modalites-entrees-sorties', '1')]).sessions;
    expect(others).to.deep.equal([]);
    expect(session).to.include({ start: null, end: null, state: 'open', datePrecision: 'none' });
    expect(course([leaf('modalites-entrees-sorties', '0')]).sessions).to.deep.equal([]);
  });

  it('is quarantined over what the common record holds', () => {
    const session = branch('session');
    expect(codes(Array.from({ length: 501 }, () => session))).to.deep.equal(['E_FORMAT_CHAMP']);
    expect(codes([leaf('acces-handicapes', 'x'.repeat(5_001))])).to.deep.equal(['E_CHAMP_TROP_LONG']);
    expect(codes([], [leaf('contenu-formation', 'x'.repeat(60_000))])).to.deep.equal(['E_CHAMP_TROP_LONG']);
  });

  it('without a name for the school is quarantined, not published under nobody', () => {
    const formation = branch('formation', title);
    const normalised = lheo.normalise({ shape: 'action', formation, action: branch('action', address) });
    if (normalised.kind !== 'rejected') throw new Error('published');
    expect(normalised.problems.map(({ field }) => field)).to.deep.equal(['nom-organisme']);
  });

  it('refuses a record that is none of its shapes', () => {
    for (const raw of [null, {}, { shape: 'action', formation: {}, action: null }, { shape: 'summary', offer: 'x' }]) {
      expect(lheo.normalise(raw).kind).to.equal('rejected');
    }
  });

  it('gives a valid course, or says what is wrong, whatever the texts are', () => {
    const fields = [
      ...['prix-total-TTC', 'frais-restants', 'duree-indicative', 'nombre-heures-total', 'langue-formation'],
      ...['modalites-enseignement', 'acces-handicapes', 'rythme-formation', 'conditions-specifiques', 'equipement'],
    ];
    const texts = fc.oneof(
      fc.constantFrom(
        '',
        '-',
        '0',
        '1',
        '99999999',
        '00000000',
        '20270230',
        '<b>x</b>',
        '&lt;p&gt;',
        '1e9',
        '9'.repeat(30),
      ),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.nat().map(String),
    );
    const parts = fc.array(fc.tuple(fc.constantFrom(...fields), texts).map(([name, text]) => leaf(name, text)));
    const sessions = fc.array(
      fc
        .tuple(texts, texts)
        .map(([start, end]) => branch('session', branch('periode', leaf('debut', start), leaf('fin', end)))),
      { maxLength: 3 },
    );
    const inFormation = fc.array(
      fc
        .tuple(fc.constantFrom('objectif-formation', 'contenu-formation', 'code-niveau-sortie'), texts)
        .map(([name, text]) => leaf(name, text)),
    );
    fc.assert(
      fc.property(parts, sessions, inFormation, (some, dated, above) => {
        const normalised = answer([...some, ...dated], above);
        if (normalised.kind === 'course') courseDraftSchema.parse(normalised.course);
        else expect(normalised.kind === 'rejected' && normalised.problems.length).to.be.above(0);
      }),
    );
  });
});
