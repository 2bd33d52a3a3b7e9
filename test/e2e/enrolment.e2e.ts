/** The pages of a person in a real browser: accessible at every size, and usable from the card to the last step without scripts. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { Course } from '../../src/catalogue/model.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { manyCourses, special } from '../builders/catalogue.ts';
import { daysAgo } from '../builders/course.ts';
import { aPersonSite } from '../builders/person-site.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { testDatabase } from '../support/database.ts';
import { type Listening, listening } from '../support/listen.ts';

describe('the pages of a person in a browser', function () {
  this.timeout(120_000);
  let served: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;
  let courses: Course[];

  if (executable === undefined) {
    it('every page is accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    served = await testDatabase();
    database = await connectTo(served.uri, served.engine === 'server' ? 'mongodb' : 'embedded');
    courses = [...manyCourses];
    const { site, signIn } = await aPersonSite(database, courses);
    signIn('anna');
    listener = await listening(site);
    origin = listener.origin;
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
    await database?.close();
    await served?.drop();
  });

  it('W1: keeps a course, agrees, enrols, declares steps, stops and resumes, scripts off', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${origin}/mon-espace`);
    await page.getByText("Vous n'avez pas encore de parcours.").waitFor();
    await page.goto(`${origin}/catalogue?q=html`);
    await page.getByRole('button', { name: 'Garder pour plus tard : Découvrir le HTML' }).click();
    await page.getByText('Gardé dans').waitFor();
    expect(page.url()).to.match(/\/catalogue\?q=html#garder-cours-/);

    await page.goto(`${origin}/parcours/developpeur-web`);
    await page.getByRole('link', { name: 'Commencer ce parcours' }).click();
    await page.getByRole('button', { name: 'Commencer ce parcours' }).click();
    await page.getByRole('link', { name: 'Votre accord exprès est obligatoire.' }).waitFor();
    await page.getByLabel(/J'accepte/).check();
    await page.getByRole('button', { name: 'Commencer ce parcours' }).click();
    await page.getByText('Inscription enregistrée le 22 novembre 2026', { exact: true }).waitFor();

    await page.getByRole('button', { name: "C'est fait : Créer des pages web" }).click();
    await page.getByText('fait (déclaré par vous)').waitFor();
    await page.getByRole('heading', { level: 2, name: 'Construire une API' }).waitFor();
    await page.getByRole('button', { name: 'Arrêter ce parcours' }).click();
    await page.getByText('Arrêté par vous le 22 novembre 2026').waitFor();
    await page.getByRole('button', { name: 'Reprendre ce parcours' }).click();
    await page.getByText('En cours : 1 étape sur 3').waitFor();
    await context.close();
  });

  it('has no axe violation and no horizontal scroll, at each size and in both schemes', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const enrolment = async (slug: string) => {
      await page.goto(`${origin}/parcours/${slug}/inscription`);
      if (page.url().endsWith('/inscription')) {
        await page.getByLabel(/J'accepte/).check();
        await page.getByRole('button', { name: 'Commencer ce parcours' }).click();
      }
      return new URL(page.url()).pathname;
    };
    const begun = await enrolment('developpeur-web');
    const other = await enrolment('numerique-du-quotidien');
    await page.getByRole('button', { name: 'Arrêter ce parcours' }).click();
    await context.close();
    const position = courses.findIndex(({ id }) => id === special.paid.id);
    courses[position] = {
      ...special.paid,
      state: 'withdrawn',
      withdrawn: { at: daysAgo(2), reason: 'retire_source', detail: null },
    };
    const pages = [
      '/mon-espace?arretes=1',
      '/mon-espace/gardes',
      begun,
      other,
      '/parcours/hostile/inscription',
      '/catalogue?q=html',
      `/cours/${special.free.slug}`,
      '/parcours/developpeur-web',
    ];
    const found: string[] = [];
    for (const { name, width, scheme } of screens) {
      const view = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const shown = await view.newPage();
      const look = async (title: string) => {
        await unfold(shown);
        found.push(...(await violationsOf(shown)).map((violation) => `${name}, ${title}: ${violation}`));
        const overflow = await shown.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${name}, ${title}: ${overflow} px of horizontal scroll`);
      };
      for (const path of pages) {
        await shown.goto(`${origin}${path}`);
        await look(path);
      }
      await shown.goto(`${origin}/parcours/hostile/inscription`);
      await shown.getByRole('button', { name: 'Commencer ce parcours' }).click();
      await look('agreement missing');
      await view.close();
    }
    expect(found).to.deep.equal([]);
  });
});
