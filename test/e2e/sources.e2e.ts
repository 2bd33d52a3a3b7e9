/** Journey W2 in a browser without scripts, over the whole platform: declare, preview, send, accept, first run; then axe. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { App } from '../../src/app.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type DemoPlatform, openDemoPlatform } from '../support/demo-platform.ts';

describe('a provider declares a catalogue, an operator accepts it', function () {
  this.timeout(300_000);
  let app: App;
  let platform: DemoPlatform;
  let browser: Browser;
  let feed: string;

  if (executable === undefined) {
    it('journey W2 (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    platform = await openDemoPlatform();
    app = platform.app;
    const partner = await app.useCases.sources.source('demo-institut-marelle');
    feed = String(partner.config.url);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await platform?.close();
  });

  async function finished(source: string) {
    for (;;) {
      const [run] = await app.useCases.harvest.runsOf(source, 1);
      if (run?.endedAt != null) return run;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  let source = '';

  it('works from the empty form to the first published courses, without scripts', async () => {
    // A person without organisation: the first step registers it.
    const page = await platform.signedIn(browser, 'apprenant');
    await page.goto(`${platform.url}fournisseur`);
    await page.getByText('Déclarez votre premier catalogue.').waitFor();
    await page.getByRole('link', { name: 'Déclarer un catalogue' }).click();
    await page.fill('#siret', '73282932000075');
    await page.fill('#name', 'Passerelle Web');
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('alert').getByText('clé de contrôle fausse').waitFor();
    expect(await page.inputValue('#name')).to.equal('Passerelle Web');
    await page.fill('#siret', '73282932000074');
    await page.getByRole('button', { name: 'Continuer' }).click();

    await page.getByRole('heading', { level: 1, name: 'Votre catalogue' }).waitFor();
    await page.fill('#title', 'Catalogue <b>Web</b>');
    await page.fill('#homepage', 'https://passerelle.example/');
    await page.getByLabel("Par l'adresse d'un flux").check();
    await page.fill('#url', 'http://10.0.0.1/catalogue.xml');
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('alert').getByText("Ce nom contient un caractère qui n'est pas accepté.").waitFor();
    await page.fill('#title', "Catalogue de l'école");
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('alert').getByText("10.0.0.1 n'est pas une adresse publique").waitFor();
    await page.fill('#url', feed);
    await page.getByRole('button', { name: 'Continuer' }).click();

    await page.getByRole('heading', { level: 1, name: 'Réglages' }).waitFor();
    source = /sources\/([^/]+)\//.exec(page.url())?.[1] ?? '';
    await page.fill('#url', 'pas une adresse');
    await page.getByRole('button', { name: "Enregistrer et voir l'aperçu" }).click();
    await page.getByRole('alert').getByText('une adresse http(s) complète est attendue').waitFor();
    await page.fill('#url', feed);
    await page.getByRole('button', { name: "Enregistrer et voir l'aperçu" }).click();

    await page.getByRole('heading', { level: 1, name: 'Aperçu de 20 fiches' }).waitFor();
    await page.getByText("Rien n'a été enregistré.").waitFor();
    await page.getByText('20 fiches lues, catalogue non lu en entier.').waitFor();
    expect(await page.locator('.en-fiche').count()).to.equal(20);
    await page.locator('.en-fiche summary').first().click();
    await page.getByRole('heading', { name: 'La fiche reçue' }).first().waitFor();
    await page.getByRole('heading', { name: 'Comme elle apparaîtra' }).first().waitFor();
    await page.getByRole('link', { name: 'Continuer' }).click();

    await page.getByLabel('Chaque semaine').check();
    await page.getByLabel('Toujours').check();
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('button', { name: 'Envoyer' }).click();
    await page.getByText("En attente d'acceptation").first().waitFor();

    const operator = await platform.signedIn(browser, 'exploitation');
    await operator.goto(`${platform.url}admin/sources`);
    await operator.getByRole('link', { name: "Catalogue de l'école" }).click();
    await operator.getByRole('button', { name: 'Refuser cette source' }).click();
    await operator.getByRole('alert').getByText('Écrivez pourquoi cette source est refusée.').waitFor();
    await operator.getByRole('button', { name: 'Accepter cette source' }).click();
    await operator.getByText('Source acceptée.').waitFor();

    const run = await finished(source);
    expect(run.counters.created).to.be.greaterThan(20);
    await page.goto(`${platform.url}fournisseur/sources/${source}`);
    await page.getByText('Prochaine collecte : le').waitFor();
    await page.getByText('Réussi avec erreurs').first().waitFor();
    await page.goto(`${platform.url}fournisseur/verifier`);
    await page.fill('#url', feed);
    await page.getByRole('button', { name: 'Vérifier' }).click();
    await page.getByRole('heading', { name: /^Format reconnu : LHÉO/ }).waitFor();
  });

  it('has no axe violation and no horizontal scroll, at any size', async () => {
    const page = await platform.signedIn(browser, 'apprenant', { scripts: true });
    const operator = await platform.signedIn(browser, 'exploitation', { scripts: true });
    const own = `fournisseur/sources/${source}`;
    const [organisation] = (await app.useCases.sources.list()).flatMap((one) =>
      one.id === source ? one.organisationId : [],
    );
    const pages: readonly (readonly [Page, string])[] = [
      [page, 'fournisseur'],
      [page, 'fournisseur/inscription'],
      [page, `fournisseur/inscription/acces?organisme=${organisation}`],
      [page, own],
      [page, `${own}/reglages`],
      [page, `${own}/liens`],
      [page, `${own}/apercu`],
      [page, `${own}/choix`],
      [page, `${own}/envoi`],
      [page, `${own}/fermer`],
      [page, 'fournisseur/verifier'],
      [operator, 'admin'],
      [operator, 'admin/travaux'],
      [operator, 'admin/travaux/mail'],
      [operator, 'admin/travaux/mail/lancer'],
      [operator, 'admin/courriels'],
      [operator, 'admin/sources'],
      [operator, `admin/sources/${source}`],
      [operator, `admin/sources/${source}/fermer`],
    ];
    const found: string[] = [];
    for (const [browserPage, path] of pages) {
      await browserPage.goto(`${platform.url}${path}`);
      await unfold(browserPage);
      for (const { name, width, scheme } of screens) {
        await browserPage.setViewportSize({ width, height: 900 });
        await browserPage.emulateMedia({ colorScheme: scheme });
        found.push(...(await violationsOf(browserPage)).map((violation) => `${path}, ${name}: ${violation}`));
        const overflow = await browserPage.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${path}, ${name}: ${overflow} px of horizontal scroll`);
      }
    }
    expect(found).to.deep.equal([]);
  });
});
