/**
 * The write stage: one batch against what is known. Courses are written before the marks: a crash in between leaves
 * courses that a resumed run finds by their run (`adoptUnmarked`), never a mark without its course.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CourseCorrection } from '../../catalogue/model/corrections.ts';
import { providerIdOf, type WithdrawalReason } from '../../catalogue/model.ts';
import {
  type CourseStanding,
  type CourseWrite,
  claimOf,
  type KnownCourse,
  keepReviewed,
  type WriteContext,
} from '../../catalogue/store/document.ts';
import type { CourseWriter, Owner } from '../../catalogue/store/writing.ts';
import type { Problem } from '../connector.ts';
import type { Reuse } from '../model/reuse.ts';
import type { HarvestSource } from '../model.ts';
import type { PatchStore } from '../store/patches.ts';
import type { KeptProblem, RawRecord, RecordMark, RecordStore, RunMark, Verdict } from '../store/records.ts';
import { type AlignedCourse, isOutOfScope, type Judged, notDigital } from './judge.ts';
import type { Judging } from './judge-ahead.ts';
import { keptProblem, type RecordOutcome } from './outcome.ts';
import { contentHash, correctionsOf, editOf, isNews, type Sighting } from './patches.ts';
import type { Batch, Entry } from './read.ts';
import { namesAnother, reusedProblem, reuseOf } from './reuse.ts';

export interface WriteStage {
  readonly courses: CourseWriter;
  readonly records: RecordStore;
  readonly source: HarvestSource;
  readonly runId: string;
  readonly attempt: number;
  /** Batches up to this one were written and counted before this attempt. */
  readonly committed: number;
  /** Judge everything again, whatever its hash: `harvest replay`. */
  readonly again: boolean;
  readonly judge: Judging['judge'];
  readonly patches: Pick<PatchStore, 'saw'>;
}

export interface BatchReport {
  /** Some are fresh again: what was judged of a price too old is to be judged again. */
  readonly freshAgain: boolean;
  readonly outcomes: readonly (RecordOutcome | 'repeated')[];
  readonly problems: readonly { readonly remoteId: string; readonly problems: readonly KeptProblem[] }[];
  readonly warnings: readonly { readonly remoteId: string; readonly problems: readonly KeptProblem[] }[];
}

/** Decisions of a person: a harvest that sees the record again does not undo them. */
const decided: ReadonlySet<WithdrawalReason> = new Set(['hors_perimetre', 'organisme_dereference', 'operateur']);

function comesBack(course: Pick<CourseStanding, 'state' | 'withdrawn'>): boolean {
  return course.state === 'withdrawn' && (course.withdrawn === null || !decided.has(course.withdrawn.reason));
}

export const contradictionCode = 'E_DOUBLON_CONTRADICTOIRE';

/** How one record of the batch ends, and what it asks to be written. */
export interface Settled {
  readonly entry: Entry;
  readonly outcome: RecordOutcome;
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly problems: readonly KeptProblem[];
  readonly warnings: readonly KeptProblem[];
  readonly claim: RecordMark['claim'];
  readonly write: CourseWrite | null;
  /** Its identifier names another course: the question, or the old course that gives it up. */
  readonly reuse?: Reuse;
  readonly givenUp?: KnownCourse;
  /** What its source says of the fields that a person corrected. */
  readonly sightings?: readonly Sighting[] | undefined;
}

function quarantined(entry: Entry, problems: readonly Problem[], claim: RecordMark['claim'] = null): Settled {
  const kept = problems.map(keptProblem);
  const nothing = { reason: null, warnings: [], write: null };
  return { entry, outcome: 'quarantined', verdict: 'quarantined', problems: kept, claim, ...nothing };
}

function ownedProblem(draft: KnownCourse['draft'], owner: Owner): Problem {
  const message = `Ce cours est déjà publié par la source ${owner.sourceTitle}.`;
  return { code: 'E_AUTRE_PROPRIETAIRE', field: 'adresse', value: draft.url, message };
}

export function contradiction(remoteId: string): KeptProblem {
  const message = `L'identifiant ${remoteId} apparaît deux fois avec des contenus différents.`;
  return keptProblem({ code: contradictionCode, field: 'identifiant', value: remoteId, message });
}

/** What a new course must not be in another source; null for one that is known already. */
export function claimIn(judged: Judged, known: KnownCourse | null): string | null {
  return judged.kind === 'course' && known === null ? claimOf(judged.draft) : null;
}

/** Scope, and what a judged course is against what is published. */
export function settle(
  entry: Entry,
  judged: Judged,
  known: KnownCourse | null,
  owners: readonly Owner[],
  again: boolean,
  seenAt: Date,
  answers: Partial<Pick<RecordMark, 'reuse' | 'claim'>> = {},
): Settled {
  const { reuse: answered } = answers;
  if (judged.kind === 'rejected') {
    const isAnswered = answered !== undefined && answered.decision !== null;
    const claim = answers.claim?.decision === undefined ? null : answers.claim;
    return { ...quarantined(entry, judged.problems, claim), ...(isAnswered ? { reuse: answered } : {}) };
  }
  const out = (reason: string): Settled => {
    const nothing = { problems: [], warnings: [], claim: null, write: null };
    return { entry, outcome: 'outOfScope', verdict: 'out-of-scope', reason, ...nothing };
  };
  if (judged.kind === 'out-of-scope') return out(judged.reason);
  const { draft, alignment } = judged;
  const isShown = known !== null && known.state !== 'withdrawn';
  // A published course stays until a person has looked: an alignment that changed its mind withdraws nothing by itself.
  if (isOutOfScope(alignment) && !isShown) return out(notDigital);
  if (known !== null && namesAnother(entry, judged, known)) {
    const reuse = reuseOf(judged, known, answered);
    if (reuse.decision === null) return { ...quarantined(entry, [reusedProblem(entry, known)]), reuse };
    if (reuse.decision.choice === 'new') {
      const settled = settle(entry, judged, null, owners, again, seenAt);
      // Refused for another reason, it takes nothing from anybody; the answer stays.
      return settled.verdict === 'quarantined' ? { ...settled, reuse } : { ...settled, givenUp: known };
    }
  }
  // Of another school, it is another offer of the same course (catalogue/model/duplicates.ts).
  const owner = owners.find(({ providerId }) => providerId === providerIdOf(draft.provider));
  if (known === null && owner !== undefined) {
    const { sourceId, courseId } = owner;
    const decision = answers.claim?.courseId === courseId ? answers.claim.decision : undefined;
    const claim = { sourceId, courseId, ...(decision === undefined ? {} : { decision }) };
    if (decision?.choice !== 'offer') return quarantined(entry, [ownedProblem(draft, owner)], claim);
  }
  const corrections = entry.patches === undefined ? undefined : correctionsOf(entry.patches);
  const outcome = outcomeOf(judged, known, again, corrections);
  const write: CourseWrite | null =
    outcome === 'unchanged'
      ? null
      : {
          ...{ outcome, remoteId: entry.remoteId, known, draft, alignment, harvestedAt: latest(seenAt, known) },
          ...(corrections === undefined ? {} : { edit: editOf(entry.patches ?? []), corrections }),
        };
  const warnings = judged.warnings.map(keptProblem);
  return { entry, outcome, verdict: 'accepted', reason: null, problems: [], warnings, claim: null, write };
}

function latest(seenAt: Date, known: KnownCourse | null): Date {
  return known !== null && known.harvestedAt > seenAt ? known.harvestedAt : seenAt;
}

function outcomeOf(
  { draft, alignment }: AlignedCourse,
  known: KnownCourse | null,
  again: boolean,
  corrections: readonly CourseCorrection[] = known?.corrections ?? [],
) {
  if (known === null) return 'created';
  // Only the source brings a course back, not a second look at what it gave.
  if (!again && comesBack(known)) return 'restored';
  const same =
    isDeepStrictEqual(known.draft, draft) &&
    isDeepStrictEqual(known.corrections ?? [], corrections) &&
    isDeepStrictEqual(known.alignment, keepReviewed(alignment, known));
  return same ? 'unchanged' : 'updated';
}

/** Where each record of a batch goes, before anything is judged. */
interface Sorted {
  readonly toJudge: Entry[];
  /** Content already accepted. */
  readonly same: Entry[];
  /** Content already found out of scope. */
  readonly out: Entry[];
  /** Counted before the run was interrupted. */
  readonly replayed: string[];
  /** The same, but its mark was lost with the interruption: judged again, counted as it was. */
  readonly adopted: Map<string, RunMark>;
  readonly repeated: string[];
  readonly contradicted: string[];
}

function sort(batch: Batch, marks: ReadonlyMap<string, RecordMark>, stage: WriteStage): Sorted {
  const sorted: Sorted = {
    toJudge: [],
    same: [],
    out: [],
    replayed: [],
    adopted: new Map(),
    repeated: [],
    contradicted: [],
  };
  const met = new Map<string, string>();
  for (const entry of batch.entries) {
    const { remoteId, hash } = entry;
    const mark = marks.get(remoteId);
    const inThisRun = mark?.run.id === stage.runId;
    const before = met.get(remoteId) ?? (inThisRun && isCounted(mark.run, stage) ? mark.hash : undefined);
    if (before !== undefined) {
      // A correction written since says nothing of what the source gave.
      const isSame = contentHash(before) === contentHash(hash);
      (isSame ? sorted.repeated : sorted.contradicted).push(remoteId);
      continue;
    }
    met.set(remoteId, hash);
    if (inThisRun && mark.hash === '') {
      sorted.adopted.set(remoteId, { ...mark.run, attempt: stage.attempt });
      sorted.toJudge.push(entry);
    } else if (inThisRun) sorted.replayed.push(remoteId);
    else if (stage.again || mark === undefined || mark.hash !== hash) sorted.toJudge.push(entry);
    else if (mark.verdict === 'accepted') sorted.same.push(entry);
    else if (mark.verdict === 'out-of-scope') sorted.out.push(entry);
    else sorted.toJudge.push(entry);
  }
  return sorted;
}

/** Met earlier in what this attempt reads, not just written by an attempt whose batch is being replayed. */
function isCounted(mark: RunMark, stage: WriteStage): boolean {
  return mark.attempt === stage.attempt || mark.batch <= stage.committed;
}

async function judgeAll(
  stage: WriteStage,
  entries: readonly Entry[],
  marks: ReadonlyMap<string, RecordMark>,
  now: Date,
): Promise<Settled[]> {
  if (entries.length === 0) return [];
  const { courses, source } = stage;
  const ids = entries.map((entry) => entry.remoteId);
  const [judged, known] = await Promise.all([stage.judge(entries), courses.known(source.id, ids)]);
  const claims = new Map<string, string>();
  for (const each of judged) {
    const { remoteId } = each.entry;
    const isAnother = marks.get(remoteId)?.reuse?.decision?.choice === 'new';
    const claim = claimIn(each.judged, isAnother ? null : (known.get(remoteId) ?? null));
    if (claim !== null) claims.set(remoteId, claim);
  }
  const owners =
    claims.size === 0
      ? new Map<string, readonly Owner[]>()
      : await courses.ownersElsewhere(source.id, [...claims.values()]);
  return judged.map((each) => {
    const { remoteId, at } = each.entry;
    const claimed = owners.get(claims.get(remoteId) ?? '') ?? [];
    const { sightings } = each.judged;
    const before = known.get(remoteId) ?? null;
    const settled = settle(each.entry, each.judged, before, claimed, stage.again, at ?? now, marks.get(remoteId));
    return sightings === undefined ? settled : { ...settled, sightings };
  });
}

/** A failure is told once the writes beside it have ended too: whoever counts what was written counts all of it. */
async function allDone(writes: readonly (Promise<void> | undefined)[]): Promise<void> {
  for (const write of await Promise.allSettled(writes)) if (write.status === 'rejected') throw write.reason;
}

/** Writes one batch and says what became of each record. Writing it twice gives the same courses and the same counts. */
export async function writeBatch(stage: WriteStage, batch: Batch, number: number, now: Date): Promise<BatchReport> {
  const { courses, records, source, runId, attempt } = stage;
  const marks = await records.marks(
    source.id,
    batch.entries.map((entry) => entry.remoteId),
  );
  const sorted = sort(batch, marks, stage);
  const settled = await judgeAll(stage, sorted.toJudge, marks, now);
  const idsOf = (entries: readonly Entry[]) => entries.map((entry) => entry.remoteId);
  const same = idsOf(sorted.same);
  const judgedSame = settled.filter(({ outcome }) => outcome === 'unchanged').map(({ entry }) => entry.remoteId);
  const kept = settled.filter(({ write }) => write === null).map(({ entry }) => entry.remoteId);
  const written = settled.flatMap(({ write }) => write ?? []);

  // A replay did not ask the source: it makes nothing fresher.
  const fresh = stage.again ? [] : [...same, ...judgedSame];
  const renewed = fresh.length === 0 ? 0 : await courses.renewFresh(source.id, fresh, now);
  // Mostly all of them: then none was absent, withdrawn or too old, and nothing more is asked about them.
  const usual = new Set(renewed === fresh.length ? fresh : []);

  // A record seen is never absent, be it unchanged, quarantined or out of scope.
  const seen = [...same, ...kept, ...idsOf(sorted.out)].filter((remoteId) => !usual.has(remoteId));
  const unsettled = seen.length === 0 ? [] : await courses.unsettled(source.id, seen);
  const sameIds = new Set(same);
  const back = unsettled.filter((course) => sameIds.has(course.remoteId) && comesBack(course));
  const backIds = new Set(back.map((course) => course.remoteId));
  const found = unsettled.filter((course) => course.state !== 'withdrawn').map((course) => course.id);

  const context: WriteContext = { source, runId, now, origin: stage.again ? 'replay' : 'harvest' };
  const raws: RawRecord[] = settled.flatMap(({ entry }) =>
    entry.json === null || entry.at !== null ? [] : [{ remoteId: entry.remoteId, raw: entry.json, at: now }],
  );
  const news = settled.flatMap(({ sightings = [], verdict }) => {
    const isAccepted = verdict === 'accepted';
    return sightings.filter((one) => isNews(one, isAccepted)).map((one) => ({ ...one, isAccepted }));
  });
  // Before the new courses: no two of a source have one identifier.
  const givenUp = settled.flatMap((each) => each.givenUp ?? []);
  if (givenUp.length > 0) await courses.giveUpIdentifier(context, givenUp);
  await allDone([
    written.length === 0 ? undefined : courses.write(context, written),
    records.saveRaws(source.id, raws, marks),
    (async () => {
      if (back.length > 0) await courses.restore(context, back);
      if (found.length > 0) await courses.clearMissing(context, found);
      if (renewed < fresh.length) await courses.renew(source.id, fresh, now);
    })(),
  ]);

  // After the courses, whose history names who corrected; before the marks: a record that is marked is not judged again.
  if (news.length > 0) await stage.patches.saw(news, now);

  const mark = (outcome: RecordOutcome): RunMark => ({ id: runId, attempt, batch: number, outcome });
  const still = same.filter((remoteId) => !backIds.has(remoteId));
  await allDone([
    records.saveMarks(
      settled.map((each) => {
        const run = sorted.adopted.get(each.entry.remoteId) ?? mark(each.outcome);
        return markOf(each, source.id, run, each.entry.at ?? now);
      }),
      marks,
    ),
    records.markSeen(source.id, still, mark('unchanged'), now),
    records.markSeen(source.id, [...backIds], mark('restored'), now),
    records.markSeen(source.id, idsOf(sorted.out), mark('outOfScope'), now),
    records.markReplayed(source.id, sorted.replayed, attempt),
  ]);
  await records.markReplayed(source.id, sorted.repeated, attempt);
  for (const remoteId of sorted.contradicted)
    await records.markContradicted(source.id, remoteId, contradiction(remoteId));
  await records.markRemoved(source.id, batch.removed, runId);

  return {
    freshAgain: renewed < fresh.length,
    outcomes: [
      ...settled.flatMap(({ entry, outcome }) => (sorted.adopted.has(entry.remoteId) ? [] : outcome)),
      ...still.map(() => 'unchanged' as const),
      ...back.map(() => 'restored' as const),
      ...sorted.out.map(() => 'outOfScope' as const),
      ...sorted.repeated.map(() => 'repeated' as const),
      ...sorted.contradicted.map(() => 'quarantined' as const),
    ],
    problems: [
      ...settled.map(({ entry, problems }) => ({ remoteId: entry.remoteId, problems })),
      ...sorted.contradicted.map((remoteId) => ({ remoteId, problems: [contradiction(remoteId)] })),
    ],
    warnings: settled.map(({ entry, warnings }) => ({ remoteId: entry.remoteId, problems: warnings })),
  };
}

function markOf(settled: Settled, sourceId: string, run: RunMark, seenAt: Date): RecordMark {
  const { entry, verdict, reason, problems, warnings, claim, reuse } = settled;
  const fixed = { removedIn: null, gone: false };
  return {
    sourceId,
    remoteId: entry.remoteId,
    hash: entry.hash,
    verdict,
    reason,
    problems,
    warnings,
    run,
    seenAt,
    claim,
    ...(reuse === undefined ? {} : { reuse }),
    ...fixed,
  };
}

/**
 * Courses written by an attempt that died before it marked their records: they get a mark, so that they are counted.
 * Its empty hash makes the next run judge the record again.
 */
export async function adoptUnmarked(stage: Omit<WriteStage, 'judge' | 'again' | 'patches'>, now: Date): Promise<void> {
  const { courses, records, source, runId, attempt, committed } = stage;
  for await (const written of courses.writtenBy(source.id, runId)) {
    const marks = await records.marks(
      source.id,
      written.map((course) => course.remoteId),
    );
    const unmarked = written.filter((course) => marks.get(course.remoteId)?.run.id !== runId);
    await records.saveMarks(
      unmarked.map(({ remoteId, run }) => ({
        sourceId: source.id,
        remoteId,
        hash: '',
        verdict: 'accepted',
        reason: null,
        problems: [],
        warnings: [],
        run: {
          id: runId,
          attempt: attempt - 1,
          batch: committed + 1,
          outcome: run.outcome === 'created' || run.outcome === 'restored' ? run.outcome : 'updated',
        },
        seenAt: now,
        removedIn: null,
        gone: false,
        claim: null,
      })),
      marks,
    );
  }
}
