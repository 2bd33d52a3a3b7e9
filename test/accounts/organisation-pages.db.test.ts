/** The pages of organisations, invitations and the operator, with real sessions: what a person sees, what an attacker gets. */
import { expect } from 'chai';
import type { Express } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import type { Account } from '../../src/accounts/model.ts';
import { makeLog } from '../../src/platform/log.ts';
import { codeAt, newSeed } from '../../src/platform/one-time-code.ts';
import { password } from '../builders/accounts.ts';
import { type OrganisationsWorld, openOrganisationsWorld, siret } from '../builders/organisations.ts';

type Agent = ReturnType<typeof request.agent>;
const plain = (html: string) =>
  html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"').replaceAll('&#x3D;', '=');
const base = '/mon-espace/organisations';

describe('pages of organisations and of the operator', () => {
  let world: OrganisationsWorld;
  let app: Express;
  let ada: Account;
  let bob: Account;
  before(async () => {
    world = await openOrganisationsWorld();
    app = world.site();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.clear();
    [ada, bob] = [await world.person('Ada'), await world.person('Bob')];
  });

  const page = async (agent: Agent, path: string, status = 200) => plain((await agent.get(path).expect(status)).text);
  async function post(agent: Agent, path: string, fields: Record<string, unknown> | string = {}) {
    const { text } = await agent.get('/mot-de-passe-oublie');
    const _csrf = /name="_csrf" value="([0-9a-f]+)"/.exec(text)?.[1] ?? '';
    const body = typeof fields === 'string' ? `_csrf=${_csrf}&${fields}` : { _csrf, ...fields };
    return agent.post(path).type('form').send(body);
  }
  async function signedIn(account: Account): Promise<Agent> {
    const agent = request.agent(app);
    const answer = await post(agent, '/connexion', { email: account.email?.address, password, suite: '' });
    if (answer.headers.location === '/connexion/code') {
      world.people.later(1);
      const seed = (await world.people.store.byId(account.id))?.oneTimeCode?.seed ?? '';
      const code = codeAt(world.people.parts.secrets.open(seed), world.people.clock);
      expect((await post(agent, '/connexion/code', { code })).status).to.equal(303);
    } else expect(answer.status).to.equal(303);
    return agent;
  }
  const isOpen = async (agent: Agent) => (await agent.get(base)).status === 200;
  const anOperator = () =>
    world.person('Operator', {
      roles: ['learner', 'operator'],
      oneTimeCode: {
        seed: world.people.parts.secrets.seal(newSeed()),
        confirmedAt: world.people.clock,
        lastStep: null,
        recoveryCodes: [],
      },
    });

  it('from nothing to a team: inscription, invitation by mail, acceptance, ownership, leaving', async () => {
    const first = await signedIn(ada);
    expect(await page(first, base)).to.include("Vous n'agissez pour aucun organisme.");
    const created = await post(first, base, { kind: 'provider', name: 'Passerelle Web', siret });
    expect([created.status, created.headers.location]).to.deep.equal([303, `${base}?fait=inscrit`]);
    const list = await page(first, `${base}?fait=inscrit`);
    expect(list).to.include("L'organisme est inscrit.").and.include('732 829 320 00074').and.include('propriétaire');
    const path = /href="(\/mon-espace\/organisations\/[0-9a-f-]{36})"/.exec(list)?.[1] ?? '';
    expect(await page(first, path)).to.include("Aucune invitation n'attend de réponse.");
    const invited = await post(first, `${path}/invitations`, { email: 'bob@exemple.fr' });
    expect(invited.headers.location).to.equal(`${path}?fait=invite`);
    expect(await page(first, `${path}?fait=invite`))
      .to.include('bob@exemple.fr')
      .and.include('Invitation envoyée');

    const link = `/invitations/${world.lastToken()}`;
    const visitor = await request(app).get(link);
    expect(plain(visitor.text))
      .to.include('Rejoindre «')
      .and.include(`/connexion?suite=${encodeURIComponent(link)}`);
    expect([visitor.headers['cache-control'], visitor.headers['referrer-policy']]).to.deep.equal([
      'no-store',
      'no-referrer',
    ]);
    const second = await signedIn(bob);
    expect(await page(second, link)).to.include("Rejoindre l'organisme</button>");
    expect((await post(second, link)).headers.location).to.equal(`${base}?fait=rejoint`);
    expect(await page(second, `${base}?fait=rejoint`))
      .to.include('Passerelle Web')
      .and.include('membre');
    expect(await page(second, path)).not.to.include('Inviter une personne');

    const give = `${path}/membres/${bob.id}/proprietaire`;
    expect(await page(first, give)).to.include('Transmettre « Passerelle Web » à Bob ?');
    expect((await post(first, give)).headers.location).to.equal(`${path}?fait=transmis`);
    expect(await page(first, `${path}/quitter`)).to.include("Quitter l'organisme</button>");
    expect((await post(first, `${path}/quitter`)).headers.location).to.equal(`${base}?fait=quitte`);
    await page(first, path, 404);
    const again = await signedIn(bob);
    const alone = await page(again, `${path}/quitter`);
    expect(alone).to.include("invitez d'abord quelqu'un").and.not.include("Quitter l'organisme</button>");
  });

  it('a change of rights ends the other sessions of the person, and gives this one a new id', async () => {
    const [here, elsewhere] = [await signedIn(ada), await signedIn(ada)];
    const cookie = (answer: { headers: Record<string, unknown> }) => String(answer.headers['set-cookie'] ?? '');
    const created = await post(here, base, { kind: 'provider', name: 'Passerelle Web', siret: '' });
    expect(cookie(created)).to.match(/session=/);
    expect([await isOpen(here), await isOpen(elsewhere)]).to.deep.equal([true, false]);

    const [organisation] = await world.store.ofMember(ada.id);
    const path = `${base}/${organisation?.id}`;
    await post(here, `${path}/invitations`, { email: 'bob@exemple.fr' });
    const member = await signedIn(bob);
    await post(member, `/invitations/${world.lastToken()}`);
    expect(await isOpen(member)).to.equal(true);
    expect(await page(here, `${path}/membres/${bob.id}/retirer`)).to.include('Retirer Bob de « Passerelle Web » ?');
    expect((await post(here, `${path}/membres/${bob.id}/retirer`)).headers.location).to.equal(`${path}?fait=retire`);
    expect(await isOpen(member)).to.equal(false);
  });

  it('a refused form keeps what was typed, sums up on top, and says it under the field', async () => {
    const agent = await signedIn(ada);
    const answer = await post(agent, base, { kind: 'funder', name: 'Fonds "A" <b>', siret: '123' });
    expect(answer.status).to.equal(422);
    const html = plain(answer.text);
    expect(html).to.include('value="Fonds "A" &lt;b&gt;"').and.include('value="123"');
    expect(html).to.match(/value="funder" checked/);
    expect(html).to.include('href="#siret"').and.include('id="siret-erreur"').and.include('href="#name"');
    expect(html).to.match(/<title>Erreur : Inscrire un organisme/);
    await post(agent, base, { kind: 'provider', name: 'Passerelle Web', siret });
    const taken = await post(agent, base, { kind: 'provider', name: 'Une autre', siret });
    expect(taken.status).to.equal(422);
    expect(plain(taken.text)).to.include('Cet organisme est déjà inscrit. Demandez à le rejoindre.');
    const [organisation] = await world.store.ofMember(ada.id);
    const wrong = await post(agent, `${base}/${organisation?.id}/invitations`, { email: 'x', owner: 'oui' });
    expect(wrong.status).to.equal(422);
    expect(wrong.text)
      .to.include('href="#email"')
      .and.match(/name="owner" value="oui" checked/);
  });

  it('an object, a repeated field, a field of the program: refused or without effect', async () => {
    const agent = await signedIn(ada);
    const repeated = await post(agent, base, 'kind=provider&name=Un&name=Deux&siret=');
    expect(repeated.status).to.equal(400);
    await post(agent, base, {
      'kind[$gt]': '',
      kind: 'provider',
      name: 'Passerelle Web',
      siret: '',
      owner: 'x',
      demo: 'oui',
      members: 'x',
    });
    const [organisation] = await world.store.ofMember(ada.id);
    expect(organisation).to.deep.include({ demo: false, siret: null });
    expect(organisation?.members).to.have.length(1);
    const { status } = await agent
      .post(base)
      .set('Content-Type', 'application/json')
      .send({ kind: { $gt: '' } });
    expect(status).to.equal(403);
  });

  it('a form without its token changes nothing', async () => {
    const agent = await signedIn(ada);
    await post(agent, base, { kind: 'provider', name: 'Passerelle Web', siret: '' });
    const [organisation] = await world.store.ofMember(ada.id);
    for (const path of [base, `${base}/${organisation?.id}/invitations`, `${base}/${organisation?.id}/quitter`]) {
      const { status } = await agent
        .post(path)
        .type('form')
        .send({ kind: 'provider', name: 'X Y', email: 'x@exemple.fr' });
      expect(status, path).to.equal(403);
    }
    expect(world.invitations).to.deep.equal([]);
    expect(await world.store.ofMember(ada.id)).to.have.length(1);
  });

  it('an invitation used by another account is refused in words, on the page and on sending', async () => {
    const owner = await signedIn(ada);
    await post(owner, base, { kind: 'provider', name: 'Passerelle Web', siret: '' });
    const [organisation] = await world.store.ofMember(ada.id);
    await post(owner, `${base}/${organisation?.id}/invitations`, { email: 'bob@exemple.fr' });
    const link = `/invitations/${world.lastToken()}`;
    const carol = await signedIn(await world.person('Carol'));
    const words = 'Cette invitation a été envoyée à une autre adresse que celle de votre compte.';
    const shown = await page(carol, link);
    expect(shown).to.include(words).and.not.include("Rejoindre l'organisme</button>");
    expect(shown).not.to.include('bob@exemple.fr');
    const sent = await post(carol, link);
    expect([sent.status, plain(sent.text).includes(words)]).to.deep.equal([403, true]);
    expect((await post(await signedIn(bob), link)).status).to.equal(303);
  });

  it('opening the link of a mail, as programs that read mails do, uses nothing up', async () => {
    const owner = await signedIn(ada);
    await post(owner, base, { kind: 'provider', name: 'Passerelle Web', siret: '' });
    const [organisation] = await world.store.ofMember(ada.id);
    await post(owner, `${base}/${organisation?.id}/invitations`, { email: 'bob@exemple.fr' });
    const link = `/invitations/${world.lastToken()}`;
    for (let opened = 0; opened < 3; opened += 1) await request(app).get(link).expect(200);
    await request(app).head(link).expect(200);
    const agent = await signedIn(bob);
    await agent.get(link).expect(200);
    expect((await post(agent, link)).headers.location).to.equal(`${base}?fait=rejoint`);
    await agent.get(link).expect(404);
    expect((await post(agent, link)).status).to.equal(404);
  });

  it('the token of an invitation is in no line of the log', async () => {
    const lines: string[] = [];
    const log = pino(makeLog('info').bindings(), { write: (line: string) => void lines.push(line) });
    const token = 'A'.repeat(43);
    const site = world.site(log);
    await request(site).get(`/invitations/${token}`).expect(404);
    await request(site).get('/cours/un-titre-de-cours-assez-long-pour-en-faire-43');
    expect(lines.join('')).to.include('/invitations/…').and.include('-en-faire-43').and.not.include(token);
  });

  it('the operator finds a person, grants a role and takes it back after a question, ends sessions, reads the trail', async () => {
    const agent = await signedIn(await anOperator());
    const person = await signedIn(ada);
    expect(await page(agent, '/admin/comptes'))
      .to.include('ada@exemple.fr')
      .and.include('Exploitation du site');
    const missing = await post(agent, '/admin/comptes', { q: 'nobody@exemple.fr' });
    expect(missing.status).to.equal(422);
    expect(plain(missing.text)).to.include('Aucun compte ne correspond').and.include('value="nobody@exemple.fr"');
    const found = await post(agent, '/admin/comptes', { q: 'ADA@exemple.fr' });
    const path = `/admin/comptes/${ada.id}`;
    expect([found.status, found.headers.location]).to.deep.equal([303, path]);
    expect((await post(agent, `${path}/roles/reviewer/donner`)).headers.location).to.equal(`${path}?fait=donne`);
    expect(await isOpen(person)).to.equal(false);
    expect(await page(agent, path)).to.include(`${path}/roles/reviewer/retirer`);
    expect(await page(agent, `${path}/roles/reviewer/retirer`)).to.include('Retirer « Relecture » à Ada ?');
    expect((await post(agent, `${path}/roles/reviewer/retirer`)).headers.location).to.equal(`${path}?fait=retire`);
    expect((await post(agent, `${path}/roles/provider-owner/donner`)).status).to.equal(404);

    const back = await signedIn(ada);
    expect(await page(agent, path)).to.match(/<li>[^<]+, ouverte le/);
    expect(await page(agent, `${path}/connexions`)).to.include('Fermer les connexions de Ada ?');
    expect((await post(agent, `${path}/connexions`)).headers.location).to.equal(`${path}?fait=connexions`);
    expect(await isOpen(back)).to.equal(false);

    const trail = await page(agent, `/admin/journal?compte=${ada.id}`);
    expect(trail).to.include('account.sessions-ended').and.include('role reviewer').and.not.include('ada@exemple.fr');
    expect(await page(agent, '/admin/journal?compte=ada@exemple.fr')).to.include(
      'Le journal ne connaît pas les adresses',
    );
    expect(await page(agent, `/admin/journal?compte=${bob.id.slice(0, 8)}`)).to.include(
      'Aucune entrée ne porte ce numéro.',
    );
    const sound = await post(agent, '/admin/journal/verification');
    expect(plain(sound.text)).to.match(/La chaîne est intacte : \d+ entrées, aucune modifiée/);
    await world.people.connection.collection<{ _id: number }>('audit').deleteOne({ _id: 2 });
    const cut = await post(agent, '/admin/journal/verification');
    expect(plain(cut.text)).to.include("La chaîne n'est pas intacte").and.include('n° 2 : entrée supprimée');
  });

  it('the own space leads to the pages of /admin, and their bar says where one is: by right, and with the code', async () => {
    const entry = '<a href="/admin/comptes">Exploitation</a>';
    expect(await page(await signedIn(ada), base)).not.to.include('Exploitation');
    const weak = await signedIn(await world.person('Weak', { roles: ['learner', 'operator'] }));
    expect(await page(weak, base), 'without a one-time code').not.to.include(entry);
    const agent = await signedIn(await anOperator());
    expect(await page(agent, base)).to.include(entry);
    const bar = await page(agent, `/admin/comptes/${ada.id}`);
    expect(bar)
      .to.include('<a href="/admin/comptes" aria-current="page">Comptes</a>')
      .and.include('<a href="/admin/journal">');
  });

  it('the operator who gives up the own role is sent out of these pages, and stays signed in', async () => {
    const operator = await anOperator();
    const agent = await signedIn(operator);
    await post(agent, `/admin/comptes/${ada.id}/roles/operator/donner`);
    expect(await page(agent, `/admin/comptes/${operator.id}`)).to.include('Votre propre code se gère dans');
    const answer = await post(agent, `/admin/comptes/${operator.id}/roles/operator/retirer`);
    expect(answer.headers.location).to.equal('/mon-espace');
    await page(agent, '/admin/comptes', 403);
    expect(await isOpen(agent)).to.equal(true);
  });

  it('the code of a person who lost it goes away after a question; a role without code says so', async () => {
    const agent = await signedIn(await anOperator());
    const path = `/admin/comptes/${ada.id}`;
    await post(agent, `${path}/roles/operator/donner`);
    expect(await page(agent, path))
      .to.include("la personne n'en a pas mis en place")
      .and.not.include(`${path}/code`);
    const secretless = { seed: 'sealed', confirmedAt: new Date(0), lastStep: null, recoveryCodes: [] };
    await world.people.store.update(ada.id, { oneTimeCode: secretless });
    expect(await page(agent, path))
      .to.include(`href="${path}/code"`)
      .and.not.include('sealed');
    expect(await page(agent, `${path}/code`)).to.include("après avoir vérifié que c'est elle");
    expect((await post(agent, `${path}/code`)).headers.location).to.equal(`${path}?fait=code`);
    expect(world.people.mails.at(-1)).to.include({ to: 'ada@exemple.fr', template: 'one-time-code-disabled' });
  });

  it('hostile names are printed as text', async () => {
    const agent = await signedIn(await anOperator());
    await world.people.store.update(ada.id, { displayName: '"><script>alert(1)</script>' });
    for (const path of ['/admin/comptes', `/admin/comptes/${ada.id}`, `/admin/comptes/${ada.id}/connexions`]) {
      expect(await page(agent, path))
        .to.include('&lt;script&gt;')
        .and.not.include('<script');
    }
    expect(await page(agent, '/admin/journal?compte="><script>alert(1)</script>')).not.to.include('<script');
  });
});
