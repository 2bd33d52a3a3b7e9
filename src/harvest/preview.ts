/**
 * What a connector alone makes of a source, without writing anything: for who writes one, and for fixtures. What the platform
 * would publish of it is examine.ts.
 */
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
  /** Of that fault, with its page, when it has one. */
  readonly errorCode?: string;
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
  let error: SourceError | undefined;
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
    error = failure;
  }
  return {
    ...{ items, summary: summaryOf(items), complete },
    ...(error === undefined ? {} : { error: error.publicMessage }),
    ...(error?.code === undefined ? {} : { errorCode: error.code }),
  };
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
