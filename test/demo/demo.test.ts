import { expect } from 'chai';
import { courseDraftSchema } from '../../src/catalogue/model.ts';
import { coursesOf, mondayOf } from '../../src/demo/courses.ts';
import { loadCatalogues } from '../../src/demo/data.ts';
import { type DemoServer, startDemoServer } from '../../src/demo/server.ts';
import { type DemoSource, demoSources } from '../../src/demo/sources.ts';
import { accessOf } from '../../src/eligibility/model.ts';
import type { CourseDraft, SourceItem } from '../../src/harvest/connector.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { type PreviewReport, previewConnector } from '../../src/harvest/preview.ts';
import { makeSourceHttp } from '../../src/platform/http.ts';

const wednesday = new Date('2026-11-25T10:00:00Z');
const signal = new AbortController().signal;

/** Courses, and records refused with their codes, as each partner's feed must give them. */
const expected: Readonly<Record<string, { courses: number; refused: readonly string[]; warned: readonly string[] }>> = {
  'demo-atelier-ligne-claire': { courses: 62, refused: [], warned: [] },
  'demo-campus-rivage': {
    courses: 94,
    refused: ['sans-titre E_CHAMP_MANQUANT', 'adresse-refusee E_URL_REFUSEE'],
    warned: ['duree-negative AV_DUREE_ILLISIBLE'],
  },
  'demo-passerelle-web': { courses: 75, refused: ['date-en-mots E_DATE_ILLISIBLE'], warned: [] },
  'demo-hafenlicht': {
    courses: 46,
    refused: [],
    warned: ['unknown-language AV_LANGUE_INCONNUE', 'reversed-dates AV_DATES_INVERSEES'],
  },
  'demo-fabrique-du-clic': { courses: 72, refused: [], warned: [] },
  'demo-institut-marelle': {
    courses: 62,
    refused: [
      'F-siret-faux/A-siret-faux E_SIRET_INVALIDE',
      'F-jour-inconnu/A-jour-inconnu E_DATE_ILLISIBLE',
      'F-prix-en-mots/A-prix-en-mots E_PRIX_ILLISIBLE',
    ],
    warned: [],
  },
};

describe('the demonstration partners', () => {
  let now = wednesday;
  let server: DemoServer;
  let sources: readonly DemoSource[];
  const reports = new Map<string, PreviewReport>();

  const httpOf = () =>
    makeSourceHttp({ allowedOrigins: [server.origin], userAgent: 'test/1 (+https://example.org)', minDelayMs: 0 });

  before(async () => {
    server = await startDemoServer({ now: () => now });
    sources = demoSources(server.origin);
    const connectors = await discoverConnectors();
    for (const { id, connector, config } of sources) {
      const reader = connectors.get(connector);
      if (reader === undefined) throw new Error(`no connector ${connector}`);
      reports.set(id, await previewConnector(reader, config, httpOf(), { signal }));
    }
  });
  after(() => server.close());

  const drafts = (): CourseDraft[] =>
    [...reports.values()].flatMap(({ items }) => items.flatMap(({ course }) => (course === undefined ? [] : [course])));

  it('are six, under names of their own and reserved addresses', () => {
    expect(sources.map(({ id }) => id)).to.have.members(Object.keys(expected));
    expect(new Set(sources.map(({ connector }) => connector))).to.deep.equal(new Set(['moochub', 'richie', 'lheo']));
    for (const { homepage } of sources) expect(new URL(homepage).hostname).to.match(/\.example$/);
    for (const { url } of drafts()) expect(new URL(url).hostname).to.match(/\.example$/);
  });

  for (const [id, { courses, refused, warned }] of Object.entries(expected)) {
    it(`${id} is read to its end by its connector over HTTP, faults included`, () => {
      const report = reports.get(id);
      expect(report?.error).to.equal(undefined);
      expect(report?.complete).to.equal(true);
      const problems = (result: string) =>
        report?.items.flatMap((item) =>
          item.result === result ? (item.problems ?? []).map(({ code }) => `${item.remoteId} ${code}`) : [],
        );
      expect(problems('rejected')).to.deep.equal(refused);
      expect(problems('course')).to.deep.equal(warned);
      expect(report?.summary.courses).to.equal(courses);
      for (const { course } of report?.items ?? []) {
        if (course !== undefined) expect(courseDraftSchema.safeParse(course).error).to.equal(undefined);
      }
    });
  }

  it('repeat one record as it was, and one with another content', () => {
    const seen = new Map<string, string>();
    const again: boolean[] = [];
    for (const { remoteId, course } of reports.get('demo-campus-rivage')?.items ?? []) {
      const before = seen.get(remoteId);
      const content = JSON.stringify(course);
      if (before !== undefined) again.push(before === content);
      seen.set(remoteId, content);
    }
    expect(again).to.deep.equal([true, false]);
  });

  it('plant faults that reach nobody: no script, entities shown right, half dates and words for a price unknown', () => {
    const item = (source: string, remoteId: string) =>
      reports.get(`demo-${source}`)?.items.find((one) => one.remoteId === remoteId)?.course;
    expect(item('campus-rivage', 'avec-script')?.descriptionHtml).to.not.match(/script|onerror|<img/);
    expect(item('atelier-ligne-claire', 'entites')?.title).to.equal('Son & image : créer un diaporama animé');
    expect(item('atelier-ligne-claire', 'date-vide')?.sessions).to.deep.equal([]);
    expect(item('fabrique-du-clic', 'F-demi-date/A-demi-date')?.sessions[0]?.datePrecision).to.equal('month');
    expect(item('fabrique-du-clic', 'F-sur-devis/A-sur-devis')?.price).to.equal(null);
    expect(item('passerelle-web', 'sur-devis')?.price).to.equal(null);
  });

  it('cover every access code, modality and language, with about 10 % of courses in English and some in German', () => {
    const courses = drafts();
    const codes = courses.map((draft) => {
      const { contentFree, price, certificate, exam, fundedForJobSeekers } = draft;
      const facts = { contentFree, price, certificate, exam, source: 'x', readAt: now };
      return accessOf({ ...facts, fundedForJobSeekers: fundedForJobSeekers?.text ?? null }, now).code;
    });
    for (const code of ['free-for-all', 'funded-for-job-seekers', 'content-free', 'paid', 'unknown'] as const) {
      expect(codes.filter((found) => found === code).length, code).to.be.above(15);
    }
    for (const modality of ['remote', 'blended', 'onsite'] as const) {
      expect(courses.filter((draft) => draft.modality === modality).length, modality).to.be.above(15);
    }
    const share = (tag: string) => courses.filter(({ languages }) => languages.includes(tag)).length / courses.length;
    expect(share('en')).to.be.within(0.07, 0.13);
    expect(share('de')).to.be.within(0.02, 0.06);
    expect(courses.length).to.be.within(380, 430);
  });

  it('prepare for the certifications of the pathways, ended and unknown ones included', () => {
    const codes = new Set(drafts().flatMap(({ certifications }) => certifications.map(({ code }) => code)));
    expect([...codes]).to.have.members([
      ...['RNCP37674', 'RNCP37873', 'RNCP37488', 'RNCP35419', 'RNCP99999', 'RS6604', 'RS7423', 'RS5568'],
    ]);
  });

  it('declare the 21 competences of DigComp, at several levels', () => {
    const catalogues = loadCatalogues();
    const declared = catalogues.themes.flatMap(({ skills }) => skills);
    expect(new Set(declared.map(({ code }) => code)).size).to.equal(21);
    expect(new Set(declared.map(({ level }) => level))).to.include.all.keys([1, 2, 3, 4, 5, 6, 7]);
    const digcomp = drafts().flatMap(({ competences }) => competences.filter(({ scheme }) => scheme === 'DigComp'));
    expect(new Set(digcomp.map(({ code }) => code)).size).to.be.above(15);
    expect(digcomp.every(({ level }) => level !== null)).to.equal(true);
  });

  it('have no two courses of one partner with the same title and the same public', () => {
    const catalogues = loadCatalogues();
    for (const partner of catalogues.partners) {
      const titles = coursesOf(partner, catalogues, mondayOf(now)).map(({ title }) => title);
      expect(new Set(titles).size, partner.id).to.equal(titles.length);
    }
  });

  it('keep open sessions whatever the day, and publish the same bytes from Monday to Sunday', async () => {
    const address = String(sources.find(({ connector }) => connector === 'lheo')?.config.url);
    const bodyOn = async (day: string) => {
      now = new Date(day);
      const response = await fetch(address);
      return { etag: response.headers.get('etag'), bytes: Buffer.from(await response.arrayBuffer()) };
    };
    try {
      const monday = await bodyOn('2026-11-23T00:00:00Z');
      const sunday = await bodyOn('2026-11-29T23:59:59Z');
      expect(sunday.bytes.equals(monday.bytes)).to.equal(true);
      expect((await bodyOn('2026-11-30T00:00:00Z')).etag).to.not.equal(monday.etag);
    } finally {
      now = wednesday;
    }
    const catalogues = loadCatalogues();
    for (const day of ['2026-12-27T12:00:00Z', '2027-03-01T00:00:00Z', '2028-02-29T23:00:00Z']) {
      const at = new Date(day);
      for (const partner of catalogues.partners) {
        const open = coursesOf(partner, catalogues, mondayOf(at)).filter(({ sessions }) =>
          sessions.some(({ state, dates }) => state === 'open' && (dates === null || dates.enrolmentEnd > at)),
        );
        expect(open.length, `${partner.id} on ${day}`).to.be.above(10);
      }
    }
  });

  it('answer "not modified" to their own ETag, so that the connector says that nothing changed', async () => {
    const source = sources.find(({ id }) => id === 'demo-fabrique-du-clic');
    const connector = (await discoverConnectors()).get('lheo');
    if (source === undefined || connector === undefined) throw new Error('no source');
    const read = async (validators: { etag?: string }) => {
      const items: SourceItem<unknown>[] = [];
      const context = { mode: 'full' as const, http: httpOf(), signal, validators };
      for await (const item of connector.read(source.config, context)) items.push(item);
      return items;
    };
    const end = (await read({})).at(-1);
    const validators = end?.kind === 'end' ? end.validators : undefined;
    expect(validators?.etag).to.match(/^"/);
    expect(await read({ ...validators })).to.deep.equal([{ kind: 'unchanged' }]);
  });

  it('answer on loopback only what they publish, compressed when asked', async () => {
    expect(new URL(server.origin).hostname).to.equal('127.0.0.1');
    const address = String(sources[0]?.config.url);
    const plain = await fetch(address, { headers: { 'accept-encoding': 'identity' } });
    const zipped = await fetch(address, { headers: { 'accept-encoding': 'gzip' } });
    expect(plain.headers.get('content-encoding')).to.equal(null);
    expect(zipped.headers.get('content-encoding')).to.equal('gzip');
    expect(await zipped.text()).to.equal(await plain.text());
    expect(Number(zipped.headers.get('content-length'))).to.be.below(Number(plain.headers.get('content-length')));
    const status = async (path: string, method = 'GET') => (await fetch(`${server.origin}${path}`, { method })).status;
    expect(await status('/')).to.equal(404);
    expect(await status('/campus-rivage/bridges/moochub/courses?page=99')).to.equal(404);
    expect(await status('/campus-rivage/bridges/moochub/courses?page=__proto__')).to.equal(404);
    expect(await status('/passerelle-web/__proto__')).to.equal(404);
    expect(await status('/campus-rivage/bridges/moochub/courses', 'POST')).to.equal(405);
  });
});
