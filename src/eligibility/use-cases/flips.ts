/**
 * What a draft would change: each published course and pathway is judged with the rules of now and with those of the draft,
 * at the first day that the draft is about. Batch by batch, so that the whole catalogue never stands in memory.
 */
import type { Log } from '../../platform/log.ts';
import { isoDay } from '../../platform/web/format.ts';
import { ruleSetOf } from '../data.ts';
import { assess } from '../model/assess.ts';
import type { IsoDate } from '../model/dates.ts';
import { type DossierInput, readDossier } from '../model/dossier.ts';
import type { Draft } from '../model/draft.ts';
import { type Flip, type FlipSubject, flipOf, turnOf } from '../model/flip.ts';
import { withVersion } from '../model/publication.ts';
import type { RuleSet } from '../model/rule-set.ts';
import type { DraftStore, FlipRun } from '../store/drafts.ts';
import type { Rules } from './rules.ts';

/** Something published, with the dossier of nobody in particular. */
export interface JudgedSubject extends FlipSubject {
  readonly dossier: DossierInput;
}

/** Everything published, as it would be judged on a day: handed in, since the rules know no course. */
export type JudgedSubjects = (on: IsoDate) => AsyncIterable<readonly JudgedSubject[]>;

export interface Flips {
  /** The last run; its figures grow while it runs. */
  of(draftId: string): Promise<FlipRun | null>;
  /** Whether the run says all of this draft as it is now, on the rules of now. */
  isCurrent(run: FlipRun | null, draft: Draft): boolean;
  /** Begins a run in the background unless one is under way or says it all. @returns ends with it; the server waits for it to close */
  start(draft: Draft): Promise<{ readonly ended: Promise<void> }>;
  page(run: FlipRun, page: number): Promise<readonly Flip[]>;
  all(run: FlipRun): AsyncIterable<Flip>;
  /** Stops what is under way; it is `failed` then. */
  close(): Promise<void>;
}

export const flipsPerPage = 50;
/** A run without a sign of life for so long died with its process. */
const silentMs = 60_000;
/** Courses and the register change: after a day the list is made again. */
const validMs = 86_400_000;

/** The rules that the draft would make, or why it makes none. */
export function draftedRules(
  rules: Pick<Rules, 'file'>,
  draft: Pick<Draft, 'ruleId' | 'version'>,
  today: IsoDate,
): { readonly ok: true; readonly rules: RuleSet } | { readonly ok: false; readonly problems: readonly string[] } {
  const added = withVersion(rules.file(), draft.ruleId, draft.version, today);
  if (!added.ok) return { ok: false, problems: [added.problem] };
  return ruleSetOf(added.file);
}

/** The day that both answers are about: today, unless the version is about other days. */
export function comparedOn({ from, to }: Draft['version'], today: IsoDate): IsoDate {
  return from > today || (to !== null && to < today) ? from : today;
}

export function makeFlips(parts: {
  readonly rules: Pick<Rules, 'current' | 'file'>;
  readonly drafts: DraftStore;
  readonly subjects: JudgedSubjects;
  readonly log: Pick<Log, 'error'>;
  newId(): string;
  now(): Date;
}): Flips {
  const { rules, drafts, subjects, log, newId, now } = parts;
  const under = new Set<Promise<void>>();
  let closed = false;

  const matches = (run: FlipRun, draft: Draft) =>
    run.revision === draft.revision && run.baseVersion === rules.current().version;
  const age = (date: Date) => now().getTime() - date.getTime();

  async function compute(first: FlipRun, draft: Draft): Promise<void> {
    const today = isoDay(now());
    const before = rules.current();
    if (before.version !== first.baseVersion) throw new Error('the rules changed meanwhile');
    const drafted = draftedRules(rules, draft, today);
    if (!drafted.ok) throw new Error(drafted.problems.join(' '));
    const turns = new Map<string, number>();
    let run = first;
    for await (const batch of subjects(run.date)) {
      if (closed) throw new Error('the platform stops');
      const found: Flip[] = [];
      for (const { dossier, ...subject } of batch) {
        const read = readDossier(dossier);
        // A course whose data cannot be judged has no verdict that could change.
        if (!read.ok) continue;
        const flip = flipOf(
          subject,
          assess(read.dossier, run.date, before),
          assess(read.dossier, run.date, drafted.rules),
        );
        if (flip === null) continue;
        found.push(flip);
        turns.set(turnOf(flip), (turns.get(turnOf(flip)) ?? 0) + 1);
      }
      const pathways = batch.filter(({ kind }) => kind === 'parcours').length;
      run = {
        ...run,
        courses: run.courses + batch.length - pathways,
        pathways: run.pathways + pathways,
        flips: run.flips + found.length,
        turns: [...turns].map(([turn, count]) => ({ turn, count })),
        seenAt: now(),
      };
      // Another run took the place.
      if (!(await drafts.advance(run, found))) return;
    }
    await drafts.advance({ ...run, state: 'done', seenAt: now() }, []);
  }

  const isCurrent: Flips['isCurrent'] = (run, draft) =>
    run !== null && run.state === 'done' && matches(run, draft) && age(run.startedAt) < validMs;

  return {
    of: (draftId) => drafts.run(draftId),
    isCurrent,

    async start(draft) {
      const last = await drafts.run(draft.id);
      const alive = last?.state === 'running' && matches(last, draft) && age(last.seenAt) < silentMs;
      if (alive || isCurrent(last, draft)) return { ended: Promise.resolve() };
      const at = now();
      const run: FlipRun = {
        draftId: draft.id,
        runId: newId(),
        revision: draft.revision,
        baseVersion: rules.current().version,
        state: 'running',
        courses: 0,
        pathways: 0,
        flips: 0,
        turns: [],
        date: comparedOn(draft.version, isoDay(at)),
        startedAt: at,
        seenAt: at,
      };
      if (!(await drafts.startRun(run, last))) return { ended: Promise.resolve() };
      const ended = compute(run, draft).catch(async (err) => {
        if (!closed) log.error({ err, draft: draft.id }, 'what a draft of a rule changes could not be computed');
        const reached = (await drafts.run(draft.id)) ?? run;
        if (reached.runId === run.runId) await drafts.advance({ ...reached, state: 'failed', seenAt: now() }, []);
      });
      const watched = ended.catch((err) => log.error({ err }, 'the end of a run could not be written'));
      under.add(watched);
      void watched.then(() => under.delete(watched));
      return { ended: watched };
    },

    page: (run, page) => drafts.flips(run.runId, (page - 1) * flipsPerPage, flipsPerPage),
    all: (run) => drafts.allFlips(run.runId),

    async close() {
      closed = true;
      await Promise.all(under);
    },
  };
}
