/** The page of a course: everything the source says, where it comes from, and what it does not say. */

import { certificationState } from '../../framework/model/certification.ts';
import type { Certification } from '../../framework/model/reference.ts';
import type { AlignedCompetence, Framework } from '../../framework/model.ts';
import { count, french, longDate, shortDate } from '../../platform/web/format.ts';
import { courseAddress } from '../model/addresses.ts';
import { type Badge, type Fact, type Keep, keepOf } from '../model/card.ts';
import { correctedBy, correctedNames, correctedSentences } from '../model/corrections.ts';
import { zeroPossibleNow } from '../model/cpf.ts';
import { cpfBadge, zeroConditions, zeroLabel } from '../model/cpf-words.ts';
import { freshness, silentSince } from '../model/freshness.ts';
import type { CoursePage } from '../model/pages.ts';
import {
  accessNow,
  accessText,
  fundedText,
  priceCorrectionsOf,
  priceLineNames,
  pricesOf,
  priceText,
} from '../model/prices.ts';
import { datesOf, dateText, enrolmentText, inOrder, isSelfPaced, stateAt } from '../model/sessions.ts';
import { catalogueOf, deadLink } from '../model/source-words.ts';
import type { Course, Session } from '../model.ts';
import { priceLabels } from './card.ts';
import { type HistoryLine, historyLines } from './history.ts';
import { goneOfferText, type OffersModel, offersModel } from './offers.ts';
import { diplomaLevel, effortText, languagesText, levelName, modalityText, unsaid } from './words.ts';

type Reference = Pick<Framework, 'bands' | 'competences' | 'certifications'>;

interface Row {
  readonly label: string;
  readonly text: string;
}

interface CertificationModel {
  readonly code: string;
  readonly title: string;
  readonly state: Badge;
  readonly rows: readonly Row[];
  readonly source: string;
}

interface CompetenceModel {
  readonly code: string;
  readonly title: string;
  readonly href: string;
  readonly how: string;
}

interface SessionModel {
  readonly state: string;
  readonly start: string;
  readonly end: string;
  readonly enrolment: string;
  readonly place: string;
}

export interface CourseModel {
  readonly title: string;
  readonly description: string | null;
  readonly noindex: boolean;
  readonly section: string;
  readonly heading: string;
  readonly provider: { readonly name: string; readonly href: string };
  readonly alerts: readonly string[];
  readonly badges: readonly Badge[];
  readonly facts: readonly Fact[];
  readonly prices: readonly (Row & { readonly mine: boolean })[];
  readonly pricesSource: string;
  readonly access: { readonly heading: string; readonly text: string; readonly quote: string | null } | null;
  /** « 0 € possible avec le CPF » over its two conditions; null when that is not known to be so. */
  readonly zero: { readonly heading: string; readonly text: string } | null;
  /** null for a course that one source offers. */
  readonly offers: OffersModel | null;
  readonly exit: { readonly href: string; readonly text: string };
  readonly keep: Keep;
  readonly freshness: string;
  readonly steps: readonly { readonly title: string; readonly href: string; readonly step: string }[];
  readonly objectives: readonly string[];
  /** Cleaned by the harvest; '' when the source gives none. */
  readonly descriptionHtml: string;
  readonly certifications: readonly CertificationModel[];
  /** Said when there is no registered certification. */
  readonly certificate: string;
  readonly practice: readonly Row[];
  readonly sessionsHeading: string;
  readonly sessions: readonly SessionModel[];
  readonly questions: readonly string[];
  readonly competences: readonly CompetenceModel[];
  readonly history: readonly HistoryLine[];
  readonly provenance: readonly { readonly field: string; readonly source: string; readonly date: string }[];
  readonly source: string;
}

const shownSessions = 30;

/** @param forYou the fourth line of the prices, by the answers of the person */
export function courseModel(
  page: CoursePage & { kind: 'course' },
  reference: Reference,
  now: Date,
  forYou = 'à calculer',
): CourseModel {
  const { course } = page;
  const { draft, alignment, harvestedAt } = course;
  const source = [
    `Source : ${catalogueOf(course.sourceTitle)}, relevé le ${shortDate(harvestedAt)}.`,
    ...correctedSentences(course),
  ].join(' ');
  const sessions = inOrder(draft.sessions, now);
  const zero = zeroPossibleNow(course, now);
  const open = sessions.filter((session) => stateAt(session, now) === 'open').length;
  return {
    title: `${draft.title}, ${draft.provider.name}`,
    description: draft.description === '' ? null : draft.description.replace(/\s+/g, ' ').slice(0, 155),
    // Each offer has a text of its own under one address: search engines have the first.
    noindex: course.demo || course.id !== page.offers[0]?.id,
    section: '/catalogue',
    heading: draft.title,
    provider: { name: draft.provider.name, href: `/organismes/${encodeURIComponent(course.providerId)}` },
    alerts: alertsOf(page, now).map(french),
    badges: badgesOf(course, now),
    facts: factsOf(course, reference),
    prices: pricesModel(course, now, forYou),
    pricesSource: french(pricesSourceOf(course)),
    access: accessModel(course, now),
    zero: zero === null ? null : { heading: zeroLabel, text: `${zeroConditions(zero)}.` },
    offers: offersModel(page, now),
    exit: { href: draft.url, text: `S'inscrire chez ${draft.provider.name} (nouveau site)` },
    keep: keepOf('cours', course.id, draft.title, courseAddress(course.slug)),
    freshness: [
      freshness(harvestedAt, now),
      ...(page.failingSince === null ? [] : [silentSince(page.failingSince)]),
    ].join(' ; '),
    steps: page.steps.map(({ title, href, step }) => ({ title, href, step: `Étape ${step}` })),
    objectives: draft.objectives,
    descriptionHtml: draft.descriptionHtml,
    certifications: alignment.certifications.map(({ code }) =>
      certificationModel(code, reference.certifications.get(code), now),
    ),
    certificate: certificateText(course),
    practice: practiceRows(course),
    sessionsHeading: sessionsHeading(sessions, open),
    sessions: sessions.slice(0, shownSessions).map((session) => sessionModel(session, now)),
    questions: questions,
    competences: alignment.competences
      .filter((one) => one.score >= alignment.threshold)
      .map((one) => competenceModel(one, reference, alignment.frameworkVersion)),
    history: historyLines(course, page.history),
    provenance: provenanceOf(course),
    source: french(source),
  };
}

function alertsOf(
  { course, withdrawnOn, linkDeadSince, goneOffer }: CoursePage & { kind: 'course' },
  now: Date,
): readonly string[] {
  const { missingSince, restoredAt, alignment } = course;
  return [
    ...(goneOffer === null ? [] : [goneOfferText(goneOffer)]),
    ...(missingSince !== null && withdrawnOn !== null
      ? [
          `Absent du ${catalogueOf(course.sourceTitle)} depuis le ${longDate(missingSince)} ; il sera retiré le ${longDate(withdrawnOn)} s'il ne revient pas.`,
        ]
      : []),
    ...(linkDeadSince === null ? [] : [`${deadLink(linkDeadSince)}.`]),
    ...(restoredAt !== null && restoredAt <= now ? [`De nouveau proposé depuis le ${longDate(restoredAt)}.`] : []),
    ...(alignment.digital === null
      ? ['Sujet numérique à vérifier : nous ne savons pas encore juger un cours dans cette langue.']
      : []),
    ...(course.demo ? ['Cours de démonstration : cet organisme et ce cours sont inventés.'] : []),
  ];
}

function badgesOf(course: Course, now: Date): readonly Badge[] {
  const enrolment = enrolmentText(course.draft.sessions, now);
  const shapes = {
    open: { tone: 'ok', icon: 'coche' },
    coming: { tone: 'info', icon: 'agenda' },
    closed: { tone: 'non', icon: 'ferme' },
    unknown: { tone: 'att', icon: 'question' },
  } as const;
  return [{ ...shapes[enrolment.state], text: enrolment.text }, cpfBadge(course.cpf)];
}

function factsOf({ draft, alignment }: Course, { bands }: Reference): readonly Fact[] {
  const effort = effortText(draft);
  const paced = draft.sessions.some(isSelfPaced);
  const modality = modalityText(draft.modality);
  return [
    {
      icon: 'horloge',
      text: `${effort ?? 'Durée non communiquée'}${paced ? ', à votre rythme' : ''}`,
    },
    ...(modality === null ? [] : [modality]),
    ...(alignment.level === null
      ? []
      : [{ icon: 'niveau', text: `Niveau ${levelName(alignment.level, bands).toLowerCase()}` }]),
    { icon: 'langue', text: draft.languages.length === 0 ? 'Langue non communiquée' : languagesText(draft.languages) },
  ];
}

function pricesModel(course: Course, now: Date, forYou: string): CourseModel['prices'] {
  const prices = pricesOf(course.draft);
  return [
    ...priceLineNames.map((name) => ({
      label: priceLabels[name],
      text: priceText(name, prices[name], course, now),
      mine: false,
    })),
    { label: 'Pour vous', text: forYou, mine: true },
  ].map((row) => ({ ...row, text: french(row.text) }));
}

/** The condition stands beside the claim; a declared funding keeps the source's own words. */
function accessModel(course: Course, now: Date): CourseModel['access'] {
  const access = accessNow(course, now);
  const heading = "Pour les demandeurs d'emploi";
  const { fundedForJobSeekers } = course.draft;
  if (access.code === 'free-for-all') {
    const text = `Ce cours est ${accessText(access, course, now)}. Cela vaut aussi pour vous, sans condition.`;
    return { heading, text: french(text), quote: null };
  }
  if (fundedForJobSeekers !== null) {
    const text = `${fundedText(course.sourceTitle, course.harvestedAt)}. C'est une déclaration, pas une aide accordée : confirmez-la auprès de l'organisme.`;
    return { heading, text: french(text), quote: fundedForJobSeekers.text };
  }
  if (access.code !== 'content-free') return null;
  const sentence = accessText(access, course, now);
  return { heading: 'À savoir', text: french(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`), quote: null };
}

function certificationModel(code: string, known: Certification | undefined, now: Date): CertificationModel {
  const end = known?.endOfRegistration ?? null;
  const registerDate = known?.registerDate ?? null;
  const state = certificationState(known, now);
  const day = (iso: string) => shortDate(new Date(`${iso}T12:00:00Z`));
  const shapes: Readonly<Record<typeof state, Badge>> = {
    active: {
      tone: 'ok',
      icon: 'coche',
      text: end === null ? 'Active' : `Active jusqu'au ${end === null ? '' : day(end)}`,
    },
    ended: {
      tone: 'non',
      icon: 'ferme',
      text: end === null ? "N'est plus active" : `N'est plus active depuis le ${dayAfter(end)}`,
    },
    unknown: { tone: 'att', icon: 'question', text: 'État inconnu' },
  };
  const prolonged =
    state === 'ended' && known?.active !== false && end !== null && registerDate !== null && registerDate < end
      ? ` Notre registre date du ${day(registerDate)}, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.`
      : '';
  const read = registerDate === null ? 'Absente du registre que nous avons lu.' : `Registre du ${day(registerDate)}.`;
  return {
    code,
    title: known?.title ?? `Certification ${code}`,
    state: shapes[state],
    rows: [
      { label: 'Niveau', text: levelOf(code, known) },
      {
        label: 'Certificateur',
        text: known === undefined || known.certifiers.length === 0 ? 'inconnu' : known.certifiers.join(', '),
      },
      { label: "Fin d'enregistrement", text: end === null ? 'inconnue' : day(end) },
      ...(known !== undefined && known.replacedBy.length > 0
        ? [{ label: 'Remplacée par', text: known.replacedBy.join(', ') }]
        : []),
    ],
    source: french(`Source : répertoires de France compétences. ${read}${prolonged}`),
  };
}

function levelOf(code: string, known: Certification | undefined): string {
  if (code.startsWith('RS')) return 'pas de niveau (répertoire spécifique)';
  return known === undefined || known.level === null ? 'inconnu' : diplomaLevel(known.level);
}

/** A record ends the day after its end of registration. */
function dayAfter(iso: string): string {
  return shortDate(new Date(Date.parse(`${iso}T12:00:00Z`) + 86_400_000));
}

const certificateNames: Readonly<Record<Course['draft']['certificate']['type'], string>> = {
  attestation: 'Attestation de suivi',
  'record-of-achievement': 'Relevé de réussite',
  'paid-certificate': 'Certificat payant',
  registered: 'Certification inscrite à un répertoire national',
  none: 'Pas de certificat',
  unknown: "Certificat : non communiqué par l'organisme",
};

function certificateText({ draft, alignment }: Course): string {
  const name = french(certificateNames[draft.certificate.type]);
  return alignment.certifications.length > 0
    ? name
    : `${name}. Pas de certification inscrite au RNCP ou au RS annoncée.`;
}

function practiceRows({ draft }: Course): readonly Row[] {
  const said = (text: string | null | undefined) =>
    text === null || text === undefined || text.trim() === '' ? unsaid : text;
  const access = draft.accessibility;
  const modes = access === null || access.accessModes.length === 0 ? null : access.accessModes.join(', ');
  return [
    { label: 'Avant de commencer', text: said(draft.prerequisites) },
    { label: 'Matériel nécessaire', text: said(draft.equipment) },
    { label: 'Accessibilité du cours', text: said(access?.text ?? modes) },
    { label: 'Comment on vous évalue', text: said(draft.assessment) },
    { label: 'Durée', text: said(effortText(draft)) },
    { label: 'Lieu', text: said(modalityText(draft.modality)?.text) },
    { label: 'Langue', text: languagesText(draft.languages) },
    { label: "Niveau selon l'organisme", text: said(draft.level.label) },
    { label: 'Licence du contenu', text: said(draft.licence) },
  ];
}

function sessionsHeading(sessions: readonly Session[], open: number): string {
  if (sessions.length === 0) return 'Aucune date annoncée.';
  if (sessions.every(isSelfPaced)) return 'Ouvert, à votre rythme';
  return open === 0 ? 'Aucune session ouverte' : count(open, 'session ouverte', 'sessions ouvertes');
}

const stateWords = { open: 'ouverte', coming: 'à venir', closed: 'fermée', unknown: 'état non communiqué' } as const;

function sessionModel(session: Session, now: Date): SessionModel {
  const { start, end, enrolmentEnd } = datesOf(session);
  const { location } = session;
  const place = [location?.name, [location?.postalCode, location?.city].filter(Boolean).join(' ')]
    .filter(Boolean)
    .join(', ');
  if (isSelfPaced(session)) {
    const enrolment = enrolmentEnd === null ? 'sans date limite annoncée' : `jusqu'au ${shortDate(enrolmentEnd)}`;
    return {
      state: stateWords[stateAt(session, now)],
      start: 'quand vous voulez',
      end: 'à votre rythme',
      enrolment,
      place: place || 'lieu non précisé',
    };
  }
  return {
    state: stateWords[stateAt(session, now)],
    start: start === null ? 'non communiqué' : dateText(session, start),
    end: end === null ? 'non communiquée' : dateText(session, end),
    enrolment: enrolmentEnd === null ? 'non communiquée' : `jusqu'au ${shortDate(enrolmentEnd)}`,
    place: place || 'lieu non précisé',
  };
}

function competenceModel(one: AlignedCompetence, { competences }: Reference, version: string): CompetenceModel {
  const { code } = one;
  const words = one.evidence.slice(0, 3).map((evidence) => `« ${evidence} »`);
  const how = {
    declared: "déclarée par l'organisme",
    inferred: words.length === 0 ? 'déduite automatiquement' : `déduite automatiquement, d'après ${words.join(', ')}`,
    // The day of a review is not kept yet: the version of the framework it was made with is.
    reviewed: `relue par une personne (référentiel ${version})`,
  }[one.origin];
  return {
    code,
    title: competences.find((competence) => competence.code === code)?.fr ?? 'Compétence',
    href: `/competences/${encodeURIComponent(code)}`,
    how: french(how),
  };
}

/** J20: the same for every course, because nobody answers them in a catalogue. */
const questions: readonly string[] = [
  'De quel matériel ai-je besoin : ordinateur, logiciel, micro ?',
  'Quelle connexion faut-il, et puis-je suivre hors ligne ?',
  'Qui me répond si je suis bloqué, et en combien de temps ?',
  "À quel rythme faut-il avancer, et que se passe-t-il si je m'arrête un mois ?",
  "Comment se passe l'examen, où, et combien de fois puis-je le passer ?",
  'Quel est le prix total, certificat, examen et livres compris ?',
].map(french);

function pricesSourceOf(course: Course): string {
  const read = `Le prix vient du ${catalogueOf(course.sourceTitle)}, relevé le ${shortDate(course.harvestedAt)}.`;
  return [read, ...correctedSentences({ corrections: priceCorrectionsOf(course) })].join(' ');
}

/** One line per block of the page (T30). */
function provenanceOf(course: Course): CourseModel['provenance'] {
  const date = shortDate(course.harvestedAt);
  const own = catalogueOf(course.sourceTitle).replace(/^c/, 'C');
  const declared = course.alignment.competences.every(({ origin }) => origin === 'declared');
  return [
    { field: 'Titre, description, objectifs', source: own, date },
    { field: "Prix du cours, du certificat et de l'examen", source: own, date },
    { field: 'Sessions, durée, langue, lieu', source: own, date },
    { field: 'Prérequis, matériel, accessibilité, évaluation', source: own, date },
    {
      field: 'Compétences et niveau',
      source: declared ? own : `Calculés par la plateforme (${course.alignment.frameworkVersion})`,
      date,
    },
    {
      field: 'Certification préparée',
      source: `Numéro : ${catalogueOf(course.sourceTitle)}. État : registre de France compétences`,
      date,
    },
    ...(course.corrections ?? []).map(({ field, by, at }) => ({
      field: french(`Correction : ${correctedNames[field]}`),
      source: `Faite sur ce site ${correctedBy[by]}, par-dessus la source`,
      date: `corrigé le ${shortDate(at)}`,
    })),
  ];
}
