/** The local server of the demonstration partners: loopback only, read only. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { mondayOf } from './courses.ts';
import { loadCatalogues } from './data.ts';
import { type Document, type Feed, feedOf } from './feeds.ts';

export interface DemoServer {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Publishes each partner below `/<partner id>/`. What is published changes on Mondays only, so does its ETag.
 *
 * @param options `port` 0, the default, takes a free one. Rejects when the port is taken.
 */
export async function startDemoServer(options: { readonly port?: number; now(): Date }): Promise<DemoServer> {
  const catalogues = loadCatalogues();
  let origin = '';
  let week = Number.NaN;
  const feeds = new Map<string, Feed>();

  function feedsOfThisWeek(): ReadonlyMap<string, Feed> {
    const monday = mondayOf(options.now());
    if (week !== monday.getTime()) {
      week = monday.getTime();
      for (const partner of catalogues.partners) {
        feeds.set(partner.id, feedOf(partner, catalogues, monday, `${origin}/${partner.id}/`));
      }
    }
    return feeds;
  }

  function documentAt(address: string): Document | undefined {
    if (!URL.canParse(address, origin)) return undefined;
    const { pathname, searchParams } = new URL(address, origin);
    const [, id = '', ...path] = pathname.split('/');
    return feedsOfThisWeek().get(id)?.(path.join('/'), searchParams);
  }

  const server = createServer((request, response) => {
    answer(request, response, documentAt(request.url ?? '/'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the demonstration server has no port');
  origin = `http://127.0.0.1:${address.port}`;
  // Wrong data stops the start, not a request.
  feedsOfThisWeek();

  return {
    origin,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, document: Document | undefined): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  if (document === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Introuvable');
    return;
  }
  const etag = `"${createHash('sha256').update(document.body).digest('base64url').slice(0, 27)}"`;
  const headers = { etag, 'cache-control': 'no-cache', vary: 'accept-encoding' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const isGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isGzip ? gzipSync(document.body) : document.body;
  response.writeHead(200, {
    ...headers,
    'content-type': document.contentType,
    'content-length': body.length,
    ...(isGzip ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
