/** What the use cases of enrolment answer and the pages print. */
import type { Course } from '../../catalogue/model.ts';
import type { Pathway } from '../model.ts';
import type {
  Enrolment,
  EnrolmentGroup,
  EnrolmentStatus,
  FrozenPathway,
  FrozenStep,
  StepProgress,
} from './enrolment.ts';
import type { Kept } from './kept.ts';

/** A step of an enrolment, with what its chosen course is today. */
export interface StepToday {
  readonly step: FrozenStep;
  readonly progress: StepProgress;
  /** The first course of the step; null when it had none, or when the catalogue has erased it. */
  readonly course: Course | null;
  /** N7: since when it is paid, when it was free on the day of the enrolment or later. */
  readonly paidSince: Date | null;
  /** Courses offered today; filled for a step that is not done and whose course is gone. */
  readonly equivalents: readonly Course[];
}

/** What a person is about to enrol in. */
export interface Offer {
  readonly slug: string;
  readonly pathway: FrozenPathway;
  /** What the form carries, so that sending it knows what was on the screen. */
  readonly choices: string;
}

/** A course that was on the form and can no longer be followed. */
export interface GoneCourse {
  /** null when the catalogue has erased it. */
  readonly course: Course | null;
  readonly equivalents: readonly Course[];
}

export type RetiredPathway = Pathway & { readonly retired: NonNullable<Pathway['retired']> };

export type EnrolmentForm =
  | { readonly kind: 'open'; readonly offer: Offer }
  | { readonly kind: 'already'; readonly id: string }
  | { readonly kind: 'retired'; readonly pathway: RetiredPathway; readonly living: readonly Pathway[] };

export type EnrolmentResult =
  | EnrolmentForm
  | { readonly kind: 'enrolled'; readonly id: string }
  | { readonly kind: 'consent-missing'; readonly offer: Offer }
  /** Nothing was recorded: the pathway is no longer what the form showed. */
  | { readonly kind: 'changed'; readonly offer: Offer; readonly gone: readonly GoneCourse[] };

export interface EnrolmentSummary {
  readonly enrolment: Enrolment;
  readonly status: EnrolmentStatus;
  readonly group: EnrolmentGroup;
}

export interface LearnerSpace {
  /** Of the enrolment touched last among those under way, else of the newest to come. */
  readonly next: { readonly enrolment: Enrolment; readonly step: StepToday } | null;
  /** Last touched first. */
  readonly enrolments: readonly EnrolmentSummary[];
}

export interface EnrolmentPage {
  readonly enrolment: Enrolment;
  readonly status: EnrolmentStatus;
  readonly steps: readonly StepToday[];
  /** null when every step is done, or when the person stopped. */
  readonly next: StepToday | null;
  /** Set when the pathway is no longer offered to others; an address of it is always kept. */
  readonly retired: Pathway['retired'];
}

export interface KeptList {
  /** Newest first, at most as many as were asked for. */
  readonly shown: readonly KeptToday[];
  readonly total: number;
}

/** What is kept, with what it is today; null when the catalogue has erased it. */
export type KeptToday =
  | { readonly kept: Kept; readonly course: Course | null; readonly similar: number }
  | { readonly kept: Kept; readonly pathway: Pathway | null };
