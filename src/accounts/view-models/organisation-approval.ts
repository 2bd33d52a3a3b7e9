/** Words of the check of a funder organisation: for its owner, and for the operator who decides. */
import { clock, count, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Approval, Organisation } from '../model.ts';
import { kindWords, organisationPath, organisationsPath, siretWords } from './organisations.ts';

export const approvalsPath = '/admin/organismes';
export const approvalPath = (id: string) => `${approvalsPath}/${encodeURIComponent(id)}`;

interface ShownDocument {
  readonly name: string;
  readonly bytes: number;
  readonly at: Date;
}

interface ShownApplication {
  readonly organisation: Organisation;
  readonly approval: Approval;
  readonly document: ShownDocument | null;
}

export interface ApplicationFields {
  readonly name: string;
  readonly siret: string;
  readonly statement: string;
}

const moment = (date: Date) => french(`${longDate(date)} à ${clock(date)}`);

/** « 1,2 Mo », « 340 ko ». */
function sizeWords(bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.ceil(bytes / 1_000), 'ko'] : [bytes / 1_000_000, 'Mo'];
  return `${number(value)}\u00a0${unit}`;
}

const documentWords = ({ name, bytes, at }: ShownDocument) =>
  french(`${name} (${sizeWords(bytes)}), envoyé le ${shortDate(at)}`);

/** In one line, where organisations are listed. */
export function approvalState({ approval }: Organisation) {
  if (approval === null || approval.state === 'accepted') return null;
  return approval.state === 'waiting'
    ? { tone: 'att', icon: 'horloge', text: 'en attente de vérification' }
    : { tone: 'non', icon: 'alerte', text: 'refusé' };
}

const done: Readonly<Record<string, string>> = {
  inscrit: "L'organisme est inscrit. Il reste à le faire vérifier.",
  demande: 'Demande envoyée. Vous recevrez la réponse par courriel.',
};

/** The page of an organisation that may not act yet. @param typed what was refused, or null */
export function applicationModel(
  page: ShownApplication & { readonly owner: boolean },
  typed: ApplicationFields | null,
  errors: FieldErrors,
  parts: { readonly space: readonly SpaceLink[]; readonly done: string },
) {
  const { organisation, approval, document, owner } = page;
  const base = organisationPath(organisation.id);
  const shown = typed ?? { name: organisation.name, siret: organisation.siret ?? '', statement: approval.statement };
  const asked = approval.sentBy !== null;
  return {
    ...formPage(organisation.name, errors, inSpace(parts.space, organisationsPath)),
    notice: Object.hasOwn(done, parts.done) ? french(done[parts.done] ?? '') : null,
    kind: kindWords[organisation.kind],
    siret: organisation.siret === null ? french('Non donné') : siretWords(organisation.siret),
    since: longDate(organisation.createdAt),
    waiting: approval.state === 'waiting',
    stateText:
      approval.state === 'waiting'
        ? french(`En attente de vérification depuis le ${longDate(approval.at)}`)
        : french(`Refusé le ${longDate(approval.at)}`),
    reason: approval.reason,
    document: document === null ? null : documentWords(document),
    owner,
    formTitle: approval.state === 'refused' ? 'Corriger' : asked ? 'Compléter la demande' : 'Demander la vérification',
    action: `${base}/demande`,
    fields: [
      field('name', "Nom de l'organisme", errors, { value: shown.name, autocomplete: 'organization' }),
      field('siret', 'Numéro SIRET', errors, {
        value: shown.siret,
        hint: "14 chiffres. Laissez vide si l'organisme n'en a pas.",
      }),
    ],
    statement: field('statement', "Ce que fait l'organisme et votre rôle dans l'organisme (facultatif)", errors, {
      value: shown.statement,
      hint: 'Par exemple : « Conseil régional, direction de la formation ; je suis chargée de mission ».',
    }),
    proof: {
      ...field('document', 'Justificatif (facultatif)', errors, {
        type: 'file',
        hint: "PDF, PNG ou JPEG, 5 Mo au plus. Un document qui montre que vous agissez pour l'organisme. Il remplace celui déjà envoyé.",
      }),
      accept: '.pdf,.png,.jpg,.jpeg',
    },
    button: approval.state === 'refused' ? 'Redemander la vérification' : 'Envoyer',
    leaveHref: `${base}/quitter`,
  };
}

export function approvalsModel(
  list: {
    readonly organisations: readonly { readonly organisation: Organisation; readonly document: boolean }[];
    readonly page: number;
    readonly more: boolean;
  },
  doneCode: string,
) {
  const { organisations, page, more } = list;
  const said: Readonly<Record<string, string>> = {
    accepte: "L'organisme est accepté. Ses propriétaires en sont avertis par courriel.",
    refuse: "L'organisme est refusé. Ses propriétaires en sont avertis par courriel, avec la raison.",
  };
  return {
    ...formPage('Organismes à vérifier'),
    notice: Object.hasOwn(said, doneCode) ? french(said[doneCode] ?? '') : null,
    organisations: organisations.map(({ organisation, document }) => ({
      href: approvalPath(organisation.id),
      name: organisation.name,
      siret: organisation.siret === null ? french('non donné') : siretWords(organisation.siret),
      since: organisation.approval === null ? '' : shortDate(organisation.approval.at),
      document: document ? 'oui' : 'non',
      demo: organisation.demo,
    })),
    previous: page > 1 ? `${approvalsPath}?page=${page - 1}` : null,
    next: more ? `${approvalsPath}?page=${page + 1}` : null,
  };
}

/** What the operator reads before deciding. */
export function decisionModel(
  view: ShownApplication & {
    readonly owners: readonly { readonly name: string | null; readonly email: string | null }[];
  },
  typed: string,
  errors: FieldErrors,
) {
  const { organisation, approval, document, owners } = view;
  const path = approvalPath(organisation.id);
  return {
    ...formPage(organisation.name, errors),
    siret: organisation.siret === null ? french('Non donné') : siretWords(organisation.siret),
    since: moment(approval.at),
    waiting: approval.state === 'waiting',
    refusal: approval.reason === null ? null : { at: longDate(approval.at), reason: approval.reason },
    owners: owners.map(({ name, email }) => [name, email].filter((word) => word !== null).join(', ') || 'Sans adresse'),
    members: count(organisation.members.length, 'personne'),
    statement: approval.statement === '' ? french("Rien n'a été écrit.") : approval.statement,
    document: document === null ? null : { text: documentWords(document), href: `${path}/justificatif` },
    acceptAction: `${path}/accepter`,
    refuseAction: `${path}/refuser`,
    reason: field('reason', 'Raison du refus', errors, {
      value: typed,
      hint: "Obligatoire. Elle est envoyée aux propriétaires et affichée sur la page de l'organisme : dites ce qu'il faut corriger.",
    }),
  };
}
