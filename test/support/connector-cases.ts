import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AnyConnector, SourceItem, Validators } from '../../src/harvest/connector.ts';
import { type FakeHttp, type FakePage, makeFakeHttp } from './fake-http.ts';

/** The fixture convention of docs/connectors.md. */
const pageSchema = z.strictObject({
  file: z.string(),
  contentType: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  status: z.int().optional(),
  method: z.enum(['GET', 'POST']).optional(),
});

const caseSchema = z.strictObject({
  pages: z.record(z.string(), z.union([z.string(), pageSchema])),
  config: z.unknown().optional(),
  mode: z.enum(['full', 'changes']).default('full'),
  cursor: z.unknown().optional(),
  fails: z.enum(['unreachable', 'refused', 'too-large', 'malformed', 'changed', 'timed-out']).optional(),
});

export interface ConnectorCase {
  readonly name: string;
  readonly config: unknown;
  readonly mode: 'full' | 'changes';
  readonly cursor: unknown;
  readonly fails: string | undefined;
  readonly pages: ReadonlyMap<string, FakePage>;
  readonly expectedFile: URL;
}

export function fixturesOf(id: string): URL {
  return new URL(`../../connectors/${id}/fixtures/`, import.meta.url);
}

/** The cases of one folder of fixtures, by name. */
export function casesIn(folder: URL, connector: AnyConnector): readonly ConnectorCase[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.case.json'));
  return names.sort().map((file) => {
    const { pages, config, ...rest } = caseSchema.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
    const name = file.slice(0, -'.case.json'.length);
    const served = Object.entries(pages).map(([url, page]): [string, FakePage] => {
      const { file: body, ...answer } = typeof page === 'string' ? { file: page } : page;
      const given = Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined));
      return [url, { ...given, body: readFileSync(new URL(body, folder)) }];
    });
    return {
      name,
      config: config ?? connector.exampleConfig,
      mode: rest.mode,
      cursor: rest.cursor,
      fails: rest.fails,
      pages: new Map(served),
      expectedFile: new URL(`${name}.expected.json`, folder),
    };
  });
}

export interface Reading {
  readonly http: FakeHttp;
  readonly items: AsyncIterable<SourceItem<unknown>>;
}

/** Starts to read a case; `change` varies one thing of it. */
export function readCase(
  connector: AnyConnector,
  listing: ConnectorCase,
  change: {
    readonly pages?: ReadonlyMap<string, FakePage>;
    readonly pieceSize?: number;
    readonly cursor?: unknown;
    readonly validators?: Validators;
    readonly signal?: AbortSignal;
  } = {},
): Reading {
  const http = makeFakeHttp(change.pages ?? listing.pages, change.pieceSize);
  const cursor = change.cursor ?? listing.cursor;
  const context = {
    mode: listing.mode,
    http,
    signal: change.signal ?? new AbortController().signal,
    ...(cursor === undefined ? {} : { cursor }),
    ...(change.validators === undefined ? {} : { validators: change.validators }),
  };
  return { http, items: connector.read(listing.config, context) };
}

export async function allOf(items: AsyncIterable<SourceItem<unknown>>): Promise<SourceItem<unknown>[]> {
  const list: SourceItem<unknown>[] = [];
  for await (const item of items) list.push(item);
  return list;
}
