import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { writeAnswers } from '../../src/eligibility/model/answers.ts';
import { provenProvider } from '../builders/aims.ts';
import { employee } from '../builders/answers.ts';
import { manyCourses, manyPathways, special } from '../builders/catalogue.ts';
import { aSite } from '../builders/site.ts';

const textOf = (html: string) =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('\u00a0', ' ')
    .replaceAll('&#x27;', "'")
    .replace(/\s+/g, ' ');
const siret = '13002526500013';
const r = writeAnswers(employee);
const course = `/cours/${special.paid.slug}`;

describe('what it costs me, on the pages of courses and pathways', () => {
  let site: Express;

  before(async () => {
    site = await aSite({
      courses: manyCourses,
      pathways: manyPathways,
      providers: new Map([[siret, provenProvider(siret, 'RNCP37674')]]),
      facts: { contact: { email: 'aide@exemple.fr', url: null } },
    });
  });

  const open = async (path: string, status = 200) => {
    const answer = await request(site).get(path).expect(status);
    expect(answer.headers).to.not.have.property('set-cookie');
    return answer.text;
  };

  it('a course without answers: « à calculer », with the link, and no verdict', async () => {
    const html = await open(course);
    expect(textOf(html)).to.match(/Pour vous à calculer Calculer ce que cela me coûte/);
    expect(html).to.include(`href="/eligibilite?but&#x3D;cours%3A${special.paid.id}"`);
    expect(html).to.not.include('en-verdict');
    expect(html).to.not.include('noindex');
  });

  it('a course with answers: the fourth price, the verdict, the way back to the same result; not for search engines', async () => {
    const html = await open(`${course}?r=${r}`);
    const text = textOf(html);
    expect(text).to.include("Ce cours est finançable. Votre reste à payer n'est pas encore connu.");
    expect(text).to.include(
      'Pour vous pas encore connu : il manque le montant de votre compte formation, calculé le 22/11/2026',
    );
    expect(text).to.include('Information indicative : seul Mon Compte Formation fait foi.');
    expect(html).to.include(`href="/eligibilite/resultat?but&#x3D;cours%3A${special.paid.id}&amp;r&#x3D;${r}"`);
    expect(html).to.include('<meta name="robots" content="noindex">');
  });

  it('P-06: an offer seen without its blocks is said under « À savoir », as long as the proof holds', async () => {
    const school = provenProvider(siret, 'RNCP37674');
    const pageWith = async (blocksDeclared: object) => {
      const certifications = school.certifications.map((one) => ({ ...one, blocksDeclared }) as typeof one);
      const other = await aSite({ courses: manyCourses, providers: new Map([[siret, { ...school, certifications }]]) });
      return textOf((await request(other).get(`${course}?r=${r}`).expect(200)).text);
    };
    const seen = { value: false, proof: 'verified', source: 'Offre lue', date: '2026-11-02', until: null };
    expect(await pageWith(seen)).to.include('Offre à compléter : blocs non déclarés.');
    for (const fact of [
      { ...seen, value: true },
      { ...seen, proof: 'declared' },
      { ...seen, until: '2026-11-21' },
    ])
      expect(await pageWith(fact)).to.not.include('blocs non déclarés');
  });

  it('a course of a school that nothing proves: nobody can answer, and it says what is not known', async () => {
    const html = await open(`/cours/${special.funded.slug}?r=${r}`);
    expect(textOf(html)).to.include('Nous ne pouvons pas répondre');
  });

  it('answers that cannot be read are no answers: the course is shown all the same', async () => {
    for (const broken of [r.slice(0, -2), 'x', encodeURIComponent('é')])
      expect(await open(`${course}?r=${broken}`)).to.not.include('en-verdict');
  });

  it('a search keeps the answers in every link, and prices each card by them', async () => {
    const html = await open(`/catalogue?q=programmation&r=${r}`);
    expect(html).to.include(`<input type="hidden" name="r" value="${r}">`);
    const links = [...html.matchAll(/href="(\/(?:cours|catalogue)[^"]*)"/g)].map(([, href = '']) => href);
    const inResults = links.filter((href) => href.startsWith('/cours/') || href.includes('page'));
    expect(inResults.length).to.be.greaterThan(10);
    for (const href of inResults) expect(href).to.match(/[?;]r(=|&#x3D;)/);
    const found = textOf(await open(`/catalogue?q=fondamentaux&r=${r}`));
    expect(found).to.include('Pour vous pas encore connu : il manque le montant de votre compte formation, calculé le');
    const free = textOf(await open(`/catalogue?q=html&r=${r}`));
    expect(free).to.include('Pour vous 0 €, gratuit pour tous, calculé le 22/11/2026');
    expect(await open('/catalogue?q=programmation&r=x')).to.not.include('name="r"');
  });

  it('a course is an aim, by its id; one that was withdrawn is none any more', async () => {
    expect(textOf(await open(`/eligibilite?but=cours:${special.paid.id}`))).to.include(
      'Développeur web : les fondamentaux',
    );
    await open(`/eligibilite?but=cours:${special.withdrawn.id}`, 404);
  });

  it('a certification is an aim: the person is judged, and a course is asked for', async () => {
    const { text } = await request(site).get(`/eligibilite/resultat?but=certification:RNCP37674&r=${r}`).expect(200);
    expect(textOf(text)).to.include('Vous êtes peut-être éligible');
    expect(textOf(text)).to.include('Choisissez un cours pour connaître le montant.');
    const child = writeAnswers({ v: 1, statut: 'salarie', age: 12 });
    const refused = await request(site).get(`/eligibilite/resultat?but=certification:RNCP37674&r=${child}`).expect(200);
    expect(textOf(refused.text)).to.include("Vous n'êtes pas éligible à ce financement");
    await open('/eligibilite?but=certification:RNCP99999', 404);
  });

  it('the page of a certification: four lines of price, and the verdict by the answers of the address', async () => {
    const html = await open('/certifications/RNCP37674');
    const before = textOf(html);
    expect(before).to.match(/Ce que vous payez Cours .* Certificat .* Examen .* Pour vous à calculer Calculer ce que/);
    expect(before).to.include('Une certification n’a pas de prix : ce sont ceux des cours du catalogue');
    expect(html).to.include('href="/eligibilite?but&#x3D;certification%3ARNCP37674"');
    expect(html).to.not.include('en-verdict').and.not.include('noindex');

    const told = await open(`/certifications/RNCP37674?r=${r}`);
    const text = textOf(told);
    expect(text).to.include('Vous êtes peut-être éligible').and.include('Information indicative');
    expect(text).to.match(/Pour vous pas encore connu : il manque .*, calculé le 22\/11\/2026/);
    expect(told).to.include('<meta name="robots" content="noindex">');
    // The cards are priced by the same answers, and keep them.
    expect(told).to.match(new RegExp(`href="/cours/[^"]*r(=|&#x3D;)${r}"`));
    const aim = await open(`/eligibilite/resultat?but=certification:RNCP37674&r=${r}`);
    expect(aim).to.include('href="/certifications/RNCP37674"');
  });

  it('a certification that is over refuses on its own page, with its replacement; an unknown one has nothing to judge', async () => {
    const text = textOf(await open(`/certifications/RS5000?r=${r}`));
    expect(text).to.include('Ce financement ne concerne pas ce cours').and.include('Remplacée par RS6604.');
    expect(text).to.include('Cours pas de cours dans notre catalogue (au 22/11/2026)');
    const unknown = await open(`/certifications/RNCP99999?r=${r}`);
    expect(unknown).to.not.include('en-verdict').and.not.include('but&#x3D;certification');
  });

  it('a pathway: the link, then one row per step and a total that hides no unknown part', async () => {
    const before = await open('/parcours/developpeur-web');
    expect(textOf(before)).to.include('Calculer pour ce parcours');
    const html = await open(`/parcours/developpeur-web?r=${r}`);
    const text = textOf(html);
    expect(text).to.include("Le coût de ce parcours pour vous n'est pas encore connu");
    expect(text).to.match(/Étape 3 : Mener un projet Aucun cours du catalogue pas encore connu/);
    expect(text).to.include('Pour vous pas encore connu : étapes 2 et 3, calculé le 22/11/2026');
    expect(text).to.match(/Tout le parcours, au 22\/11\/2026/);
  });

  it('a pathway without any course of the catalogue has nothing to calculate, and is shown all the same', async () => {
    const empty = await aSite({ courses: [], pathways: manyPathways });
    const { text } = await request(empty).get(`/parcours/developpeur-web?r=${r}`).expect(200);
    expect(text).to.not.include('/eligibilite?but');
    await request(empty).get('/eligibilite?but=parcours:developpeur-web').expect(404);
  });

  it('the result of a pathway takes the balance from the body, and spends it from step to step', async () => {
    const answer = await request(site)
      .post(`/eligibilite/resultat?but=parcours:developpeur-web&r=${r}`)
      .type('form')
      .send({ q: 'solde', reponse: '3000' })
      .expect(200);
    const text = textOf(answer.text);
    expect(text).to.match(
      /Étape 2 : [^€]*Vous êtes a priori éligible\. 1 200 €, relevé le 21\/11\/2026 0 € 1 050 € 150 €/,
    );
    expect(text).to.include('au moins 150 €, sans compter : étape 3');
    expect(text).to.include('Simulation non contractuelle');
    await open('/eligibilite?but=parcours:ancien', 404);
    await open('/eligibilite?but=parcours:inconnu', 404);
  });
});
