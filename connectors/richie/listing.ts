/** Pages of a list of a Richie portal: `offset` moves by what was received, because a portal may clamp `limit`. */
import { z } from 'zod';
import { type SourceContext, SourceError, type SourceItem } from '../../src/harvest/connector.ts';
import { readJsonRecords } from '../../src/platform/read-json.ts';
import { metaSchema } from './record.ts';

export const cursorSchema = z.object({ offset: z.int().min(0) });
/** Where the next page starts. */
export type Cursor = z.infer<typeof cursorSchema>;

export type Listed =
  | { readonly kind: 'entry'; readonly id: string; readonly value: unknown }
  | { readonly kind: 'item'; readonly item: SourceItem<Cursor> };

interface Settings {
  readonly language: string;
  readonly pageSize: number;
  readonly maxPages: number;
}

/** Entries as they come, a checkpoint after each page but the last, then one end. */
export async function* pagesOf(
  url: string,
  { language, pageSize, maxPages }: Settings,
  { http, signal, validators }: Pick<SourceContext<Cursor>, 'http' | 'signal' | 'validators'>,
  { offset: start }: Cursor,
): AsyncGenerator<Listed> {
  const seen = new Set<string>();
  let offset = start;
  for (let page = 1; ; page += 1) {
    signal.throwIfAborted();
    if (page > maxPages) {
      const message = `La liste dépasse ${maxPages} pages (réglage « nombre maximal de pages »).`;
      throw new SourceError('too-large', message, { url });
    }
    const address = new URL(url);
    // The facets of the search are heavy, and not courses.
    address.searchParams.set('scope', 'objects');
    address.searchParams.set('limit', String(pageSize));
    address.searchParams.set('offset', String(offset));
    const download = await http.open(address.href, {
      headers: { accept: 'application/json', 'accept-language': language },
      ...(offset === 0 ? validators : undefined),
    });
    if (download.status === 'not-modified') {
      yield { kind: 'item', item: { kind: 'unchanged' } };
      return;
    }

    let received = 0;
    let total: number | undefined;
    const before = seen.size;
    for await (const { kind, value } of readJsonRecords(download.bytes, {
      paths: ['$.objects.*'],
      keep: ['$.meta'],
    })) {
      signal.throwIfAborted();
      if (kind === 'kept') {
        total = metaSchema.safeParse(value).data?.total_count ?? undefined;
        continue;
      }
      received += 1;
      const id = idOf(value) ?? `rang ${offset + received}`;
      seen.add(id);
      yield { kind: 'entry', id, value };
    }
    signal.throwIfAborted();

    offset += received;
    if (received === 0 || (total !== undefined && offset >= total)) {
      const isWhole = start === 0 && page === 1 && Object.keys(download.validators).length > 0;
      yield {
        kind: 'item',
        item: {
          kind: 'end',
          covers: 'full',
          deletions: 'by-absence',
          ...(total === undefined ? {} : { announced: total }),
          ...(isWhole ? { validators: download.validators } : {}),
        },
      };
      return;
    }
    if (seen.size === before) {
      const message = `La page ${page} n’apporte aucune fiche nouvelle : la liste tourne en rond.`;
      throw new SourceError('changed', message, { url: address.href });
    }
    yield { kind: 'item', item: { kind: 'checkpoint', cursor: { offset } } };
  }
}

function idOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  const { id } = value;
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id !== '' ? id : null;
}
