/** Which sources the schedule asks now, and which servers it leaves alone. */
import type { Harvest } from '../../harvest/use-cases.ts';
import { breakerOf, type OpenBreaker, runsToJudge } from '../model/breaker.ts';
import { isDue, type Source } from '../model.ts';

export interface Due {
  /** Active sources whose rhythm asks for a run now, but those whose server is left alone for a while. */
  dueSources(): Promise<readonly Source[]>;
  /** Sources whose server keeps failing, with the time of the next scheduled try; the others are absent. */
  openBreakers(sourceIds: readonly string[]): Promise<ReadonlyMap<string, OpenBreaker>>;
}

export interface DueDependencies {
  /** Those that this process can reach. */
  readonly sources: () => Promise<readonly Source[]>;
  readonly harvest: Pick<Harvest, 'status' | 'runsOf'>;
  readonly now: () => Date;
}

export function makeDue({ sources, harvest, now }: DueDependencies): Due {
  async function openBreakers(sourceIds: readonly string[]) {
    const found = await Promise.all(
      sourceIds.map(async (id) => [id, breakerOf(await harvest.runsOf(id, runsToJudge))] as const),
    );
    return new Map(found.flatMap(([id, breaker]) => (breaker === null ? [] : [[id, breaker] as const])));
  }

  return {
    async dueSources() {
      const lastStarts = new Map((await harvest.status()).map((run) => [run.sourceId, run.startedAt ?? run.queuedAt]));
      const due = (await sources()).filter((source) => isDue(source, lastStarts.get(source.id) ?? null, now()));
      const open = await openBreakers(due.map(({ id }) => id));
      return due.filter(({ id }) => (open.get(id)?.until ?? now()) <= now());
    },
    openBreakers,
  };
}
