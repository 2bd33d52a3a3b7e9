/** The life of the sources: what an operator does to one, and what the program plants and erases at its start. */
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
export type DemoSeed = Pick<Source, 'id' | 'title' | 'connector' | 'config' | 'homepage'>;

export interface Sources {
  list(): Promise<Source[]>;
  /** @throws AppError not-found. */
  source(id: string): Promise<Source>;
  activate(id: string): Promise<Source>;
  /** @throws AppError invalid without a reason: the provider reads it. */
  pause(id: string, reason: string): Promise<Source>;
  /** The known partners, paused; what a person decided about one stays. */
  plantKnown(seeds: readonly SourceSeed[]): Promise<void>;
  /** The demonstration partners, active. Those of an earlier demonstration that are no more are erased. */
  plantDemo(seeds: readonly DemoSeed[]): Promise<void>;
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

  async function demoIds(): Promise<string[]> {
    return (await sources.list()).filter(({ demo }) => demo).map(({ id }) => id);
  }

  return {
    list: () => sources.list(),
    source,

    async activate(id) {
      const { state } = await source(id);
      return state === 'active' ? source(id) : sources.setState(id, 'active', null, now());
    },

    async pause(id, reason) {
      const written = reason.trim();
      if (written === '')
        throw new AppError('invalid', 'pause-without-reason', 'Écrivez pourquoi cette source est mise en pause.');
      return sources.setState(id, 'paused', written, now());
    },

    plantKnown: (seeds) => sources.plant(seeds, now()),

    async plantDemo(seeds) {
      const kept = new Set(seeds.map(({ id }) => id));
      await erase((await demoIds()).filter((id) => !kept.has(id)));
      await sources.plant(
        seeds.map((seed) => ({
          id: seed.id,
          title: seed.title,
          connector: seed.connector,
          config: seed.config,
          homepage: seed.homepage,
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

    eraseDemo: async () => erase(await demoIds()),
  };
}
