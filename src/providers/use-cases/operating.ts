/** What an operator does with sources: accepts or refuses those that were sent, pauses, activates, closes. */
import { AppError } from '../../errors.ts';
import type { HarvestRun } from '../../harvest/model.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import type { Closing, ClosingEffect } from './closing.ts';
import type { Due } from './due.ts';
import type { Tell } from './notices.ts';

export interface OperatedSource {
  readonly source: Source;
  /** Of its organisation; null for the partners of the platform. */
  readonly organisation: string | null;
  readonly lastRun: HarvestRun | null;
}

export interface OperatedPage extends OperatedSource {
  readonly runs: readonly HarvestRun[];
  readonly presence: { readonly pending: number; readonly published: number; readonly missing: number };
  readonly quarantined: number;
  /** The server is left alone until then. */
  readonly leftAloneUntil: Date | null;
  /** Courses whose link to the school is dead. */
  readonly deadLinks: number;
}

export interface OperatingDependencies {
  readonly sources: SourceStore;
  readonly closing: Closing;
  readonly harvest: Pick<Harvest, 'request' | 'status' | 'runsOf' | 'problemCount'>;
  readonly due: Pick<Due, 'openBreakers'>;
  readonly countDeadLinks: (sourceId: string) => Promise<number>;
  readonly presenceOf: (sourceId: string) => Promise<OperatedPage['presence']>;
  /** Names by id. */
  readonly organisations: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly audit: Pick<Audit, 'record'>;
  readonly tell: Tell;
  readonly now: () => Date;
}

export type Operating = ReturnType<typeof makeOperating>;

/** Runs shown on the page of a source. */
export const runsShown = 20;
const longestReason = 500;

/** @throws AppError `invalid` without a written reason, or one too long */
export function writtenReason(typed: string, code: string, sentence: string): string {
  const reason = typed.trim().replace(/\s+/g, ' ');
  if (reason === '') throw new AppError('invalid', code, sentence);
  if (reason.length > longestReason) {
    throw new AppError('invalid', 'RAISON_TROP_LONGUE', `Écrivez cette raison en ${longestReason} caractères au plus.`);
  }
  return reason;
}

export function makeOperating(dependencies: OperatingDependencies) {
  const { sources, closing, harvest, due, countDeadLinks, presenceOf, organisations, audit, tell, now } = dependencies;

  async function source(id: string): Promise<Source> {
    const found = await sources.byId(id);
    if (found === null) throw new AppError('not-found', 'unknown-source', `La source ${id} n'existe pas.`);
    return found;
  }

  async function nameOf({ organisationId }: Source): Promise<string | null> {
    if (organisationId === null) return null;
    return (await organisations([organisationId])).get(organisationId) ?? 'organisme effacé';
  }

  const record = (actor: Actor, act: string, id: string) =>
    audit.record({ actor: actor.accountId, act: `source.${act}`, target: id });

  /** The reason goes into a mail: an address of a site in it would be refused there, so it is refused here. */
  const reasonFor = (typed: string, code: string, sentence: string) => {
    const reason = writtenReason(typed, code, sentence);
    if (/:\/\/|\bwww\./i.test(reason)) {
      throw new AppError(
        'invalid',
        'RAISON_AVEC_ADRESSE',
        'Écrivez la raison sans adresse de site : elle part par courriel.',
      );
    }
    return reason;
  };

  const by = 'operator' as const;

  return {
    /** Waiting ones first, the oldest first; then the others by title. */
    async list(actor: Actor): Promise<readonly OperatedSource[]> {
      requireRight(actor, 'source:manage');
      const all = await sources.list();
      const last = new Map((await harvest.status()).map((run) => [run.sourceId, run]));
      const names = await organisations(all.flatMap(({ organisationId }) => organisationId ?? []));
      const waiting = all.filter(({ state }) => state === 'submitted');
      waiting.sort((a, b) => a.stateSince.getTime() - b.stateSince.getTime());
      return [...waiting, ...all.filter(({ state }) => state !== 'submitted')].map((each) => ({
        source: each,
        organisation: each.organisationId === null ? null : (names.get(each.organisationId) ?? 'organisme effacé'),
        lastRun: last.get(each.id) ?? null,
      }));
    },

    async page(actor: Actor, id: string): Promise<OperatedPage> {
      requireRight(actor, 'source:manage');
      const found = await source(id);
      const [organisation, runs, presence, quarantined, breakers, deadLinks] = await Promise.all([
        nameOf(found),
        harvest.runsOf(id, runsShown),
        presenceOf(id),
        harvest.problemCount(id),
        due.openBreakers([id]),
        countDeadLinks(id),
      ]);
      const lastRun = runs.find(({ status }) => status !== 'skipped') ?? null;
      const leftAloneUntil = breakers.get(id)?.until ?? null;
      return { source: found, organisation, lastRun, runs, presence, quarantined, leftAloneUntil, deadLinks };
    },

    /** A source with a rhythm is active at once, and its first run begins; another one waits for its provider's first run. */
    async accept(actor: Actor, id: string): Promise<Source> {
      requireRight(actor, 'source:manage');
      const accepted = await sources.setState(id, 'approved', { reason: null, by }, now());
      await record(actor, 'accepted', id);
      await tell(accepted, 'source-accepted', {}, `source-accepted:${id}:${accepted.stateSince.getTime()}`);
      if (accepted.rhythm === 'manual') return accepted;
      const active = await sources.setState(id, 'active', { reason: null, by: 'platform' }, now());
      await harvest.request(id, 'schedule');
      return active;
    },

    /** @throws AppError `invalid` without a reason: it is mailed and shown */
    async refuse(actor: Actor, id: string, typed: string): Promise<Source> {
      requireRight(actor, 'source:manage');
      const reason = reasonFor(typed, 'refusal-without-reason', 'Écrivez pourquoi cette source est refusée.');
      const refused = await sources.setState(id, 'refused', { reason, by }, now());
      await record(actor, 'refused', id);
      await tell(refused, 'source-refused', { reason }, `source-refused:${id}:${refused.stateSince.getTime()}`);
      return refused;
    },

    /** Active ones stay so. */
    async activate(actor: Actor, id: string): Promise<Source> {
      requireRight(actor, 'source:manage');
      const before = await source(id);
      if (before.state === 'active') return before;
      const active = await sources.setState(id, 'active', { reason: null, by }, now());
      await record(actor, 'activated', id);
      return active;
    },

    /** @throws AppError `invalid` without a reason: the provider reads it */
    async pause(actor: Actor, id: string, typed: string): Promise<Source> {
      requireRight(actor, 'source:manage');
      const reason = reasonFor(typed, 'pause-without-reason', 'Écrivez pourquoi cette source est mise en pause.');
      const paused = await sources.setState(id, 'paused', { reason, by }, now());
      await record(actor, 'paused', id);
      await tell(paused, 'source-paused', { reason }, `source-paused:${id}:${paused.stateSince.getTime()}`);
      return paused;
    },

    /** What the page that asks « Fermer ? » says. */
    async closing(actor: Actor, id: string): Promise<{ readonly source: Source; readonly effect: ClosingEffect }> {
      requireRight(actor, 'source:manage');
      return { source: await source(id), effect: await closing.effect(id) };
    },

    async close(actor: Actor, id: string, typed: string): Promise<Source> {
      requireRight(actor, 'source:manage');
      const reason = reasonFor(typed, 'closing-without-reason', 'Écrivez pourquoi cette source est fermée.');
      const closed = await closing.close(id, { reason, by });
      await record(actor, 'closed', id);
      await tell(closed, 'source-closed', { reason }, `source-closed:${id}`);
      return closed;
    },
  };
}
