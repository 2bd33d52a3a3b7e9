/** The page of a receipt: beside the verdict block, what it was about, what was answered, and how to check it. */
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type { Dossier, Person } from '../../eligibility/model/dossier.ts';
import { clock, french, longDate, money, shortDate } from '../../platform/web/format.ts';
import type { Receipt } from '../model/receipt.ts';

export const receiptsPath = '/verdicts';
export const receiptPath = (code: string) => `${receiptsPath}/${encodeURIComponent(code)}`;

const noon = (day: IsoDate): Date => new Date(`${day}T12:00:00Z`);
const dayText = (day: IsoDate): string => longDate(noon(day));
const shortDay = (day: IsoDate | null, unknown = ''): string => (day === null ? unknown : shortDate(noon(day)));
const euros = (cents: number): string => money({ amount: cents, currency: 'EUR' });

interface Row {
  readonly label: string;
  readonly text: string;
}
const row = (label: string, text: string): Row => ({ label: french(label), text: french(text) });

/** What the page of any receipt shows beside its answer. */
export interface Checked {
  /** The person and the aids, as they were told. */
  readonly dossier: Dossier;
  readonly fingerprint: string;
  readonly kid: string;
  readonly atItsDate: { readonly same: boolean; readonly incident: number | null } | null;
  readonly today: TodayShown | null;
}

export interface ReceiptShown extends Checked {
  readonly receipt: Receipt;
  /** The verdict block. */
  readonly verdict: object;
}

export type TodayShown =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'judged';
      readonly date: IsoDate;
      readonly heading: string;
      /** What stands under the heading, and the reasons of a refusal. */
      readonly lines: readonly string[];
      readonly same: boolean;
      readonly changes: readonly string[];
    };

export function receiptModel(shown: ReceiptShown) {
  const { receipt, verdict } = shown;
  const { subject } = receipt;
  return {
    ...sheetModel(receipt, shown),
    verdict,
    titre: true,
    course: subject?.course == null ? null : courseModel(subject.course, subject.href),
    certification:
      subject?.certification == null ? null : certificationModel(subject.certification, receipt.date, receipt.dates),
  };
}

/** Of any receipt: its code, on what it rests, what was told, and how it is checked. */
export function sheetModel(
  receipt: Pick<Receipt, 'code' | 'date' | 'issuedAt' | 'balanceIncluded' | 'rules'> & {
    readonly dates: { readonly register: IsoDate | null };
  },
  { dossier, fingerprint, kid, atItsDate, today }: Checked,
) {
  const { code, date, issuedAt, balanceIncluded, rules, dates } = receipt;
  const address = receiptPath(code);
  const issued = new Date(issuedAt);
  return {
    title: `Reçu ${code}`,
    description: null,
    noindex: true,
    section: null,
    facile: false,
    code,
    issued: french(`Établi le ${longDate(issued)} à ${clock(issued)}, pour une inscription le ${dayText(date)}.`),
    // T20, in the words of the specification.
    balanceNote:
      balanceIncluded || dossier.personne === null
        ? null
        : french('Les montants qui dépendent de votre solde CPF ne sont pas dans ce reçu.'),
    origin: [
      row('Règles', `version ${rules.version}, connues au ${shortDay(rules.asOf)}`),
      row('Registre des certifications du', shortDay(dates.register, 'date inconnue')),
    ],
    answers: dossier.personne === null ? null : answersOf(dossier.personne, dossier, balanceIncluded),
    again: atItsDate === null ? null : atItsDateText(atItsDate, date),
    todayAgain: today === null ? null : todayModel(today),
    atItsDateHref: `${address}?recalcul=recu#recalcul`,
    todayHref: `${address}?recalcul=aujourdhui#recalcul`,
    jsonHref: `${address}.json`,
    fingerprint,
    kid,
  };
}

export function courseModel(course: NonNullable<NonNullable<Receipt['subject']>['course']>, href: string | null) {
  return {
    title: course.title,
    href,
    rows: [
      row('Organisme', course.provider),
      ...course.prices.map(({ label, text }) => row(label, text)),
      row('Inscriptions', course.status),
    ],
    source: french(`Source : ${course.source}, relevée le ${shortDay(course.readOn)}.`),
  };
}

export function certificationModel(
  { code, title, active, endOfRegistration }: NonNullable<NonNullable<Receipt['subject']>['certification']>,
  date: IsoDate,
  dates: { readonly register: IsoDate | null },
) {
  const ended = endOfRegistration === null ? active === false : endOfRegistration < date;
  const unknown = active === null && endOfRegistration === null;
  return {
    code,
    title,
    rows: [
      row('État', unknown ? 'état inconnu' : ended ? "n'est plus active" : 'active'),
      row("Fin d'enregistrement", shortDay(endOfRegistration, 'non donnée par le registre')),
      row('Registre du', shortDay(dates.register, 'date inconnue')),
    ],
  };
}

const situations: Readonly<Record<NonNullable<Person['statut']>, string>> = {
  salarie: 'employeur privé',
  independant: 'à son compte',
  demandeur_emploi: 'cherche un emploi',
  agent_public: 'agent public',
  retraite: 'à la retraite',
  sans_activite: 'aucune de ces situations',
};

const proofs = {
  ft_connect_statut: 'connexion France Travail',
  api_statut: 'statut donné par France Travail',
  avis_situation: 'avis de situation',
} as const;

const unsaid = 'pas de réponse';
const yesNo = (value: boolean | null): string => (value === null ? unsaid : value ? 'oui' : 'non');

/** The line of the proof, as it was on that day (Z13). */
function registrationText({ inscriptionFranceTravail: registration }: Person): string {
  if (registration === null || registration.inscrit === null) return unsaid;
  if (!registration.inscrit) return 'non';
  const { source, dateVerification } = registration;
  if (source === null || source === 'declaratif') return 'oui, déclarée, sans preuve';
  return `oui, ${proofs[source]}, vérifiée le ${shortDay(dateVerification, 'jour inconnu')}`;
}

const funders = {
  employeur: 'employeur',
  opco: 'OPCO',
  france_travail: 'France Travail',
  region: 'Région',
  agefiph: 'Agefiph',
  autre: 'autre financeur',
} as const;

function answersOf(person: Person, { cofinancements }: Dossier, balanceIncluded: boolean): Row[] {
  const aids = (cofinancements ?? []).map(({ par, montant, accorde }) => {
    const state = accorde === null ? 'demandée, pas de réponse' : accorde ? 'accordée' : 'refusée';
    return `${funders[par]}, ${montant === null ? 'montant inconnu' : euros(montant)}, ${state}`;
  });
  const { dernierBilanFinance: last } = person;
  return [
    row('Situation', person.statut === null ? unsaid : situations[person.statut]),
    row('Âge', person.age === null ? unsaid : `${person.age} ans`),
    ...(person.apprenti === null ? [] : [row('En apprentissage', yesNo(person.apprenti))]),
    row('Retraite à taux plein', yesNo(person.retraiteTauxPlein)),
    row('Inscription à France Travail', registrationText(person)),
    row('Points C2P ou abondement accident du travail', yesNo(person.exonerationAutre)),
    row('Solde CPF', balanceIncluded && person.soldeCpf !== null ? euros(person.soldeCpf) : 'non communiqué'),
    ...(last === null ? [] : [row('Dernier bilan financé', last === 'aucun' ? last : shortDay(last))]),
    row('Aides', cofinancements === null ? unsaid : aids.length === 0 ? 'aucune' : aids.join(' ; ')),
  ];
}

function atItsDateText({ same, incident }: NonNullable<Checked['atItsDate']>, date: IsoDate) {
  const text = same
    ? `Le recalcul au ${dayText(date)} donne le même texte.`
    : `Écart : signalé à l'exploitant sous le n° ${incident}`;
  return { same, text: french(text) };
}

function todayModel(today: TodayShown) {
  if (today.kind === 'gone') {
    const text = "Aujourd'hui, ce reçu ne peut pas être recalculé : ce qu'il concerne n'est plus proposé.";
    return { text: french(text), lines: [], changes: [], noChange: false };
  }
  const { same, heading, lines, changes, date } = today;
  return {
    text: french(
      `Aujourd'hui, la réponse serait${same ? ' la même' : ''} : « ${heading} », pour une inscription le ${dayText(date)}.`,
    ),
    lines: same ? [] : lines,
    changes: changes.map((text) => french(text)),
    noChange: same && changes.length === 0,
  };
}

export function codeFormModel(typed: string, error: string | null) {
  const heading = 'Retrouver un reçu';
  return {
    title: error === null ? heading : `Erreur : ${heading}`,
    description: "Le code d'un reçu ouvre la réponse telle qu'elle a été donnée, et permet de la recalculer.",
    noindex: false,
    section: null,
    heading,
    typed,
    error: error === null ? null : french(error),
    errors: error === null ? null : [{ href: '#code', text: french(error) }],
  };
}

type NoReceipt =
  | { readonly kind: 'unknown'; readonly mistyped: boolean }
  | { readonly kind: 'erased'; readonly at: Date }
  | { readonly kind: 'broken'; readonly incident: number };

/** 404, 410, and a receipt that proves nothing any more. */
export function noReceiptModel(reading: NoReceipt) {
  const sentence = french(sentenceOf(reading));
  return { title: sentence, description: null, noindex: true, section: null, heading: sentence, help: helpOf(reading) };
}

function sentenceOf(reading: NoReceipt): string {
  switch (reading.kind) {
    case 'unknown':
      return 'Aucun reçu ne porte ce code.';
    case 'erased':
      return `Ce reçu a été effacé le ${longDate(reading.at)} (conservation : 12 mois).`;
    case 'broken':
      return `Ce reçu ne prouve plus rien. Écart : signalé à l'exploitant sous le n° ${reading.incident}`;
  }
}

function helpOf(reading: NoReceipt): string | null {
  if (reading.kind !== 'unknown') return null;
  return french(
    reading.mistyped
      ? 'Un caractère est sans doute mal tapé : relisez le code.'
      : 'Un code commence par V et compte dix autres caractères, sans I, L, O ni U.',
  );
}

export interface IncidentRow {
  readonly number: number;
  readonly code: string;
  readonly kind: 'different' | 'altered' | 'rules-unreadable';
  readonly at: Date;
  readonly rulesVersion: string | null;
}

const incidentWords: Readonly<Record<IncidentRow['kind'], string>> = {
  different: 'Le recalcul à sa date donne une autre réponse.',
  altered: "Le texte enregistré n'est pas celui qui a été signé.",
  'rules-unreadable': 'Les règles du reçu ne peuvent plus être lues.',
};

export const incidentsPath = '/admin/ecarts';

export function incidentsModel(
  found: { readonly incidents: readonly IncidentRow[]; readonly more: boolean },
  page: number,
) {
  const heading = 'Écarts des reçus';
  return {
    title: heading,
    heading,
    description: null,
    noindex: true,
    section: null,
    incidents: found.incidents.map(({ number, code, kind, at, rulesVersion }) => ({
      number,
      code,
      href: receiptPath(code),
      what: french(incidentWords[kind]),
      at: `${shortDate(at)} à ${clock(at)}`,
      rules: rulesVersion ?? 'non lues',
    })),
    previous: page > 1 ? `${incidentsPath}?page=${page - 1}` : null,
    next: found.more ? `${incidentsPath}?page=${page + 1}` : null,
  };
}
