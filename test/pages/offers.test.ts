/** N14: one card and one page for a course of several sources, with a choice of school, price and date. */
import { expect } from 'chai';
import request from 'supertest';
import { aCourse, aSession, daysAgo, euros } from '../builders/course.ts';
import { aSite } from '../builders/site.ts';

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replace(/&#x27;|&#39;/g, "'");
const textOf = (html: string) =>
  plain(html)
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const card = aCourse({
  id: 'carte000',
  offers: ['0ffre000', 'g0ne0000'],
  draft: { price: euros(100), contentFree: false },
});
const other = aCourse({
  id: '0ffre000',
  remoteId: 'r2',
  mergedInto: 'carte000',
  sourceId: 'source-2',
  sourceTitle: 'Passerelle Web',
  providerId: 'passerelle-web',
  harvestedAt: daysAgo(2),
  draft: {
    url: 'https://passerelle.example/pages-web',
    provider: { name: 'Passerelle Web', url: null, siret: null, activityNumber: null },
    contentFree: true,
    languages: ['en'],
    certificate: { type: 'paid-certificate', free: false, included: false, price: euros(60) },
    sessions: [aSession()],
  },
});
const gone = aCourse({
  id: 'g0ne0000',
  remoteId: 'r3',
  mergedInto: 'carte000',
  state: 'withdrawn',
  withdrawn: { at: daysAgo(3), reason: 'retire_source', detail: null },
  draft: { provider: { name: 'École Partie', url: null, siret: null, activityNumber: null } },
});
const page = `/cours/${card.slug}`;

describe('a course with several offers', () => {
  it('has one card, found by the school, the language and the price of any offer, which it tells with their date', async () => {
    const site = await aSite({ courses: [card, other, gone] });
    for (const query of ['', '?organisme=passerelle-web', '?langue=en', '?acces=content-free', '?q=passerelle']) {
      const { text } = await request(site).get(`/catalogue${query}`).expect(200);
      expect(text.match(/<article class="en-carte">/g), query).to.have.length(1);
      expect(text, query).to.contain(`href="${page}`);
      expect(plain(text), query).to.contain(
        'Aussi proposé par Passerelle Web. Cours : gratuit, relevé le 20/11/2026. Certificat : 60 €, relevé le 20/11/2026.',
      );
      expect(text, 'an offer that ended is no offer').to.not.contain('École Partie');
    }
    const { text } = await request(site).get('/').expect(200);
    expect(textOf(text)).to.contain('1 cours');
  });

  it('its page offers the choice, and shows the offer chosen with its own price, dates, source and way out', async () => {
    const site = await aSite({ courses: [card, other, gone] });
    const { text: first } = await request(site).get(page).expect(200);
    expect(textOf(first)).to.contain('2 offres de ce cours');
    expect(first).to.contain(`href="${page}?offre&#x3D;0ffre000"`);
    expect(textOf(first)).to.contain("S'inscrire chez Atelier Ligne Claire (nouveau site)");
    const { text } = await request(site).get(`${page}?offre=0ffre000`).expect(200);
    expect(textOf(text)).to.contain("S'inscrire chez Passerelle Web (nouveau site)");
    expect(text).to.contain('href="https://passerelle.example/pages-web"');
    expect(text, 'one way out').to.not.contain('https://atelier.example/cours/pages-web');
    expect(textOf(text)).to.contain('Début').and.to.contain('07/12/2026');
    expect(text).to.match(/<meta name="robots" content="noindex/);
    expect(text).to.match(/cours(:|%3A)0ffre000/);
    for (const unknown of ['zzzzzzzz', '', 'a&offre=b', '"><script>'])
      expect((await request(site).get(`${page}?offre=${unknown}`)).text).to.contain(`?offre&#x3D;0ffre000"`);
  });

  it('the address of a merged course answers 301 to its offer, kept by no browser, and comes back with it', async () => {
    const site = await aSite({ courses: [card, other, gone] });
    const moved = await request(site).get(`/cours/${other.slug}`).expect(301);
    expect(moved.headers.location).to.equal(`${page}?offre=0ffre000`);
    expect(moved.headers['cache-control']).to.equal('no-cache');
    const apart = await aSite({
      courses: [
        { ...card, offers: [] },
        { ...other, mergedInto: null },
      ],
    });
    await request(apart).get(`/cours/${other.slug}`).expect(200);
  });

  it('an offer that has ended says so on the page of the course, with its reason', async () => {
    const site = await aSite({ courses: [card, other, gone] });
    await request(site).get(`/cours/${gone.slug}`).expect(301).expect('location', `${page}?offre=g0ne0000`);
    const { text } = await request(site).get(`${page}?offre=g0ne0000`).expect(200);
    expect(textOf(text)).to.contain(
      "École Partie ne propose plus ce cours depuis le 19 novembre 2026. Raison : École Partie l'a retiré.",
    );
  });

  it('a withdrawn card leads to an offer that lives, before and after the hand-over; with none, its page says 410', async () => {
    const ended = {
      state: 'withdrawn' as const,
      withdrawn: { at: daysAgo(1), reason: 'source_fermee' as const, detail: null },
    };
    const before = await aSite({ courses: [{ ...card, ...ended }, other, gone] });
    await request(before).get(page).expect(301).expect('location', `/cours/${other.slug}?offre=carte000`);
    await request(before).get(`/cours/${other.slug}`).expect(200);
    const handed = [
      { ...card, ...ended, mergedInto: '0ffre000', offers: [] },
      { ...other, mergedInto: null, offers: ['carte000', 'g0ne0000'] },
      { ...gone, mergedInto: '0ffre000' },
    ];
    const after = await aSite({ courses: handed });
    await request(after).get(page).expect(301).expect('location', `/cours/${other.slug}?offre=carte000`);
    const { text } = await request(after).get(`/cours/${other.slug}?offre=carte000`).expect(200);
    expect(textOf(text)).to.contain('Atelier Ligne Claire ne propose plus ce cours');
    const none = await aSite({ courses: [{ ...card, ...ended }, { ...other, ...ended }, gone] });
    await request(none).get(page).expect(410);
    await request(none).get(`/cours/${other.slug}`).expect(301).expect('location', `${page}?offre=0ffre000`);
  });
});
