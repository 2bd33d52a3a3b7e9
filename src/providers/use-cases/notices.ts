/** Mails about sources: what an operator decided, and how runs end (P10). Each leaves once, whoever notices it. */
import type { HarvestRun } from '../../harvest/model.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import { statusWords } from '../../harvest/words.ts';
import { type NoticeKind, noticeOf } from '../model/notice.ts';
import type { Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import type { Closing } from './closing.ts';

export type SourceMail =
  | 'source-accepted'
  | 'source-refused'
  | 'source-paused'
  | 'source-closed'
  | 'source-report'
  | 'source-error'
  | 'source-recovery';

/** A mail to every member of the organisation of a source; nobody for a source without organisation. */
export type Tell = (
  source: Source,
  template: SourceMail,
  values: Readonly<Record<string, string>>,
  key: string,
) => Promise<void>;

export interface Recipient {
  readonly accountId: string;
  readonly address: string;
}

export interface TellDependencies {
  readonly mail: {
    send(message: {
      readonly to: string;
      readonly template: string;
      readonly values: Readonly<Record<string, string>>;
      readonly key: string;
      readonly account: string;
    }): Promise<void>;
  };
  /** Members of an organisation whose address is proved. */
  readonly recipients: (organisationId: string) => Promise<readonly Recipient[]>;
  readonly addressOf: (path: string) => string;
}

export const sourcePath = (id: string) => `/fournisseur/sources/${encodeURIComponent(id)}`;

export function makeTell({ mail, recipients, addressOf }: TellDependencies): Tell {
  return async (source, template, values, key) => {
    if (source.organisationId === null) return;
    for (const { accountId, address } of await recipients(source.organisationId)) {
      await mail.send({
        to: address,
        template,
        values: { source: source.title, link: addressOf(sourcePath(source.id)), ...values },
        key: `${key}:${accountId}`,
        account: accountId,
      });
    }
  };
}

export interface NoticesDependencies {
  readonly sources: Pick<SourceStore, 'byId' | 'list' | 'notice'>;
  readonly harvest: Pick<Harvest, 'runsOf'>;
  readonly closing: Pick<Closing, 'finish'>;
  readonly tell: Tell;
}

export interface Notices {
  /** Called at the end of each run. */
  followUp(sourceId: string): Promise<void>;
  /** The same for every source: what a process that died has left undone. @returns mails asked, courses withdrawn late */
  catchUp(signal?: AbortSignal): Promise<{ readonly followed: number; readonly withdrawn: number }>;
}

const templates: Readonly<Record<NoticeKind, SourceMail>> = {
  report: 'source-report',
  error: 'source-error',
  reminder: 'source-error',
  recovery: 'source-recovery',
};

export function makeNotices({ sources, harvest, closing, tell }: NoticesDependencies): Notices {
  /** Runs that nobody was told of yet, oldest first; a source of long ago begins with its last one. */
  async function untold(source: Source): Promise<readonly HarvestRun[]> {
    const ended = (await harvest.runsOf(source.id, runsLookedAt)).filter(({ endedAt }) => endedAt !== null);
    const known = ended.findIndex(({ id }) => id === source.notice?.runId);
    return (known === -1 ? ended.slice(0, 1) : ended.slice(0, known)).reverse();
  }

  async function follow(source: Source): Promise<boolean> {
    if (source.organisationId === null) return false;
    let before = source.notice;
    let told = false;
    for (const run of await untold(source)) {
      const { send, notice } = noticeOf(run, before, source.mails);
      if (notice === null || notice === before) continue;
      // The mail first, under a key that makes it one mail: cut in between, it is asked again and is the same.
      if (send !== null) {
        await tell(source, templates[send], valuesOf(run), `source-run:${run.id}`);
        told = true;
      }
      if (!(await sources.notice(source.id, before, notice))) break;
      before = notice;
    }
    return told;
  }

  return {
    async followUp(sourceId) {
      const source = await sources.byId(sourceId);
      if (source === null) return;
      await closing.finish(source);
      await follow(source);
    },

    async catchUp(signal) {
      let followed = 0;
      let withdrawn = 0;
      for (const source of await sources.list()) {
        signal?.throwIfAborted();
        withdrawn += await closing.finish(source);
        if (await follow(source)) followed += 1;
      }
      return { followed, withdrawn };
    },
  };
}

const runsLookedAt = 20;
const number = new Intl.NumberFormat('fr-FR');

/** Words and counts only: a cause may quote an address of the source, which a mail does not carry. The page says it. */
function valuesOf(run: HarvestRun): Record<string, string> {
  const { received, created, updated, quarantined, withdrawn, missing } = run.counters;
  const counts = [
    `${number.format(received)} reçues`,
    `${number.format(created)} ajoutées`,
    `${number.format(updated)} modifiées`,
    `${number.format(quarantined)} en quarantaine`,
    `${number.format(missing)} absentes`,
    `${number.format(withdrawn)} retirées`,
  ];
  return { result: statusWords[run.status], counts: counts.join(', ') };
}
