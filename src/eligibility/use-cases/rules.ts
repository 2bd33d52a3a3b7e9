/**
 * The rules while the platform runs: the file that comes with the code, and what rule editors published since. Every process
 * polls the row of publications, so that all agree within seconds. A name of rules always means the same data: each set that
 * answered is kept, so that an answer of the past can be made again.
 */
import type { Log } from '../../platform/log.ts';
import { ruleSetOf, type WorkedCase } from '../data.ts';
import type { IsoDate } from '../model/dates.ts';
import { type CaseChange, type Change, publicationSchema, withVersion } from '../model/publication.ts';
import type { RuleSet, RulesFile } from '../model/rule-set.ts';
import type { RuleStore } from '../store.ts';

/** A published version that is left out: the code or the file changed under it. For operators. */
export interface UnfitPublication {
  readonly sequence: number;
  /** French. */
  readonly problem: string;
}

export interface Rules {
  /** What answers now. Never waits. */
  current(): RuleSet;
  /** The same as data, for open data and for the editor; amounts in euros. */
  file(): RulesFile;
  /** The worked cases, with the answers that published versions changed. */
  cases(): readonly WorkedCase[];
  /** Why and when the expected answer of a case was last changed; null: as in the file. */
  caseChange(caseId: string): { readonly on: IsoDate; readonly reason: string } | null;
  /** What was published for a rule, oldest first. */
  changesOf(ruleId: string): readonly Change[];
  unfit(): readonly UnfitPublication[];
  /** Number of the last publication read; 0 before the first. */
  sequence(): number;
  /** The rules of this name, for an answer of the past; null when none of this name answered here, or they no longer fit the code. */
  byVersion(version: string): Promise<RuleSet | null>;
  /** Told after the rules changed, never for those of the start. @returns ends it */
  onChange(listener: (rules: RuleSet) => unknown): () => void;
  /** Reads what was published since the last time. */
  refresh(): Promise<void>;
  /** Polls until the end; a poll that fails is logged and tried again. @returns ends it, after the poll under way */
  follow(): () => Promise<void>;
}

const everyMs = 2_000;

export function makeRules(parts: {
  readonly seed: RulesFile;
  readonly cases: readonly WorkedCase[];
  readonly store: Pick<RuleStore, 'publicationsAfter' | 'snapshot' | 'keepSnapshot'>;
  readonly log: Pick<Log, 'error'>;
  now(): Date;
  readonly intervalMs?: number;
}): Rules {
  const { seed, store, log, now } = parts;
  const listeners = new Set<(rules: RuleSet) => unknown>();
  let state = stateOf(seed, parts.cases);
  let kept: string | null = null;
  let reading: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    const found = await store.publicationsAfter(state.sequence);
    const before = state.rules.version;
    let next = state;
    for (const { sequence, content } of found) next = withPublication(next, content, sequence);
    for (const { sequence, problem } of next.unfit.slice(state.unfit.length))
      log.error({ sequence, problem }, 'a published rule version does not fit: it is left out');
    const { version } = next.rules;
    if (kept !== version) {
      await store.keepSnapshot(version, JSON.stringify(next.file), now());
      kept = version;
    }
    state = next;
    if (version !== before) for (const listener of listeners) void tell(listener);
  }

  async function tell(listener: (rules: RuleSet) => unknown): Promise<void> {
    try {
      await listener(state.rules);
    } catch (err) {
      log.error({ err }, 'what follows a change of the rules failed');
    }
  }

  function refresh(): Promise<void> {
    // One reading at a time: two would apply a publication twice.
    const next = reading.then(read);
    reading = next.catch(() => {});
    return next;
  }

  return {
    current: () => state.rules,
    file: () => state.file,
    cases: () => state.cases,
    caseChange: (caseId) =>
      state.changes
        .flatMap(({ publication: { caseChanges, publishedOn } }) =>
          caseChanges.filter(({ id }) => id === caseId).map(({ reason }) => ({ on: publishedOn, reason })),
        )
        .at(-1) ?? null,
    changesOf: (ruleId) => state.changes.filter(({ publication }) => publication.ruleId === ruleId),
    unfit: () => state.unfit,
    sequence: () => state.sequence,
    async byVersion(version) {
      if (version === state.rules.version) return state.rules;
      const json = await store.snapshot(version);
      const read = json === null ? null : ruleSetOf(JSON.parse(json));
      return read?.ok && read.rules.version === version ? read.rules : null;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    follow() {
      let polling = false;
      const timer = setInterval(async () => {
        if (polling) return;
        polling = true;
        try {
          await refresh();
        } catch (err) {
          log.error({ err }, 'published rules could not be read');
        }
        polling = false;
      }, parts.intervalMs ?? everyMs);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await reading;
      };
    },
  };
}

interface State {
  readonly sequence: number;
  readonly file: RulesFile;
  readonly rules: RuleSet;
  readonly cases: readonly WorkedCase[];
  readonly changes: readonly Change[];
  readonly unfit: readonly UnfitPublication[];
}

function stateOf(file: RulesFile, cases: readonly WorkedCase[]): State {
  const read = ruleSetOf(file);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return { sequence: 0, file: read.file, rules: read.rules, cases, changes: [], unfit: [] };
}

/** @param sequence the place in the row, also of a publication that cannot be read */
function withPublication(state: State, input: unknown, sequence: number): State {
  const leftOut = (problem: string): State => ({ ...state, sequence, unfit: [...state.unfit, { sequence, problem }] });
  const parsed = publicationSchema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return leftOut(`Version illisible (${issue?.path.join('.') ?? ''}).`);
  }
  const publication = parsed.data;
  const added = withVersion(state.file, publication.ruleId, publication.version, publication.publishedOn);
  if (!added.ok) return leftOut(added.problem);
  const read = ruleSetOf(added.file);
  if (!read.ok) return leftOut(read.problems.join(' '));
  return {
    sequence,
    file: read.file,
    rules: read.rules,
    cases: withCaseChanges(state.cases, publication.caseChanges),
    changes: [...state.changes, { publication, before: added.before }],
    unfit: state.unfit,
  };
}

/** A change of a case that no longer exists changes nothing. How the former answer was derived goes with it. */
export function withCaseChanges(cases: readonly WorkedCase[], changes: readonly CaseChange[]): readonly WorkedCase[] {
  if (changes.length === 0) return cases;
  const byId = new Map(changes.map((one) => [one.id, one]));
  return cases.map((one) => {
    const change = byId.get(one.id);
    if (change === undefined) return one;
    const { pourquoi: _former, ...rest } = one;
    return { ...rest, attendu: change.attendu };
  });
}
