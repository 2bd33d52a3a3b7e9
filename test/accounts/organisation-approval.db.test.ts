/** A funder acts once an operator has accepted it: what waits, what is sent, what is decided, what an attacker gets. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { filesOf } from '../../src/accounts/model/approval.ts';
import type { Account } from '../../src/accounts/model.ts';
import { organisationHolding } from '../../src/accounts/use-cases/organisation-data.ts';
import { codeAt, newSeed } from '../../src/platform/one-time-code.ts';
import { can } from '../../src/rights.ts';
import { password } from '../builders/accounts.ts';
import { type OrganisationsWorld, openOrganisationsWorld, otherSiret, siret } from '../builders/organisations.ts';
import { errorOf } from '../support/error-of.ts';

type Agent = ReturnType<typeof request.agent>;
const base = '/mon-espace/organisations';
const admin = '/admin/organismes';
const pdf = Buffer.from('%PDF-1.7\nstatuts\n%%EOF');
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
const reason = 'Le SIRET donné est celui d’un autre organisme.';
const plain = (html: string) =>
  html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'").replaceAll('&quot;', '"').replaceAll('&#x3D;', '=');

describe('approval of funder organisations', () => {
  let world: OrganisationsWorld;
  let app: Express;
  let ada: Account;
  let operator: Account;
  before(async () => {
    world = await openOrganisationsWorld();
    app = world.site();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.clear();
    const seed = world.people.parts.secrets.seal(newSeed());
    const oneTimeCode = { seed, confirmedAt: world.people.clock, lastStep: null, recoveryCodes: [] };
    ada = await world.person('Ada', { oneTimeCode });
    operator = await world.person('Operator', {
      roles: ['learner', 'operator'],
      oneTimeCode: { ...oneTimeCode, seed: world.people.parts.secrets.seal(newSeed()) },
    });
  });

  const as = (account: Account, strong = true) => world.actor(account, strong);
  const codeOf = async (work: Promise<unknown>) => String(Reflect.get(Object(await errorOf(work)), 'code'));
  const filesKept = () => world.people.connection.collection('files.files').countDocuments({});

  async function aFunder(by = ada, change: { name?: string; siret?: string } = {}): Promise<string> {
    const asked = { kind: 'funder', name: 'Fonds Avenir', siret: '', ...change };
    const outcome = await world.organisations.create(await as(by), asked);
    if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.refusals));
    return outcome.id;
  }
  const form = { name: 'Fonds Avenir', siret: '', statement: 'Nous finançons des formations.' };
  const sent = (bytes = pdf, name = 'statuts.pdf') => ({ name, bytes: Readable.from([bytes]) });
  const apply = async (id: string, file: ReturnType<typeof sent> | null = sent(), change = {}) =>
    world.approvals.apply(await as(ada), id, { ...form, ...change }, file);
  const approvalOf = async (id: string) => (await world.store.byId(id))?.approval;

  describe('until it is accepted', () => {
    it('the membership gives no right of a funder, with a one-time code neither', async () => {
      const id = await aFunder();
      const actor = await as(ada);
      expect(actor.roles).to.deep.equal(['learner']);
      expect(can(actor, 'organisation:own')).to.equal(false);
      expect(await codeOf(world.organisations.page(actor, id))).to.equal('DROIT_MANQUANT');
      const invited = world.organisations.invite(actor, id, { email: 'bob@exemple.fr', owner: false });
      expect(await codeOf(invited)).to.equal('DROIT_MANQUANT');
      expect(world.invitations).to.deep.equal([]);
    });

    it('a refused one gives none either; an accepted one does, at once, and ends the sessions of its members', async () => {
      const id = await aFunder();
      await world.approvals.refuse(await as(operator), id, reason);
      expect((await as(ada)).roles).to.deep.equal(['learner']);
      await apply(id);
      const before = (await world.people.store.byId(ada.id))?.rightsVersion ?? 0;
      await world.approvals.accept(await as(operator), id);
      expect((await as(ada)).roles).to.deep.equal(['learner', 'funder-member']);
      expect(can(await as(ada), 'organisation:own')).to.equal(true);
      expect(can(await as(ada, false), 'organisation:own'), 'without a code').to.equal(false);
      expect((await world.people.store.byId(ada.id))?.rightsVersion).to.equal(before + 1);
    });

    it('a provider waits for nobody', async () => {
      const outcome = await world.organisations.create(await as(ada), { kind: 'provider', name: 'Web', siret: '' });
      const id = outcome.kind === 'done' ? outcome.id : '';
      expect(await approvalOf(id)).to.equal(null);
      expect((await as(ada)).roles).to.include('provider-owner');
      expect(await codeOf(world.approvals.apply(await as(ada), id, form, null))).to.equal('DEMANDE_SANS_OBJET');
      expect(await codeOf(world.approvals.accept(await as(operator), id))).to.equal('DEMANDE_TRANCHEE');
    });
  });

  describe('stored before funders were checked', () => {
    const forget = () =>
      world.people.connection.collection('organisations').updateMany({}, { $unset: { approval: 1 } });
    const aProvider = { kind: 'provider', name: 'Passerelle', siret: '' };

    it('a funder waits since it was created: its owner reads so, an operator finds it first and decides', async () => {
      const old = await aFunder(ada, { name: 'Ancien' });
      const createdAt = (await world.store.byId(old))?.createdAt;
      await forget();
      world.people.later(1);
      await aFunder(ada, { name: 'Nouveau' });
      expect((await as(ada)).roles).to.deep.equal(['learner']);
      const pending = await world.approvals.pending(await as(ada), old);
      expect(pending?.approval).to.deep.include({ state: 'waiting', at: createdAt, sentBy: null });
      const waiting = await world.approvals.waiting(await as(operator), 1);
      expect(waiting.organisations.map(({ organisation }) => organisation.name)).to.deep.equal(['Ancien', 'Nouveau']);
      await world.approvals.accept(await as(operator), old);
      expect((await as(ada)).roles).to.include('funder-member');
    });

    it('a provider waits for nobody, and is in no list', async () => {
      const outcome = await world.organisations.create(await as(ada), aProvider);
      if (outcome.kind === 'refused') throw new Error('refused');
      await forget();
      expect(await world.approvals.pending(await as(ada), outcome.id)).to.equal(null);
      expect((await world.organisations.page(await as(ada), outcome.id)).organisation.approval).to.equal(null);
      expect((await world.approvals.waiting(await as(operator), 1)).organisations).to.deep.equal([]);
    });
  });

  describe('the request', () => {
    it('keeps what its owner says and the document, and the place in the queue', async () => {
      const id = await aFunder();
      const since = (await approvalOf(id))?.at;
      world.people.later(60);
      expect(await apply(id, sent(), { siret })).to.deep.equal({ kind: 'done' });
      expect(await approvalOf(id)).to.deep.equal({
        state: 'waiting',
        at: since,
        statement: form.statement,
        sentBy: ada.id,
        reason: null,
      });
      expect((await world.store.byId(id))?.siret).to.equal(siret);
      const [file] = await world.files.of(filesOf(id));
      expect(file).to.include({ name: 'statuts.pdf', type: 'application/pdf', purpose: 'organisation-proof' });
    });

    it('a second document replaces the first; a correction without one keeps it', async () => {
      const id = await aFunder();
      await apply(id);
      await apply(id, sent(pdf, 'avis.pdf'));
      await apply(id, null, { name: 'Fonds Avenir Métiers' });
      expect((await world.files.of(filesOf(id))).map(({ name }) => name)).to.deep.equal(['avis.pdf']);
      expect((await world.store.byId(id))?.name).to.equal('Fonds Avenir Métiers');
    });

    for (const [what, change, words] of [
      ['a name that is an address', { name: 'www.exemple.fr' }, { name: "Donnez un nom, pas l'adresse d'un site." }],
      ['a wrong SIRET', { siret: '73282932000075' }, { siret: 'Ce numéro SIRET est refusé : clé de contrôle fausse.' }],
      ['a long text', { statement: 'x'.repeat(1_001) }, { statement: '1000 caractères au plus.' }],
      [
        'a social security number',
        { statement: 'Mon numéro : 255081416802538' },
        { statement: 'Ne donnez pas votre numéro de sécurité sociale.' },
      ],
    ] as const) {
      it(`refuses ${what} under its field, and keeps no file`, async () => {
        const id = await aFunder();
        expect(await apply(id, sent(), change)).to.deep.equal({ kind: 'refused', refusals: words });
        expect(await filesKept()).to.equal(0);
        expect((await approvalOf(id))?.sentBy).to.equal(null);
      });
    }

    it('the SIRET of another funder is refused, and keeps no file', async () => {
      await aFunder(operator, { siret: otherSiret });
      const id = await aFunder();
      expect(await apply(id, sent(), { siret: otherSiret })).to.deep.equal({
        kind: 'refused',
        refusals: { siret: 'Cet organisme est déjà inscrit. Demandez à le rejoindre.' },
      });
      expect(await filesKept()).to.equal(0);
    });

    it('a document that is refused changes nothing', async () => {
      const id = await aFunder();
      await apply(id);
      expect(await codeOf(apply(id, sent(svg, 'logo.svg'), { name: 'Autre nom' }))).to.equal('FICHIER_REFUSE');
      expect((await world.store.byId(id))?.name).to.equal('Fonds Avenir');
      expect((await world.files.of(filesOf(id))).map(({ name }) => name)).to.deep.equal(['statuts.pdf']);
    });

    it('only an owner asks: to the others the organisation does not exist', async () => {
      const id = await aFunder();
      const bob = await world.person('Bob');
      expect(await codeOf(world.approvals.apply(await as(bob), id, form, sent()))).to.equal('ORGANISATION_INCONNUE');
      expect(await codeOf(world.approvals.pending(await as(bob), id))).to.equal('ORGANISATION_INCONNUE');
      await world.store.changeMembers(id, ({ members }) => [
        ...members,
        { accountId: bob.id, owner: false, since: new Date() },
      ]);
      expect(await codeOf(world.approvals.apply(await as(bob), id, form, sent()))).to.equal('PROPRIETAIRE_SEUL');
      expect(await filesKept()).to.equal(0);
    });

    it('what comes after the decision is refused, and keeps no file', async () => {
      const id = await aFunder();
      const actor = await as(ada);
      // Decided while the file arrives.
      const slow = Readable.from(
        (async function* () {
          yield pdf;
          await world.approvals.accept(await as(operator), id);
        })(),
      );
      const work = world.approvals.apply(actor, id, form, { name: 'statuts.pdf', bytes: slow });
      expect(await codeOf(work)).to.equal('DEMANDE_SANS_OBJET');
      expect(await filesKept()).to.equal(0);
      expect((await approvalOf(id))?.state).to.equal('accepted');
    });
  });

  describe('the decision', () => {
    it('is an operator’s alone, with a one-time code', async () => {
      const id = await aFunder();
      await apply(id);
      for (const actor of [await as(ada), await as(operator, false)]) {
        const { approvals } = world;
        for (const work of [
          () => approvals.waiting(actor, 1),
          () => approvals.application(actor, id),
          () => approvals.document(actor, id),
          () => approvals.accept(actor, id),
          () => approvals.refuse(actor, id, reason),
        ]) {
          expect(await codeOf(work())).to.be.oneOf(['DROIT_MANQUANT', 'CODE_REQUIS']);
        }
      }
      expect((await approvalOf(id))?.state).to.equal('waiting');
      expect(await filesKept()).to.equal(1);
    });

    it('the longest waiting comes first; who was refused and asks again goes to the end', async () => {
      const first = await aFunder(ada, { name: 'Premier' });
      world.people.later(1);
      const second = await aFunder(ada, { name: 'Second' });
      world.people.later(1);
      const names = async () =>
        (await world.approvals.waiting(await as(operator), 1)).organisations.map(({ organisation }) => organisation.id);
      expect(await names()).to.deep.equal([first, second]);
      await world.approvals.refuse(await as(operator), first, reason);
      expect(await names()).to.deep.equal([second]);
      world.people.later(1);
      await apply(first, null);
      expect(await names()).to.deep.equal([second, first]);
    });

    it('accepting erases the document and what was written, and tells the owners', async () => {
      const id = await aFunder();
      await apply(id);
      await world.approvals.accept(await as(operator), id);
      expect(await approvalOf(id)).to.include({ state: 'accepted', statement: '', sentBy: null });
      expect([await filesKept(), await chunksKept()]).to.deep.equal([0, 0]);
      expect(world.decisions).to.deep.equal([
        {
          to: 'ada@exemple.fr',
          template: 'organisation-accepted',
          values: { organisation: 'Fonds Avenir', link: `https://exemple.fr${base}/${id}` },
        },
      ]);
    });

    it('refusing needs a reason, which is mailed and kept; the document goes, the text stays to be corrected', async () => {
      const id = await aFunder();
      await apply(id);
      for (const empty of ['', '   ', 'non']) {
        const outcome = await world.approvals.refuse(await as(operator), id, empty);
        expect(outcome).to.deep.equal({
          kind: 'refused',
          refusals: { reason: 'Écrivez la raison du refus : la personne doit pouvoir corriger.' },
        });
      }
      expect([(await approvalOf(id))?.state, await filesKept(), world.decisions.length]).to.deep.equal([
        'waiting',
        1,
        0,
      ]);
      await world.approvals.refuse(await as(operator), id, reason);
      expect(await approvalOf(id)).to.include({ state: 'refused', reason, statement: form.statement });
      expect([await filesKept(), await chunksKept()]).to.deep.equal([0, 0]);
      expect(world.decisions.at(-1)).to.deep.include({ to: 'ada@exemple.fr', template: 'organisation-refused' });
      expect(world.decisions.at(-1)?.values).to.include({ reason });
    });

    it('is made once: a second operator is told that it is decided', async () => {
      const id = await aFunder();
      await world.approvals.accept(await as(operator), id);
      expect(await codeOf(world.approvals.refuse(await as(operator), id, reason))).to.equal('DEMANDE_TRANCHEE');
      expect(await codeOf(world.approvals.accept(await as(operator), id))).to.equal('DEMANDE_TRANCHEE');
      expect((await approvalOf(id))?.state).to.equal('accepted');
    });

    it('leaves a trail of ids: asked, document read, refused, accepted; no word of anybody', async () => {
      const id = await aFunder();
      await apply(id);
      const { bytes } = await world.approvals.document(await as(operator), id);
      expect((await buffer(bytes)).equals(pdf)).to.equal(true);
      await world.approvals.refuse(await as(operator), id, reason);
      await apply(id, null);
      await world.approvals.accept(await as(operator), id);
      const acts = (await world.trail()).filter(({ target }) => target === id).map(({ act, actor }) => [act, actor]);
      expect(acts.reverse()).to.deep.equal([
        ['organisation.created', ada.id],
        ['organisation.application-sent', ada.id],
        ['organisation.document-opened', operator.id],
        ['organisation.refused', operator.id],
        ['organisation.application-sent', ada.id],
        ['organisation.accepted', operator.id],
      ]);
      expect(JSON.stringify(await world.trail()))
        .not.to.include('SIRET donné')
        .and.not.include('finançons');
    });
  });

  describe('what is kept about a person', () => {
    const holding = () =>
      organisationHolding({ organisations: world.store, accounts: world.people.store, files: world.files });

    it('shows what was written and sent', async () => {
      const id = await aFunder();
      await apply(id);
      const shown = JSON.stringify(await holding().read(ada.id));
      expect(shown).to.include(form.statement).and.include('statuts.pdf');
    });

    it('is erased with the person: the document with the organisation, or what this person sent', async () => {
      const alone = await aFunder();
      await apply(alone);
      await holding().erase(ada.id);
      expect(await world.store.byId(alone)).to.equal(null);
      expect([await filesKept(), await chunksKept()]).to.deep.equal([0, 0]);

      const shared = await aFunder();
      await apply(shared);
      await world.store.changeMembers(shared, ({ members }) => [
        ...members,
        { accountId: operator.id, owner: false, since: new Date() },
      ]);
      await holding().erase(ada.id);
      expect(JSON.stringify(await world.store.byId(shared)))
        .not.to.include(ada.id)
        .and.not.include(form.statement);
      expect(await filesKept()).to.equal(0);
    });

    it('a document without a decision is erased after its time, and no other file', async () => {
      const id = await aFunder();
      await apply(id);
      const other = { owner: ada.id, purpose: 'proof', name: 'a.pdf', bytes: Readable.from([pdf]), maxBytes: 1_000 };
      await world.files.store({ ...other, accepted: ['application/pdf'] });
      const later = new Date(Date.now() + 1_000);
      expect(await world.files.countSent('organisation-proof', new Date(Date.now() - 60_000))).to.equal(0);
      expect(await world.files.countSent('organisation-proof', later)).to.equal(1);
      expect(await world.files.removeSent('organisation-proof', later)).to.equal(1);
      expect([await filesKept(), await chunksKept()]).to.deep.equal([1, 1]);
      expect((await approvalOf(id))?.state, 'it waits on').to.equal('waiting');
    });
  });

  describe('pages', () => {
    const page = async (agent: Agent, path: string, status = 200) => plain((await agent.get(path).expect(status)).text);
    const tokenOf = async (agent: Agent) =>
      /name="_csrf" value="([0-9a-f]+)"/.exec((await agent.get('/mot-de-passe-oublie')).text)?.[1] ?? '';
    async function post(agent: Agent, path: string, fields: Record<string, unknown> = {}) {
      const _csrf = await tokenOf(agent);
      return agent
        .post(path)
        .type('form')
        .send({ _csrf, ...fields });
    }
    async function send(agent: Agent, path: string, fields: Record<string, string>, file?: [Buffer, string]) {
      const _csrf = await tokenOf(agent);
      const asked = agent.post(path).field({ _csrf, ...fields });
      return file === undefined ? asked : asked.attach('document', file[0], file[1]);
    }
    async function signedIn(account: Account): Promise<Agent> {
      const agent = request.agent(app);
      const answer = await post(agent, '/connexion', { email: account.email?.address, password, suite: '' });
      expect(answer.headers.location).to.equal('/connexion/code');
      world.people.later(1);
      const seed = (await world.people.store.byId(account.id))?.oneTimeCode?.seed ?? '';
      const code = codeAt(world.people.parts.secrets.open(seed), world.people.clock);
      expect((await post(agent, '/connexion/code', { code })).status).to.equal(303);
      return agent;
    }

    it('from inscription to refusal, correction and acceptance', async () => {
      const person = await signedIn(ada);
      const created = await post(person, base, { kind: 'funder', name: 'Fonds Avenir', siret: '' });
      const path = String(created.headers.location).split('?')[0] ?? '';
      expect(created.headers.location).to.match(/^\/mon-espace\/organisations\/[0-9a-f-]{36}\?fait=inscrit$/);
      const waiting = await page(person, path);
      expect(waiting).to.include('En attente de vérification depuis le').and.include('enctype="multipart/form-data"');
      expect(waiting).not.to.include('Inviter une personne');
      expect(waiting).to.include(`<a href="${path}/quitter">Quitter<span class="fr-sr-only"> Fonds Avenir</span></a>`);
      // The token comes first, or the file would not be read.
      expect(/<form[^>]*enctype[^>]*><input type="hidden" name="_csrf"/.test(waiting)).to.equal(true);
      expect(await page(person, base)).to.include('En attente de vérification.');

      const answer = await send(person, `${path}/demande`, form, [pdf, 'statuts.pdf']);
      expect([answer.status, answer.headers.location]).to.deep.equal([303, `${path}?fait=demande`]);
      expect(await page(person, `${path}?fait=demande`))
        .to.include('Demande envoyée.')
        .and.include('statuts.pdf (1 ko)');

      const agent = await signedIn(operator);
      const id = path.split('/').at(-1) ?? '';
      expect(await page(agent, admin))
        .to.include(`href="${admin}/${id}"`)
        .and.include('Fonds Avenir');
      const decision = await page(agent, `${admin}/${id}`);
      expect(decision).to.include('Nous finançons des formations.').and.include('Ada, ada@exemple.fr');
      const download = await agent.get(`${admin}/${id}/justificatif`).buffer(true);
      expect(download.headers).to.include({
        'content-type': 'application/pdf',
        'content-disposition': `attachment; filename="statuts.pdf"; filename*=UTF-8''statuts.pdf`,
        'x-content-type-options': 'nosniff',
      });

      const empty = await post(agent, `${admin}/${id}/refuser`, { reason: 'non' });
      expect(empty.status).to.equal(422);
      expect(plain(empty.text)).to.include('Écrivez la raison du refus').and.include('non</textarea>');
      expect((await post(agent, `${admin}/${id}/refuser`, { reason })).headers.location).to.equal(
        `${admin}?fait=refuse`,
      );
      const refused = await page(person, path);
      expect(refused).to.include('Refusé le').and.include(reason).and.include('Corriger');
      expect(await page(person, base)).to.include('Voir la raison et corriger');
      await agent.get(`${admin}/${id}/justificatif`).expect(404);

      await send(person, `${path}/demande`, { ...form, siret });
      expect((await post(agent, `${admin}/${id}/accepter`)).headers.location).to.equal(`${admin}?fait=accepte`);
      expect(await page(agent, admin)).to.include("Aucun organisme n'attend de vérification.");
      expect((await person.get(path)).status, 'the session is over').to.equal(401);
      expect(await page(await signedIn(ada), path)).to.include('Inviter une personne');
    });

    it('a document that is refused is said under its field; what was typed is kept', async () => {
      const person = await signedIn(ada);
      const { headers } = await post(person, base, { kind: 'funder', name: 'Fonds Avenir', siret: '' });
      const path = String(headers.location).split('?')[0] ?? '';
      const typed = { name: 'Fonds "Avenir"', siret: '732 829 320 00074', statement: '<b>gras</b>' };
      for (const [file, words] of [
        [[svg, 'logo.svg'], "Ce fichier n'est pas d'un type accepté : PDF, PNG, JPEG."],
        [[pdf, 'statuts.php.pdf'], 'Le nom de ce fichier a deux extensions.'],
        [[Buffer.concat([pdf, Buffer.alloc(6_000_000)]), 'statuts.pdf'], 'Ce fichier dépasse 5 Mo.'],
      ] as const) {
        const answer = await send(person, `${path}/demande`, typed, [...file]);
        expect(answer.status).to.equal(422);
        const html = plain(answer.text);
        expect(html).to.include('id="document-erreur"').and.include(words).and.include('href="#document"');
        expect(html).to.include('value="Fonds "Avenir""').and.include('&lt;b&gt;gras').and.include(typed.siret);
      }
      expect(await filesKept()).to.equal(0);
    });

    it('no file is kept without the token of the form first', async () => {
      const person = await signedIn(ada);
      const { headers } = await post(person, base, { kind: 'funder', name: 'Fonds Avenir', siret: '' });
      const path = String(headers.location).split('?')[0] ?? '';
      const without = await person.post(`${path}/demande`).field(form).attach('document', pdf, 'statuts.pdf');
      expect(without.status).to.equal(403);
      const _csrf = await tokenOf(person);
      const after = await person
        .post(`${path}/demande`)
        .attach('document', pdf, 'statuts.pdf')
        .field({ _csrf, ...form });
      expect(after.status).to.equal(403);
      expect([await filesKept(), await chunksKept()]).to.deep.equal([0, 0]);
    });
  });

  const chunksKept = () => world.people.connection.collection('files.chunks').countDocuments({});
});
