/**
 * Sources as the people of their organisation see them and act on them once they are sent. To anybody else they do not exist.
 * Declaring one: drafting.ts.
 */
import { AppError } from '../../errors.ts';
import type { HarvestRun } from '../../harvest/model.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, type Right, requireRight, requireRightIn } from '../../rights.ts';
import { nextRun, runRefusal } from '../model/schedule.ts';
import { authorOf, type Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import type { Closing, ClosingEffect } from './closing.ts';
import type { Due } from './due.ts';
import { runsShown, writtenReason } from './operating.ts';

export interface OwnOrganisation {
  readonly id: string;
  readonly name: string;
  readonly demo: boolean;
}

export interface Presence {
  readonly pending: number;
  readonly published: number;
  readonly missing: number;
}

export interface OwnSource {
  readonly source: Source;
  readonly organisation: OwnOrganisation;
  readonly lastRun: HarvestRun | null;
  readonly presence: Presence;
  readonly quarantined: number;
}

export interface OwnPage extends OwnSource {
  /** May close it. */
  readonly owner: boolean;
  readonly runs: readonly HarvestRun[];
  readonly nextRun: Date | null;
  /** The server is left alone until then. */
  readonly leftAloneUntil: Date | null;
  /** Courses whose link to the school is dead. */
  readonly deadLinks: number;
  /** Why no run may be asked for now; null when one may. French. */
  readonly refusal: string | null;
  /** Paused by its own people, who may take it up again. */
  readonly resumable: boolean;
}

export interface OwnDependencies {
  readonly sources: SourceStore;
  readonly closing: Closing;
  readonly harvest: Pick<Harvest, 'request' | 'runsOf' | 'problemCount'>;
  readonly due: Pick<Due, 'openBreakers'>;
  readonly countDeadLinks: (sourceId: string) => Promise<number>;
  readonly presenceOf: (sourceId: string) => Promise<Presence>;
  /** Providers among these, by id. */
  readonly organisations: (ids: readonly string[]) => Promise<ReadonlyMap<string, OwnOrganisation>>;
  readonly audit: Pick<Audit, 'record'>;
  readonly now: () => Date;
}

export type Own = ReturnType<typeof makeOwn>;

export const unknownPage = () => new AppError('not-found', 'SOURCE_INCONNUE', "Cette page n'existe pas.");

/** The source, for a person who has this right in its organisation. @throws AppError `not-found` for everybody else */
export async function ownSource(
  sources: Pick<SourceStore, 'byId'>,
  actor: Actor,
  id: string,
  right: Right,
): Promise<{ readonly source: Source; readonly organisationId: string; readonly owner: boolean }> {
  requireRight(actor, 'account:own');
  const source = await sources.byId(id);
  if (source === null || source.organisationId === null) throw unknownPage();
  const { organisationId } = source;
  const { owner } = requireRightIn(actor, organisationId, right);
  return { source, organisationId, owner };
}

/** Those for which the person may declare sources. */
export function providersOf(actor: Actor): readonly string[] {
  return actor.memberships.filter(({ kind }) => kind === 'provider').map(({ organisationId }) => organisationId);
}

export function makeOwn(dependencies: OwnDependencies) {
  const { sources, closing, harvest, due, countDeadLinks, presenceOf, organisations, audit, now } = dependencies;

  const record = (actor: Actor, act: string, id: string) =>
    audit.record({ actor: actor.accountId, act: `source.${act}`, target: id });

  async function organisation(id: string): Promise<OwnOrganisation> {
    const found = (await organisations([id])).get(id);
    if (found === undefined) throw unknownPage();
    return found;
  }

  return {
    /** Everything the person may declare for and has declared; also for somebody who has no organisation yet. */
    async home(actor: Actor): Promise<{
      readonly organisations: readonly OwnOrganisation[];
      readonly sources: readonly OwnSource[];
    }> {
      requireRight(actor, 'account:own');
      const ids = providersOf(actor);
      const known = await organisations(ids);
      const found = await sources.ofOrganisations(ids);
      const own = await Promise.all(
        found.map(async (source) => {
          const mine = known.get(source.organisationId ?? '');
          if (mine === undefined) return [];
          const [runs, presence, quarantined] = await Promise.all([
            harvest.runsOf(source.id, runsShown),
            presenceOf(source.id),
            harvest.problemCount(source.id),
          ]);
          const lastRun = runs.find(({ status }) => status !== 'skipped') ?? null;
          return [{ source, organisation: mine, lastRun, presence, quarantined }];
        }),
      );
      return { organisations: [...known.values()], sources: own.flat() };
    },

    async page(actor: Actor, id: string): Promise<OwnPage> {
      const { source, organisationId, owner } = await ownSource(sources, actor, id, 'source:own');
      const [mine, runs, presence, quarantined, breakers, deadLinks] = await Promise.all([
        organisation(organisationId),
        harvest.runsOf(id, runsShown),
        presenceOf(id),
        harvest.problemCount(id),
        due.openBreakers([id]),
        countDeadLinks(id),
      ]);
      const lastRun = runs.find(({ status }) => status !== 'skipped') ?? null;
      const leftAloneUntil = breakers.get(id)?.until ?? null;
      const lastStart = lastRun === null ? null : (lastRun.startedAt ?? lastRun.queuedAt);
      return {
        source,
        organisation: mine,
        owner,
        lastRun,
        runs,
        presence,
        quarantined,
        leftAloneUntil,
        deadLinks,
        nextRun: nextRun(source, lastStart, now(), leftAloneUntil),
        refusal: runRefusal(source, runs, now()),
        resumable: source.state === 'paused' && authorOf(source) === 'organisation',
      };
    },

    /** « Lancer une collecte » (P6). @throws AppError `conflict` with the reason why not, and until when */
    async run(actor: Actor, id: string): Promise<HarvestRun> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      const refusal = runRefusal(source, await harvest.runsOf(id, runsShown), now());
      if (refusal !== null) throw new AppError('conflict', 'COLLECTE_REFUSEE', refusal);
      if (source.state === 'approved') {
        await sources.setState(id, 'active', { reason: null, by: 'organisation' }, now());
      }
      const { run } = await harvest.request(id, 'manual');
      await record(actor, 'run-asked', id);
      return run;
    },

    async pause(actor: Actor, id: string, typed: string): Promise<void> {
      await ownSource(sources, actor, id, 'source:own');
      const reason = writtenReason(typed, 'pause-without-reason', 'Écrivez pourquoi cette source est mise en pause.');
      await sources.setState(id, 'paused', { reason, by: 'organisation' }, now());
      await record(actor, 'paused', id);
    },

    /** @throws AppError `forbidden` for a pause of the platform: only the platform ends it */
    async resume(actor: Actor, id: string): Promise<void> {
      const { source } = await ownSource(sources, actor, id, 'source:own');
      if (source.state === 'paused' && authorOf(source) !== 'organisation') {
        const message = 'Cette source a été mise en pause par la plateforme. Elle seule peut la reprendre.';
        throw new AppError('forbidden', 'PAUSE_DE_LA_PLATEFORME', message);
      }
      await sources.setState(id, 'active', { reason: null, by: 'organisation' }, now());
      await record(actor, 'resumed', id);
    },

    /** What the page that asks « Fermer ? » says. */
    async closing(actor: Actor, id: string): Promise<{ readonly source: Source; readonly effect: ClosingEffect }> {
      const { source } = await ownSource(sources, actor, id, 'source:close');
      return { source, effect: await closing.effect(id) };
    },

    async close(actor: Actor, id: string, typed: string): Promise<void> {
      await ownSource(sources, actor, id, 'source:close');
      const reason = writtenReason(typed, 'closing-without-reason', 'Écrivez pourquoi cette source est fermée.');
      await closing.close(id, { reason, by: 'organisation' });
      await record(actor, 'closed', id);
    },
  };
}
