/**
 * Streamed JSON: one record at a time leaves a listing of any length, and only that record is held in memory.
 * The tokenizer is the library's, and reads what is around the records; the bytes of a record are cut out and given to
 * `JSON.parse`, three times as fast. What stands here is what a listing needs and a general parser does not give: the size and
 * the depth of what is held, and the certainty that the expected list was really there.
 */
import { isUtf8 } from 'node:buffer';
import { Tokenizer, TokenType } from '@streamparser/json';
import { SourceError } from '../errors.ts';
import { unreadableCode } from './read-text.ts';

export interface JsonOptions {
  /**
   * Where the records are: `$` (the document is the record), `$.*` (the document is their array), `$.data.*`.
   * `*` stands for the elements of an array, and is the last segment.
   */
  readonly paths: readonly string[];
  /** Other values wanted beside the records, small ones: `$.links`, `$.meta.total_count`. */
  readonly keep?: readonly string[];
  /** An object found where the array of records should be is itself the only record. */
  readonly single?: boolean;
  /** Bytes of one record or kept value; 1 MB by default. */
  readonly maxRecordBytes?: number;
  /** Levels of nesting of the whole document; 64 by default. */
  readonly maxDepth?: number;
}

/** In the order of the document; `path` is the one of the options. */
export interface JsonItem {
  readonly kind: 'record' | 'kept';
  readonly path: string;
  readonly value: unknown;
}

interface Selector {
  readonly kind: JsonItem['kind'];
  readonly path: string;
  readonly segments: readonly string[];
}

type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

/** The tokenizer is given so much at most: it holds a token that is not finished, however long. */
const sliceBytes = 65_536;
const maxRecordBytesByDefault = 1_000_000;
const maxDepthByDefault = 64;

/**
 * Reads records and kept values of a JSON document in UTF-8. A repeated key in a record has its last value, as with
 * `JSON.parse`; a key `__proto__` is an own property. U+FEFF is dropped from texts.
 *
 * @throws SourceError `malformed` when the bytes are not a whole JSON document in UTF-8, `too-large` over a cap,
 * `changed` when none of `paths` exists in the document.
 */
export async function* readJsonRecords(
  bytes: AsyncIterable<Uint8Array>,
  options: JsonOptions,
): AsyncGenerator<JsonItem, void, undefined> {
  const { maxRecordBytes = maxRecordBytesByDefault } = options;
  const found: JsonItem[] = [];
  const outline = outlineOf(options, (item) => found.push(item));
  const record = makeRecordBytes(options);
  const tokenizer = new Tokenizer();
  tokenizer.onToken = outline.accept;

  let given = 0;
  let started = false;
  for await (const chunk of bytes) {
    started ||= startsAsJson(chunk);
    let at = 0;
    while (at < chunk.length) {
      if (outline.selected() !== null) {
        at = record.take(chunk, at);
        if (record.isWhole()) outline.close(record.value());
      } else {
        const slice = chunk.subarray(at, pieceEnd(chunk, at));
        const failure = attempt(() => tokenizer.write(slice));
        if (failure !== undefined) {
          yield* found;
          throw readable(failure);
        }
        at += slice.length;
        given += slice.length;
        if (given - outline.heldSince() > maxRecordBytes) throw recordTooLarge(maxRecordBytes);
        // Its first byte was given to the tokenizer, which had to tell what it opens.
        if (outline.selected() !== null) record.begin(slice, outline.depth());
      }
      if (found.length === 0) continue;
      for (const item of found) yield item;
      found.length = 0;
    }
  }
  if (!started) throw new SourceError('malformed', 'La source a répondu sans aucun contenu.');
  const failure = attempt(() => tokenizer.end());
  yield* found;
  if (failure instanceof SourceError) throw failure;
  if (failure !== undefined || !outline.isComplete()) {
    const message = 'La réponse est coupée : le document JSON n’est pas terminé.';
    throw new SourceError('malformed', message, { cause: failure });
  }
  if (!outline.hasListing()) {
    const lists = options.paths.map((path) => `« ${path.replace(/\.\*$/, '')} »`).join(' ou ');
    throw new SourceError('changed', `La réponse ne contient pas la liste ${lists} que ce format annonce.`);
  }
}

/** Just after the first byte that may open a record. */
function pieceEnd(chunk: Uint8Array, from: number): number {
  const last = Math.min(chunk.length, from + sliceBytes);
  let at = from;
  while (at < last && chunk[at] !== leftBrace && chunk[at] !== leftBracket) at += 1;
  return Math.min(at + 1, last);
}

const quote = 0x22;
const backslash = 0x5c;
const leftBracket = 0x5b;
const rightBracket = 0x5d;
const leftBrace = 0x7b;
const rightBrace = 0x7d;
const firstPrintable = 0x20;

/** U+FEFF in a text, as it is or escaped. */
const marks = /\uFEFF|(?<!\\)((?:\\\\)*)\\u[fF][eE][fF]{2}/g;

/** Or what looks like it; most texts have neither, and are known at a glance. */
function hasMark(text: string): boolean {
  return text.includes('\uFEFF') || (text.includes('\\u') && /\\ufeff/i.test(text));
}

/** The bytes of one object or array, from its opening to the end of the same level. */
function makeRecordBytes({ maxRecordBytes = maxRecordBytesByDefault, maxDepth = maxDepthByDefault }: JsonOptions) {
  let bytes = Buffer.alloc(4_096);
  let length = 0;
  let inText = false;
  let isEscaped = false;
  /** Levels of the document around it. */
  let around = 0;
  /** For each open container, what closes it. */
  const closings: number[] = [];

  function open(byte: number): void {
    if (around + closings.length >= maxDepth) throw tooDeep(maxDepth);
    closings.push(byte === leftBrace ? rightBrace : rightBracket);
  }

  function append(piece: Uint8Array): void {
    const longer = length + piece.length;
    if (longer > maxRecordBytes) throw recordTooLarge(maxRecordBytes);
    if (longer > bytes.length) {
      const larger = Buffer.alloc(Math.max(longer, bytes.length * 2));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    bytes.set(piece, length);
    length = longer;
  }

  return {
    /** `slice` ends with the byte that opens it, at this depth of the document. */
    begin(slice: Uint8Array, depth: number): void {
      length = 0;
      inText = false;
      isEscaped = false;
      around = depth - 1;
      closings.length = 0;
      open(slice.at(-1) ?? leftBrace);
      append(slice.subarray(-1));
    },
    /** @returns the place after the last byte taken. @throws SourceError when it cannot be JSON, or passes a cap */
    take(chunk: Uint8Array, from: number): number {
      let at = from;
      // In variables of its own: a byte costs half as much.
      let within = inText;
      let escaped = isEscaped;
      while (at < chunk.length && closings.length > 0) {
        const byte = chunk[at] ?? 0;
        at += 1;
        if (within) {
          if (escaped) escaped = false;
          else if (byte === quote) within = false;
          else if (byte === backslash) escaped = true;
          else if (byte < firstPrintable) throw notJson();
        } else if (byte === quote) within = true;
        else if (byte === leftBrace || byte === leftBracket) open(byte);
        else if ((byte === rightBrace || byte === rightBracket) && closings.pop() !== byte) throw notJson();
      }
      inText = within;
      isEscaped = escaped;
      append(chunk.subarray(from, at));
      return at;
    },
    isWhole: () => closings.length === 0,
    /** @throws SourceError when it is not JSON in UTF-8 */
    value(): unknown {
      const held = bytes.subarray(0, length);
      if (!isUtf8(held)) throw notUtf8();
      const text = held.toString();
      try {
        return JSON.parse(hasMark(text) ? text.replace(marks, '$1') : text);
      } catch (error) {
        throw notJson(error);
      }
    },
  };
}

/** What `work` threw: records found before a fault are delivered before it is told. */
function attempt(work: () => void): unknown {
  try {
    work();
  } catch (failure) {
    return failure;
  }
  return undefined;
}

function recordTooLarge(maxBytes: number): SourceError {
  const size = maxBytes >= 1_000_000 ? `${maxBytes / 1_000_000} Mo` : `${maxBytes} octets`;
  return new SourceError('too-large', `Une fiche dépasse ${size} (réglage « taille maximale d’une fiche »).`);
}

function tooDeep(maxDepth: number): SourceError {
  return new SourceError('malformed', `Les données sont imbriquées sur plus de ${maxDepth} niveaux.`);
}

function readable(failure: unknown): SourceError {
  if (failure instanceof SourceError) return failure;
  const isDecoding = failure instanceof Error && 'code' in failure && failure.code === invalidUtf8;
  return isDecoding ? notUtf8(failure) : notJson(failure);
}

/** Code of the strict decoder of Node, which the tokenizer uses. */
const invalidUtf8 = 'ERR_ENCODING_INVALID_ENCODED_DATA';

function notJson(cause?: unknown): SourceError {
  return new SourceError('malformed', 'La réponse n’est pas un document JSON lisible.', { cause });
}

function notUtf8(cause?: unknown): SourceError {
  const message = 'Des caractères sont illisibles : un document JSON est en UTF-8, celui-ci ne l’est pas.';
  return new SourceError('malformed', message, { code: unreadableCode, cause });
}

/**
 * Looks at the first byte that is neither space nor byte order mark; false while there is none.
 *
 * @throws SourceError that names what came instead of JSON.
 */
function startsAsJson(slice: Uint8Array): boolean {
  const first = slice.find((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d) && !utf8Mark.includes(byte));
  if (first === undefined) return false;
  if (first === 0x3c) {
    throw new SourceError('malformed', 'La source a répondu une page web (HTML ou XML) au lieu de données JSON.');
  }
  // UTF-16 and UTF-32 start with their mark, or with a zero.
  if (first === 0 || first >= 0x80) throw notUtf8();
  return true;
}

const utf8Mark = [0xef, 0xbb, 0xbf];

/** Grammar of JSON around the selected values, which are told when they open and given when they close. */
function outlineOf(
  { paths, keep = [], single, maxDepth = maxDepthByDefault }: JsonOptions,
  emit: (item: JsonItem) => void,
) {
  const selectors: readonly Selector[] = [
    ...paths.map((path) => ({ kind: 'record' as const, path, segments: segmentsOf(path) })),
    ...keep.map((path) => ({ kind: 'kept' as const, path, segments: segmentsOf(path) })),
  ];

  let expected: Expected = 'value';
  let key = '';
  let held = 0;
  let listing = false;
  /** For each open container, whether it is an array. */
  const arrays: boolean[] = [];
  /** For each open container on the way to something selected, the selectors that may still match below. */
  const ways: (readonly Selector[])[] = [];
  /** Of the container that just opened and is not closed. */
  let selected: Selector | null = null;

  /** Selectors that match a value at the present place, or below it. */
  function reachable(): readonly Selector[] {
    const way = ways.at(-1);
    if (way === undefined) return selectors;
    const depth = ways.length;
    const inArray = arrays.at(-1) === true;
    return way.filter(({ segments }) => {
      const segment = segments[depth - 1];
      return inArray ? segment === '*' : segment === key && segment !== '*';
    });
  }

  /** True while the present place is neither selected nor on the way to something selected. */
  function skipping(): boolean {
    return arrays.length > ways.length;
  }

  function scalar(value: unknown): void {
    if (expected !== 'value' && expected !== 'value-or-end') throw notJson();
    if (!skipping()) {
      const match = reachable().find((selector) => selector.segments.length === ways.length);
      if (match !== undefined) deliver(match, value);
    }
    expected = afterValue();
  }

  function afterValue(): Expected {
    return arrays.length === 0 ? 'nothing' : 'comma-or-end';
  }

  function deliver({ kind, path }: Selector, value: unknown): void {
    if (kind === 'record') listing = true;
    emit({ kind, path, value });
  }

  function open(isArray: boolean): void {
    if (expected !== 'value' && expected !== 'value-or-end') throw notJson();
    if (arrays.length >= maxDepth) throw tooDeep(maxDepth);
    if (!skipping()) enter(isArray);
    arrays.push(isArray);
    expected = isArray ? 'value-or-end' : 'key-or-end';
  }

  function enter(isArray: boolean): void {
    const within = reachable();
    const here = ways.length;
    const match = within.find(
      ({ kind, segments }) =>
        segments.length === here || (single === true && !isArray && kind === 'record' && isStar(segments, here)),
    );
    if (match !== undefined) selected = match;
    else if (within.length > 0) {
      if (isArray && within.some(({ kind, segments }) => kind === 'record' && isStar(segments, here))) listing = true;
      ways.push(within);
    }
  }

  function end(isArray: boolean): void {
    const ends = isArray ? 'value-or-end' : 'key-or-end';
    if (arrays.at(-1) !== isArray || (expected !== 'comma-or-end' && expected !== ends)) throw notJson();
    arrays.pop();
    if (ways.length > arrays.length) ways.pop();
    expected = afterValue();
  }

  function accept({ token, value, offset }: { token: TokenType; value: unknown; offset: number }): void {
    held = offset;
    switch (token) {
      case TokenType.STRING: {
        // The tokenizer's decoder loses this mark or not, according to where the bytes were cut.
        const text = String(value).replaceAll('\uFEFF', '');
        if (expected === 'key' || expected === 'key-or-end') {
          key = text;
          expected = 'colon';
        } else scalar(text);
        return;
      }
      case TokenType.COLON:
        if (expected !== 'colon') throw notJson();
        expected = 'value';
        break;
      case TokenType.COMMA:
        if (expected !== 'comma-or-end') throw notJson();
        expected = arrays.at(-1) === true ? 'value' : 'key';
        break;
      case TokenType.LEFT_BRACE:
        open(false);
        break;
      case TokenType.LEFT_BRACKET:
        open(true);
        break;
      case TokenType.RIGHT_BRACE:
        end(false);
        break;
      case TokenType.RIGHT_BRACKET:
        end(true);
        break;
      default:
        scalar(value);
    }
  }

  return {
    accept,
    /** Not null: what follows is the inside of a selected value, for `close` and not for `accept`. */
    selected: () => selected,
    /** Containers open now. */
    depth: () => arrays.length,
    close(value: unknown): void {
      if (selected === null) throw new TypeError('no selected value is open');
      arrays.pop();
      deliver(selected, value);
      selected = null;
      expected = afterValue();
    },
    /** Position of the oldest byte that the tokenizer still holds, of those that it was given. */
    heldSince: () => held,
    isComplete: () => expected === 'nothing',
    hasListing: () => listing,
  };
}

function isStar(segments: readonly string[], here: number): boolean {
  return segments.length === here + 1 && segments[here] === '*';
}

function segmentsOf(path: string): readonly string[] {
  const [root, ...segments] = path.split('.');
  if (root !== '$') throw new TypeError(`a path starts with $: ${path}`);
  return segments;
}
