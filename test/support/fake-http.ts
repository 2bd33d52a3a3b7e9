import { SourceError } from '../../src/errors.ts';
import type { Download, OpenOptions, SourceHttp } from '../../src/harvest/connector.ts';

/** What the partner answers at one address. */
export interface FakePage {
  readonly body: Uint8Array;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Outside 2xx: a `refused` error with that status. */
  readonly status?: number;
  readonly method?: 'GET' | 'POST';
}

export interface FakeHttp extends SourceHttp {
  /** In the order of the requests. */
  readonly requests: readonly { readonly url: string; readonly options: OpenOptions }[];
  /** Bodies handed out whose bytes are neither read to the end nor closed. */
  openBodies(): number;
  /** Pieces of bytes handed out, all bodies together. */
  piecesRead(): number;
}

/**
 * The only network of the connector tests: serves `pages`, in pieces of `pieceSize` bytes; any other address is refused as by
 * the real guard. Validators equal to those of the page are answered "not modified".
 */
export function makeFakeHttp(pages: ReadonlyMap<string, FakePage>, pieceSize = 65_536): FakeHttp {
  const requests: { url: string; options: OpenOptions }[] = [];
  let open = 0;
  let pieces = 0;

  async function* bytesOf(body: Uint8Array): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < body.length; at += pieceSize) {
        pieces += 1;
        yield body.slice(at, at + pieceSize);
      }
    } finally {
      open -= 1;
    }
  }

  /** A body that nobody starts to read is open too: `open` counts from the answer on. */
  function bodyOf(body: Uint8Array): AsyncIterable<Uint8Array> {
    open += 1;
    const bytes = bytesOf(body);
    let isStarted = false;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          isStarted = true;
          return bytes.next();
        },
        return: async () => {
          if (!isStarted) open -= 1;
          isStarted = true;
          return bytes.return(undefined);
        },
      }),
    };
  }

  return {
    requests,
    openBodies: () => open,
    piecesRead: () => pieces,
    async open(url, options = {}): Promise<Download> {
      requests.push({ url, options });
      const page = pages.get(url);
      if (page === undefined || (page.method ?? 'GET') !== (options.method ?? 'GET')) {
        throw new SourceError('refused', `L’adresse ${url} est refusée.`, { url });
      }
      const status = page.status ?? 200;
      if (status < 200 || status > 299) {
        throw new SourceError('refused', `La source a répondu ${status}.`, { url, httpStatus: status });
      }
      const validators = {
        ...(page.etag === undefined ? {} : { etag: page.etag }),
        ...(page.lastModified === undefined ? {} : { lastModified: page.lastModified }),
      };
      const isSame =
        (page.etag !== undefined && page.etag === options.etag) ||
        (page.lastModified !== undefined && options.etag === undefined && page.lastModified === options.lastModified);
      if (isSame) return { status: 'not-modified', url, validators };
      const contentType = page.contentType ?? 'application/octet-stream';
      const headers = { ...page.headers, 'content-type': contentType };
      return { status: 'ok', url, headers, contentType, bytes: bodyOf(page.body), validators };
    },
  };
}
