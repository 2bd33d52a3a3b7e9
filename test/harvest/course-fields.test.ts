/** The fields of a course as texts: what a form shows, and how what is typed is read. */
import { expect } from 'chai';
import { type CourseField, courseFields } from '../../src/catalogue/model/corrections.ts';
import { type CourseDraft, courseDraftSchema, unknownDraft } from '../../src/catalogue/model.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { canonicalText, FieldRefusal, fieldAtPath, fieldTexts } from '../../src/harvest/pipeline/course-fields.ts';
import { fieldOfProblem } from '../../src/harvest/pipeline/patches.ts';
import { allOf, casesIn, fixturesOf, readCase } from '../support/connector-cases.ts';

const blank: CourseDraft = {
  ...unknownDraft,
  title: 'Créer un site',
  url: 'https://ecole.example/site',
  provider: { name: 'École', url: null, siret: null, activityNumber: null },
};
const session = (start: string, end: string): CourseDraft['sessions'][number] => ({
  ...{ id: 's1', start, end, enrolmentStart: null, enrolmentEnd: null, datePrecision: 'day', state: 'open' },
  ...{ location: null, price: { amount: 900, currency: 'EUR', taxIncluded: true }, languages: [] },
});

const written = (field: CourseField, typed: string, draft = blank) => fieldTexts[field].write(draft, typed);
const refusal = (field: CourseField, typed: string) => {
  try {
    written(field, typed);
    return 'no refusal';
  } catch (error) {
    if (error instanceof FieldRefusal) return error.message;
    throw error;
  }
};

describe('the fields of a course as texts', () => {
  it('what is typed is read, and shown in one way', () => {
    const cases: readonly (readonly [CourseField, string, string])[] = [
      ['title', '  Un  titre ', 'Un titre'],
      ['price', '1 080,00 €', '1080'],
      ['price', '1080.5', '1080,50'],
      ['price', 'gratuit', '0'],
      ['price', '60 USD', '60 USD'],
      ['price', '', ''],
      ['certificate', '60', '60'],
      ['certificate', '0', '0'],
      ['exam', '12,5', '12,50'],
      ['certifications', 'rncp 37674 ; RS 6604, RNCP37674', 'RNCP37674, RS6604'],
      ['certifications', 'rncp37674bc01', 'RNCP37674BC01'],
      ['siret', '732 829 320 00074', '73282932000074'],
      ['activityNumber', '11 75 12345 67', '11751234567'],
      ['languages', 'français, EN', 'fr, en'],
      ['url', 'www.ecole.example/a?utm_source=x', 'http://www.ecole.example/a'],
      ['hours', '70', '70'],
      ['weeklyHours', '1,5', '1,5'],
      ['weeks', '', ''],
      ['modality', 'remote', 'remote'],
      ['sessions', '12/01/2027 - 20/03/2027\n? - ?', '12/01/2027 - 20/03/2027\n? - ?'],
      ['sessions', '2027-01-12 au 2027-03-20', '12/01/2027 - 20/03/2027'],
      ['objectives', 'Un\n\n  Deux ', 'Un\nDeux'],
      ['description', 'Un\r\n\r\nDeux', 'Un\n\nDeux'],
      ['accessibility', 'Salle accessible', 'Salle accessible'],
    ];
    for (const [field, typed, shown] of cases)
      expect(canonicalText(field, blank, typed), `${field} ${typed}`).to.equal(shown);
  });

  it('what cannot be read is refused with what to write', () => {
    const cases: readonly (readonly [CourseField, string, RegExp])[] = [
      ['title', ' ', /^Écrivez le titre/],
      ['title', 'x'.repeat(501), /500 caractères au plus/],
      ['provider', '', /^Écrivez le nom/],
      ['url', 'javascript:alert(1)', /n'est pas une adresse web publique/],
      ['url', 'http://10.0.0.1/', /n'est pas une adresse web publique/],
      ['price', 'mille', /par exemple 1080/],
      ['price', '-5', /par exemple 1080/],
      ['siret', '73282932000075', /clé de contrôle fausse/],
      ['siret', '7,95E+13', /arrondi par un tableur/],
      ['activityNumber', '12', /11 chiffres/],
      ['certifications', '37674', /précisez RNCP ou RS/],
      ['certifications', 'CléA', /n'est pas un code/],
      ['languages', 'klingonais', /ne reconnaissons pas la langue/],
      ['hours', 'beaucoup', /nombre de heures|nombre d/],
      ['hours', '0', /entre 1 et/],
      ['modality', 'sur la lune', /Choisissez/],
      ['sessions', 'bientôt', /Nous ne pouvons pas lire/],
      ['sessions', '30/02/2027 - ?', /Nous ne pouvons pas lire/],
      ['sessions', '20/03/2027 - 12/01/2027', /La fin précède le début/],
      ['prerequisites', 'x'.repeat(5_001), /5000 caractères/],
    ];
    for (const [field, typed, sentence] of cases) expect(refusal(field, typed), `${field} ${typed}`).to.match(sentence);
  });

  it('a price is a price of the course alone: 0 is free, and prices of sessions no longer hide it', () => {
    const draft = { ...blank, sessions: [session('2027-01-12T00:00:00+01:00', '2027-03-20T00:00:00+01:00')] };
    expect(fieldTexts.price.read(draft)).to.equal('9');
    const paid = written('price', '50', draft);
    expect(paid.price?.amount).to.equal(5_000);
    expect(paid.contentFree).to.equal(false);
    expect(paid.sessions[0]?.price).to.equal(null);
    expect(written('price', '0').contentFree).to.equal(true);
    expect(written('price', '').contentFree, 'unknown is not free').to.equal(null);
  });

  it('another date changes the dates of a session and nothing else', () => {
    const first = session('2027-01-12T09:30:00+01:00', '2027-03-20T17:00:00+01:00');
    const draft = { ...blank, sessions: [first, first] };
    const { sessions } = written('sessions', '12/01/2027 - 20/03/2027\n13/01/2027 - 20/03/2027', draft);
    expect(sessions[0], 'hours are kept').to.deep.equal(first);
    expect(sessions[1]).to.deep.include({ id: 's1', start: '2027-01-13T00:00:00+01:00', price: first.price });
  });

  it('T45 a text that looks like markup is text', () => {
    const { description, descriptionHtml } = written('description', '<script>alert(1)</script> & <b>gras</b>');
    expect(description).to.equal('<script>alert(1)</script> & <b>gras</b>');
    expect(descriptionHtml).to.not.match(/<script|<b>/);
    expect(descriptionHtml).to.include('&lt;script&gt;');
  });

  it('what is shown of the samples of every format is read again as it was', async () => {
    let read = 0;
    for (const [id, connector] of await discoverConnectors()) {
      for (const sample of casesIn(fixturesOf(id), connector)) {
        for (const item of await allOf(readCase(connector, sample).items)) {
          if (item.kind !== 'record') continue;
          const answer = connector.normalise(item.raw);
          if (answer.kind !== 'course') continue;
          read += 1;
          for (const field of courseFields) {
            const { read: show, write } = fieldTexts[field];
            const draft = write(answer.course, show(answer.course));
            expect(show(draft), `${id} ${field}`).to.equal(show(answer.course));
            const checked = courseDraftSchema.safeParse(draft);
            expect(checked.success, `${id} ${field}`).to.equal(true);
          }
        }
      }
    }
    expect(read).to.be.above(20);
  });

  it('a record that a format refuses says what could be read, and which field of a course each problem is about', async () => {
    const identifiers = /(^|\/)@numero$|^id$|^uid$|^\(fiche\)$|^action$|^session$/;
    const seen = new Set<string>();
    for (const [id, connector] of await discoverConnectors()) {
      for (const sample of casesIn(fixturesOf(id), connector)) {
        for (const item of await allOf(readCase(connector, sample).items)) {
          if (item.kind !== 'record') continue;
          const answer = connector.normalise(item.raw);
          if (answer.kind !== 'rejected' || answer.draft === undefined) continue;
          for (const problem of answer.problems) {
            seen.add(id);
            if (identifiers.test(problem.field)) continue;
            expect(fieldOfProblem(problem, connector), `${id}: ${problem.field}`).to.not.equal(null);
          }
        }
      }
    }
    expect([...seen]).to.include.members(['lheo', 'moochub', 'richie']);
  });

  it('names the field that a refusal of the common record is about', () => {
    expect(['provider.siret', 'sessions.3.start', 'title', 'titles', 'id'].map(fieldAtPath)).to.deep.equal([
      ...['siret', 'sessions', 'title'],
      ...[null, null],
    ]);
  });
});
