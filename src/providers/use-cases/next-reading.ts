/** When a person who answered about a record sees it done: the next run of its source, and whether to ask for one at once. */
import { activeStatuses } from '../../harvest/model.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import { type Actor, can } from '../../rights.ts';
import { type NextReading, nextRun, runRefusal } from '../model/schedule.ts';
import type { Source } from '../model.ts';
import type { Due } from './due.ts';
import { runsShown } from './operating.ts';

export interface NextReadingDependencies {
  readonly harvest: Pick<Harvest, 'runsOf'>;
  readonly due: Pick<Due, 'openBreakers'>;
  readonly now: () => Date;
}

export type ReadNext = (actor: Actor, source: Source) => Promise<NextReading>;

export function makeNextReading({ harvest, due, now }: NextReadingDependencies): ReadNext {
  return async (actor, source) => {
    const [runs, breakers] = await Promise.all([harvest.runsOf(source.id, runsShown), due.openBreakers([source.id])]);
    const last = runs.find(({ status }) => status !== 'skipped');
    const isActive = runs.some(({ status }) => activeStatuses.includes(status));
    const leftAloneUntil = breakers.get(source.id)?.until ?? null;
    const isOwn = actor.memberships.some(({ organisationId }) => organisationId === source.organisationId);
    // As the pages that take the demand: own.ts and reports.ts.
    const byOwn = isOwn && runRefusal(source, runs, now()) === null;
    const again = can(actor, 'source:manage') && source.state === 'active' && !isActive ? last : undefined;
    return {
      at: nextRun(source, last?.startedAt ?? last?.queuedAt ?? null, now(), leftAloneUntil),
      isActive,
      state: source.state,
      rhythm: source.rhythm,
      leftAlone: leftAloneUntil !== null,
      launch: byOwn ? { sourceId: source.id } : again === undefined ? null : { runId: again.id },
    };
  };
}
