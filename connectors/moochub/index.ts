import { z } from 'zod';
import { defineConnector, type SourceContext, type SourceItem } from '../../src/harvest/connector.ts';
import { readJsonRecords } from '../../src/platform/read-json.ts';
import { corrects, normalise } from './normalise.ts';
import { nextPage, type Page, pageSchema, refuseMorePages, refuseWithoutNewRecord } from './paging.ts';
import { recordSchema, workloadUnits } from './record.ts';

const configSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).meta({ title: 'Adresse du catalogue' }),
  workloadUnit: z
    .enum(workloadUnits)
    .optional()
    .meta({ title: 'Unité du champ workload, quand il n’est qu’un nombre' }),
  maxPages: z.int().min(1).max(100_000).default(1_000).meta({ title: 'Nombre maximal de pages' }),
});
type Config = z.infer<typeof configSchema>;

/** A server that knows several versions answers with this one; the others ignore it. */
const accept = 'application/vnd.api+json; moochub-version=3';

/** Identifiers kept to notice a server that gives the same pages again and again; a longer listing must not fill the memory. */
const mostSeen = 50_000;

async function* read(config: Config, context: SourceContext<Page>): AsyncGenerator<SourceItem<Page>> {
  const seen = new Set<string>();
  const visited = new Set<string>();
  const reading = { url: config.url, workloadUnit: config.workloadUnit ?? null };
  let page: Page = context.cursor ?? { number: 1, url: config.url };

  for (;;) {
    context.signal.throwIfAborted();
    visited.add(page.url);
    // A listing of several pages has no validators: those of one page say nothing of the others.
    const validators = page.number === 1 ? context.validators : undefined;
    const download = await context.http.open(page.url, { headers: { accept }, ...validators });
    if (download.status === 'not-modified') {
      yield { kind: 'unchanged' };
      return;
    }

    let links: unknown;
    let position = 0;
    let isNew = false;
    const items = readJsonRecords(download.bytes, { paths: ['$.data.*'], keep: ['$.links'], single: true });
    for await (const { kind, value } of items) {
      context.signal.throwIfAborted();
      if (kind === 'kept') {
        links = value;
        continue;
      }
      position += 1;
      const remoteId = idOf(value) ?? `page ${page.number}, fiche ${position}`;
      isNew ||= !seen.has(remoteId);
      if (seen.size < mostSeen) seen.add(remoteId);
      yield { kind: 'record', remoteId, raw: typeof value === 'object' ? { ...value, reading } : value };
    }

    context.signal.throwIfAborted();
    const next = nextPage(links, page, visited);
    if (next === null) {
      const isWhole = page.number === 1 && Object.keys(download.validators).length > 0;
      const validated = isWhole ? { validators: download.validators } : {};
      yield { kind: 'end', covers: 'full', deletions: 'by-absence', ...validated };
      return;
    }
    if (!isNew) refuseWithoutNewRecord(page);
    if (next.number > config.maxPages) refuseMorePages(config.maxPages, page);
    yield { kind: 'checkpoint', cursor: next };
    page = next;
  }
}

function idOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  const { id } = value;
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id.trim() !== '' ? id : null;
}

export default defineConnector({
  id: 'moochub',
  title: 'MOOChub (JSON, versions 1 à 3)',
  version: 1,
  resumable: true,
  configSchema,
  exampleConfig: { url: 'https://cours.campus.example/bridges/moochub/courses', maxPages: 1_000 },
  recordSchema,
  cursorSchema: pageSchema,
  read,
  corrects,
  normalise,
});
