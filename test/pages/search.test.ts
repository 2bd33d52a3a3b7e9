import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { readSearch } from '../../src/catalogue/routes.ts';
import { manyCourses, manyPathways, special } from '../builders/catalogue.ts';
import { aCourse } from '../builders/course.ts';
import { aSite } from '../builders/site.ts';

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"');
const unescaped = (href: string) => href.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=');
const shown = manyCourses.length - 1;

describe('the results page', () => {
  let site: Express;
  const get = async (path: string) => plain((await request(site).get(path).expect(200)).text);
  const countOf = (text: string) => Number(/en-compte-cours">(\d+) cours/.exec(text)?.[1]);
  const cardsOf = (text: string) => text.match(/<article/g)?.length ?? 0;
  before(async () => {
    site = await aSite({ courses: manyCourses, pathways: manyPathways });
  });

  it('gives the whole catalogue without a question, with its date', async () => {
    const text = await get('/catalogue');
    expect(text).to.include(`${shown} cours, relevés le 21/11/2026`);
    expect(cardsOf(text)).to.equal(20);
  });

  it('says which words were really searched, and links to the words as typed', async () => {
    const text = await get('/catalogue?q=programation&niveau=intermediate');
    expect(text).to.match(/<h1[^>]*>Résultats pour « programmation »<\/h1>/);
    expect(text).to.include('Vous avez écrit « programation »');
    expect(unescaped(text)).to.include('href="/catalogue?q=programation&niveau=intermediate&exact=1"');
    const literal = await get('/catalogue?q=programation&exact=1');
    expect(literal).not.to.include('Résultats pour « programmation »');
  });

  it('says what the search was widened to, and how not to', async () => {
    const courses = [aCourse({ draft: { title: 'Comprendre le règlement général sur la protection des données' } })];
    const { text } = await request(await aSite({ courses }))
      .get('/catalogue?q=rgpd')
      .expect(200);
    expect(plain(text)).to.match(/Recherche élargie à : [^<]*protection des données/);
    expect(unescaped(text)).to.include('href="/catalogue?q=rgpd&exact=1"');
  });

  it('shows the pathways whose title holds the words first, on the first page only', async () => {
    const text = await get('/catalogue?q=web');
    expect(text.indexOf('Parcours qui correspondent')).to.be.greaterThan(0);
    expect(text.indexOf('/parcours/developpeur-web')).to.be.lessThan(text.indexOf(special.paid.slug));
    expect(await get('/catalogue?q=programmation')).not.to.include('Parcours qui correspondent');
  });

  it('puts the three values for job seekers first, each with its conditions, the three others under « Prix »', async () => {
    const text = await get('/catalogue');
    const [, jobSeekers = '', prices = ''] = text.split('<details class="en-pli"');
    expect(jobSeekers).to.include("<summary>Pour les demandeurs d'emploi</summary>");
    expect([...jobSeekers.matchAll(/value="([^"]+)"/g)].map((match) => match[1])).to.deep.equal([
      'free-for-all',
      'funded-for-job-seekers',
      'zero-possible',
    ]);
    expect(jobSeekers.match(/<small>[^<]{20,}<\/small>/g)).to.have.length(3);
    expect(prices).to.include('<summary>Prix</summary>');
    expect(prices.match(/name="acces"/g)).to.have.length(3);
  });

  it('J4: keeps a value without result visible and disabled', async () => {
    const text = await get('/catalogue?langue=de');
    expect(text).to.match(/value="highly-specialised" disabled/);
    expect(text).to.match(/value="de" checked/);
  });

  it('J5: every chip takes one value away and keeps the rest, sort included', async () => {
    const text = unescaped(await get('/catalogue?q=programmation&acces=unknown&acces=paid&langue=fr&tri=duree&page=2'));
    const chips = [...text.matchAll(/class="en-puce" href="([^"]+)"/g)].map((match) => match[1]);
    expect(chips).to.have.members([
      '/catalogue?q=programmation&acces=unknown&acces=paid&tri=duree',
      '/catalogue?q=programmation&langue=fr&acces=paid&tri=duree',
      '/catalogue?q=programmation&langue=fr&acces=unknown&tri=duree',
    ]);
    expect(text).to.include('href="/catalogue?q=programmation&tri=duree" rel="nofollow">Effacer les filtres');
  });

  it('forms keep what they do not change', async () => {
    const text = await get('/catalogue?q=programmation&acces=unknown&tri=duree');
    const [, search = '', filters = '', sort = ''] = text.split('<form');
    expect(search).to.include('type="hidden" name="acces" value="unknown"').and.include('name="tri" value="duree"');
    expect(filters).to.include('type="hidden" name="q"').and.not.include('type="hidden" name="acces"');
    expect(sort).to.include('name="acces" value="unknown"').and.include('<option value="duree" selected>');
  });

  it('pages keep the question, and do not overlap', async () => {
    const first = await get('/catalogue?q=programmation&langue=fr');
    const second = await get('/catalogue?q=programmation&langue=fr&page=2');
    expect(unescaped(first)).to.include('href="/catalogue?q=programmation&langue=fr&page=2"');
    const titles = (text: string) => [...text.matchAll(/<h3><a href="([^"]+)"/g)].map((match) => match[1]);
    expect(titles(first).filter((title) => titles(second).includes(title))).to.deep.equal([]);
  });

  it('shows the last page when asked for one past the end, and says so', async () => {
    const text = await get('/catalogue?q=programmation&page=99');
    expect(text)
      .to.include("Il n'y a que 3 pages")
      .and.match(/aria-current="page" title="Page 3"/);
    expect(cardsOf(text)).to.equal(countOf(text) - 40);
    expect(await get('/catalogue?langue=de&page=2')).to.include("Il n'y a qu'une page");
  });

  it('ignores a filter value that does not exist, and says so', async () => {
    const text = await get('/catalogue?niveau=expert&organisme=personne&acces=gratuit');
    expect(text).to.include("Ces filtres n'existent pas : « personne », « expert », « gratuit ». Ils ont été ignorés.");
    expect(countOf(text)).to.equal(shown);
    expect(text).not.to.include('class="en-puce"');
  });

  it('keeps a known value that has no result', async () => {
    const text = await get('/catalogue?niveau=highly-specialised');
    expect(text).to.include('Aucun cours ne correspond avec « Très avancé ».').and.not.include("n'existe pas");
  });

  it('B13: answers to a hundred codes in a filter, and to much more', async () => {
    const codes = Array.from({ length: 300 }, (_value, code) => `competence=${code}.1`).join('&');
    expect(await get(`/catalogue?${codes}`)).to.include('Ils ont été ignorés.');
    const chosen = Array.from({ length: 100 }, () => 'competence=3.1').join('&');
    expect(countOf(await get(`/catalogue?${chosen}`))).to.be.greaterThan(10);
  });

  it('answers to anything that an address can hold', async () => {
    const odd = [
      'q=%F0%9F%92%A9'.repeat(60),
      'page=-1',
      'page=abc',
      'page=1e9',
      'tri=prix',
      'q[]=x',
      'q=a&q=b',
      'acces=',
      '__proto__=1',
    ];
    for (const query of odd) {
      const { status } = await request(site).get(`/catalogue?${query}`);
      expect(status, query).to.equal(200);
    }
  });

  it('never cuts a character in two', () => {
    const { q } = readSearch({ q: `${'a'.repeat(99)}💩💩` });
    expect([...q]).to.have.length(100);
    expect(() => encodeURIComponent(q)).not.to.throw();
  });

  it('shows the school of each course by its name, filters by its id', async () => {
    const text = await get('/catalogue?organisme=passerelle-web');
    expect(text).to.include('Retirer le filtre </span>Passerelle Web');
    expect(cardsOf(text)).to.equal(1);
  });

  it('orders by duration with the unknown last', async () => {
    const text = await get('/catalogue?tri=duree');
    expect(text.indexOf(special.paid.slug)).to.be.lessThan(text.indexOf('durée non communiquée'));
  });

  it('keeps combinations of filters out of search engines, the bare list in', async () => {
    expect(await get('/catalogue?langue=fr')).to.include('content="noindex"');
    expect(await get('/catalogue')).not.to.include('content="noindex"');
  });
});

describe('J8: no result', () => {
  let site: Express;
  before(async () => {
    site = await aSite({ courses: manyCourses, pathways: manyPathways });
  });

  it('repeats the question and its filters', async () => {
    const { text } = await request(site).get('/catalogue?q=tableur&acces=paid').expect(200);
    expect(plain(text)).to.include('Aucun cours ne correspond à « tableur » avec « Payant ».');
  });

  it('every proposal has a count above zero, and gives that count when followed', async () => {
    const questions = ['q=tableur&acces=paid', 'q=soudure+programmation&acces=paid&langue=de', 'acces=paid&langue=de'];
    for (const question of questions) {
      const { text } = await request(site).get(`/catalogue?${question}`);
      const links = [...plain(text).matchAll(/en-essai"><a href="([^"]+)">([^<]+)</g)];
      expect(links.length, question).to.be.greaterThan(0);
      for (const [, href = '', label = ''] of links) {
        const promised = Number(/(?:: |\()(\d+)(?: cours|\))$/.exec(label)?.[1]);
        const followed = await request(site).get(unescaped(href)).expect(200);
        const given = Number(/en-compte-cours">(\d+)/.exec(plain(followed.text))?.[1]);
        expect(promised, label).to.be.greaterThan(0);
        expect(given, `${label} ${href}`).to.equal(promised);
      }
    }
  });

  it('says how many courses were searched when nothing is near', async () => {
    const { text } = await request(site).get('/catalogue?q=zzzzqqqq').expect(200);
    expect(plain(text)).to.include(
      `Nous n'avons rien trouvé de proche. Vos mots ont été cherchés dans ${shown} cours, relevés le 21/11/2026.`,
    );
  });

  it('proposes a pathway that has the words', async () => {
    const { text } = await request(site).get('/catalogue?q=mobile+web&langue=de').expect(200);
    expect(text).to.include('/parcours/developpeur-web');
  });
});
