/** « Mes données » in a real browser, scripts off: read, downloaded, erased; no axe violation at any size. */
import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import {
  aPersonWithEverything,
  openPersonalDataWorld,
  type PersonalDataWorld,
  personPassword,
} from '../builders/personal-data.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

describe('personal data in a browser', function () {
  this.timeout(120_000);
  let world: PersonalDataWorld;
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;
  let adaId: string;

  if (executable === undefined) {
    it('« Mes données » is accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    world = await openPersonalDataWorld();
    // Cookies have the browser's clock.
    world.clock = new Date();
    const { ada } = await aPersonWithEverything(world);
    adaId = ada.id;
    listener = await listening(world.app);
    origin = listener.origin;
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
    await world?.close();
  });

  async function signIn(context: BrowserContext): Promise<void> {
    const token = await (await context.request.get(`${origin}/jeton`)).text();
    await context.request.post(`${origin}/entrer/${adaId}`, { form: { _csrf: token } });
  }

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: no axe violation and no horizontal scroll`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      await signIn(context);
      const page = await context.newPage();
      const found: string[] = [];
      const look = async (title: string) => {
        await unfold(page);
        found.push(...(await violationsOf(page)).map((violation) => `${title}: ${violation}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${title}: ${overflow} px of horizontal scroll`);
      };
      for (const path of ['/mon-espace/donnees', '/mon-espace/donnees/effacer', '/compte-efface']) {
        expect((await page.goto(`${origin}${path}`))?.status(), path).to.equal(200);
        await look(path);
      }
      await page.goto(`${origin}/mon-espace/donnees/effacer`);
      await page.getByRole('button', { name: 'Effacer mon compte pour toujours' }).click();
      await page.getByRole('alert').waitFor();
      await look('refused');
      await context.close();
      expect(found).to.deep.equal([]);
    });
  }

  it('works with JavaScript off: download, withdraw a consent, a wrong password, the right one', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 900 } });
    await signIn(context);
    const page = await context.newPage();
    await page.goto(`${origin}/mon-espace/donnees`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Télécharger mes données (JSON)' }).click(),
    ]);
    expect(download.suggestedFilename()).to.match(/^mes-donnees-\d{4}-\d\d-\d\d\.json$/);
    await page.getByRole('button', { name: /^Retirer cet accord/ }).click();
    await page.getByText(/Retiré le /).waitFor();
    await page.getByRole('link', { name: 'Effacer mon compte' }).click();
    await page.getByLabel('Votre mot de passe').fill('un autre mot de passe');
    await page.getByRole('button', { name: 'Effacer mon compte pour toujours' }).click();
    await page.getByRole('alert').getByText("Ce n'est pas votre mot de passe.").waitFor();
    await page.getByLabel('Votre mot de passe').fill(personPassword);
    await page.getByRole('button', { name: 'Effacer mon compte pour toujours' }).click();
    await page.getByRole('heading', { level: 1, name: 'Votre compte est effacé' }).waitFor();
    expect(await world.accounts.byId(adaId)).to.equal(null);
    await page.goto(`${origin}/mon-espace/donnees`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).to.not.include('Mes données');
    await context.close();
  });
});
