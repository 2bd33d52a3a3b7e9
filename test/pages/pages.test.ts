import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { everyPage, manyCourses, manyPathways, special } from '../builders/catalogue.ts';
import { aSite } from '../builders/site.ts';

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"');

/** Pages that ask who you are: this site has no account, they are checked with theirs. */
const ofPersons = /^\/connexion|^\/mon-espace|\/inscription$/;

describe('every page', () => {
  let site: Express;
  before(async () => {
    site = await aSite({
      courses: manyCourses,
      pathways: manyPathways,
      facts: { contact: { email: 'aide@exemple.fr', url: null } },
    });
  });

  for (const [name, path, status] of everyPage) {
    it(`${name}: has its status, one h1, headings without a gap, a title and its landmarks`, async () => {
      const { text } = await request(site)
        .get(path)
        .expect(status)
        .expect('Content-Type', /text\/html/);
      expect(text.match(/<h1[ >]/g)).to.have.length(1);
      const levels = [...text.matchAll(/<h([1-6])[ >]/g)].map((match) => Number(match[1]));
      const gaps = levels.filter((level, position) => position > 0 && level > (levels[position - 1] ?? 0) + 1);
      expect(gaps, levels.join(' ')).to.deep.equal([]);
      expect(text).to.match(/<title>[^<]+ \| École numérique au carré<\/title>/);
      for (const mark of ['<html lang="fr"', '<main id="contenu"', '<header', '<footer', 'href="#contenu"']) {
        expect(text).to.include(mark);
      }
    });

    it(`${name}: holds no script, no inline style, no foreign file`, async () => {
      const { text, headers } = await request(site).get(path);
      expect(text).not.to.match(/<script|\sstyle=|\son[a-z]+=["'][^"']*["'][^<]*>(?![^<]*&gt;)|javascript:/i);
      expect(text.match(/(?:src|href)="https?:[^"]*\.(?:css|js|png|woff2)/g)).to.equal(null);
      expect(headers['content-security-policy']).to.include("default-src 'none'").and.not.include('unsafe');
    });

    it(`${name}: has unique ids, and every field has a label`, async () => {
      const { text } = await request(site).get(path);
      const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
      expect(ids.filter((id, position) => ids.indexOf(id) !== position)).to.deep.equal([]);
      for (const [, id] of text.matchAll(/<(?:input|select)[^>]*\sid="([^"]+)"/g))
        expect(text).to.include(`for="${id}"`);
    });
  }

  it('T40: weighs less than 100 kB with all that it loads', async () => {
    const asset = async (path: string) => {
      const { body, text, headers } = await request(site).get(path).expect(200);
      const raw = Buffer.isBuffer(body) ? body : Buffer.from(text ?? '');
      return /font/.test(String(headers['content-type'])) ? raw.length : gzipSync(raw).length;
    };
    for (const [name, path] of everyPage) {
      const { text } = await request(site).get(path);
      const files = [...new Set([...text.matchAll(/"(\/assets\/[^"#]+)/g)].map((match) => match[1] ?? ''))];
      const weights = await Promise.all(files.map(asset));
      const total = weights.reduce((sum, weight) => sum + weight, gzipSync(text).length);
      expect(files, name).to.have.length.at.least(4);
      expect(total, name).to.be.lessThan(100_000);
    }
  });

  it('every internal link answers below 400, but those of the log to courses that are gone', async () => {
    const seen = new Map<string, string>();
    for (const [name, path] of everyPage) {
      const { text } = await request(site).get(path);
      for (const [, href = ''] of text.matchAll(/(?:href|action)="([^"]*)"/g)) {
        const address = href.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=').split('#')[0] ?? '';
        if (address.startsWith('/') && !ofPersons.test(address) && !seen.has(address)) seen.set(address, name);
      }
    }
    expect(seen.size).to.be.greaterThan(80);
    const broken: string[] = [];
    for (const [address, from] of seen) {
      const { status } = await request(site).get(address);
      // The log of changes leads to the page that says why a course is gone.
      const isTombstone = from === 'changes' && status === 410;
      if (status >= 400 && !isTombstone) broken.push(`${address} of ${from}: ${status}`);
    }
    expect(broken).to.deep.equal([]);
  });

  it('prints hostile text as text', async () => {
    const { text } = await request(site).get(`/cours/${special.hostile.slug}`);
    expect(text).not.to.match(/<script|<img|<b>gras|"><i>/);
    expect(text).to.include('&lt;script&gt;alert(1)&lt;/script&gt;');
    const list = await request(site).get('/catalogue?q=titre');
    expect(list.text).not.to.match(/<script|<img/);
    const search = await request(site).get('/catalogue').query({ q: '"><script>alert(1)</script>' });
    expect(search.status).to.equal(200);
    expect(search.text).not.to.match(/<script/);
  });
});

describe('the page of a course', () => {
  let site: Express;
  const read = async (slug: string, status = 200) =>
    plain((await request(site).get(`/cours/${slug}`).expect(status)).text);
  before(async () => {
    site = await aSite({ courses: manyCourses, pathways: manyPathways });
  });

  it('moves for ever from an old title to the current one', async () => {
    const { paid } = special;
    await request(site).get(`/cours/un-ancien-titre-${paid.id}`).expect(301).expect('Location', `/cours/${paid.slug}`);
  });

  it('does not exist for an unknown id, a slug without id, or a course that waits', async () => {
    for (const slug of ['rien', 'titre-00000000', '%E9']) {
      const { status } = await request(site).get(`/cours/${slug}`);
      expect(status, slug).to.be.oneOf([400, 404]);
    }
    const waiting = await aSite({ courses: [{ ...special.paid, state: 'pending' }] });
    await request(waiting).get(`/cours/${special.paid.slug}`).expect(404);
  });

  it('T23: says since when and why a withdrawn course is gone, out of search engines, with living courses', async () => {
    const text = await read(special.withdrawn.slug, 410);
    expect(text).to.include("Ce cours n'est plus proposé depuis le 20 novembre 2026.");
    expect(text).to.include('Intégration web, session 2025, Atelier Ligne Claire');
    expect(text).to.include(
      "Raison : il n'apparaît plus dans le catalogue de Atelier Ligne Claire depuis le 13 novembre 2026.",
    );
    expect(text).to.include('Dernière vérification de la source :');
    expect(text).to.include('<meta name="robots" content="noindex">');
    expect(text.match(/<article/g)).to.have.length(3);
    const alone = await aSite({ courses: [special.withdrawn] });
    const { text: lonely } = await request(alone).get(`/cours/${special.withdrawn.slug}`).expect(410);
    expect(plain(lonely)).to.include("Nous n'avons pas trouvé de cours équivalent ouvert.");
  });

  it('T24: a withdrawn course is in no list', async () => {
    const { text } = await request(site).get('/catalogue?q=int%C3%A9gration+web+session');
    expect(text).not.to.include(special.withdrawn.slug);
  });

  it('says when an absent course will be withdrawn', async () => {
    expect(await read(special.missing.slug)).to.include(
      "Absent du catalogue de Atelier Ligne Claire depuis le 20 novembre 2026 ; il sera retiré le 27 novembre 2026 s'il ne revient pas.",
    );
  });

  it('does not call a catalogue a catalogue twice', async () => {
    const named = { ...special.paid, sourceTitle: "Catalogue de l'Institut Marelle" };
    const { text } = await request(await aSite({ courses: [named] })).get(`/cours/${named.slug}`);
    expect(plain(text)).to.include("Le prix vient du catalogue de l'Institut Marelle, relevé le 21/11/2026.");
    expect(text).not.to.match(/catalogue de catalogue/i);
  });

  it('says that a course is offered again', async () => {
    const restored = { ...special.paid, restoredAt: new Date('2026-11-20T10:00:00Z') };
    const { text } = await request(await aSite({ courses: [restored] })).get(`/cours/${restored.slug}`);
    expect(plain(text)).to.include('De nouveau proposé depuis le 20 novembre 2026.');
  });

  it('T6: says of every field the source leaves out that it is not communicated', async () => {
    const text = await read(special.free.slug);
    for (const label of ['Avant de commencer', 'Matériel nécessaire', 'Accessibilité du cours']) {
      expect(text).to.include(`<dt>${label}</dt><dd>non communiqué par l'organisme</dd>`);
    }
    expect(text).not.to.match(/<dd><\/dd>|<td[^>]*><\/td>|N\/A|>null<|>undefined</);
  });

  it('T30: each block says its source and its date', async () => {
    const text = await read(special.paid.slug);
    const sections = text.split('<section').slice(1);
    const silent = sections.filter((section) => !/Source : |Relevé le|revenu|questions/i.test(section));
    expect(silent).to.deep.equal([]);
    expect(text).to.include('Le prix vient du catalogue de Passerelle Web, relevé le 21/11/2026.');
  });

  it('T42: one button leaves the site, and says so', async () => {
    const text = await read(special.paid.slug);
    expect(text.match(/href="https?:/g)).to.have.length(1);
    expect(text).to.include("S'inscrire chez Passerelle Web (nouveau site)");
  });

  it('T44: says how each competence was found', async () => {
    const text = await read(special.paid.slug);
    expect(text).to.include("déclarée par l'organisme");
    expect(text).to.include("déduite automatiquement, d'après « pages web », « html »");
  });

  it('T32: prints a certification with code, state, end and register date; unknown is unknown', async () => {
    const text = await read(special.paid.slug);
    expect(text)
      .to.include("Active jusqu'au 01/09/2028")
      .and.include('RNCP37674')
      .and.include('Registre du 16/08/2026.');
    expect(text).to.include('Certification RS9999').and.include('État inconnu');
  });

  it('asks the questions to ask before choosing (J20)', async () => {
    const text = await read(special.free.slug);
    expect(text).to.include('Les questions à poser avant de choisir');
    for (const word of ['matériel', 'connexion', 'répond', 'rythme', "l'examen", 'prix total'])
      expect(text).to.include(word);
  });

  it('says which step of which pathway it is', async () => {
    expect(await read(special.paid.slug)).to.include(
      'Étape 2 de <a href="/parcours/developpeur-web">Développeur web et web mobile</a>',
    );
  });

  it('says « sujet numérique à vérifier » of a course in a language nobody judged', async () => {
    expect(await read(special.german.slug)).to.include('Sujet numérique à vérifier');
    const { text } = await request(site).get('/catalogue?langue=de');
    expect(text).to.include('Sujet numérique à vérifier');
  });

  it('keeps the words of a declared funding, escaped, as a declaration', async () => {
    const text = await read(special.funded.slug);
    expect(text).to.include("Financée pour les demandeurs d'emploi, selon Atelier Ligne Claire, au 21/11/2026");
    expect(text).to.include('Prise en charge &lt;b&gt;totale&lt;/b&gt;');
  });
});

describe('pathways', () => {
  let site: Express;
  before(async () => {
    site = await aSite({ courses: manyCourses, pathways: manyPathways });
  });

  it('T7: never a bare sum while a step is unknown', async () => {
    const text = plain((await request(site).get('/parcours/developpeur-web').expect(200)).text);
    expect(text).to.include('au moins 1 080 €, sans compter : étape 3, relevé le 21/11/2026');
    expect(text).to.include('Étape sans cours ouvert depuis le 18 novembre 2026');
    expect(text).to.include('3 étapes sur 3 à terminer');
  });

  it('T4: every amount of the totals has a date in its own row', async () => {
    const { text } = await request(site).get('/parcours/developpeur-web');
    const rows = [...text.matchAll(/<tr>.*?<\/tr>/g)].map(([row]) => row).filter((row) => row.includes('€'));
    expect(rows).to.have.length(2);
    for (const row of rows) expect(row).to.match(/\d\d\/\d\d\/\d{4}/);
  });

  it('says since when and why a pathway is retired', async () => {
    const { text } = await request(site).get('/parcours/ancien').expect(410);
    expect(plain(text)).to.include("Ce parcours n'est plus proposé depuis le 19 novembre 2026.");
    expect(plain(text)).to.include("Raison : la certification RNCP37674 n'est plus active.");
    expect(text).to.include('href="/parcours/developpeur-web"');
  });

  it('does not exist under an unknown address', async () => {
    await request(site).get('/parcours/inconnu').expect(404);
  });

  it('says that none is published', async () => {
    const { text } = await request(await aSite())
      .get('/parcours')
      .expect(200);
    expect(text).to.include('Aucun parcours publié.');
  });
});

describe('the pages that belong to no feature', () => {
  it('show « Parler à quelqu’un » nowhere when there is nobody to talk to', async () => {
    const site = await aSite({ courses: manyCourses });
    await request(site).get('/contact').expect(404);
    for (const [, path] of everyPage) {
      const { text } = await request(site).get(path);
      expect(text, path).not.to.match(/Parler à quelqu|href="\/contact"/);
    }
  });

  it('give the contact that is configured', async () => {
    const contact = { email: 'aide@exemple.fr', url: 'https://exemple.fr/contact' };
    const { text } = await request(await aSite({ facts: { contact } }))
      .get('/contact')
      .expect(200);
    expect(text).to.include('mailto:aide@exemple.fr').and.include('https://exemple.fr/contact');
  });

  it('claim no audit that nobody made', async () => {
    const { text } = await request(await aSite()).get('/accessibilite');
    expect(plain(text)).to.include("Aucun audit n'a encore été fait").and.not.match(/\d+ %/);
  });

  it('name the publisher and the host that are configured', async () => {
    const site = await aSite({ facts: { legal: { publisher: 'Région Exemple', host: 'Hébergeur Exemple' } } });
    const { text } = await request(site).get('/mentions-legales');
    expect(text).to.include('Région Exemple').and.include('Hébergeur Exemple');
  });
});

describe('an empty catalogue', () => {
  it('says so on the home page and in the results', async () => {
    const site = await aSite();
    for (const path of ['/', '/catalogue']) {
      const { text } = await request(site).get(path).expect(200);
      expect(plain(text)).to.include("Le catalogue est vide : aucune source n'a encore été collectée.");
    }
  });
});
