/** W2, last line, in a browser without scripts: a quarantined record is corrected, « Fiche valide », and the next run publishes it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { demoPassword } from '../../src/accounts/demo.ts';
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { makeLog } from '../../src/platform/log.ts';
import { type RunningServer, serve } from '../../src/serve.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';

describe('a provider corrects a record in place', function () {
  this.timeout(300_000);
  const source = 'demo-passerelle-web';
  let folder: string;
  let app: App;
  let server: RunningServer;
  let browser: Browser;
  let record = '';

  if (executable === undefined) {
    it('journey W2 (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'en2-n9-'));
    const config = readConfig({
      ...{ NODE_ENV: 'test', DATA_DIR: folder, DEMO: 'true', PORT: '0', LOG_LEVEL: 'silent' },
      RATE_LIMIT_PER_MINUTE: '1000000',
    });
    app = await openApp(config, makeLog('silent'), { runsIn: 'worker' });
    await (await app.people()).demoAccounts.plant();
    server = await serve(app);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function signedIn(scripts: boolean): Promise<Page> {
    const page = await (await browser.newContext({ javaScriptEnabled: scripts })).newPage();
    await page.goto(`${server.url}connexion`);
    await page.fill('#email', 'organisme@demo.example');
    await page.fill('#password', demoPassword);
    await page.getByRole('button', { name: 'Se connecter', exact: true }).click();
    return page;
  }
  const harvest = async () => (await app.useCases.harvest.request(source, 'schedule')).ended;

  it('finds it in the report, is refused under the field, then « Fiche valide », and the next run publishes it', async () => {
    const run = await harvest();
    expect(run.counters.quarantined).to.equal(1);
    const page = await signedIn(false);
    await page.goto(`${server.url}fournisseur/collectes/${run.id}`);
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
    await page.goto(`${server.url}fournisseur/collectes/${next.id}`);
    await page.getByText('1 fiche porte une correction faite ici').waitFor();
  });

  it('the pages hold at every width, light and dark, without violation', async () => {
    const page = await signedIn(true);
    const list = `${server.url}fournisseur/sources/${source}/corrections`;
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
