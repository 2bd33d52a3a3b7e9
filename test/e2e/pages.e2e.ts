/** Every type of page in a real browser: no axe violation, no horizontal scroll, every stop of the keyboard visible. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { everyPage, manyCourses, manyPathways } from '../builders/catalogue.ts';
import { aSite } from '../builders/site.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

describe('pages in a browser', function () {
  this.timeout(120_000);
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;

  if (executable === undefined) {
    it('every page is accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    const site = await aSite({
      courses: manyCourses,
      pathways: manyPathways,
      facts: { contact: { email: 'aide@exemple.fr', url: null } },
    });
    listener = await listening(site);
    origin = listener.origin;
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
  });

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: no axe violation and no horizontal scroll`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      const found: string[] = [];
      for (const [title, path, status] of everyPage) {
        const answer = await page.goto(`${origin}${path}`);
        expect(answer?.status(), title).to.equal(status);
        await unfold(page);
        found.push(...(await violationsOf(page)).map((violation) => `${title}: ${violation}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${title}: ${overflow} px of horizontal scroll`);
      }
      await context.close();
      expect(found).to.deep.equal([]);
    });
  }

  it('works with JavaScript off: search, narrow, open a course, choose the dark display', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    await page.getByLabel('Que voulez-vous apprendre ?').fill('programmation');
    await page.getByRole('button', { name: 'Chercher' }).click();
    await page.getByRole('heading', { level: 1, name: 'Résultats pour « programmation »' }).waitFor();
    await page.getByLabel(/^Intermédiaire/).check();
    await page.getByRole('button', { name: 'Appliquer les filtres' }).click();
    await page.waitForURL(/niveau=intermediate/);
    await page
      .getByRole('link', { name: /^Cours de programmation/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 1, name: /^Cours de programmation/ }).waitFor();
    await page.getByRole('link', { name: 'Sombre' }).click();
    expect(await page.locator('html').getAttribute('data-fr-theme')).to.equal('dark');
    expect(page.url()).to.match(/\/cours\/[^?]+$/);
    await context.close();
  });

  it('prints dark on light, unfolded, whatever the display chosen', async () => {
    const context = await browser.newContext({ viewport: { width: 794, height: 1100 }, colorScheme: 'dark' });
    await context.addCookies([{ name: 'affichage', value: 'ardoise', url: origin }]);
    const page = await context.newPage();
    await page.goto(`${origin}/parcours/developpeur-web`);
    const titleColour = () => page.evaluate<string>("getComputedStyle(document.querySelector('h1')).color");
    const onScreen = await titleColour();
    await page.emulateMedia({ media: 'print' });
    expect(onScreen).to.equal('rgb(245, 243, 235)');
    expect(await titleColour()).to.equal('rgb(29, 24, 40)');
    expect(await page.locator('footer').isVisible()).to.equal(false);
    expect(await page.getByRole('link', { name: 'Protéger ses données' }).isVisible()).to.equal(true);
    await context.close();
  });

  it('every stop of the keyboard is seen', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    for (const path of ['/', '/catalogue?q=programmation', '/parcours/developpeur-web']) {
      await page.goto(`${origin}${path}`);
      for (let stop = 0; stop < 25; stop += 1) {
        await page.keyboard.press('Tab');
        const stopped = await page.evaluate<string>(
          "(() => { const s = getComputedStyle(document.activeElement); return [document.activeElement.tagName, s.outlineStyle, parseFloat(s.outlineWidth) >= 2].join(' '); })()",
        );
        // Past the last link, the focus leaves the page.
        if (stopped.startsWith('BODY')) break;
        expect(stopped, `${path}, stop ${stop}`).to.match(/ solid true$/);
      }
    }
    await context.close();
  });
});
