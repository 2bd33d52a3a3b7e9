/** What the use cases answer and the pages print. */
import type { AccessCode } from '../../eligibility/model.ts';
import type { DigcompCompetence } from '../../framework/model/reference.ts';
import type { Course, CourseId } from '../model.ts';
import type { FacetName, FacetValue } from '../search/course-index.ts';
import type { Card } from './card.ts';
import type { Choice, SearchRequest } from './choices.ts';
import type { CourseEvent } from './history.ts';
import type { ProviderFacts } from './provider-facts.ts';

export interface CatalogueFigures {
  /** Courses in the lists. */
  readonly published: number;
  /** Most recent « relevé le » among them. */
  readonly newestHarvest: Date | null;
  readonly byAccess: Readonly<Record<AccessCode, number>>;
  readonly providers: number;
}

export interface Home {
  readonly summary: CatalogueFigures;
  /** Courses per competence code. */
  readonly counts: ReadonlyMap<string, number>;
  readonly pathways: readonly Card[];
  /** Words that find something today. */
  readonly examples: readonly string[];
}

/** A step of a pathway that offers a course. */
export interface StepLink {
  readonly title: string;
  readonly href: string;
  readonly step: number;
}

export type CoursePage =
  | { readonly kind: 'moved'; readonly slug: string }
  /** Another course stands for it: `slug` is the page, `offer` its place there. */
  | { readonly kind: 'merged'; readonly slug: string; readonly offer: CourseId }
  | { readonly kind: 'withdrawn'; readonly course: Course; readonly equivalents: readonly Course[] }
  | {
      readonly kind: 'course';
      /** The offer that is shown. */
      readonly course: Course;
      /** What the same course is offered as, the one that the page is named after first; alone when nothing is merged. */
      readonly offers: readonly Course[];
      /** The offer that was asked for, when it is no longer one. */
      readonly goneOffer: Course | null;
      readonly steps: readonly StepLink[];
      readonly failingSince: Date | null;
      /** Set while the course is absent from its source. */
      readonly withdrawnOn: Date | null;
      /** Since when the link to the school is dead; null while it is not. */
      readonly linkDeadSince: Date | null;
      /** Newest first. */
      readonly history: readonly CourseEvent[];
    };

export interface CompetencePage {
  readonly competence: DigcompCompetence;
  readonly total: number;
  readonly courses: readonly Course[];
}

export interface ProviderPage {
  readonly id: string;
  /** Proofs about the school; null when nothing is known, or it gives no SIRET. */
  readonly facts: ProviderFacts | null;
  /** What the training account lacks to pay them, by course. */
  readonly advice: ReadonlyMap<string, string>;
  readonly courses: readonly Course[];
  readonly total: number;
  readonly failing: ReadonlyMap<string, Date>;
}

/** A way out of an empty result; `count` is what following it gives. */
export type Proposal =
  | { readonly kind: 'without'; readonly choice: Choice; readonly count: number }
  | { readonly kind: 'without-filters'; readonly count: number }
  | { readonly kind: 'without-nothing-to-pay'; readonly count: number }
  | { readonly kind: 'subject'; readonly words: string; readonly count: number };

export interface SearchResult {
  /** What was really searched: known values only, a page that exists. */
  readonly request: SearchRequest;
  readonly ignored: readonly Choice[];
  /** With « Rien à payer pour moi », how many courses were judged, of those that could cost nothing; null without it. */
  readonly lookedAt: { readonly courses: number; readonly of: number; readonly withBalance: boolean } | null;
  /** The page asked for was past the end. */
  readonly pastEnd: boolean;
  readonly total: number;
  readonly pages: number;
  readonly courses: readonly Course[];
  /** The other offers of those that stand for several. */
  readonly otherOffers: ReadonlyMap<CourseId, readonly Course[]>;
  /** Sources that fail now, among those of the courses shown. */
  readonly failing: ReadonlyMap<string, Date>;
  readonly facets: Readonly<Record<FacetName, readonly FacetValue[]>>;
  /** Names of the schools among the facet values. */
  readonly providerNames: ReadonlyMap<string, string>;
  readonly correction: string | null;
  readonly widenedTo: readonly string[];
  readonly pathways: readonly Card[];
  readonly summary: CatalogueFigures;
  /** Empty unless nothing was found. */
  readonly proposals: readonly Proposal[];
}
