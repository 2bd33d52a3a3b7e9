/** The pages of rule editors in a real browser: no axe violation, no horizontal scroll, and the form without JavaScript. */
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import {
  anEditorSite,
  anEditorWorld,
  aSubject,
  capsForm,
  type EditorWorld,
  participationForm,
} from '../builders/rule-editor.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

describe('rule editors in a browser', function () {
  this.timeout(120_000);
  let world: EditorWorld;
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;

  if (executable === undefined) {
    it('the pages of rule editors are accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    world = await anEditorWorld();
    const specific = { 'action.certification': { code: 'RS6604', active: true, clea: false } };
    world.subjects = [aSubject('Un titre long pour une formation au répertoire spécifique', specific)];
    const { site } = await anEditorSite(world);
    listener = await listening(site);
    origin = listener.origin;
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
    await world?.close();
  });

  it('a version is prepared with JavaScript off: the error under its field, then the draft with its cases', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${origin}/admin/regles`);
    await page.getByRole('link', { name: 'F-03', exact: true }).first().click();
    const fields = [
      ['Premier jour', participationForm.debut],
      ['Participation par inscription, en euros', 'beaucoup'],
      ['Référence du texte', participationForm.reference],
      ['Sources lues', participationForm.sources],
      ['Vérifié le', participationForm.verifieLe],
      ['Pourquoi cette valeur change', participationForm.pourquoi],
    ] as const;
    for (const [label, value] of fields) await page.getByLabel(label).fill(value);
    await page.getByLabel('Certitude').selectOption('M');
    await page.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    expect(await page.locator('#v-montant-erreur').textContent()).to.contain('Écrivez un montant en euros');
    await page.getByLabel('Participation par inscription').fill('152,50');
    await page.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    expect(await page.locator('h1').textContent()).to.equal('Brouillon de F-03');
    expect(await page.locator('main').textContent()).to.contain('F03-a');
    await context.close();
  });

  for (const { name, width, scheme } of screens) {
    it(`at ${name}: no axe violation and no horizontal scroll`, async () => {
      const saved = await world.editor.prepare(
        { accountId: 'alix', roles: ['rule-editor'], memberships: [], strong: true },
        'F-02',
        capsForm,
      );
      if (!saved.ok) throw new Error('refused');
      await world.listed(saved.id);
      const [first] = await world.drafts.open();
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      const found: string[] = [];
      for (const path of [
        '/admin/regles',
        '/admin/regles/F-02',
        '/admin/regles/D-01',
        `/admin/regles/brouillons/${saved.id}`,
        `/admin/regles/brouillons/${first?.id}`,
        `/admin/regles/brouillons/${saved.id}/changer`,
        `/admin/regles/brouillons/${saved.id}/retirer`,
      ]) {
        const answer = await page.goto(`${origin}${path}`);
        expect(answer?.status(), path).to.equal(200);
        await unfold(page);
        found.push(...(await violationsOf(page)).map((violation) => `${path}: ${violation}`));
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) found.push(`${path}: ${overflow} px of horizontal scroll`);
      }
      await context.close();
      await world.editor.withdraw(
        { accountId: 'alix', roles: ['rule-editor'], memberships: [], strong: true },
        saved.id,
      );
      expect(found).to.deep.equal([]);
    });
  }
});
