/** What a source would give, without writing anything: for a provider choosing settings, and for fixtures. */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { AppError, SourceError } from '../errors.ts';
import type { AnyConnector, CourseDraft, Problem, SourceHttp } from './connector.ts';

export interface PreviewItem {
  readonly remoteId: string;
  readonly result: 'course' | 'skip' | 'rejected' | 'removed';
  readonly course?: CourseDraft;
  /** Why it is skipped. */
  readonly reason?: string;
  /** Why it is rejected; for a course, its warnings. */
  readonly problems?: readonly Problem[];
}

export interface PreviewReport {
  readonly items: readonly PreviewItem[];
  readonly summary: {
    /** Records and declared deletions: the sum of the other four. */
    readonly records: number;
    readonly courses: number;
    readonly skipped: number;
    readonly rejected: number;
    readonly removed: number;
  };
  /** The listing was read to its end; false too when `max` stopped the reading. */
  readonly complete: boolean;
  /** What stopped the reading. French. */
  readonly error?: string;
}

/**
 * Reads and normalises at most `max` records. Scope is not judged. A fault of the source ends the report and keeps what was
 * already read.
 *
 * @throws AppError `invalid` when the configuration does not suit the connector.
 */
export async function previewConnector(
  connector: AnyConnector,
  config: unknown,
  http: SourceHttp,
  options: { readonly max?: number; readonly signal: AbortSignal },
): Promise<PreviewReport> {
  const checked = connector.configSchema.safeParse(config);
  if (!checked.success) {
    const faults = checked.error.issues.map(
      ({ path, message }) => `${path.map(String).join('.') || '(racine)'} : ${message}`,
    );
    const message = `Les réglages de la source ne conviennent pas : ${faults.join(' ; ')}`;
    throw new AppError('invalid', 'connector-config', message, { details: checked.error.issues, cause: checked.error });
  }
  const max = options.max ?? Number.POSITIVE_INFINITY;
  const items: PreviewItem[] = [];
  let complete = false;
  let error: string | undefined;
  try {
    for await (const item of connector.read(config, { mode: 'full', http, signal: options.signal })) {
      if (item.kind === 'end' || item.kind === 'unchanged') complete = true;
      if (item.kind !== 'record' && item.kind !== 'removed') continue;
      if (items.length >= max) break;
      items.push(
        item.kind === 'removed' ? removedItem(item.remoteId) : previewItem(connector, item.remoteId, item.raw),
      );
    }
  } catch (failure) {
    if (!(failure instanceof SourceError)) throw failure;
    error = failure.publicMessage;
  }
  return { items, summary: summaryOf(items), complete, ...(error === undefined ? {} : { error }) };
}

function removedItem(remoteId: string): PreviewItem {
  return { remoteId, result: 'removed' };
}

/** One record as a preview shows it. */
function previewItem(connector: AnyConnector, remoteId: string, raw: unknown): PreviewItem {
  const answer = connector.normalise(raw);
  switch (answer.kind) {
    case 'course': {
      const warnings = answer.warnings ?? [];
      const problems = warnings.length === 0 ? {} : { problems: warnings };
      return { remoteId, result: 'course', course: answer.course, ...problems };
    }
    case 'skip':
      return { remoteId, result: 'skip', reason: answer.reason };
    case 'rejected':
      return { remoteId, result: 'rejected', problems: answer.problems };
  }
}

function summaryOf(items: readonly PreviewItem[]): PreviewReport['summary'] {
  const count = (result: PreviewItem['result']) => items.filter((item) => item.result === result).length;
  return {
    records: items.length,
    courses: count('course'),
    skipped: count('skip'),
    rejected: count('rejected'),
    removed: count('removed'),
  };
}

/**
 * A source made of one file: it answers the first address asked for, whenever that one is asked for; any other address is
 * refused, and no network is used.
 */
export function filePreviewHttp(path: string): SourceHttp {
  let listing: string | undefined;
  return {
    async open(url) {
      listing ??= url;
      if (url !== listing) {
        const message = `L’adresse ${url} n’est pas lue : l’aperçu d’un fichier n’utilise pas le réseau.`;
        throw new SourceError('refused', message, { url });
      }
      try {
        await access(path);
      } catch (cause) {
        throw new AppError('not-found', 'preview-file', `Le fichier ${path} est introuvable ou illisible.`, { cause });
      }
      const bytes: AsyncIterable<Uint8Array> = createReadStream(path);
      return { status: 'ok', url, headers: {}, contentType: '', bytes, validators: {} };
    },
  };
}
