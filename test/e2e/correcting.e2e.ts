/** W2, last line, in a browser without scripts: a quarantined record is corrected, « Fiche valide », and the next run publishes it. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { App } from '../../src/app.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type DemoPlatform, openDemoPlatform } from '../support/demo-platform.ts';

describe('a provider corrects a record in place', function () {
  this.timeout(300_000);
  const source = 'demo-passerelle-web';
  let app: App;
  let platform: DemoPlatform;
  let browser: Browser;
  let record = '';

  if (executable === undefined) {
    it('journey W2 (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    platform = await openDemoPlatform();
    app = platform.app;
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await platform?.close();
  });

  const harvest = async () => (await app.useCases.harvest.request(source, 'schedule')).ended;

  it('finds it in the report, is refused under the field, then « Fiche valide », and the next run publishes it', async () => {
    const run = await harvest();
    expect(run.counters.quarantined).to.equal(1);
    const page = await platform.signedIn(browser, 'organisme');
    await page.goto(`${platform.url}fournisseur/collectes/${run.id}`);
    await page.getByRole('link', { name: /Corriger ici/ }).click();
    record = page.url();
    await page.getByText('Nous ne pouvons pas lire la date').waitFor();
    await page.fill('#sessions', 'en mars');
    await page.getByRole('button', { name: 'Vérifier cette fiche' }).click();
    await page.getByRole('alert').getByText('Nous ne pouvons pas lire « en mars ».').waitFor();
    expect(await page.inputValue('#sessions')).to.equal('en mars');
    await page.fill('#sessions', '01/03/2027 - ?');
    await page.getByRole('button', { name: 'Vérifier cette fiche' }).click();
    await page.getByRole('heading', { name: 'Fiche valide' }).waitFor();
    await page.getByRole('heading', { name: 'Comme elle apparaîtra' }).waitFor();
    await page.getByRole('button', { name: 'Enregistrer la correction' }).click();
    await page.getByRole('alert').getByText('Écrivez pourquoi').waitFor();
    await page.fill('#pourquoi', 'La date était écrite en mots.');
    await page.getByRole('button', { name: 'Enregistrer la correction' }).click();
    await page.getByText('Votre correction sera appliquée à la prochaine collecte.').waitFor();

    const next = await harvest();
    expect(next).to.include({ status: 'done', corrected: 1 });
    await page.goto(record);
    await page.getByText('Votre correction est appliquée depuis le').waitFor();
    await page.goto(`${platform.url}fournisseur/collectes/${next.id}`);
    await page.getByText('1 fiche porte une correction faite ici').waitFor();
  });

  it('the pages hold at every width, light and dark, without violation', async () => {
    const page = await platform.signedIn(browser, 'organisme', { scripts: true });
    const list = `${platform.url}fournisseur/sources/${source}/corrections`;
    const looked = [
      ...[record, list, `${list}?fiche=inconnue`],
      // A third value, as a run would have seen it.
      ...[`${record}?fait=choix`],
    ];
    for (const [at, address] of looked.entries()) {
      if (at === 3) {
        const seen = { value: { text: '15/03/2027 - ?', readable: true }, at: new Date() };
        await app.database.connection.collection('record_patches').updateOne({ field: 'sessions' }, { $set: { seen } });
      }
      for (const { name, width, scheme } of screens) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height: 900 });
        await page.goto(address);
        await unfold(page);
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect(wide, `${address} ${name}`).to.be.at.most(width);
        expect(await violationsOf(page), `${address} ${name}`).to.deep.equal([]);
      }
    }
    await page.getByText('La source donne maintenant 15/03/2027').waitFor();
  });
});
