/**
 * Streamed CSV, one row at a time. Files come from spreadsheets and exports that do not say how they are written: the
 * encoding and the delimiter are read in the bytes.
 */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { SourceError } from '../errors.ts';
import { decodeUnlabelledText } from './read-text.ts';

export interface CsvRow {
  /** Line of the file on which the row ends, from 1. */
  readonly line: number;
  /** As written, without the quotes; as many as the row has, which may differ from the header. */
  readonly cells: readonly string[];
}

export interface CsvOptions {
  /** Found in the first line when absent: `;`, `,`, tab or `|`. */
  readonly delimiter?: string;
  /** Characters of one row; 1,000,000 by default. */
  readonly maxRowSize?: number;
}

/**
 * The rows, the header being the first; blank lines are left out. A quote inside a bare cell is text. Stopping early closes
 * `bytes`.
 *
 * @throws SourceError `malformed` for a quote that is never closed (also what a cut file ends with), for an empty file and
 * for letters of no known encoding; `too-large` for a row over the cap. The message names the line.
 */
export async function* readCsvRows(
  bytes: AsyncIterable<Uint8Array>,
  options: CsvOptions = {},
): AsyncGenerator<CsvRow, void, undefined> {
  const maxRowSize = options.maxRowSize ?? 1_000_000;
  const { start, texts } = await startOf(decodeUnlabelledText(bytes));
  if (start.trim() === '') {
    // Taking them is what closes the source.
    for await (const _text of texts);
    throw new SourceError('malformed', 'Le fichier CSV est vide.');
  }
  const parser = parse({
    delimiter: options.delimiter ?? delimiterOf(start),
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: maxRowSize,
  });
  const source = Readable.from(texts);
  // `pipe` does not pass a failure on.
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      yield { line: info.lines, cells: record };
    }
  } catch (error) {
    throw readable(error, maxRowSize);
  } finally {
    source.destroy();
  }
}

/** The first line (or the first 65,536 characters), and the whole text again from its start. */
async function startOf(texts: AsyncGenerator<string, void, undefined>) {
  let start = '';
  let ended = false;
  while (!ended && !start.includes('\n') && start.length < 65_536) {
    const next = await texts.next();
    if (next.done === true) ended = true;
    else start += next.value;
  }
  async function* replayed(): AsyncGenerator<string, void, undefined> {
    try {
      if (start !== '') yield start;
      yield* texts;
    } finally {
      await texts.return();
    }
  }
  return { start, texts: replayed() };
}

const delimiters = [';', ',', '\t', '|'] as const;

/** The one that the first line has most of, outside quotes. */
function delimiterOf(start: string): string {
  const header = (/^[^\n]*/.exec(start.trimStart())?.[0] ?? '').replace(/"[^"]*"/g, '');
  const counts = delimiters.map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).delimiter;
}

function readable(error: unknown, maxRowSize: number): unknown {
  if (!(error instanceof CsvError)) return error;
  const line = `ligne ${String(error.lines ?? '?')}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    const message = `Une ligne dépasse ${maxRowSize} caractères (${line}) : un guillemet n’est sans doute pas fermé.`;
    return new SourceError('too-large', message, { cause: error });
  }
  const message = `Le fichier CSV est coupé, ou un guillemet n’est pas fermé (${line}).`;
  return new SourceError('malformed', message, { cause: error });
}
