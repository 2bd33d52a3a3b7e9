/** Search over published courses. Use cases know this interface only; app.ts chooses the adapter. */
import type { CourseId } from '../model.ts';

export const facetNames = ['provider', 'language', 'level', 'access', 'cpf', 'competence'] as const;
export type FacetName = (typeof facetNames)[number];

export interface Run {
  readonly start: Date | null;
  readonly end: Date | null;
  readonly enrolmentStart: Date | null;
  readonly enrolmentEnd: Date | null;
  readonly state: 'open' | 'coming' | 'closed' | 'unknown';
}

export interface IndexedCourse {
  readonly id: CourseId;
  readonly updatedAt: Date;
  /** Primary tag of the first language; 'und' when unknown. */
  readonly language: string;
  readonly title: string;
  /** Plain text. */
  readonly description: string;
  /** Words searched with their own weights. */
  readonly labels: {
    readonly provider: string;
    readonly level: string | null;
    readonly competences: readonly string[];
    /** « gratuit » and its like, so that they work as query words. */
    readonly access: string | null;
  };
  /** One value or many; « unknown » is a value of its own, never a no. */
  readonly facets: Readonly<Record<FacetName, readonly string[]>>;
  readonly runs: readonly Run[];
  readonly hours: number | null;
  /** Empty: place unknown. */
  readonly places: readonly { readonly lat: number; readonly lon: number }[];
}

export type Filters = Readonly<Partial<Record<FacetName, readonly string[]>>>;

export const sorts = ['relevance', 'start', 'duration'] as const;
export type Sort = (typeof sorts)[number];

export interface SearchQuery {
  /** As typed; cut at 100 characters. */
  readonly q: string;
  /** Values of one facet are OR, facets between them AND. */
  readonly filters: Filters;
  readonly sort: Sort;
  /** 1-based. */
  readonly page: number;
  /** Facets to count; each ignores its own filter. */
  readonly facets: readonly FacetName[];
  /** Search the words exactly as typed, without correction nor widening. */
  readonly literal?: boolean;
  /** Only these courses exist, for the results and for the counts. */
  readonly among?: ReadonlySet<CourseId>;
  /** Results of a page; `pageSize` unless told, `resultCap` at most. */
  readonly size?: number;
}

export interface FacetValue {
  readonly value: string;
  readonly count: number;
  readonly selected: boolean;
}

export const pageSize = 20;
/** Nothing is listed beyond this many results; the total stays exact. */
export const resultCap = 1_000;

export interface SearchPage {
  readonly ids: readonly CourseId[];
  readonly total: number;
  readonly page: number;
  /** Of the listable results (at most resultCap), at least 1. */
  readonly pages: number;
  readonly facets: Readonly<Partial<Record<FacetName, readonly FacetValue[]>>>;
  /** The words really searched when a typing mistake was corrected: « Résultats pour programmation python ». */
  readonly correction: string | null;
  /** Words added by synonyms: « Recherche élargie à : … ». */
  readonly widenedTo: readonly string[];
  /** Changes with every upsert or removal. */
  readonly version: number;
}

export interface Suggestion {
  readonly text: string;
  readonly kind: 'word' | 'title';
}

export interface IndexStats {
  readonly courses: number;
  readonly version: number;
  /** Milliseconds between the newest change applied and now, null before the first. */
  readonly lagMs: number | null;
}

export interface CourseIndex {
  /** Resolves when the first complete load has been applied. */
  ready(): Promise<void>;
  upsert(courses: readonly IndexedCourse[]): Promise<void>;
  remove(ids: readonly CourseId[]): Promise<void>;
  search(query: SearchQuery): Promise<SearchPage>;
  suggest(prefix: string, limit: number): Promise<readonly Suggestion[]>;
  stats(): IndexStats;
}

/** An index as seen by what feeds it. */
export interface FedCourseIndex extends CourseIndex {
  /** Said once the first complete load has been applied: `ready` resolves. */
  markReady(): void;
}
