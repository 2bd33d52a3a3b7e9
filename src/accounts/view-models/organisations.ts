/** Words of the organisations a person acts for, and of the invitations to them. */
import { clock, count, french, longDate, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import { isActive } from '../model/approval.ts';
import { siretTaken } from '../model/team.ts';
import type { Invitation, Organisation } from '../model.ts';

export const organisationsPath = '/mon-espace/organisations';
export const organisationPath = (id: string) => `${organisationsPath}/${encodeURIComponent(id)}`;

export const kindWords = { provider: 'Organisme de formation', funder: 'Financeur' } as const;
const roleWord = (owner: boolean) => (owner ? 'propriétaire' : 'membre');
/** « Martin Dupont (martin@exemple.fr) ». */
const nameOf = ({ name, email }: Pick<ShownMember, 'name' | 'email'>) => name ?? email ?? 'Compte effacé';

/** What was just done, after a redirection; a code in the address, no word of anybody. */
const done: Readonly<Record<string, string>> = {
  inscrit: "L'organisme est inscrit. Vous en êtes propriétaire.",
  rejoint: 'Vous faites maintenant partie de cet organisme.',
  quitte: "Vous ne faites plus partie de l'organisme.",
  invite: 'Invitation envoyée. Elle est valable 7 jours.',
  annulee: 'Invitation annulée : son lien ne sert plus.',
  retire: "Cette personne ne fait plus partie de l'organisme. Ses connexions sont fermées.",
  transmis: "La propriété de l'organisme est transmise. Vous en restez membre.",
};

function doneWords(code: string): string | null {
  return Object.hasOwn(done, code) ? french(done[code] ?? '') : null;
}

interface ShownMember {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly owner: boolean;
  readonly since: Date;
}

export function organisationsModel(
  mine: readonly { readonly organisation: Organisation; readonly owner: boolean }[],
  parts: { readonly space: readonly SpaceLink[]; readonly strong: boolean; readonly done: string },
) {
  return {
    ...formPage('Mes organismes', {}, inSpace(parts.space, organisationsPath)),
    notice: doneWords(parts.done),
    newHref: `${organisationsPath}/nouveau`,
    organisations: mine.map(({ organisation, owner }) => organisationCard(organisation, owner, parts.strong)),
  };
}

function organisationCard(organisation: Organisation, owner: boolean, strong: boolean) {
  const { id, name, kind, siret, members } = organisation;
  const active = isActive(organisation);
  return {
    name,
    href: organisationPath(id),
    leaveHref: `${organisationPath(id)}/quitter`,
    sourcesHref: kind === 'provider' ? '/fournisseur' : null,
    role: { tone: owner ? 'cpf' : 'info', icon: 'organisme', text: roleWord(owner) },
    facts: [
      kindWords[kind],
      ...(siret === null ? [] : [`SIRET ${siretWords(siret)}`]),
      count(members.length, 'personne'),
    ].join(', '),
    codeNeeded: kind === 'funder' && active && !strong,
    refused: organisation.approval?.state === 'refused',
    waiting: organisation.approval?.state === 'waiting',
  };
}

export interface OrganisationFields {
  readonly kind: string;
  readonly name: string;
  readonly siret: string;
}

export function newOrganisationModel(typed: OrganisationFields, errors: FieldErrors, links: readonly SpaceLink[]) {
  return {
    ...formPage('Inscrire un organisme', errors, inSpace(links, organisationsPath)),
    action: organisationsPath,
    kindError: errors.kind === undefined ? null : french(errors.kind),
    kinds: (['provider', 'funder'] as const).map((value, index) => ({
      value,
      // The link of the summary leads to the first choice.
      id: index === 0 ? 'kind' : `kind-${value}`,
      label: kindWords[value],
      hint: french(kindHints[value]),
      checked: typed.kind === value,
    })),
    fields: [
      field('name', "Nom de l'organisme", errors, { value: typed.name, autocomplete: 'organization' }),
      field('siret', 'Numéro SIRET', errors, {
        value: typed.siret,
        hint: "14 chiffres. Laissez vide si l'organisme n'en a pas, par exemple hors de France.",
      }),
    ],
    siretTaken: errors.siret === siretTaken,
  };
}

const kindHints = {
  provider: 'Il publie des cours.',
  funder:
    "Il vérifie et finance. L'exploitant du site vérifie d'abord l'organisme, puis un code à usage unique est demandé à ses membres.",
} as const;

export const noOrganisation: OrganisationFields = { kind: '', name: '', siret: '' };

export function organisationModel(
  page: {
    readonly organisation: Organisation;
    readonly membership: { readonly owner: boolean };
    readonly me: string;
    readonly members: readonly ShownMember[];
    readonly invitations: readonly Invitation[];
  },
  form: { readonly email: string; readonly owner: boolean; readonly errors: FieldErrors },
  parts: { readonly space: readonly SpaceLink[]; readonly done: string; readonly now: Date },
) {
  const { organisation, membership, me, members, invitations } = page;
  const base = organisationPath(organisation.id);
  return {
    ...formPage(organisation.name, form.errors, inSpace(parts.space, organisationsPath)),
    notice: doneWords(parts.done),
    kind: kindWords[organisation.kind],
    siret: organisation.siret === null ? french('Non donné') : siretWords(organisation.siret),
    since: longDate(organisation.createdAt),
    manages: membership.owner,
    leaveHref: `${base}/quitter`,
    members: members.map((member) => ({
      name: nameOf(member),
      email: member.name === null ? null : member.email,
      self: member.id === me,
      role: roleWord(member.owner),
      since: shortDate(member.since),
      manageable: membership.owner && member.id !== me,
      ownable: membership.owner && member.id !== me && !member.owner,
      removeHref: `${base}/membres/${encodeURIComponent(member.id)}/retirer`,
      ownerHref: `${base}/membres/${encodeURIComponent(member.id)}/proprietaire`,
    })),
    inviteAction: `${base}/invitations`,
    inviteFields: [field('email', 'Adresse e-mail de la personne', form.errors, { type: 'email', value: form.email })],
    asOwner: form.owner,
    invitations: invitations.map(({ id, emailKey, owner, sentAt, expiresAt }) => {
      const past = expiresAt <= parts.now;
      return {
        email: emailKey,
        role: roleWord(owner),
        sent: shortDate(sentAt),
        state: past ? `sans réponse, expirée le ${shortDate(expiresAt)}` : `valable jusqu'au ${shortDate(expiresAt)}`,
        withdrawable: !past,
        action: `${base}/invitations/${encodeURIComponent(id)}/annuler`,
      };
    }),
  };
}

/** A page that says what will happen, then asks. */
export interface Confirmation {
  readonly title: string;
  readonly effects: readonly string[];
  /** Null when it cannot be done: the effects say why. */
  readonly button: { readonly label: string; readonly action: string } | null;
  readonly back: { readonly label: string; readonly href: string };
}

export function confirmationModel(confirmation: Confirmation, space: ReturnType<typeof inSpace>) {
  const { effects, button, back } = confirmation;
  return { ...formPage(confirmation.title, {}, space), effects: effects.map(french), button, back };
}

export function leaving(organisation: Organisation, me: string): Confirmation {
  const base = organisationPath(organisation.id);
  const { name, members } = organisation;
  const back = { label: 'Annuler', href: organisationsPath };
  const title = french(`Quitter « ${name} » ?`);
  if (
    members.some(({ accountId, owner }) => owner && accountId !== me) ||
    members.every(({ accountId }) => accountId !== me)
  ) {
    return {
      title,
      effects: [
        "Vous n'agirez plus pour cet organisme. Pour revenir, il faudra une nouvelle invitation.",
        'Vos autres connexions seront fermées.',
      ],
      button: { label: "Quitter l'organisme", action: `${base}/quitter` },
      back,
    };
  }
  const alone = members.length === 1;
  return {
    title: french(`Vous êtes propriétaire de « ${name} »`),
    effects: [
      "Un organisme a toujours un propriétaire. Vous êtes le seul : transmettez d'abord ce rôle.",
      alone
        ? "Personne d'autre n'en fait partie : invitez d'abord quelqu'un."
        : 'Choisissez à qui, dans la liste des personnes.',
    ],
    button: null,
    back: { label: "Voir l'organisme", href: base },
  };
}

export function removing(organisation: Pick<Organisation, 'id' | 'name'>, member: ShownMember): Confirmation {
  const base = organisationPath(organisation.id);
  return {
    title: french(`Retirer ${nameOf(member)} de « ${organisation.name} » ?`),
    effects: [
      "Cette personne n'agira plus pour l'organisme, tout de suite. Ses connexions seront fermées.",
      'Les invitations qu’elle a envoyées ne serviront plus.',
      'Son compte et ses parcours restent.',
    ],
    button: { label: 'Retirer cette personne', action: `${base}/membres/${encodeURIComponent(member.id)}/retirer` },
    back: { label: 'Annuler', href: base },
  };
}

export function givingOwnership(organisation: Pick<Organisation, 'id' | 'name'>, member: ShownMember): Confirmation {
  const base = organisationPath(organisation.id);
  return {
    title: french(`Transmettre « ${organisation.name} » à ${nameOf(member)} ?`),
    effects: [
      'Cette personne pourra inviter et retirer des membres, et vous retirer.',
      'Vous resterez membre, et vous ne pourrez pas reprendre ce rôle vous-même.',
    ],
    button: {
      label: 'Transmettre la propriété',
      action: `${base}/membres/${encodeURIComponent(member.id)}/proprietaire`,
    },
    back: { label: 'Annuler', href: base },
  };
}

export function invitationModel(
  page: {
    readonly organisation: Pick<Organisation, 'id' | 'name' | 'kind'>;
    readonly owner: boolean;
    readonly expiresAt: Date;
    readonly answer: 'sign-in' | 'other-account' | 'already-member' | 'accept';
  },
  path: string,
) {
  const { organisation, owner, expiresAt, answer } = page;
  const next = `?suite=${encodeURIComponent(path)}`;
  return {
    ...formPage(`Rejoindre « ${organisation.name} »`),
    kind: kindWords[organisation.kind],
    role: owner
      ? 'propriétaire : vous pourrez inviter et retirer des membres'
      : 'membre : vous agirez pour cet organisme',
    until: french(`${longDate(expiresAt)} à ${clock(expiresAt)}`),
    funder: organisation.kind === 'funder',
    action: path,
    accept: answer === 'accept',
    otherAccount: answer === 'other-account',
    signIn: answer === 'sign-in' ? { href: `/connexion${next}`, registerHref: `/inscription${next}` } : null,
    member: answer === 'already-member' ? { href: organisationPath(organisation.id) } : null,
  };
}

/** « 123 456 789 00012 ». */
export function siretWords(siret: string): string {
  return siret.replace(/^(\d{3})(\d{3})(\d{3})(\d{5})$/, '$1 $2 $3 $4').replaceAll(' ', '\u00a0');
}
