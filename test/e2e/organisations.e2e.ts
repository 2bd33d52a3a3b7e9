/** Pages of organisations, invitations and the operator in a real browser: accessible at every size, usable without scripts. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { codeAt, newSeed } from '../../src/platform/one-time-code.ts';
import { password } from '../builders/accounts.ts';
import { type OrganisationsWorld, openOrganisationsWorld, siret } from '../builders/organisations.ts';
import { executable, launchBrowser, screens, unfold, violationsOf } from '../support/browser.ts';
import { type Listening, listening } from '../support/listen.ts';

const base = '/mon-espace/organisations';

describe('organisations and the operator in a browser', function () {
  this.timeout(180_000);
  let world: OrganisationsWorld;
  let listener: Listening | undefined;
  let origin: string;
  let browser: Browser;
  const seed = newSeed();

  if (executable === undefined) {
    it('organisations are accessible (PENDING: no Chromium on this machine; apt-get install chromium)');
    return;
  }

  before(async () => {
    world = await openOrganisationsWorld();
    const oneTimeCode = {
      seed: world.people.parts.secrets.seal(seed),
      confirmedAt: world.people.clock,
      lastStep: null,
      recoveryCodes: [],
    };
    await world.person('Ada');
    await world.person('Bob');
    await world.person('Operator', { roles: ['learner', 'operator'], oneTimeCode });
    listener = await listening(world.site());
    origin = listener.origin;
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    listener?.close();
    await world?.close();
  });

  async function signedIn(name: string, scripts: boolean): Promise<Page> {
    const context = await browser.newContext({ javaScriptEnabled: scripts });
    const page = await context.newPage();
    await page.goto(`${origin}/connexion`);
    await page.fill('#email', `${name}@exemple.fr`);
    await page.fill('#password', password);
    await page.getByRole('button', { name: 'Se connecter', exact: true }).click();
    if (page.url().endsWith('/connexion/code')) {
      // A code serves once: the next person to sign in as operator waits for the next one.
      world.people.later(1);
      await page.fill('#code', codeAt(seed, world.people.clock));
      await page.getByRole('button', { name: 'Continuer' }).click();
    }
    return page;
  }

  /** The page as it stands, or at `path`, at every size and in both colours. */
  async function problemsOf(page: Page, title: string, path: string | null): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name, width, scheme } of screens) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      if (path !== null) await page.goto(`${origin}${path}`);
      await unfold(page);
      found.push(...(await violationsOf(page)).map((violation) => `${title}, ${name}: ${violation}`));
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (overflow > 0) found.push(`${title}, ${name}: ${overflow} px of horizontal scroll`);
    }
    return found;
  }

  it('from an empty list to a colleague who joins, without scripts', async () => {
    const ada = await signedIn('ada', false);
    await ada.goto(`${origin}${base}`);
    await ada.getByRole('link', { name: 'Inscrire un organisme' }).click();
    await ada.fill('#siret', '123');
    await ada.getByRole('button', { name: "Inscrire l'organisme" }).click();
    await ada.getByRole('alert').getByText("Choisissez ce que fait l'organisme.").waitFor();
    expect(await ada.inputValue('#siret')).to.equal('123');
    await ada.getByLabel('Organisme de formation').check();
    await ada.fill('#name', 'Passerelle Web');
    await ada.fill('#siret', siret);
    await ada.getByRole('button', { name: "Inscrire l'organisme" }).click();
    await ada.getByRole('link', { name: 'Passerelle Web', exact: true }).click();
    await ada.getByLabel('Adresse e-mail de la personne').fill('bob@exemple.fr');
    await ada.getByRole('button', { name: "Envoyer l'invitation" }).click();
    await ada.getByText('Invitation envoyée.').waitFor();

    const bob = await signedIn('bob', false);
    await bob.goto(`${origin}/invitations/${world.lastToken()}`);
    await bob.getByRole('button', { name: "Rejoindre l'organisme" }).click();
    await bob.getByText('Vous faites maintenant partie de cet organisme.').waitFor();
  });

  it('a funder asks to be accepted with a document, is refused with a reason, corrects and is accepted, without scripts', async () => {
    await world.person('Carol');
    const carol = await signedIn('carol', false);
    await carol.goto(`${origin}${base}/nouveau`);
    await carol.getByLabel('Financeur').check();
    await carol.fill('#name', 'Fonds Avenir Métiers');
    await carol.getByRole('button', { name: "Inscrire l'organisme" }).click();
    const path = new URL(carol.url()).pathname;
    const id = path.split('/').at(-1) ?? '';
    const svg = { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') };
    await carol.fill('#statement', 'Nous finançons des formations au numérique.');
    await carol.setInputFiles('#document', svg);
    await carol.getByRole('button', { name: 'Envoyer', exact: true }).click();
    await carol.getByRole('alert').getByText("Ce fichier n'est pas d'un type accepté").waitFor();
    expect(await carol.inputValue('#statement')).to.equal('Nous finançons des formations au numérique.');
    const pdf = { name: 'statuts.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n%%EOF') };
    await carol.setInputFiles('#document', pdf);
    await carol.getByRole('button', { name: 'Envoyer', exact: true }).click();
    await carol.getByText('Demande envoyée.').waitFor();

    const operator = await signedIn('operator', false);
    await operator.goto(`${origin}/admin/organismes`);
    await operator.getByRole('link', { name: 'Fonds Avenir Métiers' }).click();
    await operator.getByRole('button', { name: "Refuser l'organisme" }).click();
    await operator.getByRole('alert').getByText('Écrivez la raison du refus').waitFor();
    await operator.fill('#reason', 'Ajoutez le SIRET de l’organisme.');
    await operator.getByRole('button', { name: "Refuser l'organisme" }).click();
    await operator.getByText("L'organisme est refusé.").waitFor();
    await carol.goto(`${origin}${path}`);
    await carol.getByText('Ajoutez le SIRET').waitFor();
    await carol.getByRole('button', { name: 'Redemander la vérification' }).click();
    await carol.getByText('Demande envoyée.').waitFor();
    await operator.goto(`${origin}/admin/organismes/${id}`);
    await operator.getByRole('button', { name: "Accepter l'organisme" }).click();
    await operator.getByText("Aucun organisme n'attend de vérification.").waitFor();
  });

  it('has no axe violation and no horizontal scroll, at any size', async () => {
    const organisation = (
      await world.store.ofMember((await world.people.store.byEmail('ada@exemple.fr'))?.id ?? '')
    )[0];
    const bob = await world.people.store.byEmail('bob@exemple.fr');
    if (organisation === undefined || bob === null) throw new Error('the journey before this one did not end');
    const path = `${base}/${organisation.id}`;
    const long = `${'une.adresse.'.repeat(4)}longue@un-domaine-assez-long.exemple.fr`;
    const owner = await world.people.store.byEmail('ada@exemple.fr');
    const asked = { kind: 'funder', name: 'Fonds qui attend', siret: '' };
    const created = owner === null ? null : await world.organisations.create(await world.actor(owner), asked);
    const waiting = created?.kind === 'done' ? created.id : '';
    const ada = await signedIn('ada', true);
    if (owner !== null) {
      await world.organisations.invite(await world.actor(owner), organisation.id, { email: long, owner: true });
    }
    const link = `/invitations/${world.lastToken()}`;
    const operator = await signedIn('operator', true);
    const visitor = await (await browser.newContext()).newPage();
    const found = [
      ...(await problemsOf(ada, 'funder that waits', `${base}/${waiting}?fait=inscrit`)),
      ...(await problemsOf(operator, 'organisations to check', '/admin/organismes')),
      ...(await problemsOf(operator, 'organisation to check', `/admin/organismes/${waiting}`)),
      ...(await problemsOf(ada, 'list', `${base}?fait=inscrit`)),
      ...(await problemsOf(ada, 'new', `${base}/nouveau`)),
      ...(await problemsOf(ada, 'organisation', `${path}?fait=invite`)),
      ...(await problemsOf(ada, 'removal', `${path}/membres/${bob.id}/retirer`)),
      ...(await problemsOf(ada, 'last owner', `${path}/quitter`)),
      ...(await problemsOf(ada, 'invitation to another', link)),
      ...(await problemsOf(visitor, 'invitation', link)),
      ...(await problemsOf(operator, 'accounts', '/admin/comptes')),
      ...(await problemsOf(operator, 'account', `/admin/comptes/${bob.id}?fait=donne`)),
      ...(await problemsOf(operator, 'question', `/admin/comptes/${bob.id}/connexions`)),
      ...(await problemsOf(operator, 'trail', '/admin/journal')),
    ];
    await ada.goto(`${origin}${base}/nouveau`);
    await ada.getByRole('button', { name: "Inscrire l'organisme" }).click();
    found.push(...(await problemsOf(ada, 'refused', null)));
    await operator.goto(`${origin}/admin/journal`);
    await operator.getByRole('button', { name: 'Vérifier la chaîne' }).click();
    found.push(...(await problemsOf(operator, 'verified', null)));
    expect(found).to.deep.equal([]);
  });
});
