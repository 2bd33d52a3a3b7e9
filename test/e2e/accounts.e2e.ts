/** The pages of accounts in a real browser, in each of their states: no axe violation, no horizontal scroll. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { codeAt } from '../../src/platform/one-time-code.ts';
import { type AccountsWorld, email, openAccountsWorld, password } from '../builders/accounts.ts';
import { anAccountsSite } from '../builders/accounts-site.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

const extras = {
  identities: [{ action: '/connexion/france-travail', label: 'Se connecter avec France Travail', next: '/mon-espace' }],
  demoAccounts: [
    { title: 'Exploitation du site', email: 'exploitation@demo.example', password: 'un mot de passe', code: '123456' },
  ],
};

describe('pages of accounts in a browser', function () {
  this.timeout(120_000);
  let world: AccountsWorld;
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;

  if (executable === undefined) {
    it('every page of accounts is accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    world = await openAccountsWorld();
    const { app } = await anAccountsSite(world, extras);
    listener = await listening(app);
    origin = listener.origin;
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
    await world?.close();
  });

  beforeEach(() => world.clear());

  const send = (page: Page) => page.locator('main form button[type=submit]').first().click();
  const linkOfMail = () => {
    const values = world.mails.at(-1)?.values;
    return values === undefined ? '' : values.link.replace('https://exemple.fr', origin);
  };

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: from registration to recovery codes, every state is accessible`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      const found: string[] = [];
      const seen: string[] = [];
      const look = async (title: string) => {
        await unfold(page);
        seen.push((await page.locator('h1').textContent()) ?? '');
        found.push(...(await violationsOf(page)).map((violation) => `${title}: ${violation}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${title}: ${overflow} px of horizontal scroll`);
      };
      const open = async (path: string) => {
        await page.goto(`${origin}${path}`);
        await look(path);
      };

      await open('/inscription');
      await send(page);
      await look('registration refused');
      await page.getByLabel('Adresse e-mail').fill(email);
      await page.getByLabel('Mot de passe').fill(password);
      await page.getByLabel("J'accepte").check();
      await send(page);
      await look('mail sent');
      await page.goto(linkOfMail());
      await look('link of a mail');
      await send(page);
      await look('address proved');
      await open('/inscription/verifier?jeton=old');
      await open('/mot-de-passe-oublie');
      await page.getByLabel('Adresse e-mail').fill(email);
      await send(page);
      await page.goto(linkOfMail());
      await look('new password');
      await open('/connexion');
      await page.getByLabel('Adresse e-mail').fill(email);
      await send(page);
      await look('sign-in refused');
      await page.getByLabel('Mot de passe').fill(password);
      await send(page);
      await open('/mon-espace/profil');
      await page.getByRole('button', { name: "Changer l'adresse" }).click();
      await look('profile refused');
      await open('/mon-espace/securite');
      await open('/mon-espace/securite/code');
      const seed = ((await page.locator('.en-cle').textContent()) ?? '').replaceAll(/\s/g, '');
      await page.getByLabel('Code à six chiffres').fill(codeAt(seed, world.clock));
      await send(page);
      await look('recovery codes');
      await open('/mon-espace/securite');
      await page
        .locator('header')
        .getByRole('button', { name: 'Se déconnecter', includeHidden: true })
        .first()
        .dispatchEvent('click');
      await page.waitForURL('**/connexion?fait=deconnecte');
      await look('signed out');
      world.later(2);
      await page.getByLabel('Adresse e-mail').fill(email);
      await page.getByLabel('Mot de passe').fill(password);
      await send(page);
      await look('one-time code');
      await page.getByLabel('Code').fill(codeAt(seed, world.clock));
      await send(page);
      expect(await page.locator('body').textContent()).to.include('"strong":true');
      await context.close();
      expect(found).to.deep.equal([]);
      expect(new Set(seen).size, seen.join(', ')).to.be.at.least(11);
    });
  }
});
