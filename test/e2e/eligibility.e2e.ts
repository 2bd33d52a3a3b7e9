/** « Ce que cela me coûte » in a real browser: with and without JavaScript, by keyboard, axe on the way, printed. */
import { expect } from 'chai';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { provenProvider } from '../builders/aims.ts';
import { manyCourses, manyPathways, special } from '../builders/catalogue.ts';
import { aSite } from '../builders/site.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

const siret = '13002526500013';
const balance = '1777,50';

describe('what it costs, in a browser', function () {
  this.timeout(180_000);
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;

  if (executable === undefined) {
    it('from a course to its cost (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    const site = await aSite({
      courses: manyCourses,
      pathways: manyPathways,
      providers: new Map([[siret, provenProvider(siret, 'RNCP37674')]]),
      receipts: true,
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

  /** Each question with its answer, up to the balance. */
  const choices = [
    ["Quelle est votre situation aujourd'hui ?", 'je travaille pour un employeur privé'],
    ['Quel âge avez-vous ?', null],
    ['Touchez-vous une retraite à taux plein ?', 'non'],
    ['Avez-vous une inscription à France Travail ?', 'non'],
    [/^Utilisez-vous des points C2P/, 'non'],
    ['Une aide est-elle déjà accordée ?', 'non'],
  ] as const;

  async function toTheBalance(page: Page, onPage: () => Promise<void> = async () => {}): Promise<void> {
    await page.goto(`${origin}/cours/${special.paid.slug}`);
    await page.getByRole('link', { name: 'Calculer ce que cela me coûte' }).click();
    for (const [question, answer] of choices) {
      await page.getByRole('heading', { level: 1, name: question }).waitFor();
      await onPage();
      if (answer === null) await page.getByLabel('Votre âge, en années').fill('38');
      else await page.getByRole('radio', { name: new RegExp(`^${answer}`) }).check();
      await page.getByRole('button', { name: 'Continuer' }).click();
    }
    await page
      .getByRole('heading', { level: 1, name: 'Combien y a-t-il sur votre compte formation (CPF) ?' })
      .waitFor();
    await onPage();
  }

  for (const javaScriptEnabled of [false, true]) {
    it(`from a course to its cost, JavaScript ${javaScriptEnabled ? 'on' : 'off'}: no cookie, the balance in no address`, async () => {
      const context: BrowserContext = await browser.newContext({
        javaScriptEnabled,
        viewport: { width: 1280, height: 900 },
      });
      const page = await context.newPage();
      const sent: Request[] = [];
      page.on('request', (request) => sent.push(request));
      await toTheBalance(page);
      await page.getByLabel('Montant, en euros').fill(balance);
      await page.getByRole('button', { name: 'Continuer' }).click();
      await page.getByRole('heading', { level: 1, name: 'Vous êtes a priori éligible' }).waitFor();
      expect((await page.locator('main').textContent())?.replaceAll('\u00a0', ' ')).to.include(
        'Prix 1 200 €. Vos droits CPF paient 1 050 €. Il vous reste 150 € à payer',
      );
      // Changing an answer takes the balance along, and comes back to the result.
      await page.getByRole('button', { name: 'changer : Votre âge' }).click();
      await page.getByLabel('Votre âge, en années').fill('41');
      await page.getByRole('button', { name: 'Continuer' }).click();
      await page.getByRole('heading', { level: 1, name: 'Vous êtes a priori éligible' }).waitFor();
      expect(await page.getByLabel('Inclure le solde de mon compte dans le reçu').isChecked()).to.equal(false);
      expect(sent.filter((request) => /1777/.test(request.url() + (request.headers().referer ?? '')))).to.deep.equal(
        [],
      );
      expect(await context.cookies()).to.deep.equal([]);
      // The link alone, on another machine: the same answers, without the balance.
      const link = await page.getByLabel('Copier le lien').inputValue();
      const elsewhere = await (await browser.newContext({ javaScriptEnabled })).newPage();
      await elsewhere.goto(link);
      await elsewhere.getByRole('heading', { level: 1, name: /^Ce cours est finançable/ }).waitFor();
      await elsewhere.context().close();
      await context.close();
    });
  }

  it('by keyboard alone: a choice with the arrows, the form with Enter, every stop seen', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${origin}/eligibilite?but=cours:${special.paid.id}`);
    const focused = () => page.evaluate<string>('document.activeElement.id');
    for (let stop = 0; stop < 40 && (await focused()) !== 'reponse-1'; stop += 1) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate<string>(
        "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth) >= 2].join(' '); })()",
      );
      expect(outline).to.equal('solid true');
    }
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Quel âge avez-vous ?' }).waitFor();
    expect(page.url()).to.match(/[?&]r=/);
    await context.close();
  });

  it('a wrong answer is told on top, under its field, and to those who listen', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${origin}/eligibilite?but=cours:${special.paid.id}`);
    await page.getByRole('radio', { name: /employeur privé/ }).check();
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByLabel('Votre âge, en années').fill('trente');
    await page.getByRole('button', { name: 'Continuer' }).click();
    const alert = page.getByRole('alert');
    await alert.getByRole('link', { name: /^Écrivez votre âge en chiffres/ }).click();
    expect(await page.evaluate<string>('document.activeElement.id')).to.equal('reponse');
    expect(await page.getByLabel('Votre âge, en années').inputValue()).to.equal('trente');
    expect(await violationsOf(page)).to.deep.equal([]);
    await context.close();
  });

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: each question and the result, no axe violation and no horizontal scroll`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      const found: string[] = [];
      const look = async () => {
        await unfold(page);
        const title = await page.title();
        found.push(...(await violationsOf(page)).map((violation) => `${title}: ${violation}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${title}: ${overflow} px of horizontal scroll`);
      };
      await toTheBalance(page, look);
      await page.getByLabel('Montant, en euros').fill(balance);
      await page.getByRole('button', { name: 'Continuer' }).click();
      await page.getByRole('heading', { level: 1, name: 'Vous êtes a priori éligible' }).waitFor();
      await look();
      await context.close();
      expect(found).to.deep.equal([]);
    });
  }

  it('prints the verdict, the sum and the criteria unfolded, without forms', async () => {
    const context = await browser.newContext({ viewport: { width: 794, height: 1100 } });
    const page = await context.newPage();
    await toTheBalance(page);
    await page.getByLabel('Montant, en euros').fill(balance);
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.getByRole('heading', { level: 1, name: 'Vous êtes a priori éligible' }).waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByText('Simulation imprimée le').isVisible()).to.equal(true);
    expect(await page.getByRole('table', { name: 'Ce que nous avons regardé' }).isVisible()).to.equal(true);
    expect(await page.getByText('Information indicative : seul Mon Compte Formation fait foi.').isVisible()).to.equal(
      true,
    );
    for (const hidden of ['Obtenir un reçu', 'Continuer'])
      expect(await page.getByRole('button', { name: hidden }).filter({ visible: true }).count()).to.equal(0);
    expect(await page.getByLabel('Copier le lien').isVisible()).to.equal(false);
    await context.close();
  });
});
