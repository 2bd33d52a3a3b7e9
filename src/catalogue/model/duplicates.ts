/**
 * One course that several sources give: what makes two records the same course, what only suggests it, and which of them has
 * the card. Every record stays a course of its own, kept by its source; being merged is a link between courses
 * (docs/adr/0005-duplicates.md).
 */
import { wordsOf } from '../../framework/model/text.ts';
import type { Course, CourseId, CourseState } from '../model.ts';

/**
 * Why two courses are one. `address`: the same page under the same title. `registry`: the same school (SIRET), the same
 * registered certifications and the same title. Both need exactly one such course in each source. `person`: somebody decided.
 */
export type MergeBasis = 'address' | 'registry' | 'person';

/** What is read of a course to compare it. */
export interface Candidate {
  readonly id: CourseId;
  readonly sourceId: string;
  readonly title: string;
  readonly url: string;
  readonly provider: { readonly id: string; readonly siret: string | null };
  /** RNCP and RS codes. */
  readonly codes: readonly string[];
  readonly hours: number | null;
  readonly firstPublishedAt: Date;
  /** Invented courses are only ever compared with invented ones. */
  readonly demo: boolean;
}

/** What two courses have in common; each empty value is « no ». */
export interface Evidence {
  /** Canonical address of both. */
  readonly address: string | null;
  readonly siret: string | null;
  readonly codes: readonly string[];
  /** Between 0 and 1: share of the words that both titles have. */
  readonly title: number;
  readonly sameProvider: boolean;
  readonly sameSite: boolean;
  readonly sameHours: boolean;
}

export interface FoundPair {
  readonly courses: readonly [CourseId, CourseId];
  /** Of each of them. */
  readonly sources: readonly [string, string];
  /** null: only proposed. */
  readonly basis: Exclude<MergeBasis, 'person'> | null;
  /** Between 0 and 1. */
  readonly score: number;
  readonly evidence: Evidence;
}

/** Below it two titles are not alike. */
const leastLikeness = 0.75;
/** A proposal needs this much: an identical title is just enough. */
export const leastScore = 0.6;
/** A title that more courses bear says nothing by itself. */
const commonTitle = 5;
const mostProposalsOfOne = 5;
/** Of the rare words of a title, those that find it. */
const findingWords = 3;
const commonWord = 50;
/** Courses read, or compared, between two pauses. */
const readAtOnce = 200;

const tracking = /^(utm_|mtm_|pk_|piwik_)|^(fbclid|gclid|msclkid|mc_cid|mc_eid|xtor|at_medium|at_campaign)$/i;

/**
 * One spelling for all addresses of one page: without scheme, `www.`, default port, final slash, anchor (that of a page drawn
 * in the browser, `#/…` or `#!…`, apart) nor tracking parameters; the others in alphabetic order.
 */
export function canonicalAddress(address: string): string {
  const url = new URL(address);
  const query = [...url.searchParams]
    .filter(([name]) => !tracking.test(name))
    .map((pair) => pair.map(encodeURIComponent));
  const search = query
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
  const anchor = /^#[/!]/.test(url.hash) ? url.hash : '';
  const host = url.host.replace(/^www\./, '');
  return `${host}${url.pathname.replace(/\/+$/, '')}${search === '' ? '' : `?${search}`}${anchor}`;
}

interface Read extends Candidate {
  readonly address: string;
  readonly words: ReadonlySet<string>;
  /** Words of the title in their order. */
  readonly folded: string;
}

function read(candidate: Candidate): Read {
  const stems = wordsOf(candidate.title).map(({ stem }) => stem);
  return { ...candidate, address: canonicalAddress(candidate.url), words: new Set(stems), folded: stems.join(' ') };
}

/** T33: two certifications are two things, whatever the title. */
function conflicts(a: readonly string[], b: readonly string[]): boolean {
  return a.length > 0 && b.length > 0 && !a.some((code) => b.includes(code));
}

export const certificationsConflict = (a: Pick<Candidate, 'codes'>, b: Pick<Candidate, 'codes'>): boolean =>
  conflicts(a.codes, b.codes);

function haveSameCodes(a: Candidate, b: Candidate): boolean {
  return a.codes.length === b.codes.length && a.codes.every((code) => b.codes.includes(code));
}

function likeness(a: Read, b: Read): number {
  const shared = [...a.words].filter((word) => b.words.has(word)).length;
  return shared === 0 ? 0 : (2 * shared) / (a.words.size + b.words.size);
}

/** « Niveau 1 » and « niveau 2 » differ by one word, and are two courses. */
function haveSameNumbers(a: Read, b: Read): boolean {
  const numbers = ({ words }: Read) => [...words].filter((word) => /\d/.test(word)).sort();
  return numbers(a).join(' ') === numbers(b).join(' ');
}

export function evidenceOf(one: Candidate, other: Candidate): Evidence {
  return sharedBy(read(one), read(other));
}

function sharedBy(a: Read, b: Read): Evidence {
  const hostOf = ({ address }: Read) => address.split('/')[0];
  return {
    address: a.address === b.address ? a.address : null,
    siret: a.provider.siret !== null && a.provider.siret === b.provider.siret ? a.provider.siret : null,
    codes: a.codes.filter((code) => b.codes.includes(code)),
    title: a.folded === b.folded ? 1 : likeness(a, b),
    sameProvider: a.provider.id === b.provider.id,
    sameSite: hostOf(a) === hostOf(b),
    sameHours: a.hours !== null && a.hours === b.hours,
  };
}

export function scoreOf(evidence: Evidence): number {
  const given =
    0.6 * evidence.title +
    (evidence.sameProvider ? 0.2 : 0) +
    (evidence.codes.length > 0 ? 0.1 : 0) +
    (evidence.sameSite ? 0.05 : 0) +
    (evidence.sameHours ? 0.05 : 0);
  return Math.round(Math.max(given, evidence.address === null ? 0 : 0.7) * 100) / 100;
}

/** The same two courses have one name, in whatever order they are given. */
export function pairIdOf([a, b]: readonly [CourseId, CourseId]): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}

function pairOf(a: Read, b: Read, basis: FoundPair['basis']): FoundPair {
  const evidence = sharedBy(a, b);
  const [one, other] = a.id < b.id ? [a, b] : [b, a];
  const names = { courses: [one.id, other.id], sources: [one.sourceId, other.sourceId] } as const;
  return { ...names, basis, score: scoreOf(evidence), evidence };
}

function groupedBy(list: readonly Read[], keyOf: (one: Read) => string | null): Map<string, Read[]> {
  const groups = new Map<string, Read[]>();
  for (const one of list) {
    const key = keyOf(one);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

const eachSourceOnce = (group: readonly Read[]) => new Set(group.map(({ sourceId }) => sourceId)).size === group.length;

/** Both demonstration or both real, of two sources, and not of two certifications. */
const comparable = (a: Read, b: Read) => a.sourceId !== b.sourceId && a.demo === b.demo && !conflicts(a.codes, b.codes);

/**
 * Compares courses with one another. It yields now and then, so that who calls it on a server can answer visitors meanwhile.
 * @returns at most one pair for two courses, automatic ones first
 */
export function* duplicatesAmong(candidates: readonly Candidate[]): Generator<void, readonly FoundPair[]> {
  const all: Read[] = [];
  for (const [at, candidate] of candidates.entries()) {
    all.push(read(candidate));
    if (at % readAtOnce === readAtOnce - 1) yield;
  }
  const found = new Map<string, FoundPair>();
  const counts = new Map<CourseId, number>();
  const propose = (a: Read, b: Read) => {
    const id = pairIdOf([a.id, b.id]);
    if (found.has(id) || !comparable(a, b)) return;
    const many = Math.max(counts.get(a.id) ?? 0, counts.get(b.id) ?? 0) >= mostProposalsOfOne;
    const pair = pairOf(a, b, null);
    if (many || pair.score < leastScore) return;
    found.set(id, pair);
    for (const one of [a, b]) counts.set(one.id, (counts.get(one.id) ?? 0) + 1);
  };
  const merge = (groups: ReadonlyMap<string, Read[]>, basis: Exclude<MergeBasis, 'person'>) => {
    for (const group of groups.values()) {
      if (group.length < 2) continue;
      const [first, ...others] = group.toSorted(
        (a, b) => a.firstPublishedAt.getTime() - b.firstPublishedAt.getTime() || (a.id < b.id ? -1 : 1),
      );
      if (first === undefined) continue;
      for (const other of others) {
        const sure =
          eachSourceOnce(group) && (haveSameCodes(first, other) || first.codes.length * other.codes.length === 0);
        if (!sure || !comparable(first, other)) propose(first, other);
        else if (!found.has(pairIdOf([first.id, other.id])))
          found.set(pairIdOf([first.id, other.id]), pairOf(first, other, basis));
      }
    }
  };
  merge(
    groupedBy(all, ({ address, folded, demo }) => `${demo} ${address}\n${folded}`),
    'address',
  );
  yield;
  merge(
    groupedBy(all, ({ provider: { siret }, codes, folded, demo }) =>
      siret === null || codes.length === 0 ? null : `${demo} ${siret} ${codes.toSorted().join(' ')}\n${folded}`,
    ),
    'registry',
  );
  yield;
  const pairs = (group: readonly Read[]) => {
    for (const [at, a] of group.entries()) for (const b of group.slice(at + 1)) propose(a, b);
  };
  // An address of several courses of a source is a general page: it says nothing of each.
  for (const group of groupedBy(all, ({ address }) => address).values()) if (eachSourceOnce(group)) pairs(group);
  yield;
  const popular = new Set<string>();
  for (const [folded, group] of groupedBy(all, ({ folded }) => folded)) {
    if (group.length <= commonTitle) pairs(group);
    else popular.add(folded);
  }
  const ofPopular = all.filter(({ folded }) => popular.has(folded));
  for (const keyOf of [({ provider }: Read) => provider.id, ({ codes }: Read) => codes[0] ?? null]) {
    const groups = groupedBy(ofPopular, (one) => {
      const key = keyOf(one);
      return key === null ? null : `${one.folded}\n${key}`;
    });
    for (const group of groups.values()) if (group.length <= commonWord) pairs(group);
  }
  yield;
  yield* alikeTitles(all, propose);
  return [...found.values()];
}

/** Titles that share one of their rarest words are compared whole. */
function* alikeTitles(all: readonly Read[], propose: (a: Read, b: Read) => void): Generator<void, void> {
  const bearers = new Map<string, Read[]>();
  for (const [at, one] of all.entries()) {
    if (at % readAtOnce === readAtOnce - 1) yield;
    for (const word of one.words) {
      const group = bearers.get(word);
      if (group === undefined) bearers.set(word, [one]);
      else if (group.length <= commonWord) group.push(one);
    }
  }
  for (const [at, one] of all.entries()) {
    if (at % readAtOnce === readAtOnce - 1) yield;
    const rare = [...one.words]
      .map((word) => bearers.get(word) ?? [])
      .filter((group) => group.length > 1 && group.length <= commonWord)
      .sort((a, b) => a.length - b.length)
      .slice(0, findingWords);
    for (const other of new Set(rare.flat())) {
      if (one.id >= other.id || one.folded === other.folded || !comparable(one, other)) continue;
      if (likeness(one, other) >= leastLikeness && haveSameNumbers(one, other)) propose(one, other);
    }
  }
}

/** What decides of the card of a group. */
export interface Member {
  readonly id: CourseId;
  readonly state: CourseState;
  readonly firstPublishedAt: Date | null;
  /** Those that it stands for: it has the card now. */
  readonly offers: readonly CourseId[];
}

export const isShown = (state: CourseState): boolean => state === 'published' || state === 'missing';

/**
 * The one whose page and card stand for the group: who has it keeps it while it is offered; else the first published of those
 * offered; when none is, nothing changes.
 */
export function cardHolder<Some extends Member>(members: readonly [Some, ...Some[]]): Some {
  const byAge = members.toSorted(
    (a, b) =>
      (a.firstPublishedAt?.getTime() ?? Number.POSITIVE_INFINITY) -
        (b.firstPublishedAt?.getTime() ?? Number.POSITIVE_INFINITY) || (a.id < b.id ? -1 : 1),
  );
  const offered = byAge.filter(({ state }) => isShown(state));
  const pool = offered.length > 0 ? offered : byAge;
  return pool.find(({ offers }) => offers.length > 0) ?? pool[0] ?? members[0];
}

/** Groups of courses linked with one another, each in the order of its ids; a course without link is a group of one. */
export function linkedGroups(
  ids: readonly CourseId[],
  links: readonly (readonly [CourseId, CourseId])[],
): readonly (readonly CourseId[])[] {
  const rootOf = new Map(ids.map((id) => [id, id]));
  const root = (id: CourseId): CourseId => {
    const above = rootOf.get(id) ?? id;
    return above === id ? id : root(above);
  };
  for (const [a, b] of links) if (rootOf.has(a) && rootOf.has(b)) rootOf.set(root(a), root(b));
  const groups = new Map<CourseId, CourseId[]>();
  for (const id of [...new Set(ids)].sort()) groups.set(root(id), [...(groups.get(root(id)) ?? []), id]);
  return [...groups.values()];
}

/** What is offered of a group today, the holder of the card first; empty when nothing is. */
export function offersAmong(members: readonly Course[]): readonly Course[] {
  const [first, ...others] = members;
  if (first === undefined) return [];
  const holder = cardHolder([first, ...others]);
  return [holder, ...members.filter((member) => member !== holder)].filter(({ state }) => isShown(state));
}

type ReadCourses = (ids: readonly CourseId[]) => Promise<readonly Course[]>;

/** All courses of the groups of these ones, by the id of each. Reads nothing when none of them is merged. */
export async function groupsOf(courses: readonly Course[], byIds: ReadCourses): Promise<Map<CourseId, Course[]>> {
  const known = new Map(courses.map((course) => [course.id, course]));
  const more = async (ids: readonly CourseId[]) => {
    const missing = [...new Set(ids)].filter((id) => !known.has(id));
    if (missing.length > 0) for (const course of await byIds(missing)) known.set(course.id, course);
  };
  await more(courses.flatMap(({ mergedInto }) => mergedInto ?? []));
  const holderOf = (course: Course) => known.get(course.mergedInto ?? course.id) ?? course;
  await more(courses.flatMap((course) => holderOf(course).offers));
  return new Map(
    courses.map((course) => {
      const holder = holderOf(course);
      return [course.id, [holder, ...holder.offers.flatMap((id) => known.get(id) ?? [])]];
    }),
  );
}

/** By the id asked; one that is no longer offered is given as the living course that it is merged with. */
export async function offeredToday(
  ids: readonly CourseId[],
  byIds: ReadCourses,
): Promise<ReadonlyMap<CourseId, Course>> {
  const found = await byIds(ids);
  const groups = await groupsOf(
    found.filter(({ state }) => !isShown(state)),
    byIds,
  );
  return new Map(found.map((course) => [course.id, offersAmong(groups.get(course.id) ?? [])[0] ?? course]));
}
