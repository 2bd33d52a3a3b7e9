/** What a person asks of the own enrolments. Each act is checked, written once, and leaves a line in the audit trail. */
import { offeredToday } from '../../catalogue/model/duplicates.ts';
import { paidSince } from '../../catalogue/model/history.ts';
import type { Course, CourseId } from '../../catalogue/model.ts';
import type { HistoryStore } from '../../catalogue/store/history.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import { AppError } from '../../errors.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, requireAccount } from '../../rights.ts';
import {
  choicesOf,
  coursesShown,
  type DeclaredState,
  declareStep,
  type Enrolment,
  type FrozenStep,
  frozenPathway,
  groupOf,
  isOffered,
  lastTouched,
  newEnrolment,
  nextStep,
  resume,
  statusOf,
  stop,
} from '../model/enrolment.ts';
import type {
  EnrolmentForm,
  EnrolmentPage,
  EnrolmentResult,
  GoneCourse,
  LearnerSpace,
  Offer,
  RetiredPathway,
  StepToday,
} from '../model/enrolment-pages.ts';
import type { Pathway } from '../model.ts';
import type { EnrolmentStore } from '../store/enrolments.ts';

/** The words a person agrees to; kept with the enrolment as they are on the screen. */
export const consentWords =
  "J'accepte que mon inscription à ce parcours et l'avancement de mes étapes soient enregistrés ici, pour les retrouver dans mon espace.";

export interface EnrolmentParts {
  readonly enrolments: EnrolmentStore;
  readonly courses: Pick<CourseStore, 'byIds' | 'similarTo'>;
  readonly history: Pick<HistoryStore, 'ofCourse'>;
  readonly pathways: {
    /** Living pathways. */
    list(): Promise<readonly Pathway[]>;
    /** Retired ones too. @throws AppError `not-found` */
    bySlug(slug: string): Promise<Pathway>;
  };
  readonly audit: Pick<Audit, 'record'>;
  now(): Date;
  newId(): string;
}

/** Every function throws AppError `unauthenticated` for a visitor and `not-found` for the enrolment of somebody else. */
export interface Enrolments {
  /** What would be recorded. @throws AppError `not-found` for an unknown pathway */
  form(actor: Actor, slug: string): Promise<EnrolmentForm>;
  /**
   * Records the enrolment only when the person agreed, and to what can be begun now.
   * @param sent.choices what the form carried (`Offer.choices`)
   */
  enrol(
    actor: Actor,
    slug: string,
    sent: { readonly agreed: boolean; readonly choices: string },
  ): Promise<EnrolmentResult>;
  space(actor: Actor): Promise<LearnerSpace>;
  one(actor: Actor, id: string): Promise<EnrolmentPage>;
  /** @throws AppError `not-found` for an unknown step, `conflict` while the pathway is stopped */
  declare(actor: Actor, id: string, stepId: string, state: DeclaredState): Promise<void>;
  stop(actor: Actor, id: string): Promise<void>;
  resume(actor: Actor, id: string): Promise<void>;
}

const mostEquivalents = 3;
const mostAttempts = 10;
/** Of a course: more changes than this since an enrolment are not looked through. */
const mostEvents = 100;

export function makeEnrolments(parts: EnrolmentParts): Enrolments {
  const { enrolments, courses, history, pathways, audit, now, newId } = parts;

  async function offerOf(pathway: Pathway): Promise<Offer> {
    const ids = pathway.steps.flatMap(({ main, alternatives }) => [main, ...alternatives].map((one) => one?.id ?? ''));
    const today = await coursesToday(ids);
    const frozen = frozenPathway(pathway, (id) => isOffered(today.get(id)));
    return { slug: pathway.slug, pathway: frozen, choices: choicesOf(frozen) };
  }

  async function coursesToday(ids: readonly CourseId[]): Promise<ReadonlyMap<CourseId, Course>> {
    const asked = [...new Set(ids)].filter((id) => id !== '');
    return asked.length === 0 ? new Map() : offeredToday(asked, courses.byIds);
  }

  /** The courses that say what these enrolments are today: alternatives are read only where the chosen course is gone. */
  async function coursesOf(list: readonly Enrolment[]): Promise<ReadonlyMap<CourseId, Course>> {
    const steps = list.flatMap(({ pathway }) => pathway.steps);
    const chosen = await coursesToday(steps.flatMap((step) => step.courses[0]?.id ?? []));
    const gone = steps.filter(({ courses: [first] }) => first !== undefined && !isOffered(chosen.get(first.id)));
    const others = await coursesToday(gone.flatMap((step) => step.courses.slice(1).map(({ id }) => id)));
    return new Map([...chosen, ...others]);
  }

  async function openForm(accountId: string, slug: string): Promise<EnrolmentForm & { readonly own?: Pathway }> {
    const pathway = await pathways.bySlug(slug);
    const own = await enrolments.byPathway(accountId, slug);
    if (own !== null) return { kind: 'already', id: own.id };
    if (isRetired(pathway)) return { kind: 'retired', pathway, living: await pathways.list() };
    return { kind: 'open', offer: await offerOf(pathway) };
  }

  /** Courses that the form showed and that can no longer be followed. */
  async function goneSince(choices: string, offer: Offer): Promise<readonly GoneCourse[]> {
    const shown = coursesShown(choices);
    const today = await coursesToday(shown);
    const gone = shown.filter((id) => !isOffered(today.get(id)));
    const position = new Map(choices.split(',').map((choice, index) => [choice.split(':')[1] ?? '', index]));
    return Promise.all(
      gone.map(async (id) => {
        const course = today.get(id) ?? null;
        const step = offer.pathway.steps[position.get(id) ?? -1];
        return { course, equivalents: await equivalentsOf(course, step === undefined ? [] : [step]) };
      }),
    );
  }

  /** Offered today: those that the same step names first, then the nearest of the catalogue. */
  async function equivalentsOf(gone: Course | null, steps: readonly Pick<FrozenStep, 'courses'>[]): Promise<Course[]> {
    const named = await coursesToday(steps.flatMap((step) => step.courses.map(({ id }) => id)));
    const near = gone === null ? [] : await courses.similarTo(gone, mostEquivalents);
    const all = new Map([...named.values(), ...near].map((course) => [course.id, course]));
    return [...all.values()].filter((course) => isOffered(course) && course.id !== gone?.id).slice(0, mostEquivalents);
  }

  async function ownEnrolment(accountId: string, id: string): Promise<Enrolment> {
    const enrolment = await enrolments.byId(accountId, id);
    if (enrolment === null) throw new AppError('not-found', 'INSCRIPTION_INCONNUE', "Cette page n'existe pas.");
    return enrolment;
  }

  /** Reads, decides and writes; decides again when another page wrote meanwhile. */
  async function change(
    actor: Actor,
    id: string,
    decide: (enrolment: Enrolment) => Enrolment,
    entry: Pick<Parameters<Audit['record']>[0], 'act' | 'details'>,
  ): Promise<void> {
    const accountId = requireAccount(actor, 'pathway:enrol');
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const enrolment = await ownEnrolment(accountId, id);
      const changed = decide(enrolment);
      if (changed === enrolment) return;
      if (await enrolments.save(changed)) {
        await audit.record({ actor: accountId, target: id, ...entry });
        return;
      }
    }
    throw new AppError('conflict', 'INSCRIPTION_OCCUPEE', 'Une autre page change ce parcours. Recommencez.');
  }

  return {
    async form(actor, slug) {
      return openForm(requireAccount(actor, 'pathway:enrol'), slug);
    },

    async enrol(actor, slug, { agreed, choices }) {
      const accountId = requireAccount(actor, 'pathway:enrol');
      const form = await openForm(accountId, slug);
      if (form.kind !== 'open') return form;
      const { offer } = form;
      if (choices !== offer.choices) return { kind: 'changed', offer, gone: await goneSince(choices, offer) };
      if (!agreed) return { kind: 'consent-missing', offer };
      const id = newId();
      const { pathway } = offer;
      const added = await enrolments.add(
        newEnrolment({ id, accountId, pathwaySlug: slug, pathway, words: consentWords, now: now() }),
      );
      if (!added) {
        // The same form, sent twice at once.
        const own = await enrolments.byPathway(accountId, slug);
        return { kind: 'already', id: own?.id ?? id };
      }
      await audit.record({ actor: accountId, act: 'enrolment.created', target: id, details: { pathway: slug } });
      return { kind: 'enrolled', id };
    },

    async space(actor) {
      const all = await enrolments.ofAccount(requireAccount(actor, 'pathway:enrol'));
      const today = await coursesOf(all.filter(({ stoppedAt }) => stoppedAt === null));
      const list = all
        .map((enrolment) => ({
          enrolment,
          status: statusOf(enrolment, (id) => isOffered(today.get(id))),
          group: groupOf(enrolment),
        }))
        .sort((one, other) => lastTouched(other.enrolment).getTime() - lastTouched(one.enrolment).getTime());
      const first = list.find(({ group }) => group === 'under-way') ?? list.find(({ group }) => group === 'to-come');
      const step = first === undefined ? null : nextStep(first.enrolment);
      return {
        enrolments: list,
        next:
          first === undefined || step === null
            ? null
            : { enrolment: first.enrolment, step: await stepToday(first.enrolment, step, today) },
      };
    },

    async one(actor, id) {
      const enrolment = await ownEnrolment(requireAccount(actor, 'pathway:enrol'), id);
      const [today, living] = await Promise.all([coursesOf([enrolment]), currentPathway(enrolment.pathwaySlug)]);
      const steps = await Promise.all(
        enrolment.pathway.steps.map(async (step) => {
          const shown = await stepToday(enrolment, step, today);
          if (shown.progress.state === 'done' || isOffered(shown.course ?? undefined)) return shown;
          return { ...shown, equivalents: await equivalentsOf(shown.course, [step, ...namedNow(living, step.id)]) };
        }),
      );
      const next = enrolment.stoppedAt === null ? nextStep(enrolment) : null;
      return {
        enrolment,
        status: statusOf(enrolment, (course) => isOffered(today.get(course))),
        steps,
        next: steps.find(({ step }) => step.id === next?.id) ?? null,
        retired: living?.retired ?? null,
      };
    },

    declare(actor, id, stepId, state) {
      const decide = (enrolment: Enrolment) => {
        if (enrolment.stoppedAt !== null) {
          throw new AppError(
            'conflict',
            'PARCOURS_ARRETE',
            'Ce parcours est arrêté. Reprenez-le pour changer une étape.',
          );
        }
        const changed = declareStep(enrolment, stepId, state, now());
        if (changed === null) throw new AppError('not-found', 'ETAPE_INCONNUE', "Cette page n'existe pas.");
        return changed;
      };
      return change(actor, id, decide, { act: 'enrolment.step-declared', details: { step: stepId, state } });
    },

    stop(actor, id) {
      return change(actor, id, (enrolment) => stop(enrolment, now()), { act: 'enrolment.stopped' });
    },

    resume(actor, id) {
      return change(actor, id, resume, { act: 'enrolment.resumed' });
    },
  };

  async function stepToday(
    enrolment: Enrolment,
    step: FrozenStep,
    today: ReadonlyMap<CourseId, Course>,
  ): Promise<StepToday> {
    const progress = enrolment.steps.find(({ stepId }) => stepId === step.id);
    const [chosen] = step.courses;
    const course = chosen === undefined ? null : (today.get(chosen.id) ?? null);
    const events = course === null ? [] : await history.ofCourse(course.id, mostEvents);
    return {
      step,
      progress: progress ?? { stepId: step.id, state: 'to-start', since: enrolment.createdAt },
      course,
      paidSince: paidSince(events, enrolment.createdAt),
      equivalents: [],
    };
  }

  async function currentPathway(slug: string): Promise<Pathway | null> {
    try {
      return await pathways.bySlug(slug);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not-found') return null;
      throw error;
    }
  }
}

function isRetired(pathway: Pathway): pathway is RetiredPathway {
  return pathway.retired !== null;
}

/** What the pathway offers for this step now. */
function namedNow(pathway: Pathway | null, stepId: string): Pick<FrozenStep, 'courses'>[] {
  const step = pathway?.steps.find(({ id }) => id === stepId);
  if (step === undefined) return [];
  return [{ courses: [...(step.main === null ? [] : [step.main]), ...step.alternatives] }];
}
