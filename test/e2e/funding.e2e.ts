/** Receipts and lists in a real browser: no axe violation and no horizontal scroll. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { personOf } from '../../src/eligibility/model/answers.ts';
import { type FundingWorld, funder, openFundingWorld } from '../builders/funding-world.ts';
import { aPathway, aStep, aStepCourse } from '../builders/pathway.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

const list = 'code;siret\nRNCP37674;999 000 011 00018\nRS6604;\n37674;\n/cours/x-fwndab1e;\nRNCP99999;';

describe('receipts and lists in a browser', function () {
  this.timeout(120_000);
  let world: FundingWorld;
  let listener: Listening | undefined;
  let browser: Browser;
  let pages: readonly string[];
  let origin: string;

  if (executable === undefined) {
    it('the pages of funders are accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    world = await openFundingWorld();
    world.actor = funder;
    const site = await world.site();
    listener = await listening(site);
    origin = listener.origin;
    const { lists, receipts } = world.verdicts;
    world.pathways = [
      aPathway({
        steps: [
          aStep({ id: 'un', title: 'Les pages', main: aStepCourse({ id: 'fwndab1e' }) }),
          aStep({ id: 'deux', title: 'Le projet', main: null }),
        ],
      }),
    ];
    const told = personOf({ v: 1, statut: 'salarie', age: 38, inscription: 'non', aides: [] }, 3_000);
    const asked = { ref: 'parcours:developpeur-web', date: '2026-11-22', told, balanceIncluded: true, by: null };
    const pathway = (await receipts.issuePathway(asked))?.code;
    const bytes = (async function* () {
      yield new TextEncoder().encode(list);
    })();
    const id = await lists.submit(funder, { bytes, pasted: true, date: '2026-11-22', receipts: true });
    await lists.work();
    const { answers } = await lists.page(funder, id, { filter: { verdict: null, reason: null }, page: 1, perPage: 20 });
    const receipt = answers.find((one) => one.receipt !== null)?.receipt;
    if (receipt == null) throw new Error('no line of the list has a receipt');
    pages = [
      '/verdicts',
      `/verdicts/${receipt}`,
      `/verdicts/${pathway}`,
      `/verdicts/${pathway}?recalcul=aujourdhui`,
      '/financeur',
      '/financeur/verifier',
      `/financeur/verifier/${id}`,
      `/financeur/verifier/${id}?reponse=oui`,
    ];
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
    await world?.close();
  });

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: no axe violation and no horizontal scroll`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      const found: string[] = [];
      for (const path of pages) {
        const answer = await page.goto(`${origin}${path}`);
        expect(answer?.status(), path).to.equal(200);
        await unfold(page);
        found.push(...(await violationsOf(page)).map((violation) => `${path}: ${violation}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${path}: ${overflow} px of horizontal scroll`);
      }
      await context.close();
      expect(found).to.deep.equal([]);
    });
  }
});
