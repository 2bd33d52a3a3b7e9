/** /admin/revue in a browser without scripts, over the whole demonstration: compare, merge, choose an offer, undo; then axe. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { App } from '../../src/app.ts';
import { recordKey } from '../../src/providers/model/correcting.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type DemoPlatform, openDemoPlatform } from '../support/demo-platform.ts';

describe('duplicates reviewed in a browser', function () {
  this.timeout(300_000);
  let app: App;
  let platform: DemoPlatform;
  let browser: Browser;
  let page: Page;
  let record = { sourceId: '', remoteId: '' };
  let claim = { sourceId: '', remoteId: '' };

  if (executable === undefined) {
    it('merge and undo (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    platform = await openDemoPlatform(async (app) => {
      await app.useCases.collect(['demo-institut-marelle', 'demo-passerelle-web', 'demo-fabrique-du-clic'], 'manual');
      await app.useCases.duplicates.find({ dryRun: false });
      // An identifier that named another course when it was last read.
      const [reused] = await app.courses.bySource('demo-passerelle-web', { limit: 1 });
      record = { sourceId: 'demo-passerelle-web', remoteId: reused?.remoteId ?? '' };
      const { connection } = app.database;
      await connection.collection('courses').updateOne(
        { _id: reused?.id as never },
        {
          $set: {
            'draft.title': 'Retouche photo pour débuter',
            'draft.url': 'https://passerelle-web.example/cours/retouche',
            'draft.certifications': [{ kind: 'RS', code: 'RS1' }],
          },
        },
      );
      await connection
        .collection('harvest_records')
        .updateOne({ _id: `${record.sourceId}/${record.remoteId}` as never }, { $set: { hash: '' } });
      await app.useCases.collect(['demo-passerelle-web'], 'manual', { everything: true });
      // A course that another source claims, as the end of a run leaves it.
      const [first] = await app.courses.bySource('demo-institut-marelle', { limit: 1 });
      const [claiming] = await app.courses.bySource('demo-fabrique-du-clic', { limit: 1 });
      claim = { sourceId: 'demo-fabrique-du-clic', remoteId: claiming?.remoteId ?? '' };
      await connection.collection('harvest_records').updateOne(
        { _id: `${claim.sourceId}/${claim.remoteId}` as never },
        {
          $set: { claim: { sourceId: 'demo-institut-marelle', courseId: first?.id } },
        },
      );
    });
    app = platform.app;
    browser = await launchBrowser();
    page = await platform.signedIn(browser, 'relecture');
  });
  after(async () => {
    await browser?.close();
    await platform?.close();
  });

  /** The search index follows the catalogue a moment later. */
  async function countOf(words: string, expected: number): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      await page.goto(`${platform.url}catalogue?q=${encodeURIComponent(words)}&exact=1`);
      const found = await page.getByRole('heading', { level: 3, name: words, exact: true }).count();
      if (found === expected) return;
      expect(attempt, `${found} cards for « ${words} »`).to.be.lessThan(50);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  it('merges a proposal, shows one card with two offers, and undoes it', async () => {
    await page.goto(`${platform.url}admin/revue`);
    await page
      .getByRole('link', { name: /^Comparer et décider/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 1, name: 'Est-ce le même cours ?' }).waitFor();
    const title = (await page.locator('tbody tr:first-child td').first().textContent()) ?? '';
    const cards = await page.locator('tbody tr:first-child td').nth(1).textContent();
    expect(cards).to.equal(title);
    await page.getByRole('button', { name: 'Réunir ces deux fiches' }).click();
    await page.getByText('Écrivez pourquoi, en une phrase.').first().waitFor();
    await page.getByLabel(/^Pourquoi/).fill('Même programme, même certification');
    await page.getByRole('button', { name: 'Réunir ces deux fiches' }).click();
    await page.getByText('Les deux fiches sont réunies').waitFor();
    await countOf(title, 1);
    await page.getByRole('link', { name: title, exact: true }).click();
    await page.getByRole('heading', { level: 2, name: 'Choisir une offre' }).waitFor();
    await page.getByRole('link', { name: /^Voir cette offre/ }).click();
    expect(page.url()).to.contain('?offre=');
    await page.goto(`${platform.url}admin/revue/reunis`);
    await page
      .getByRole('link', { name: /^Séparer/ })
      .first()
      .click();
    await page.getByLabel(/^Pourquoi/).fill('Deux niveaux');
    await page.getByRole('button', { name: 'Séparer ce cours' }).click();
    await page.getByText('Le cours a de nouveau sa page').waitFor();
    await countOf(title, 2);
  });

  it('refuses an answer without choice nor reason, under their fields, and keeps one that is whole', async () => {
    await page.goto(`${platform.url}admin/revue`);
    await page.getByRole('link', { name: '1 fiche à trancher' }).first().click();
    await page.getByRole('link', { name: /^Décider/ }).click();
    await page.getByRole('button', { name: 'Enregistrer la réponse' }).click();
    await page.getByText('Choisissez une des deux réponses.').first().waitFor();
    await page.getByLabel(/^C’est un nouveau cours/).check();
    await page.getByRole('button', { name: 'Enregistrer la réponse' }).click();
    await page.getByText('Écrivez pourquoi, en une phrase.').first().waitFor();
    expect(await page.getByLabel(/^C’est un nouveau cours/).isChecked()).to.equal(true);
  });

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: no axe violation and no horizontal scroll`, async () => {
      const [first, second] = (await app.duplicates.duplicates.proposed({ skip: 0, limit: 2 })).pairs;
      if (second !== undefined && (await app.duplicates.duplicates.merged({ skip: 0, limit: 1 })).total === 0) {
        await page.goto(`${platform.url}admin/revue/doublons/${second.id}`);
        await page.getByLabel(/^Pourquoi/).fill('Même programme');
        await page.getByRole('button', { name: 'Réunir ces deux fiches' }).click();
        await page.getByText('Les deux fiches sont réunies').waitFor();
      }
      const [merged] = (await app.duplicates.duplicates.merged({ skip: 0, limit: 1 })).pairs;
      const courses = await app.courses.byIds(merged?.courses ?? []);
      const card = courses.find(({ offers }) => offers.length > 0);
      const parted = courses.find(({ mergedInto }) => mergedInto !== null);
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: scheme,
        storageState: await page.context().storageState(),
      });
      const shown = await context.newPage();
      const found: string[] = [];
      for (const path of [
        'admin/revue',
        `admin/revue/doublons/${first?.id}`,
        'admin/revue/reunis',
        'admin/revue/identifiants',
        'admin/revue/conflits',
        `admin/fiches/${recordKey(claim)}/conflit`,
        `admin/fiches/${recordKey(record)}/identifiant`,
        `admin/revue/reunis/${parted?.id}/separer`,
        `cours/${card?.slug}`,
        `cours/${card?.slug}?offre=${parted?.id}`,
      ]) {
        expect((await shown.goto(`${platform.url}${path}`))?.status(), path).to.equal(200);
        await unfold(shown);
        found.push(...(await violationsOf(shown)).map((violation) => `${path}: ${violation}`));
        const overflow = await shown.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${path}: ${overflow} px of horizontal scroll`);
        const shots = process.env.SHOTS;
        if (shots !== undefined)
          await shown.screenshot({
            path: `${shots}/${path.replace(/[^a-z]+/g, '-').slice(0, 40)}-${width}-${scheme}.png`,
            fullPage: true,
          });
      }
      await context.close();
      expect(found).to.deep.equal([]);
    });
  }

  it('keeps an answer, says when it acts, and gives an operator the run at once', async () => {
    const path = `${platform.url}admin/fiches/${recordKey(record)}/identifiant`;
    await page.goto(path);
    await page.getByLabel(/^C’est un nouveau cours/).check();
    await page.getByLabel(/^Pourquoi/).fill('Autre titre, autre adresse');
    await page.getByRole('button', { name: 'Enregistrer la réponse' }).click();
    await page.getByText('Réponse enregistrée.').waitFor();
    await page.getByText("La réponse s'applique à la prochaine collecte de").waitFor();
    expect(await page.getByRole('button', { name: 'Lancer une collecte maintenant' }).count()).to.equal(0);
    const operator = await platform.signedIn(browser, 'exploitation');
    for (const { name, width, scheme } of screens) {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: scheme,
        storageState: await operator.context().storageState(),
      });
      const shown = await context.newPage();
      await shown.goto(path);
      expect(await violationsOf(shown), name).to.deep.equal([]);
      expect(await shown.evaluate<number>('document.documentElement.scrollWidth - innerWidth'), name).to.be.most(0);
      const shots = process.env.SHOTS;
      const file = `${shots}/answered-${width}-${scheme}.png`;
      if (shots !== undefined) await shown.screenshot({ path: file, fullPage: true });
      await context.close();
    }
    await operator.goto(path);
    await operator.getByRole('button', { name: 'Lancer une collecte maintenant' }).click();
    await operator.getByText('Une nouvelle collecte est demandée').waitFor();
    for (let attempt = 0; ; attempt += 1) {
      const [course] = await app.courses
        .bySource(record.sourceId, { limit: 500 })
        .then((all) => all.filter(({ remoteId, state }) => remoteId === record.remoteId && state === 'published'));
      if (course !== undefined && course.draft.title !== 'Retouche photo pour débuter') break;
      expect(attempt, 'the run acts on the answer').to.be.lessThan(50);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
});
