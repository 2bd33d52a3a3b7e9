/** Closing a source: its courses go with it, and no run brings one back. Done again after a cut, it finishes what was left. */
import type { CourseWriter } from '../../catalogue/store/writing.ts';
import { AppError } from '../../errors.ts';
import { activeStatuses } from '../../harvest/model.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import type { Files } from '../../platform/files.ts';
import { type Author, authorOf, type Source } from '../model.ts';
import type { SourceStore } from '../store.ts';

export interface ClosingEffect {
  /** Courses on display or waiting that would be withdrawn. */
  readonly courses: number;
  readonly at: Date;
}

export interface Closing {
  effect(sourceId: string): Promise<ClosingEffect>;
  /** @throws AppError `conflict` when the life of the source does not allow it */
  close(sourceId: string, why: { readonly reason: string; readonly by: Author }): Promise<Source>;
  /** What a closed source may still have on display: a run that ended after it, or a closing that was cut. */
  finish(source: Pick<Source, 'id' | 'state' | 'history'>): Promise<number>;
}

export interface ClosingDependencies {
  readonly sources: Pick<SourceStore, 'setState' | 'change'>;
  readonly courses: Pick<CourseWriter, 'presence' | 'withdrawSource'>;
  readonly harvest: Pick<Harvest, 'runsOf' | 'stop'>;
  readonly files: Pick<Files, 'removeOf'>;
  readonly now: () => Date;
}

const runsLookedAt = 5;
const functions: Readonly<Record<Author, string>> = {
  organisation: "l'organisme",
  operator: "l'exploitant",
  platform: 'la plateforme',
};

export function makeClosing({ sources, courses, harvest, files, now }: ClosingDependencies): Closing {
  async function stopRun(sourceId: string, by: Author): Promise<void> {
    const active = (await harvest.runsOf(sourceId, runsLookedAt)).find(({ status }) => activeStatuses.includes(status));
    if (active === undefined) return;
    try {
      await harvest.stop(active.id, functions[by]);
    } catch (error) {
      // It ended in between.
      if (!(error instanceof AppError && error.kind === 'conflict')) throw error;
    }
  }

  async function finish(source: Pick<Source, 'id' | 'state' | 'history'>): Promise<number> {
    const { id, state } = source;
    if (state !== 'closed') return 0;
    await files.removeOf(id);
    const origin = authorOf(source) === 'organisation' ? 'provider' : 'operator';
    return courses.withdrawSource(id, { at: now(), reason: 'source_fermee', detail: null }, origin);
  }

  return {
    async effect(sourceId) {
      const { pending, published, missing } = await courses.presence(sourceId);
      return { courses: pending + published + missing, at: now() };
    },

    async close(sourceId, { reason, by }) {
      // First the state: from here on no run begins.
      const closed = await sources.setState(sourceId, 'closed', { reason, by }, now());
      await stopRun(sourceId, by);
      await finish(closed);
      return closed;
    },

    finish,
  };
}
