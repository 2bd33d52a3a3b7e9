/** The buttons of identity providers in a real browser, scripts off: our policy on forms must let a person through. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type Browser, chromium } from 'playwright-core';
import { screens, violationsOf } from '../support/browser.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-identity-provider.ts';
import { everyAccount, type IdentitySite, startIdentitySite } from '../support/identity-site.ts';

const executable = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

describe('identity providers in a browser', function () {
  this.timeout(120_000);
  let provider: FakeProvider;
  let site: IdentitySite;
  let browser: Browser;

  if (executable === undefined) {
    it('a person signs in and out there (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    provider = await startFakeProvider();
    site = await startIdentitySite([
      {
        id: 'citoyen',
        title: 'Citoyen Connect',
        kind: 'citizen',
        issuer: provider.issuer,
        endpoints: null,
        clientId: 'client',
        clientSecret: provider.clientSecret,
        clientAuthentication: 'post',
        scopes: 'openid',
        acrValues: null,
        signingAlgorithm: 'ES256',
        userinfo: 'json',
        familyNameClaim: 'family_name',
        logoutReturnParameter: 'post_logout_redirect_uri',
        status: null,
      },
    ]);
    browser = await chromium.launch({
      executablePath: executable,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
    });
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    await provider?.close();
  });

  it('a person signs in there and comes back, without scripts; « back » does not start again', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${site.origin}/connexion`);
    await page.getByRole('button', { name: 'Se connecter avec Citoyen Connect' }).click();
    await page.waitForURL(`${site.origin}/mon-espace`);
    expect(await page.getByRole('heading').textContent()).to.equal('Connecté');
    await page.goBack();
    expect(new URL(page.url()).pathname).to.equal('/connexion');
    await context.close();
  });

  it('the pages of linked services are read by everybody; taking one off leads to the sign-in page', async () => {
    await site.connection.collection('accounts').deleteMany({});
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${site.origin}/connexion`);
    await page.getByRole('button', { name: 'Se connecter avec Citoyen Connect' }).click();
    await page.waitForURL(`${site.origin}/mon-espace`);
    const identities = `${site.origin}/mon-espace/profil/identites`;
    const look = async (title: string) => {
      for (const { name, width, scheme } of screens) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: scheme });
        expect(await page.locator('h1').allTextContents(), name).to.deep.equal([title]);
        const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
        expect(wide, `${title}, ${name}`).to.equal(false);
        expect(await violationsOf(page), `${title}, ${name}`).to.deep.equal([]);
      }
    };
    await page.goto(identities);
    await look('Se connecter autrement');
    await page.getByRole('link', { name: 'Retirer Citoyen Connect' }).click();
    await look("Citoyen Connect est le seul moyen d'ouvrir votre compte");
    const email = { address: 'camille@exemple.fr', verifiedAt: new Date() };
    await site.connection.collection('accounts').updateMany({}, { $set: { email, passwordHash: 'of another test' } });
    await page.reload();
    await look('Retirer Citoyen Connect de votre compte\u00a0?');
    await page.getByRole('button', { name: 'Retirer Citoyen Connect' }).click();
    await page.waitForURL(`${site.origin}/connexion?fait=service-retire`);
    expect((await everyAccount(site))[0]?.identities).to.deep.equal([]);
    await context.close();
  });

  it('the sign-out page leads to the provider', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${site.origin}/connexion`);
    await page.getByRole('button', { name: 'Se connecter avec Citoyen Connect' }).click();
    await page.waitForURL(`${site.origin}/mon-espace`);
    await page.goto(`${site.origin}/parcours-inconnu`);
    await page.getByRole('button', { name: 'Se déconnecter' }).click();
    await page.waitForURL(/\/logout\?id_token_hint=/);
    expect(new URL(page.url()).origin).to.equal(provider.issuer);
    await context.close();
  });
});
