/** Which format is this? Each connector reads the beginning; the one that finds the most courses is the answer. */
import { AppError, SourceError } from '../errors.ts';
import type { AnyConnector, Download, OpenOptions, SourceHttp } from './connector.ts';
import { type Examination, type ExamineOptions, examine } from './examine.ts';
import { addressOfFile } from './file-http.ts';

/** What is recognised: an address, or the bytes of a file. */
export type Unknown =
  | { readonly kind: 'address'; readonly url: string; readonly http: SourceHttp }
  /** `site`: where its relative addresses lead. `open` gives a fresh way to the file. */
  | { readonly kind: 'file'; readonly site: string; readonly open: () => SourceHttp };

export interface Recognised {
  /** Id of the connector. */
  readonly connector: string;
  readonly title: string;
  /** The connector's example with the address: what was read with. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly report: Examination;
}

/** What each format may look at before it is given up: 20 records of the largest kind. */
const headBytes = 24_000_000;

/**
 * The source is asked once, whatever the number of formats: what one has read, the next one reads again from memory.
 * @throws AppError `invalid` when no connector finds a record; `details` holds what each of them said
 */
export async function recognise(
  connectors: Iterable<AnyConnector>,
  source: Unknown,
  options: Omit<ExamineOptions, 'all'>,
): Promise<Recognised> {
  const recorded = source.kind === 'address' ? record(source.http) : null;
  const until = Date.now() + options.readingMs;
  const tried: Recognised[] = [];
  try {
    for (const connector of connectors) {
      const url = source.kind === 'address' ? source.url : addressOfFile(connector, source.site);
      if (url === null) continue;
      const config = { ...(connector.exampleConfig as object), url };
      if (!connector.configSchema.safeParse(config).success) continue;
      const http = source.kind === 'file' ? headOf(source.open()) : (recorded ?? source.http);
      // The first one waits for the source; those after it share what is left of the time.
      const left = tried.length === 0 ? options.readingMs : Math.max(until - Date.now(), options.readingMs / 10);
      const report = await examine(connector, config, http, { ...options, all: false, readingMs: left });
      tried.push({ connector: connector.id, title: connector.title, config, report });
    }
  } finally {
    recorded?.close();
  }
  const found = (one: Recognised) => one.report.counts.ready + one.report.counts.remark;
  const best = tried
    .filter(({ report }) => report.counts.read > 0)
    .sort((a, b) => found(b) - found(a) || a.report.counts['to-fix'] - b.report.counts['to-fix'])
    .at(0);
  // A format that takes anything for one wrong record does not win over one that reads an empty catalogue to its end.
  const isEmpty = tried.some(({ report }) => report.complete && report.counts.read === 0);
  if (best !== undefined && !(isEmpty && best.report.counts['to-fix'] === best.report.counts.read)) return best;
  throw unknownFormat(tried);
}

function unknownFormat(tried: readonly Recognised[]): AppError {
  const said = tried.map(({ title, report }) => `${title} : ${faultWords(report) ?? 'aucune fiche'}`);
  // When the way to the source fails, every format says the same: that is the answer.
  const errors = new Set(tried.map(({ report }) => faultWords(report)));
  const [only] = errors;
  if (errors.size === 1 && only != null) {
    const sentence = only.endsWith('.') ? only : `${only}.`;
    return new AppError('invalid', 'SOURCE_ILLISIBLE', sentence, { details: said });
  }
  if (tried.some(({ report }) => report.complete && report.counts.read === 0)) {
    return new AppError('invalid', 'CATALOGUE_VIDE', 'La source répond mais ne contient aucune fiche.', {
      details: said,
    });
  }
  const message = `Aucun des formats connus n’a été reconnu. ${said.join(' · ')}`;
  return new AppError('invalid', 'FORMAT_INCONNU', message, { details: said });
}

function faultWords({ error, errorCode }: Examination): string | null {
  return error === null || errorCode === null ? error : `${error.replace(/\.$/, '')} (${errorCode}).`;
}

interface Recording {
  readonly download: Extract<Download, { status: 'ok' }>;
  readonly pieces: Uint8Array[];
  readonly rest: AsyncIterator<Uint8Array>;
  bytes: number;
  ended: boolean;
  /** The piece being read, for all who wait for it: a format that gave up may still be waiting too. */
  pulling: Promise<void> | null;
}

/** Each address is asked once, for anything; its pieces are kept as they are read, up to `headBytes`. */
function record(http: SourceHttp): SourceHttp & { close(): void } {
  const asked = new Map<string, Promise<Recording>>();

  async function begin(url: string, options: OpenOptions | undefined): Promise<Recording> {
    const download = await http.open(url, { ...options, headers: { ...options?.headers, accept: '*/*' } });
    if (download.status !== 'ok') throw new SourceError('malformed', 'Réponse illisible', { url });
    const rest = download.bytes[Symbol.asyncIterator]();
    return { download, pieces: [], rest, bytes: 0, ended: false, pulling: null };
  }

  async function pull(recording: Recording): Promise<void> {
    const { value, done } = await recording.rest.next();
    if (done === true) {
      recording.ended = true;
    } else {
      recording.pieces.push(value);
      recording.bytes += value.length;
    }
    // After a fault it stays: every format meets the same fault at the same place.
    recording.pulling = null;
  }

  async function* replay(recording: Recording): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; ) {
      const piece = recording.pieces[at];
      if (piece !== undefined) {
        at += 1;
        yield piece;
      } else if (recording.ended) {
        return;
      } else if (recording.bytes >= headBytes) {
        throw tooFar();
      } else {
        recording.pulling ??= pull(recording);
        await recording.pulling;
      }
    }
  }

  return {
    async open(url, options) {
      const key = `${options?.method ?? 'GET'} ${url} ${JSON.stringify(options?.form ?? null)}`;
      const begun = asked.get(key) ?? begin(url, options);
      // Its failure is every format's failure: the source is not asked again.
      asked.set(key, begun);
      const recording = await begun;
      return { ...recording.download, bytes: replay(recording) };
    },
    close() {
      for (const begun of asked.values()) {
        begun.then(
          ({ rest }) => rest.return?.(undefined).catch(() => {}),
          () => {},
        );
      }
    },
  };
}

/** A file is opened again by each format, which looks at its beginning only. */
function headOf(http: SourceHttp): SourceHttp {
  return {
    async open(url, options) {
      const download = await http.open(url, options);
      return download.status === 'ok' ? { ...download, bytes: headBytesOf(download.bytes) } : download;
    },
  };
}

async function* headBytesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const piece of bytes) {
    if (seen >= headBytes) throw tooFar();
    seen += piece.length;
    yield piece;
  }
}

function tooFar(): SourceError {
  return new SourceError('changed', 'aucune fiche dans les premiers mégaoctets');
}
