/** The sources as the program itself sees them: what it plants and erases at its start. Acts of people: use-cases/. */
import type { CourseWriter } from '../catalogue/store/writing.ts';
import { AppError } from '../errors.ts';
import type { HarvestStore } from '../harvest/store.ts';
import type { Source } from './model.ts';
import type { SourceSeed, SourceStore } from './store.ts';

export interface SourcesDependencies {
  readonly sources: SourceStore;
  readonly courses: Pick<CourseWriter, 'hardDelete'>;
  readonly harvest: Pick<HarvestStore, 'erase'>;
  readonly now: () => Date;
}

/** A demonstration partner: active as soon as the demonstration runs. */
export type DemoSeed = Pick<Source, 'id' | 'title' | 'connector' | 'config' | 'homepage' | 'organisationId'>;

export interface Sources {
  list(): Promise<Source[]>;
  /** @throws AppError not-found. */
  source(id: string): Promise<Source>;
  /** null for a source that does not exist. */
  titleOf(id: string): Promise<string | null>;
  /** The known partners, paused; what a person decided about one stays. */
  plantKnown(seeds: readonly SourceSeed[]): Promise<void>;
  /**
   * The demonstration partners, active. Those of an earlier demonstration that are no more are erased.
   * @param options.putBack what visitors did to them is undone
   */
  plantDemo(seeds: readonly DemoSeed[], options?: { readonly putBack: boolean }): Promise<void>;
  /** Every demonstration source with its courses, runs and records. @returns how many courses were erased. */
  eraseDemo(): Promise<number>;
}

export function makeSources({ sources, courses, harvest, now }: SourcesDependencies): Sources {
  async function source(id: string): Promise<Source> {
    const found = await sources.byId(id);
    if (found === null) throw new AppError('not-found', 'unknown-source', `La source ${id} n'existe pas.`);
    return found;
  }

  /** The source goes last: erased half way, it is found again by the next call. */
  async function erase(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    await harvest.erase(ids);
    const erased = await courses.hardDelete(ids, now());
    await sources.remove(ids);
    return erased;
  }

  return {
    list: () => sources.list(),
    source,
    titleOf: async (id) => (await sources.byId(id))?.title ?? null,

    plantKnown: (seeds) => sources.plant(seeds, now()),

    async plantDemo(seeds, { putBack } = { putBack: false }) {
      const kept = new Set(seeds.map(({ id }) => id));
      const before = (await sources.list()).filter(({ demo }) => demo);
      // What visitors declared for their organisation stays until the demonstration is off.
      const gone = before.filter(({ id, organisationId }) => !kept.has(id) && organisationId === null);
      const closed = before.filter(({ id, state }) => kept.has(id) && putBack && state === 'closed');
      await erase([...gone, ...closed].map(({ id }) => id));
      for (const { id, state } of before) {
        if (!putBack || !kept.has(id) || state !== 'paused') continue;
        await sources.setState(id, 'active', { reason: null, by: 'platform' }, now());
      }
      await sources.plant(
        seeds.map((seed) => ({
          ...seed,
          licence: null,
          demo: true,
          publishing: 'live',
          limits: { wireBytes: null, decodedBytes: null, minutes: null },
          state: 'active',
          stateReason: null,
          rhythm: 'daily',
        })),
        now(),
      );
    },

    eraseDemo: async () => erase((await sources.list()).filter(({ demo }) => demo).map(({ id }) => id)),
  };
}
