/** N12 and C2: the public log says what changed, when and why, as a page, Atom and JSON; hostile titles stay inert in all three. */
import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import type { JournalEntry } from '../../src/catalogue/model/history.ts';
import { aCourse, daysAgo } from '../builders/course.ts';
import { aSite } from '../builders/site.ts';
import { readXml } from '../support/read-xml.ts';

const euros = (amount: number) => ({ amount: amount * 100, currency: 'EUR', taxIncluded: true });
const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"');

describe('the log of changes', () => {
  const css = aCourse({ id: 'css00000', draft: { title: 'Les feuilles de style' }, firstPublishedAt: daysAgo(40) });
  const hostile = aCourse({
    id: 'hostile0',
    draft: { title: '<script>alert(1)</script> & \u0000 "fin"' },
    firstPublishedAt: daysAgo(30),
  });
  const gone = aCourse({
    id: 'gone0000',
    draft: { title: 'Ancien cours' },
    sourceId: 'source-2',
    sourceTitle: 'Autre catalogue',
    state: 'withdrawn',
    firstPublishedAt: daysAgo(90),
    withdrawn: { at: daysAgo(2), reason: 'absent', detail: null },
  });
  const uuid = (rank: number) => `00000000-0000-4000-8000-00000000000${rank}`;
  const event = (rank: number, change: Partial<JournalEntry>): JournalEntry => ({
    id: uuid(rank),
    at: daysAgo(rank),
    kind: 'price',
    origin: 'harvest',
    runId: 'run',
    changes: [],
    reason: null,
    courseId: css.id,
    sourceId: css.sourceId,
    ...change,
  });
  const events = [
    event(1, { changes: [{ field: 'price', before: euros(0), after: euros(60) }] }),
    event(2, {
      kind: 'withdrawn',
      courseId: gone.id,
      sourceId: gone.sourceId,
      reason: { code: 'absent', detail: null },
    }),
    event(3, { kind: 'missing' }),
  ];
  let site: Express;
  before(async () => {
    site = await aSite({ courses: [css, hostile, gone], events });
  });

  const page = async (path = '/changements') => plain((await request(site).get(path).expect(200)).text);

  it('names each change with its date, its old and new value, and says when free turned paid', async () => {
    const text = await page();
    expect(text).to.include('prix du cours : 0 € → 60 €');
    expect(text).to.include('était gratuit, devient payant');
    expect(text).to.match(/<strong>ajouté<\/strong>/);
  });

  it('T24 keeps a withdrawn course, with its motive', async () => {
    const text = await page();
    expect(text).to.match(/<strong>retiré<\/strong>/);
    expect(text).to.include("il n'apparaît plus dans le catalogue de Autre catalogue");
  });

  it('does not tell of absences, which are between the source and us', async () => {
    const { body } = await request(site).get('/changements.json').expect(200);
    expect(body.items.map((item: { _changement: { type: string } }) => item._changement.type)).to.deep.equal([
      'price',
      'withdrawn',
      'added',
      'added',
      'added',
    ]);
  });

  it('is kept by source; an unknown source has none', async () => {
    const text = await page('/changements/source-2');
    expect(text).to.include('Ancien cours').and.not.include('feuilles de style');
    await request(site).get('/changements/nulle-part').expect(404);
    await request(site).get('/changements/nulle-part.atom').expect(404);
  });

  it('starts at a date; one that cannot be read is said, and everything is shown', async () => {
    const recent = await page(`/changements?depuis=${daysAgo(1).toISOString().slice(0, 10)}`);
    expect(recent).to.include('0 € → 60 €').and.not.include('Ancien cours');
    expect(await page('/changements?depuis=2040-01-01')).to.include('Aucun changement depuis le 1er janvier 2040.');
    const unread = await page('/changements?depuis=hier');
    expect(unread).to.include('Cette date ne se lit pas').and.include('value="hier"').and.include('Ancien cours');
    for (const odd of ['?avant=1', '?avant[]=a', '?depuis[x]=1', '?avant=2026-01-01%20%00'])
      await page(`/changements${odd}`);
  });

  it('goes on past a page, without losing or repeating one', async () => {
    const many = Array.from({ length: 120 }, (_, at) =>
      aCourse({
        id: `c${String(at).padStart(7, '0')}`,
        draft: { title: `Cours ${at}` },
        firstPublishedAt: daysAgo(1 + (at % 3)),
      }),
    );
    const large = await aSite({ courses: many });
    const seen: string[] = [];
    let next: string | undefined = '/changements.json';
    for (let pages = 0; next !== undefined && pages < 5; pages += 1) {
      const answer: request.Response = await request(large).get(next).expect(200);
      const { body } = answer;
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      next = body.next_url === undefined ? undefined : new URL(body.next_url).pathname + new URL(body.next_url).search;
    }
    expect(seen).to.have.length(120);
    expect(new Set(seen).size).to.equal(120);
  });

  it('is Atom that an XML reader reads, with whole addresses and lasting names', async () => {
    const answer = await request(site).get('/changements.atom').expect(200);
    expect(answer.headers['content-type']).to.match(/^application\/atom\+xml/);
    const feed = readXml(answer.text);
    expect(feed.name).to.equal('feed');
    const entries = feed.children.filter(({ name }) => name === 'entry');
    expect(entries).to.have.length(5);
    for (const entry of entries) {
      const link = entry.children.find(({ name }) => name === 'link');
      expect(link?.attributes.href).to.match(/^https:\/\/ecole\.example\/cours\//);
    }
    const ids = entries.map((entry) => entry.children.find(({ name }) => name === 'id')?.text);
    expect(new Set(ids).size).to.equal(5);
    expect(ids[0]).to.equal(`urn:ecole-numerique:ecole.example:changement:css00000/${uuid(1)}`);
  });

  it('T45 the title of a partner is a text and nothing else, in every form', async () => {
    expect(await page())
      .to.include('&lt;script&gt;alert(1)')
      .and.not.include('<script');
    const atom = await request(site).get('/changements.atom');
    const titles = readXml(atom.text)
      .children.flatMap(({ children }) => children)
      .filter(({ name }) => name === 'title')
      .map(({ text }) => text);
    expect(titles.find((title) => title.includes('alert'))).to.match(
      /^ajouté : <script>alert\(1\)<\/script> & {2}"fin"/,
    );
  });

  it('N7 the page of the course tells its history, newest first', async () => {
    const text = await page(`/cours/${css.slug}`);
    expect(text).to.include('Ce qui a changé').and.include('Était gratuit, est devenu payant.');
    expect(text.indexOf('0 € → 60 €')).to.be.greaterThan(0);
    expect(text).to.include('Absent du catalogue de la source (collecte)');
  });
});
