/** Pathways as pages and cards print them: ordered steps, hours, totals that say what they leave out. */
import {
  type Badge,
  type Card,
  type Fact,
  isStacked,
  type Keep,
  keepOf,
  type PriceCell,
} from '../catalogue/model/card.ts';
import { cpfBadge } from '../catalogue/model/cpf-words.ts';
import { freshness, pricesFreshness } from '../catalogue/model/freshness.ts';
import { type PriceLineName, priceLineNames, shortPriceText } from '../catalogue/model/prices.ts';
import { certificationState } from '../framework/model/certification.ts';
import type { Certification } from '../framework/model/reference.ts';
import { foldedTitle } from '../framework/model/text.ts';
import type { Framework } from '../framework/model.ts';
import { count, duration, french, listed, longDate, shortDate } from '../platform/web/format.ts';
import type { Pathway, PathwayStep, StepCourse } from './model.ts';
import { type EndOfLifeModel, endOfLifeModel, zeroSentence } from './view-models/claims.ts';
import {
  accessSentence,
  lineAt,
  oldestReading,
  shortTotal,
  stateOf,
  stepNumbers,
  totalText,
  withCorrected,
} from './view-models/totals.ts';

type Reference = Pick<Framework, 'certifications' | 'occupations' | 'bands' | 'competences'>;

interface Row {
  readonly label: string;
  readonly text: string;
}

interface CourseModel {
  readonly title: string;
  readonly href: string;
  readonly cpf: Badge;
  readonly facts: readonly Fact[];
  readonly prices: readonly PriceCell[];
  readonly stacked: boolean;
  readonly freshness: string;
  /** The four prices in one line. */
  readonly line: string;
}

interface StepModel {
  readonly title: string;
  readonly why: string;
  readonly hours: string;
  readonly competences: readonly { readonly text: string; readonly href: string }[];
  readonly main: CourseModel | null;
  readonly alternatives: readonly CourseModel[];
  readonly alternativesText: string;
  readonly uncovered: string | null;
}

export interface PathwayModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: string;
  readonly heading: string;
  readonly aim: string;
  readonly audience: string;
  readonly facts: readonly Fact[];
  readonly progress: string;
  readonly hours: string;
  readonly squares: readonly { readonly covered: boolean }[];
  readonly steps: readonly StepModel[];
  readonly totals: readonly Row[];
  readonly totalsCaption: string;
  readonly access: string | null;
  /** « 0 € possible avec le CPF » with its conditions. */
  readonly zero: string | null;
  /** Of the certification aimed at. */
  readonly endOfLife: EndOfLifeModel | null;
  readonly keep: Keep;
  /** Where one enrols. */
  readonly start: string;
  readonly certification: {
    readonly title: string;
    readonly href: string;
    readonly state: { readonly tone: string; readonly icon: string; readonly text: string };
    readonly rows: readonly Row[];
    readonly source: string;
  } | null;
  readonly source: string;
}

const labels: Readonly<Record<PriceLineName, string>> = { course: 'Cours', certificate: 'Certificat', exam: 'Examen' };
const mine: PriceCell = { label: 'Pour vous', text: 'à calculer', mine: true };

export function pathwayAddress(slug: string): string {
  return `/parcours/${encodeURIComponent(slug)}`;
}

/** What the pathway costs one person: the total, the courses kept for its steps by address, and addresses that keep the answers. */
export interface ForYou {
  readonly total: string;
  readonly byCourse: ReadonlyMap<string, string>;
  keep(href: string): string;
}
const nobody: ForYou = { total: mine.text, byCourse: new Map(), keep: (href) => href };

export function pathwayModel(pathway: Pathway, reference: Reference, now: Date, forYou: ForYou = nobody): PathwayModel {
  const { steps, target } = pathway;
  const covered = steps.filter(({ main }) => main !== null);
  const providers = new Set(covered.map(({ main }) => main?.provider));
  const job = reference.occupations.find(({ code }) => code === target.rome);
  const readAt = oldestReading(pathway);
  return {
    title: `Parcours ${pathway.title}`,
    description: pathway.aim,
    noindex: false,
    section: '/parcours',
    heading: pathway.title,
    aim: pathway.aim,
    audience: pathway.audience,
    facts: [
      { icon: 'horloge', text: hoursText(pathway) },
      ...(target.certification === null ? [] : [{ icon: 'certificat', text: target.certification }]),
      ...(job === undefined ? [] : [{ icon: 'metier', text: french(`Métier visé : ${job.label} (ROME ${job.code})`) }]),
      ...(providers.size === 0 ? [] : [{ icon: 'organisme', text: count(providers.size, 'organisme') }]),
    ],
    progress: `${count(steps.length, 'étape')} sur ${steps.length} à terminer`,
    hours: hoursText(pathway),
    squares: steps.map(({ main }) => ({ covered: main !== null })),
    steps: steps.map((step) => stepModel(step, reference, now, forYou)),
    totals: [
      ...priceLineNames.map((name) => ({ label: labels[name], text: french(totalText(pathway, name, now)) })),
      { label: 'Pour vous', text: forYou.total },
    ],
    totalsCaption:
      readAt === null
        ? 'Prix du parcours'
        : french(
            withCorrected(`Prix du parcours, un cours par étape, relevés depuis le ${shortDate(readAt)}`, pathway),
          ),
    access: accessSentence(pathway, now),
    zero: zeroSentence(pathway),
    endOfLife: endOfLifeModel(pathway, now),
    keep: keepOf('parcours', pathway.slug, pathway.title, pathwayAddress(pathway.slug)),
    start: `${pathwayAddress(pathway.slug)}/inscription`,
    certification: target.certification === null ? null : certificationModel(target.certification, reference, now),
    source: french(
      `Choix des cours fait par la plateforme le ${shortDate(pathway.computedAt)}, d'après les catalogues des organismes.`,
    ),
  };
}

/** « de 120 à 180 h », « au moins 70 h, sans compter : étapes 2 et 4 ». */
export function hoursText({ steps, totals }: Pathway): string {
  const { min, max, unknownSteps } = totals.hours;
  if (unknownSteps.length === steps.length) return 'durée non communiquée par les organismes';
  if (unknownSteps.length > 0) {
    return french(`au moins ${duration(min * 60)}, sans compter : ${stepNumbers(steps, unknownSteps)}`);
  }
  return min === max ? duration(min * 60) : `de ${duration(min * 60)} à ${duration(max * 60)}`;
}

function stepModel(step: PathwayStep, { competences }: Reference, now: Date, forYou: ForYou): StepModel {
  const { main, alternatives, hours, uncoveredSince } = step;
  return {
    title: step.title,
    why: step.why,
    hours:
      hours === null
        ? 'durée non communiquée'
        : hours.min === hours.max
          ? duration(hours.min * 60)
          : `de ${duration(hours.min * 60)} à ${duration(hours.max * 60)}`,
    competences: step.competences.map((code) => ({
      text: `${code} ${competences.find((one) => one.code === code)?.fr ?? ''}`.trim(),
      href: `/competences/${encodeURIComponent(code)}`,
    })),
    main: main === null ? null : courseModel(main, now, forYou),
    alternatives: alternatives.map((course) => courseModel(course, now, forYou)),
    alternativesText: count(alternatives.length, 'autre cours pour cette étape', 'autres cours pour cette étape'),
    uncovered:
      main !== null
        ? null
        : uncoveredSince === null
          ? 'Aucun cours du catalogue ne couvre cette étape'
          : `Étape sans cours ouvert depuis le ${longDate(uncoveredSince)}`,
  };
}

const sessionWords: Readonly<Record<StepCourse['session'], string>> = {
  open: 'inscriptions ouvertes',
  coming: 'inscriptions à venir',
  closed: 'inscriptions fermées',
  unknown: 'dates non communiquées',
};

function courseModel(course: StepCourse, now: Date, { byCourse, keep }: ForYou): CourseModel {
  const href = `/cours/${encodeURIComponent(course.slug)}`;
  const forYou = byCourse.get(href) ?? mine.text;
  const cells = priceLineNames.map((name) => ({
    label: labels[name],
    text: shortPriceText(name, stateOf(lineAt(course, name, now)), course, now),
    mine: false,
  }));
  const read = pricesFreshness(course, now);
  return {
    title: course.title,
    href: keep(href),
    cpf: cpfBadge(course.cpf ?? null),
    facts: [
      { icon: 'organisme', text: course.provider },
      { icon: 'horloge', text: course.hours === null ? 'durée non communiquée' : duration(course.hours * 60) },
      { icon: 'agenda', text: sessionWords[course.session] },
      ...(course.missing ? [{ icon: 'alerte', text: 'absent du dernier catalogue relevé' }] : []),
      ...(course.demo ? [{ icon: 'question', text: 'cours de démonstration' }] : []),
    ],
    prices: [...cells, { ...mine, text: forYou }],
    stacked: isStacked(cells),
    freshness: read,
    line: [...cells.map(({ label, text }) => `${label} ${text}`), french(`Pour vous : ${forYou}`), read].join(' · '),
  };
}

function certificationModel(code: string, { certifications }: Reference, now: Date): PathwayModel['certification'] {
  const known: Certification | undefined = certifications.get(code);
  const state = certificationState(known, now);
  const day = (iso: string) => shortDate(new Date(`${iso}T12:00:00Z`));
  const end = known?.endOfRegistration ?? null;
  const registerDate = known?.registerDate ?? null;
  const ends = end === null ? '' : ` jusqu'au ${day(end)}`;
  const shapes = {
    active: { tone: 'ok', icon: 'coche', text: `Active${ends}` },
    ended: { tone: 'non', icon: 'ferme', text: "N'est plus active" },
    unknown: { tone: 'att', icon: 'question', text: 'État inconnu' },
  };
  return {
    title: known?.title ?? `Certification ${code}`,
    href: `/certifications/${code}`,
    state: shapes[state],
    rows: [
      { label: 'Code', text: code },
      {
        label: 'Certificateur',
        text: known === undefined || known.certifiers.length === 0 ? 'inconnu' : listed(known.certifiers),
      },
      ...(known?.blocks ?? []).map((block, position) => ({ label: `Bloc ${position + 1}`, text: block.title })),
      { label: "Fin d'enregistrement", text: end === null ? 'inconnue' : day(end) },
    ],
    source: french(
      `Source : répertoires de France compétences. ${registerDate === null ? 'Registre non lu.' : `Registre du ${day(registerDate)}.`}`,
    ),
  };
}

export function pathwayCard(pathway: Pathway, now: Date): Card {
  const { steps, target } = pathway;
  const providers = new Set(steps.flatMap(({ main }) => main?.provider ?? []));
  const readAt = oldestReading(pathway);
  const access = accessSentence(pathway, now);
  const totals = priceLineNames.map((name) => ({
    label: labels[name],
    text: french(shortTotal(pathway, name, now)),
    mine: false,
  }));
  const prices = [...totals, mine];
  const uncovered = steps.filter(({ main }) => main === null).length;
  return {
    title: pathway.title,
    href: pathwayAddress(pathway.slug),
    who: `Parcours de ${count(steps.length, 'étape')}${providers.size === 0 ? '' : ` avec ${count(providers.size, 'organisme')}`}`,
    badge: access === null ? null : { tone: 'ok', icon: 'coche', text: access },
    cpf: null,
    facts: [
      { icon: 'certificat', text: target.certification ?? 'Pas de certification visée' },
      { icon: 'horloge', text: hoursText(pathway) },
    ],
    prices,
    stacked: isStacked(prices),
    funding: null,
    zero: zeroSentence(pathway),
    freshness: readAt === null ? 'prix inconnus' : withCorrected(freshness(readAt, now), pathway),
    notes: uncovered === 0 ? [] : [`${count(uncovered, 'étape')} sans cours dans le catalogue`],
    keep: keepOf('parcours', pathway.slug, pathway.title, pathwayAddress(pathway.slug)),
  };
}

export interface PathwayListModel {
  readonly title: string;
  readonly description: string;
  readonly noindex: boolean;
  readonly section: string;
  readonly countText: string;
  readonly cards: readonly Card[];
}

export function pathwayListModel(pathways: readonly Pathway[], now: Date): PathwayListModel {
  return {
    title: 'Parcours',
    description: "Des cours mis dans l'ordre, du premier pas à la certification.",
    noindex: false,
    section: '/parcours',
    countText: pathways.length === 0 ? 'Aucun parcours publié.' : count(pathways.length, 'parcours', 'parcours'),
    cards: pathways.map((pathway) => pathwayCard(pathway, now)),
  };
}

export interface RetiredModel {
  readonly title: string;
  readonly description: null;
  readonly noindex: true;
  readonly section: string;
  readonly heading: string;
  readonly what: string;
  readonly reason: string;
  readonly nearest: readonly Card[];
}

/** @param living the living pathways, of which the nearest are shown */
export function retiredModel(
  pathway: Pathway & { readonly retired: NonNullable<Pathway['retired']> },
  living: readonly Pathway[],
  now: Date,
): RetiredModel {
  const { at, reason, nearest } = pathway.retired;
  const reasons = {
    'definition-removed': 'il a été retiré par la plateforme',
    'certification-ended': `la certification ${pathway.target.certification ?? 'visée'} n'est plus active`,
  } as const;
  return {
    title: `Ce parcours n'est plus proposé : ${pathway.title}`,
    description: null,
    noindex: true,
    section: '/parcours',
    heading: `Ce parcours n'est plus proposé depuis le ${longDate(at)}.`,
    what: pathway.title,
    reason: french(`Raison : ${reasons[reason]}.`),
    nearest: nearest
      .flatMap((slug) => living.find((other) => other.slug === slug) ?? [])
      .map((other) => pathwayCard(other, now)),
  };
}

const emptyWords = new Set([
  'les',
  'des',
  'une',
  'pour',
  'avec',
  'dans',
  'sur',
  'mon',
  'mes',
  'son',
  'ses',
  'aux',
  'est',
  'the',
]);

/** How many of the words typed are in the title, by their first letters; 0 when fewer than half are. */
export function titleMatch(words: string, title: string): number {
  const split = (text: string) =>
    foldedTitle(text)
      .split(' ')
      .filter((word) => word.length >= 3 && !emptyWords.has(word));
  const asked = [...new Set(split(words))];
  const known = split(title);
  const stem = (word: string) => word.slice(0, 6);
  const found = asked.filter((word) => known.some((other) => stem(other) === stem(word))).length;
  return found * 2 >= asked.length ? found : 0;
}
