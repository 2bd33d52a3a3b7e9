import { expect } from 'chai';
import { accepted } from '../../src/accounts/model/approval.ts';
import { invitationDays, invitationsPerDay } from '../../src/accounts/model/team.ts';
import type { Account } from '../../src/accounts/model.ts';
import { organisationHolding } from '../../src/accounts/use-cases/organisation-data.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { type OrganisationsWorld, openOrganisationsWorld, otherSiret, siret } from '../builders/organisations.ts';
import { errorOf } from '../support/error-of.ts';

describe('organisations', () => {
  let world: OrganisationsWorld;
  let ada: Account;
  let bob: Account;
  let carol: Account;
  before(async () => {
    world = await openOrganisationsWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.clear();
    [ada, bob, carol] = await Promise.all([world.person('Ada'), world.person('Bob'), world.person('Carol')]);
  });

  const as = (account: Account, strong = false) => world.actor(account, strong);
  const refusalOf = async (work: Promise<unknown>) => {
    const error = await errorOf(work);
    return error === null ? null : String(Reflect.get(Object(error), 'code'));
  };
  async function created(by: Account, change: Partial<{ kind: string; name: string; siret: string }> = {}) {
    const asked = { kind: 'provider', name: 'Passerelle Web', siret: '', ...change };
    const outcome = await world.organisations.create(await as(by), asked);
    if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.refusals));
    return outcome.id;
  }
  async function invite(by: Account, id: string, email: string, owner = false, strong = false) {
    const outcome = await world.organisations.invite(await as(by, strong), id, { email, owner });
    if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.refusals));
    return world.lastToken();
  }
  async function joined(id: string, by: Account, person: Account, owner = false) {
    const token = await invite(by, id, person.email?.address ?? '', owner);
    await world.organisations.accept(await as(person), token);
  }
  const membersOf = async (id: string) =>
    Object.fromEntries(
      ((await world.store.byId(id))?.members ?? []).map(({ accountId, owner }) => [
        accountId,
        owner ? 'owner' : 'member',
      ]),
    );

  describe('inscription', () => {
    it('makes its author an owner, whose rights begin at once and whose other sessions are over', async () => {
      const before = await as(ada);
      const id = await created(ada, { name: '  Passerelle   Web ', siret: '732 829 320 00074' });
      expect(await world.store.byId(id)).to.deep.include({
        kind: 'provider',
        name: 'Passerelle Web',
        siret,
        demo: false,
      });
      const { roles, memberships } = await as(ada);
      expect(roles).to.deep.equal(['learner', 'provider-owner']);
      expect(memberships).to.deep.equal([{ organisationId: id, kind: 'provider', owner: true, active: true }]);
      expect(before.roles).to.deep.equal(['learner']);
      expect((await world.people.store.byId(ada.id))?.rightsVersion).to.equal(ada.rightsVersion + 1);
    });

    for (const [given, words] of [
      [{ siret: '73282932000075' }, { siret: 'Ce numéro SIRET est refusé : clé de contrôle fausse.' }],
      [{ siret: '123' }, { siret: 'Ce numéro SIRET est refusé : 14 chiffres attendus, 3 reçus.' }],
      [{ siret: '255081416802538' }, { siret: 'Ne donnez pas votre numéro de sécurité sociale.' }],
      [{ name: '' }, { name: "Donnez le nom de l'organisme." }],
      [{ name: 'x'.repeat(121) }, { name: '120 caractères au plus.' }],
      [{ name: 'Cadeau sur https://exemple.org' }, { name: "Donnez un nom, pas l'adresse d'un site." }],
      [{ name: 'Cadeau sur www.exemple.org' }, { name: "Donnez un nom, pas l'adresse d'un site." }],
      [{ name: 'Nom\u202e inversé' }, { name: "Le nom contient un caractère qui n'est pas accepté." }],
      [{ kind: 'operator' }, { kind: "Choisissez ce que fait l'organisme." }],
    ] as const) {
      it(`refuses ${JSON.stringify(given).slice(0, 60)} in words, and writes nothing`, async () => {
        const asked = { kind: 'provider', name: 'Passerelle Web', siret: '', ...given };
        const outcome = await world.organisations.create(await as(ada), asked);
        expect(outcome).to.deep.equal({ kind: 'refused', refusals: words });
        expect(await world.store.ofMember(ada.id)).to.deep.equal([]);
      });
    }

    it('takes a SIRET of La Poste, whose key is another one', async () => {
      expect((await world.store.byId(await created(ada, { siret: otherSiret })))?.siret).to.equal(otherSiret);
    });

    it('one provider per SIRET, also when two people send it at the same moment; a funder may have the same', async () => {
      const asked = { kind: 'provider', name: 'Passerelle Web', siret };
      const outcomes = await Promise.all(
        [ada, bob].map(async (person) => world.organisations.create(await as(person), asked)),
      );
      const refused = outcomes.filter(({ kind }) => kind === 'refused');
      expect(refused).to.deep.equal([
        { kind: 'refused', refusals: { siret: 'Cet organisme est déjà inscrit. Demandez à le rejoindre.' } },
      ]);
      await created(carol, { kind: 'funder', siret });
    });

    it('organisations without SIRET do not stand in each other’s way', async () => {
      expect(await created(ada)).not.to.equal(await created(bob));
    });

    it('is not for a visitor', async () => {
      const asked = { kind: 'provider', name: 'Passerelle Web', siret: '' };
      expect(await refusalOf(world.organisations.create(visitor, asked))).to.equal('CONNEXION_REQUISE');
    });
  });

  describe('invitations', () => {
    let id: string;
    let sent: string;
    beforeEach(async () => {
      id = await created(ada);
      sent = await invite(ada, id, 'Bob@Exemple.fr');
    });

    it('leave by mail with a link whose token is nowhere in the database', async () => {
      const { to, values } = world.invitations[0] ?? { to: '', values: {} };
      expect(to).to.equal('Bob@Exemple.fr');
      expect(values).to.include({ organisation: 'Passerelle Web', link: `https://exemple.fr/invitations/${sent}` });
      expect(Buffer.from(sent, 'base64url')).to.have.length(32);
      const stored = JSON.stringify(await world.people.connection.collection('invitations').find().toArray());
      expect(stored).not.to.include(sent);
      expect(stored).to.match(/"tokenHash":"[0-9a-f]{64}"/);
    });

    it('make the invited address a member, and raise the number of its rights', async () => {
      await world.organisations.accept(await as(bob), sent);
      expect(await membersOf(id)).to.deep.equal({ [ada.id]: 'owner', [bob.id]: 'member' });
      expect((await as(bob)).roles).to.deep.equal(['learner', 'provider-member']);
      expect((await world.people.store.byId(bob.id))?.rightsVersion).to.equal(bob.rightsVersion + 1);
    });

    it('are refused to another account, in words, and stay open for the invited one', async () => {
      const error = await errorOf(world.organisations.accept(await as(carol), sent));
      expect(error).to.include({ kind: 'forbidden', code: 'INVITATION_AUTRE_COMPTE' });
      expect(Reflect.get(Object(error), 'publicMessage')).to.include('envoyée à une autre adresse');
      expect(await membersOf(id)).to.deep.equal({ [ada.id]: 'owner' });
      await world.organisations.accept(await as(bob), sent);
    });

    it('are refused to an account that typed the address and never proved it', async () => {
      const liar = await world.person('Liar', { email: { address: 'dora@exemple.fr', verifiedAt: null } });
      const token = await invite(ada, id, 'dora@exemple.fr');
      expect(await refusalOf(world.organisations.accept(await as(liar), token))).to.equal('INVITATION_AUTRE_COMPTE');
      expect((await world.organisations.invitation(await as(liar), token)).answer).to.equal('other-account');
    });

    it('serve once, also when the button is pressed twice at the same moment', async () => {
      const actor = await as(bob);
      const answers = await Promise.all([1, 2, 3].map(() => refusalOf(world.organisations.accept(actor, sent))));
      expect(answers.filter((answer) => answer === null)).to.have.length(1);
      expect(answers.filter((answer) => answer === 'INVITATION_PERDUE')).to.have.length(2);
      await world.organisations.removeMember(await as(ada), id, bob.id);
      expect(await refusalOf(world.organisations.accept(await as(bob), sent))).to.equal('INVITATION_PERDUE');
      expect(await membersOf(id)).to.deep.equal({ [ada.id]: 'owner' });
    });

    it('last seven days', async () => {
      world.people.later(invitationDays * 24 * 60 - 1);
      expect((await world.organisations.invitation(await as(bob), sent)).answer).to.equal('accept');
      world.people.later(1);
      expect(await refusalOf(world.organisations.invitation(await as(bob), sent))).to.equal('INVITATION_PERDUE');
      expect(await refusalOf(world.organisations.accept(await as(bob), sent))).to.equal('INVITATION_PERDUE');
    });

    it('are used by one request alone, whatever the moments of the two', async () => {
      const { id: invitation = '' } = (await world.store.unansweredInvitations(id))[0] ?? {};
      const [first, second] = [new Date(world.people.clock), new Date(world.people.clock.getTime() + 1)];
      expect(await world.store.useInvitation(invitation, first)).to.equal(true);
      expect(await world.store.useInvitation(invitation, second)).to.equal(false);
    });

    it('are not used up by being looked at', async () => {
      const whole = () => world.people.connection.collection('invitations').find().toArray();
      const before = await whole();
      const answers = [];
      for (const actor of [visitor, await as(bob), await as(carol), await as(ada)]) {
        answers.push((await world.organisations.invitation(actor, sent)).answer);
      }
      expect(answers).to.deep.equal(['sign-in', 'accept', 'other-account', 'other-account']);
      expect(await whole()).to.deep.equal(before);
    });

    it('say the same for a token that never was, one used, one withdrawn and one past', async () => {
      const used = await invite(ada, id, 'carol@exemple.fr');
      await world.organisations.accept(await as(carol), used);
      const { invitations } = await world.organisations.page(await as(ada), id);
      await world.organisations.withdrawInvitation(await as(ada), id, invitations[0]?.id ?? '');
      for (const token of ['', 'x', 'A'.repeat(43), used, sent]) {
        const error = await errorOf(world.organisations.accept(await as(bob), token));
        const lost = "Cette invitation n'est plus valable. Demandez-en une nouvelle.";
        expect(error).to.include({ kind: 'not-found', publicMessage: lost });
        expect(await refusalOf(world.organisations.invitation(visitor, token))).to.equal('INVITATION_PERDUE');
      }
    });

    it('a second one to the same address closes the first', async () => {
      const second = await invite(ada, id, 'bob@exemple.fr');
      expect(await refusalOf(world.organisations.accept(await as(bob), sent))).to.equal('INVITATION_PERDUE');
      await world.organisations.accept(await as(bob), second);
    });

    it('those of a person who was put out open nothing any more', async () => {
      await joined(id, ada, carol, true);
      const backDoor = await invite(carol, id, 'dora@exemple.fr', true);
      await world.organisations.removeMember(await as(ada), id, carol.id);
      const dora = await world.person('Dora');
      expect(await refusalOf(world.organisations.accept(await as(dora), backDoor))).to.equal('INVITATION_PERDUE');
    });

    it('say nothing of whether the address has an account', async () => {
      const outcomes = [];
      for (const email of ['carol@exemple.fr', 'nobody@exemple.fr']) {
        const outcome = await world.organisations.invite(await as(ada), id, { email, owner: false });
        outcomes.push(outcome.kind);
      }
      expect(outcomes).to.deep.equal(['done', 'done']);
      expect(world.invitations.map(({ template }) => template)).to.deep.equal(Array(3).fill('invitation'));
    });

    it('are refused for an address that is none, and for a member', async () => {
      const words = [];
      for (const email of ['', 'x', 'a@b', 'a@exemple.fr\nBcc: c@exemple.fr', 'ADA@exemple.fr']) {
        const outcome = await world.organisations.invite(await as(ada), id, { email, owner: false });
        words.push(outcome.kind === 'refused' ? outcome.refusals.email : null);
      }
      const notOne = 'Donnez une adresse e-mail complète, par exemple nom@exemple.fr.';
      expect(words).to.deep.equal([notOne, notOne, notOne, notOne, "Cette personne fait déjà partie de l'organisme."]);
    });

    it(`a person sends ${invitationsPerDay} in a day at most, over all the own organisations, withdrawn ones too`, async () => {
      const second = await created(ada, { name: 'Autre' });
      for (let sentBefore = 1; sentBefore < invitationsPerDay; sentBefore += 1) {
        await invite(ada, sentBefore % 2 === 0 ? id : second, 'same@exemple.fr');
      }
      expect(await refusalOf(invite(ada, second, 'one-more@exemple.fr'))).to.equal('TROP_D_INVITATIONS');
      expect(world.invitations).to.have.length(invitationsPerDay);
      world.people.later(24 * 60);
      await invite(ada, id, 'one-more@exemple.fr');
    });
  });

  describe('members', () => {
    let id: string;
    beforeEach(async () => {
      id = await created(ada);
      await joined(id, ada, bob);
    });

    it('see who belongs to it; only an owner sees the invitations', async () => {
      await invite(ada, id, 'dora@exemple.fr');
      const seen = await world.organisations.page(await as(bob), id);
      expect(seen.members.map(({ name, email, owner }) => [name, email, owner])).to.deep.equal([
        ['Ada', 'ada@exemple.fr', true],
        ['Bob', 'bob@exemple.fr', false],
      ]);
      expect(seen.invitations).to.deep.equal([]);
      expect((await world.organisations.page(await as(ada), id)).invitations).to.have.length(1);
    });

    const acts = (actor: Actor, organisation: string): readonly [string, () => Promise<unknown>][] => [
      ['read', () => world.organisations.page(actor, organisation)],
      ['invite', () => world.organisations.invite(actor, organisation, { email: 'x@exemple.fr', owner: true })],
      ['withdraw', () => world.organisations.withdrawInvitation(actor, organisation, 'any')],
      ['look at a member', () => world.organisations.member(actor, organisation, ada.id)],
      ['remove', () => world.organisations.removeMember(actor, organisation, ada.id)],
      ['give ownership', () => world.organisations.giveOwnership(actor, organisation, bob.id)],
      ['ask to leave', () => world.organisations.toLeave(actor, organisation)],
      ['leave', () => world.organisations.leave(actor, organisation)],
    ];

    it('of another organisation, its owner included, and the operator: it does not exist', async () => {
      await created(carol, { name: 'Ailleurs' });
      await world.people.store.update(carol.id, { roles: ['learner', 'operator'] });
      for (const [act, work] of acts(await as(carol, true), id)) {
        expect(await errorOf(work()), act).to.include({ kind: 'not-found', publicMessage: "Cette page n'existe pas." });
      }
      expect(await membersOf(id)).to.deep.equal({ [ada.id]: 'owner', [bob.id]: 'member' });
    });

    it('who do not own it change nothing in it, even when they own another one', async () => {
      await created(bob, { name: 'À Bob' });
      for (const [act, work] of acts(await as(bob), id).slice(1, 6)) {
        expect(await errorOf(work()), act).to.include({ kind: 'forbidden' });
      }
    });

    it('of a funder need a one-time code, even when they belong to a provider too', async () => {
      const funder = await created(ada, { kind: 'funder', name: 'Fonds' });
      await world.store.change(funder, () => ({ approval: accepted(world.people.clock) }));
      for (const [act, work] of acts(await as(ada), funder).slice(0, 6)) {
        expect(await refusalOf(work()), act).to.equal('CODE_REQUIS');
      }
      expect((await world.organisations.page(await as(ada, true), funder)).organisation.name).to.equal('Fonds');
      const token = await invite(ada, funder, 'carol@exemple.fr', false, true);
      await world.organisations.accept(await as(carol), token);
      expect((await as(carol)).roles).to.deep.equal(['learner', 'funder-member']);
      for (const [act, work] of acts(await as(carol, true), funder).slice(1, 6)) {
        expect(await refusalOf(work()), act).to.equal('PROPRIETAIRE_SEUL');
      }
    });

    it('are put out at once: their number is raised, and the page is gone for them', async () => {
      const { rightsVersion } = (await world.people.store.byId(bob.id)) ?? { rightsVersion: 0 };
      const earlier = await as(bob);
      await world.organisations.removeMember(await as(ada), id, bob.id);
      expect((await world.people.store.byId(bob.id))?.rightsVersion).to.equal(rightsVersion + 1);
      expect(earlier.memberships).to.have.length(1);
      expect(await refusalOf(world.organisations.page(await as(bob), id))).to.equal('ORGANISATION_INCONNUE');
    });

    it('an owner cannot remove somebody who is no member', async () => {
      expect(await refusalOf(world.organisations.removeMember(await as(ada), id, carol.id))).to.equal('MEMBRE_INCONNU');
    });

    it('the last owner neither leaves nor is removed; after giving it, may', async () => {
      expect(await refusalOf(world.organisations.leave(await as(ada), id))).to.equal('DERNIER_PROPRIETAIRE');
      expect(await refusalOf(world.organisations.removeMember(await as(ada), id, ada.id))).to.equal(
        'DERNIER_PROPRIETAIRE',
      );
      await world.organisations.giveOwnership(await as(ada), id, bob.id);
      expect(await membersOf(id)).to.deep.equal({ [ada.id]: 'member', [bob.id]: 'owner' });
      await world.organisations.leave(await as(ada), id);
      expect(await membersOf(id)).to.deep.equal({ [bob.id]: 'owner' });
    });

    it('ownership is given to a member only, and not to oneself', async () => {
      expect(await refusalOf(world.organisations.giveOwnership(await as(ada), id, carol.id))).to.equal(
        'MEMBRE_INCONNU',
      );
      expect(await refusalOf(world.organisations.giveOwnership(await as(ada), id, ada.id))).to.equal(
        'DERNIER_PROPRIETAIRE',
      );
    });

    it('of two owners who leave at the same moment, one stays', async () => {
      for (let round = 0; round < 5; round += 1) {
        const pair = await created(ada, { name: `Deux ${round}` });
        await joined(pair, ada, bob, true);
        const actors = await Promise.all([as(ada), as(bob)]);
        const answers = await Promise.all(actors.map((actor) => refusalOf(world.organisations.leave(actor, pair))));
        expect(answers.filter((answer) => answer === 'DERNIER_PROPRIETAIRE')).to.have.length(1);
        expect(Object.values(await membersOf(pair))).to.deep.equal(['owner']);
      }
    });

    it('ten people who accept at the same moment are all members', async () => {
      const guests = await Promise.all(Array.from({ length: 10 }, (_, at) => world.person(`Guest${at}`)));
      const tokens: string[] = [];
      for (const guest of guests) tokens.push(await invite(ada, id, guest.email?.address ?? ''));
      const actors = await Promise.all(guests.map((guest) => as(guest)));
      await Promise.all(actors.map((actor, at) => world.organisations.accept(actor, tokens[at] ?? '')));
      expect(Object.keys(await membersOf(id))).to.have.length(12);
    });
  });

  it('every act is in the audit trail, with ids alone', async () => {
    const id = await created(ada, { name: 'Passerelle Web', siret });
    const first = await invite(ada, id, 'bob@exemple.fr');
    await world.organisations.accept(await as(bob), first);
    await invite(ada, id, 'carol@exemple.fr');
    const { invitations } = await world.organisations.page(await as(ada), id);
    await world.organisations.withdrawInvitation(await as(ada), id, invitations[0]?.id ?? '');
    await world.organisations.giveOwnership(await as(ada), id, bob.id);
    await world.organisations.leave(await as(ada), id);
    await joined(id, bob, carol);
    await world.organisations.removeMember(await as(bob), id, carol.id);
    const trail = await world.trail();
    expect(trail.map(({ act }) => act).reverse()).to.deep.equal([
      'organisation.created',
      'organisation.invited',
      'organisation.joined',
      'organisation.invited',
      'organisation.invitation-withdrawn',
      'organisation.ownership-given',
      'organisation.left',
      'organisation.invited',
      'organisation.joined',
      'organisation.member-removed',
    ]);
    expect(JSON.stringify(trail)).not.to.match(/exemple\.fr|Passerelle|Ada|Bob|Carol|73282932/);
    expect((await world.audit.verify()).sound).to.equal(true);
  });

  describe('what is kept about a person', () => {
    const holding = () =>
      organisationHolding({ organisations: world.store, accounts: world.people.store, files: world.files });

    it('is shown: memberships, invitations sent and received, no token', async () => {
      const id = await created(ada, { siret });
      await joined(id, ada, bob);
      const [about, sent] = [await holding().read(bob.id), await holding().read(ada.id)];
      expect(about).to.have.length(2);
      expect(about[0]).to.include({ Organisme: 'Passerelle Web', SIRET: siret, Rôle: 'membre' });
      expect(about[1]).to.include({ Invitation: 'reçue', Adresse: 'bob@exemple.fr' });
      expect(sent[1]).to.include({ Invitation: 'envoyée par vous' });
      expect(JSON.stringify([about, sent])).not.to.match(/[0-9a-f]{64}/);
    });

    it('is erased; the member of longest standing owns what would be left without owner, an empty one goes', async () => {
      const shared = await created(ada);
      const alone = await created(ada, { name: 'Seule', siret });
      await joined(shared, ada, bob);
      world.people.later(1);
      await joined(shared, ada, carol);
      await invite(ada, alone, 'dora@exemple.fr');
      expect(await holding().erase(ada.id)).to.be.greaterThan(2);
      expect(await membersOf(shared)).to.deep.equal({ [bob.id]: 'owner', [carol.id]: 'member' });
      expect(await world.store.byId(alone)).to.equal(null);
      const left = JSON.stringify([
        await world.people.connection.collection('organisations').find().toArray(),
        await world.people.connection.collection('invitations').find().toArray(),
      ]);
      expect(left).not.to.include(ada.id).and.not.include('ada@exemple.fr').and.not.include('dora@exemple.fr');
      expect(await holding().erase(ada.id)).to.equal(0);
      // The number is free again.
      await created(bob, { siret });
    });
  });
});
