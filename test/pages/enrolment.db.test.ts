import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import type { CourseEvent } from '../../src/catalogue/model/history.ts';
import type { Course } from '../../src/catalogue/model.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { manyCourses, special } from '../builders/catalogue.ts';
import { daysAgo, testNow, turnedPaidAt } from '../builders/course.ts';
import { aPersonSite, type PersonSite, formToken as token } from '../builders/person-site.ts';
import { testDatabase } from '../support/database.ts';

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"');
describe('the pages of a person', () => {
  let served: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let site: Express;
  let signIn: PersonSite['signIn'];
  let courses: Course[];
  const events: (CourseEvent & { courseId: string })[] = [];

  before(async () => {
    served = await testDatabase();
    database = await connectTo(served.uri, served.engine === 'server' ? 'mongodb' : 'embedded');
    courses = [...manyCourses];
    ({ site, signIn } = await aPersonSite(database, courses, events));
  });

  after(async () => {
    await database.close();
    await served.drop();
  });

  beforeEach(async () => {
    signIn('anna');
    courses.splice(0, courses.length, ...manyCourses);
    events.length = 0;
    await database.connection.collection('enrolments').deleteMany({});
    await database.connection.collection('kept_courses').deleteMany({});
  });

  const open = async (path: string, status = 200) => plain((await request(site).get(path).expect(status)).text);
  const send = (path: string, fields: Record<string, string | string[]>, from?: string) => {
    const form = new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
    );
    const sending = request(site).post(path).type('form').send(form.toString());
    return from === undefined
      ? sending
      : sending.set({ Host: 'ecole.example', Referer: `http://ecole.example${from}` });
  };
  /** Hidden fields of the form that goes to `action`. */
  const fieldsOf = (html: string, action: string): Record<string, string> => {
    const form = html.split('<form').find((part) => part.includes(`action="${action}"`)) ?? '';
    const inputs = form.split('</form>')[0]?.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g) ?? [];
    return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, value]));
  };
  const web = '/parcours/developpeur-web/inscription';
  const enrol = async (path = web) => {
    const fields = fieldsOf(await open(path), path);
    const { headers } = await send(path, { ...fields, accord: 'oui' }).expect(303);
    return String(headers.location);
  };

  describe('enrolling', () => {
    it('asks for agreement in words, says that nothing is paid, and which step has no course', async () => {
      const text = await open(web);
      expect(text).to.include('Commencer : Développeur web et web mobile');
      expect(text).to.include("Rien n'est payé ici.").and.include("Rien n'est commandé sur Mon Compte Formation.");
      expect(text).to.include('Étape sans cours ouvert depuis le 18 novembre 2026');
      expect(text).to.include("J'accepte que mon inscription à ce parcours");
      expect(text).not.to.match(/name="accord"[^>]*checked/);
      expect(fieldsOf(text, web)).to.include({ _csrf: token });
    });

    it('without agreement: 422, a summary that leads to the box, the sentence under it, the form kept', async () => {
      const fields = fieldsOf(await open(web), web);
      const { text } = await send(web, fields).expect(422);
      const html = plain(text);
      expect(html).to.match(/<a href="#accord">Votre accord exprès est obligatoire\.<\/a>/);
      expect(html).to.match(/id="accord"[^>]*aria-invalid="true" aria-describedby="accord-erreur"/);
      expect(html).to.match(/id="accord-erreur">Votre accord exprès est obligatoire\./);
      expect(fieldsOf(html, web)).to.deep.equal(fields);
      expect(await open('/mon-espace')).to.include("Vous n'avez pas encore de parcours.");
    });

    it('a box sent twice, or as an object, is no agreement', async () => {
      const fields = fieldsOf(await open(web), web);
      await send(web, { ...fields, accord: ['oui', 'oui'] }).expect(422);
      await send(web, { ...fields, 'accord[$ne]': 'non' }).expect(422);
      await send(web, {}).expect(409);
      await request(site).post(web).expect(409);
      expect(await database.connection.collection('enrolments').countDocuments()).to.equal(0);
    });

    it('W1.5: the own space says « Inscription enregistrée le », that nothing was charged or ordered, and one way out', async () => {
      const address = await enrol();
      for (const page of [address, '/mon-espace']) {
        const text = await open(page);
        expect(text, page).to.include('Inscription enregistrée le 22 novembre 2026');
        expect(text, page).to.include("Rien n'a été payé ici et rien n'a été commandé sur Mon Compte Formation.");
        expect(text.match(/href="https?:[^"]*"/g), page).to.deep.equal([`href="${special.free.draft.url}"`]);
        expect(text, page).to.include("S'inscrire chez Atelier Ligne Claire (nouveau site)");
        expect(text, page).to.include('<meta name="robots" content="noindex">');
      }
    });

    it('B29: the form sent again leads to « Ce parcours est déjà dans votre espace. »', async () => {
      const fields = fieldsOf(await open(web), web);
      const first = await send(web, { ...fields, accord: 'oui' }).expect(303);
      const again = await send(web, { ...fields, accord: 'oui' }).expect(303);
      expect(again.headers.location).to.equal(`${first.headers.location}?deja=1`);
      expect(await open(String(again.headers.location))).to.include('Ce parcours est déjà dans votre espace.');
      await request(site).get(web).expect(303).expect('Location', `${first.headers.location}?deja=1`);
    });

    it('B29: a course withdrawn while the form is open is said on sending, with equivalents, and nothing is recorded', async () => {
      const fields = fieldsOf(await open(web), web);
      const gone = courses.findIndex(({ id }) => id === special.free.id);
      courses[gone] = {
        ...special.free,
        state: 'withdrawn',
        withdrawn: { at: daysAgo(1), reason: 'retire_source', detail: null },
      };
      const { text } = await send(web, { ...fields, accord: 'oui' }).expect(409);
      const html = plain(text);
      expect(html).to.include("Rien n'a été enregistré");
      expect(html).to.include(
        "Découvrir le HTML, Atelier Ligne Claire. Ce cours n'est plus proposé depuis le 21 novembre 2026.",
      );
      expect(html).to.include("Raison : Atelier Ligne Claire l'a retiré.");
      expect(html).to.include(`href="/cours/${special.content.slug}"`);
      expect(html).not.to.match(/name="accord"[^>]*checked/);
      expect(await database.connection.collection('enrolments').countDocuments()).to.equal(0);
      await send(web, { ...fieldsOf(html, web), accord: 'oui' }).expect(303);
    });

    it('a retired pathway answers 410, before and after the form', async () => {
      const text = await open('/parcours/ancien/inscription', 410);
      expect(text).to.include("Ce parcours n'est plus proposé depuis le 19 novembre 2026.");
      expect(text).not.to.include("Rien n'a été enregistré");
      const sent = await send('/parcours/ancien/inscription', { accord: 'oui', choix: 'a:b' }).expect(410);
      expect(plain(sent.text)).to.include("Rien n'a été enregistré");
    });

    it('is offered on the page of a pathway', async () => {
      expect(await open('/parcours/developpeur-web')).to.match(
        /href="\/parcours\/developpeur-web\/inscription">Commencer ce parcours</,
      );
    });
  });

  describe('one enrolment', () => {
    it('W1.6: a step marked done says « déclaré par vous », back and forth, with the date', async () => {
      const address = await enrol();
      const step = `${address}/etapes/pages`;
      await send(step, { _csrf: token, etat: 'done' }).expect(303).expect('Location', `${address}#etape-pages`);
      const done = await open(address);
      expect(done).to.include('fait (déclaré par vous)').and.include('depuis le 22 novembre 2026');
      expect(done).to.include('En cours : 1 étape sur 3');
      expect(done).to.include('Votre prochaine étape').and.include('<h2 id="prochaine">Construire une API</h2>');
      await send(step, { etat: 'enrolled-with-provider' }).expect(303);
      expect(await open(address)).to.include("inscrit chez l'organisme (déclaré par vous)");
      await send(step, { etat: 'to-start' }).expect(303);
      expect(await open(address))
        .to.include('à commencer')
        .and.not.include('déclaré par vous)<');
    });

    it('accepts no state that somebody else confirms, and no other value', async () => {
      const address = await enrol();
      for (const etat of ['confirmed', 'certificate-verified', '', 'DONE', '__proto__']) {
        await send(`${address}/etapes/pages`, { etat }).expect(400);
      }
      await send(`${address}/etapes/pages`, { 'etat[$gt]': '' }).expect(400);
      await send(`${address}/etapes/inconnue`, { etat: 'done' }).expect(404);
      expect(await open(address)).to.include('Inscription enregistrée le');
    });

    it('is stopped and resumed, behind a link while it is stopped', async () => {
      const address = await enrol();
      await send(`${address}/arreter`, {}).expect(303);
      const stopped = await open(address);
      expect(stopped).to.include('Arrêté par vous le 22 novembre 2026').and.include('Reprendre ce parcours');
      expect(stopped).not.to.include('name="etat"').and.not.include('Votre prochaine étape');
      const space = await open('/mon-espace');
      expect(space).to.include('Voir 1 parcours arrêté').and.not.include(`href="${address}"`);
      expect(await open('/mon-espace?arretes=1')).to.include(`href="${address}"`);
      await send(`${address}/etapes/pages`, { etat: 'done' }).expect(409);
      await send(`${address}/reprendre`, {}).expect(303);
      expect(await open('/mon-espace')).to.include(`href="${address}"`);
    });

    it('W1.8: a withdrawn course keeps its step, says since when and why, and what is near', async () => {
      const address = await enrol();
      await send(`${address}/etapes/pages`, { etat: 'done' });
      for (const { id } of [special.free, special.paid]) {
        const position = courses.findIndex((course) => course.id === id);
        const course = courses[position];
        if (course === undefined) throw new Error(id);
        courses[position] = {
          ...course,
          state: 'withdrawn',
          missingSince: daysAgo(9),
          withdrawn: { at: daysAgo(2), reason: 'absent', detail: null },
        };
      }
      const text = await open(address);
      expect(text).to.include("Une étape n'est plus proposée : Construire une API");
      expect(text).to.include("Ce cours n'est plus proposé depuis le 20 novembre 2026.");
      expect(text).to.include(
        "Raison : il n'apparaît plus dans le catalogue de Passerelle Web depuis le 13 novembre 2026.",
      );
      expect(text).to.include("Cours proches, proposés aujourd'hui :");
      expect(text).to.include('fait (déclaré par vous)').and.include('Votre étape faite reste.');
      expect(text).not.to.include('(nouveau site)');
    });

    it('B10: a course that was free and is paid since the enrolment says so on its step', async () => {
      const address = await enrol();
      expect(await open(address)).not.to.include('était gratuit');
      const tomorrow = new Date(testNow.getTime() + 86_400_000);
      events.push({ courseId: special.free.id, ...turnedPaidAt(tomorrow) });
      const said = 'Ce cours était gratuit. Il est payant depuis le 23 novembre 2026.';
      expect((await open(address)).split(said), 'above the way out, and on the step').to.have.length(3);
      expect(await open('/mon-espace')).to.include(`${said} Inscrivez-vous chez`);
    });

    it('of somebody else answers 404 to every request', async () => {
      const address = await enrol();
      signIn('bilal');
      await open(address, 404);
      await send(`${address}/etapes/pages`, { etat: 'done' }).expect(404);
      await send(`${address}/arreter`, {}).expect(404);
      await send(`${address}/reprendre`, {}).expect(404);
      expect(await open('/mon-espace')).not.to.include(address);
      signIn('anna');
      expect(await open(address)).to.include('Inscription enregistrée le');
    });

    it('prints hostile text as text', async () => {
      const consent = '/parcours/hostile/inscription';
      const raw = await request(site).get(consent).expect(200);
      expect(raw.text).not.to.match(/<script|<img/);
      const address = await enrol(consent);
      for (const path of [address, '/mon-espace']) {
        const { text } = await request(site).get(path).expect(200);
        expect(text, path).not.to.match(/<script|<img/);
        expect(text, path).to.include('&lt;script&gt;alert(1)&lt;/script&gt;');
      }
    });
  });

  describe('what is kept for later', () => {
    it('is kept from a card or a page, and the person comes back to the place', async () => {
      const list = await open('/catalogue?q=html');
      expect(list).to.include('<form method="post" action="/garder">');
      const key = `cours-${special.free.id}`;
      const kept = { _csrf: token, cours: special.free.id };
      await send('/garder', kept, '/catalogue?q=html')
        .expect(303)
        .expect('Location', `/catalogue?q=html#garder-${key}`);
      expect(await open('/catalogue?q=html')).to.include('Gardé dans');
      expect(await open(`/cours/${special.free.slug}`)).to.include('action="/garder/retirer"');
      await send('/garder', { parcours: 'developpeur-web' }).expect(303);
      const own = await open('/mon-espace/gardes');
      expect(own)
        .to.include('Découvrir le HTML')
        .and.include('Développeur web et web mobile')
        .and.include('Toujours proposé');
      await send('/garder/retirer', kept, '/mon-espace/gardes').expect('Location', `/mon-espace/gardes#garder-${key}`);
      expect(await open('/mon-espace/gardes')).not.to.include('Découvrir le HTML');
    });

    it('never sends a person to another site', async () => {
      const away = await request(site)
        .post('/garder')
        .type('form')
        .set({ Host: 'ecole.example', Referer: 'https://ailleurs.example/piege' })
        .send(`cours=${special.free.id}&suite=https://ailleurs.example`)
        .expect(303);
      expect(away.headers.location).to.match(/^\/#garder-/);
    });

    it('says what was withdrawn since', async () => {
      await send('/garder', { cours: special.free.id });
      const position = courses.findIndex(({ id }) => id === special.free.id);
      courses[position] = {
        ...special.free,
        state: 'withdrawn',
        withdrawn: { at: daysAgo(2), reason: 'absent', detail: null },
      };
      expect(await open('/mon-espace'))
        .to.include('Retiré le 20/11/2026')
        .and.include('cours proches existent');
    });

    it('refuses what is no course, and operators in fields', async () => {
      for (const fields of [
        {},
        { cours: '$ne' },
        { 'cours[$ne]': '' },
        { parcours: '../../x' },
        { cours: 'ABCDEFGH' },
      ]) {
        await send('/garder', fields as Record<string, string>).expect(400);
      }
      await send('/garder', { cours: 'absent00' }).expect(404);
      await send('/garder', { parcours: 'inconnu' }).expect(404);
    });

    it('shows five in the own space and a link to the others', async () => {
      for (const course of manyCourses.slice(20, 27)) await send('/garder', { cours: course.id });
      const text = await open('/mon-espace');
      expect(text.match(/action="\/garder\/retirer"/g)).to.have.length(5);
      expect(text).to.include('Voir 7 cours et parcours gardés');
    });
  });

  describe('a visitor', () => {
    it('is asked to sign in, and comes back', async () => {
      signIn(null);
      for (const path of ['/mon-espace', '/mon-espace/gardes', '/mon-espace/parcours/x', web]) {
        const text = await open(path, 401);
        expect(text, path).to.include(`/connexion?suite&#x3D;${encodeURIComponent(path)}`);
      }
      await send(web, { accord: 'oui' }).expect(401);
      await send('/garder', { cours: special.free.id }).expect(401);
      expect(await open(`/cours/${special.free.slug}`)).to.include(
        `href="/connexion?suite&#x3D;${encodeURIComponent(`/cours/${special.free.slug}`)}"`,
      );
      expect(await open('/catalogue')).not.to.include('action="/garder"');
    });
  });

  describe('every page of the own space', () => {
    it('has one h1, headings without a gap, unique ids, labels, a token in each form, no script and no inline style', async () => {
      const address = await enrol();
      await send('/garder', { cours: special.free.id });
      await enrol('/parcours/numerique-du-quotidien/inscription');
      for (const path of [
        '/mon-espace',
        '/mon-espace/gardes',
        address,
        '/parcours/hostile/inscription',
        '/catalogue',
      ]) {
        const { text } = await request(site).get(path).expect(200);
        expect(text.match(/<h1[ >]/g), path).to.have.length(1);
        const levels = [...text.matchAll(/<h([1-6])[ >]/g)].map((match) => Number(match[1]));
        expect(
          levels.filter((level, position) => position > 0 && level > (levels[position - 1] ?? 0) + 1),
          `${path} ${levels.join(' ')}`,
        ).to.deep.equal([]);
        const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
        expect(new Set(ids).size, path).to.equal(ids.length);
        const forms = text.split('<form method="post"').slice(1);
        for (const form of forms) expect(form.split('</form>')[0], path).to.include(`name="_csrf" value="${token}"`);
        expect(text, path).not.to.match(/<script|\sstyle=/);
        expect(text, path).not.to.match(/<dd><\/dd>|<td[^>]*><\/td>|>null<|>undefined</);
      }
    });
  });
});
