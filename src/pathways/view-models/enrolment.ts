/** Enrolments as pages print them: one status in words, the next thing to do, and what became of each course. */
import type { Badge, Fact } from '../../catalogue/model/card.ts';
import { enrolmentText } from '../../catalogue/model/sessions.ts';
import { catalogueOf } from '../../catalogue/model/source-words.ts';
import { count, french, longDate } from '../../platform/web/format.ts';
import type { FrozenStep } from '../model/enrolment.ts';
import { type DeclaredState, declaredStates, type EnrolmentStatus, isOffered, progressOf } from '../model/enrolment.ts';
import type { EnrolmentPage, KeptList, LearnerSpace, StepToday } from '../model/enrolment-pages.ts';
import { pathwayAddress } from '../view-models.ts';
import { type KeptRow, keptRows } from './kept.ts';
import { type SpaceLink, type SpacePage, spacePage } from './space.ts';
import { type CourseLink, courseHref, courseLink, equivalentsText, goneText, hoursText } from './step-words.ts';

interface StepAction {
  readonly state: DeclaredState;
  readonly label: string;
}

interface StepModel {
  readonly id: string;
  readonly title: string;
  readonly hours: string;
  readonly state: Badge;
  readonly since: string | null;
  readonly current: boolean;
  /** The chosen course as it was on the day of the enrolment; `href` only while its page is that of a living course. */
  readonly course: { readonly title: string; readonly provider: string; readonly href: string | null } | null;
  readonly alerts: readonly string[];
  readonly equivalents: readonly CourseLink[];
  readonly equivalentsText: string | null;
  readonly action: string;
  readonly choices: readonly StepAction[];
}

interface NextModel {
  readonly title: string;
  readonly course: CourseLink | null;
  readonly facts: readonly Fact[];
  readonly text: string;
  /** The one way out of the site. */
  readonly exit: { readonly href: string; readonly text: string } | null;
}

/** Said on every page where somebody might believe the contrary. */
export const nothingPaid = french(
  "Rien n'a été payé ici et rien n'a été commandé sur Mon Compte Formation. L'inscription à chaque cours se fait chez son organisme.",
);

export function enrolmentAddress(id: string): string {
  return `/mon-espace/parcours/${encodeURIComponent(id)}`;
}

/** The words of product 3.8. */
export function statusText(status: EnrolmentStatus): string {
  switch (status.kind) {
    case 'recorded':
      return `Inscription enregistrée le ${longDate(status.at)}`;
    case 'under-way':
      return french(`En cours : ${progressText(status.progress)}`);
    case 'finished':
      return `Terminé le ${longDate(status.at)}`;
    case 'stopped':
      return `Arrêté par vous le ${longDate(status.at)}`;
    case 'step-gone':
      return `${french("Une étape n'est plus proposée : ")}${status.title}`;
  }
}

const statusShapes: Readonly<Record<EnrolmentStatus['kind'], Omit<Badge, 'text'>>> = {
  recorded: { tone: 'info', icon: 'agenda' },
  'under-way': { tone: 'info', icon: 'info' },
  finished: { tone: 'ok', icon: 'coche' },
  stopped: { tone: 'non', icon: 'ferme' },
  'step-gone': { tone: 'att', icon: 'alerte' },
};

function statusBadge(status: EnrolmentStatus): Badge {
  return { ...statusShapes[status.kind], text: statusText(status) };
}

function progressText({ done, total }: { done: number; total: number }): string {
  return `${count(done, 'étape')} sur ${total}`;
}

const stateShapes: Readonly<Record<DeclaredState, Badge>> = {
  'to-start': { tone: 'info', icon: 'agenda', text: 'à commencer' },
  'enrolled-with-provider': { tone: 'info', icon: 'organisme', text: "inscrit chez l'organisme (déclaré par vous)" },
  done: { tone: 'ok', icon: 'coche', text: 'fait (déclaré par vous)' },
};

const actionLabels: Readonly<Record<DeclaredState, string>> = {
  'to-start': 'Remettre à commencer',
  'enrolled-with-provider': "Je suis inscrit chez l'organisme",
  done: "C'est fait",
};

export interface SpaceModel extends SpacePage {
  readonly heading: string;
  readonly intro: string | null;
  readonly empty: boolean;
  readonly nothingPaid: string;
  readonly next: (NextModel & { readonly href: string; readonly pathway: string }) | null;
  readonly groups: readonly {
    readonly id: string;
    readonly heading: string;
    readonly enrolments: readonly CardModel[];
  }[];
  readonly stopped: { readonly text: string; readonly href: string } | null;
  readonly kept: readonly KeptRow[];
  readonly moreKept: string | null;
}

interface CardModel {
  readonly title: string;
  readonly href: string;
  readonly status: Badge;
  readonly progress: string;
  readonly squares: readonly { readonly done: boolean }[];
  readonly note: string | null;
}

const groupHeadings = {
  'under-way': 'En cours',
  'to-come': 'À venir',
  finished: 'Terminés',
  stopped: 'Arrêtés',
} as const;

/** @param withStopped the person asked for the stopped ones too */
export function spaceModel(
  space: LearnerSpace,
  kept: KeptList,
  withStopped: boolean,
  links: readonly SpaceLink[],
  now: Date,
): SpaceModel {
  const { enrolments, next } = space;
  const stopped = enrolments.filter(({ group }) => group === 'stopped').length;
  const shown = (['under-way', 'to-come', 'finished', ...(withStopped ? (['stopped'] as const) : [])] as const).map(
    (group) => ({
      id: group,
      heading: groupHeadings[group],
      enrolments: enrolments.filter((one) => one.group === group).map(cardModel),
    }),
  );
  const done = enrolments.reduce((sum, { enrolment }) => sum + progressOf(enrolment).done, 0);
  const first = Math.min(...enrolments.map(({ enrolment }) => enrolment.createdAt.getTime()));
  return {
    ...spacePage('Mes parcours', '/mon-espace', links),
    heading: done > 0 ? 'Vous avancez bien' : 'Mes parcours',
    intro: done > 0 ? `${count(done, 'étape faite', 'étapes faites')} depuis le ${longDate(new Date(first))}.` : null,
    empty: enrolments.length === 0,
    nothingPaid,
    next:
      next === null
        ? null
        : {
            ...nextModel(next.step, 'dans la page de vos étapes', now),
            href: enrolmentAddress(next.enrolment.id),
            pathway: next.enrolment.pathway.title,
          },
    groups: shown.filter((group) => group.enrolments.length > 0),
    stopped:
      stopped === 0 || withStopped
        ? null
        : {
            text: `Voir ${count(stopped, 'parcours arrêté', 'parcours arrêtés')}`,
            href: '/mon-espace?arretes=1#stopped',
          },
    kept: keptRows(kept.shown),
    moreKept:
      kept.total > kept.shown.length
        ? `Voir ${count(kept.total, 'cours et parcours gardé', 'cours et parcours gardés')}`
        : null,
  };
}

function cardModel({ enrolment, status }: LearnerSpace['enrolments'][number]): CardModel {
  const { certification } = enrolment.pathway.target;
  return {
    title: enrolment.pathway.title,
    href: enrolmentAddress(enrolment.id),
    status: statusBadge(status),
    progress: progressText(progressOf(enrolment)),
    squares: squaresOf(enrolment),
    note: certification === null ? null : `Certification visée : ${certification}`,
  };
}

function squaresOf(enrolment: EnrolmentPage['enrolment']): CardModel['squares'] {
  const { done, total } = progressOf(enrolment);
  return Array.from({ length: total }, (_value, position) => ({ done: position < done }));
}

export interface EnrolmentPageModel extends SpacePage {
  readonly heading: string;
  readonly aim: string;
  readonly status: Badge;
  readonly progress: string;
  readonly squares: CardModel['squares'];
  readonly alerts: readonly string[];
  /** Said once, after the form. */
  readonly notice: string | null;
  readonly nothingPaid: string;
  readonly next: NextModel | null;
  readonly steps: readonly StepModel[];
  readonly stopped: boolean;
  readonly stop: string;
  readonly resume: string;
  readonly pathwayHref: string;
  readonly recorded: string;
  readonly consent: { readonly words: string; readonly at: string };
}

export function enrolmentPageModel(
  page: EnrolmentPage,
  already: boolean,
  links: readonly SpaceLink[],
  now: Date,
): EnrolmentPageModel {
  const { enrolment, status, next, retired } = page;
  const { pathway, id, consent, stoppedAt } = enrolment;
  const address = enrolmentAddress(id);
  return {
    ...spacePage(pathway.title, address, links),
    heading: pathway.title,
    aim: pathway.aim,
    status: statusBadge(status),
    progress: progressText(progressOf(enrolment)),
    squares: squaresOf(enrolment),
    alerts:
      retired === null
        ? []
        : [
            `Ce parcours n'est plus proposé depuis le ${longDate(retired.at)}. Votre inscription et vos étapes restent.`,
          ],
    notice: already ? 'Ce parcours est déjà dans votre espace.' : null,
    nothingPaid,
    next: next === null ? null : nextModel(next, 'ci-dessous', now),
    steps: page.steps.map((step) => stepModel(step, address, step === next, stoppedAt !== null, now)),
    stopped: stoppedAt !== null,
    stop: `${address}/arreter`,
    resume: `${address}/reprendre`,
    pathwayHref: pathwayAddress(enrolment.pathwaySlug),
    recorded: `Inscription enregistrée le ${longDate(enrolment.createdAt)}.`,
    consent: { words: french(consent.words), at: longDate(consent.at) },
  };
}

function stepModel(today: StepToday, address: string, current: boolean, stopped: boolean, now: Date): StepModel {
  const { step, progress, course, equivalents } = today;
  const [chosen] = step.courses;
  const offered = isOffered(course ?? undefined);
  const lost = !offered && progress.state !== 'done';
  return {
    id: step.id,
    title: step.title,
    hours: hoursText(step),
    state: stateShapes[progress.state],
    since: progress.state === 'to-start' ? null : `depuis le ${longDate(progress.since)}`,
    current,
    course:
      chosen === undefined
        ? null
        : { title: chosen.title, provider: chosen.provider, href: course === null ? null : courseHref(course) },
    alerts: alertsOf(today, now),
    equivalents: equivalents.map(courseLink),
    equivalentsText: lost ? equivalentsText(equivalents, chosen === undefined) : null,
    action: `${address}/etapes/${encodeURIComponent(step.id)}`,
    choices: stopped
      ? []
      : declaredStates
          .filter((state) => state !== progress.state)
          .map((state) => ({ state, label: french(actionLabels[state]) }))
          .reverse(),
  };
}

function alertsOf({ step, course, paidSince, progress }: StepToday, now: Date): readonly string[] {
  if (step.courses.length === 0) return [uncoveredText(step)];
  if (course === null) return ["Ce cours n'est plus dans le catalogue."];
  const kept = progress.state === 'done' ? ' Votre étape faite reste.' : '';
  if (!isOffered(course)) return [`${goneText(course)}${kept}`];
  const { missingSince, restoredAt } = course;
  return [
    ...turnedPaidText(paidSince),
    ...(course.state === 'missing' && missingSince !== null
      ? [`Absent du ${catalogueOf(course.sourceTitle)} depuis le ${longDate(missingSince)}.`]
      : []),
    ...(restoredAt !== null && restoredAt <= now ? [`De nouveau proposé depuis le ${longDate(restoredAt)}.`] : []),
  ];
}

function turnedPaidText(since: Date | null): readonly string[] {
  return since === null ? [] : [`Ce cours était gratuit. Il est payant depuis le ${longDate(since)}.`];
}

function uncoveredText({ uncoveredSince }: FrozenStep): string {
  return uncoveredSince === null
    ? "Aucun cours du catalogue ne couvrait cette étape le jour de l'inscription."
    : `Étape sans cours ouvert depuis le ${longDate(uncoveredSince)}`;
}

/** @param where the person says how far the step is, seen from the page that prints this */
function nextModel(today: StepToday, where: string, now: Date): NextModel {
  const { step, course, paidSince, progress } = today;
  const [chosen] = step.courses;
  if (chosen === undefined || course === null || !isOffered(course)) {
    const text = `Son cours n'est plus proposé. Choisissez un cours proche ${where}.`;
    const none = `Cette étape n'a pas de cours ouvert. Voyez les cours possibles ${where}.`;
    return { title: step.title, course: null, facts: [], text: chosen === undefined ? none : text, exit: null };
  }
  const provider = course.draft.provider.name;
  const enrolled = progress.state === 'enrolled-with-provider';
  const act = enrolled
    ? `Suivez ce cours chez ${provider}. Quand vous l'avez fini, dites-le ${where}.`
    : `Inscrivez-vous chez ${provider}, puis dites-le ${where}.`;
  return {
    title: step.title,
    course: courseLink(course),
    facts: [
      { icon: 'organisme', text: provider },
      { icon: 'horloge', text: hoursText(step) },
      { icon: 'agenda', text: enrolmentText(course.draft.sessions, now).text },
    ],
    text: [...turnedPaidText(paidSince), act].join(' '),
    exit: enrolled ? null : { href: course.draft.url, text: `S'inscrire chez ${provider} (nouveau site)` },
  };
}
