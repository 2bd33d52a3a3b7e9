/**
 * The mail of the night (O13): to each operator, one a day, whether there is something to do or not, since silence never
 * means success. The outbox makes it one: asked again after a kill, the same key is the same mail.
 */
import { completeStatuses, type HarvestRun } from '../../harvest/model.ts';
import { isQuiet, type Watch } from '../model.ts';
import { digestModel } from '../view-models/digest.ts';
import { dashboardPath } from '../view-models/words.ts';

export interface DigestDependencies {
  readonly watch: () => Promise<Watch>;
  /** Of all sources, newest first. */
  readonly runs: {
    all(page: { readonly before: HarvestRun | null; readonly limit: number }): Promise<readonly HarvestRun[]>;
  };
  readonly operators: () => Promise<readonly { readonly accountId: string; readonly address: string }[]>;
  readonly mail: {
    send(message: {
      readonly to: string;
      readonly template: string;
      readonly values: ReturnType<typeof digestModel> & { readonly link: string };
      readonly key: string;
      readonly account: string;
    }): Promise<void>;
  };
  /** Whether a text may stand in a mail. */
  readonly isMailText: (text: string) => boolean;
  readonly addressOf: (path: string) => string;
  /** YYYY-MM-DD in Paris. */
  readonly dayOf: (date: Date) => string;
}

export interface Digest {
  /** @returns how many operators it was put in the outbox for */
  send(signal?: AbortSignal): Promise<{ readonly operators: number; readonly quiet: boolean }>;
}

const dayMs = 86_400_000;
const page = 200;

export function makeDigest(dependencies: DigestDependencies): Digest {
  const { watch, runs, operators, mail, isMailText, addressOf, dayOf } = dependencies;

  async function nightOf(at: Date) {
    const since = at.getTime() - dayMs;
    const night = { total: 0, succeeded: 0 };
    let before: HarvestRun | null = null;
    for (;;) {
      const found: readonly HarvestRun[] = await runs.all({ before, limit: page });
      for (const { status, endedAt } of found) {
        if (endedAt === null || endedAt.getTime() < since || status === 'skipped') continue;
        night.total += 1;
        if (completeStatuses.includes(status)) night.succeeded += 1;
      }
      before = found.at(-1) ?? null;
      // A run may last long: one asked two days ago may have ended tonight, not one asked long before.
      if (found.length < page || before === null || before.queuedAt.getTime() < since - 2 * dayMs) return night;
    }
  }

  return {
    async send(signal) {
      const found = await watch();
      // A title that a partner chose may hold an address of a site: the mail then names its source by its number.
      const safe = (title: string, id: string) => (isMailText(title) ? title : `source ${id}`);
      const values = digestModel(found, await nightOf(found.at), safe);
      const link = addressOf(dashboardPath);
      const to = await operators();
      for (const { accountId, address } of to) {
        signal?.throwIfAborted();
        const key = `digest:${dayOf(found.at)}:${accountId}`;
        await mail.send({ to: address, template: 'digest', values: { ...values, link }, key, account: accountId });
      }
      return { operators: to.length, quiet: isQuiet(found) };
    },
  };
}
