/** Brings the registers up to the newest exports that are published. */
import { AppError, SourceError } from '../../../errors.ts';
import type { GuardedHttp } from '../../../platform/http.ts';
import { type PublishedExport, readDataset, withDownload } from '../discover.ts';
import type { IsoDate, RegisterName } from '../model.ts';
import { type ImportOptions, type ImportParts, type ImportReport, importExport } from './import.ts';

export interface LatestParts extends ImportParts {
  /** One per call, so that its pace and limits are those of this import. */
  openHttp(signal: AbortSignal | undefined): GuardedHttp;
  readonly address: string;
  /** Where downloads wait to be read. */
  readonly folder: string;
}

export type LatestImport = { readonly register: RegisterName; readonly title: string; readonly date: IsoDate } & (
  | { readonly outcome: 'imported'; readonly report: ImportReport }
  /** This publication, or a newer one, is in force. */
  | { readonly outcome: 'already-held' }
  | { readonly outcome: 'failed'; readonly code: string; readonly message: string }
);

/**
 * Each register for itself: the failure of one does not keep the other back.
 * @throws SourceError when the list of publications cannot be read or has no export
 */
export async function importLatest(
  parts: LatestParts,
  options: Omit<ImportOptions, 'date' | 'resource'>,
): Promise<readonly LatestImport[]> {
  const http = parts.openHttp(options.signal);
  const published = await readDataset(http, parts.address);
  if (published.length === 0) {
    throw new SourceError('changed', 'data.gouv.fr ne publie plus d’export du registre sous un titre connu.');
  }
  const results: LatestImport[] = [];
  for (const one of published) {
    const { register, title, date } = one;
    results.push({ register, title, date, ...(await bring(parts, http, one, options)) });
  }
  return results;
}

async function bring(
  parts: LatestParts,
  http: GuardedHttp,
  published: PublishedExport,
  options: Omit<ImportOptions, 'date' | 'resource'>,
) {
  const { register, id, lastModified, date } = published;
  const held = await parts.store.head(register);
  const done = held?.resource?.id === id && held.resource.lastModified === lastModified;
  if (done || (held !== null && held.date >= date)) return { outcome: 'already-held' } as const;
  try {
    const report = await withDownload(http, published, parts.folder, (path) =>
      importExport(parts, path, { ...options, date, resource: { id, lastModified } }),
    );
    return { outcome: 'imported', report } as const;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof AppError)
      return { outcome: 'failed', code: error.code, message: error.publicMessage } as const;
    if (error instanceof SourceError) {
      return { outcome: 'failed', code: error.kind, message: error.publicMessage } as const;
    }
    throw error;
  }
}
