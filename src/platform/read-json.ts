/**
 * Streamed JSON: one record at a time leaves a listing of any length, and only that record is held in memory.
 * The tokenizer is the library's; the tree is built here, because a listing needs what a general parser does not give:
 * the size and the depth of what is held, and the certainty that the expected list was really there.
 */
import { Tokenizer, TokenType } from '@streamparser/json';
import { SourceError } from '../errors.ts';

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

type Container = unknown[] | Record<string, unknown>;

type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

const sliceBytes = 65_536;

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
  const found: JsonItem[] = [];
  const tree = selectedTree(options, (item) => found.push(item));
  const maxRecordBytes = options.maxRecordBytes ?? 1_000_000;
  const tokenizer = new Tokenizer();
  tokenizer.onToken = tree.accept;

  let total = 0;
  let started = false;
  for await (const chunk of bytes) {
    // A large chunk would otherwise turn into as many records at once.
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const slice = chunk.subarray(at, at + sliceBytes);
      started ||= startsAsJson(slice);
      const failure = attempt(() => tokenizer.write(slice));
      yield* found;
      found.length = 0;
      if (failure !== undefined) throw readable(failure);
      total += slice.length;
      if (total - tree.heldSince() > maxRecordBytes) throw recordTooLarge(maxRecordBytes);
    }
  }
  if (!started) throw new SourceError('malformed', 'La source a répondu sans aucun contenu.');
  const failure = attempt(() => tokenizer.end());
  yield* found;
  if (failure instanceof SourceError) throw failure;
  if (failure !== undefined || !tree.isComplete()) {
    const message = 'La réponse est coupée : le document JSON n’est pas terminé.';
    throw new SourceError('malformed', message, { cause: failure });
  }
  if (!tree.hasListing()) {
    const lists = options.paths.map((path) => `« ${path.replace(/\.\*$/, '')} »`).join(' ou ');
    throw new SourceError('changed', `La réponse ne contient pas la liste ${lists} que ce format annonce.`);
  }
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
  return new SourceError('malformed', message, { cause });
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

/** Grammar of JSON, and the tree of the selected values only. */
function selectedTree(options: JsonOptions, emit: (item: JsonItem) => void) {
  const maxDepth = options.maxDepth ?? 64;
  const maxRecordBytes = options.maxRecordBytes ?? 1_000_000;
  const selectors: readonly Selector[] = [
    ...options.paths.map((path) => ({ kind: 'record' as const, path, segments: segmentsOf(path) })),
    ...(options.keep ?? []).map((path) => ({ kind: 'kept' as const, path, segments: segmentsOf(path) })),
  ];

  let expected: Expected = 'value';
  let key = '';
  let held = 0;
  let listing = false;
  /** For each open container, whether it is an array. */
  const arrays: boolean[] = [];
  /** For each open container on the way to something selected, the selectors that may still match below. */
  const ways: (readonly Selector[])[] = [];
  /** Open containers of the selected value, outermost first; empty outside of one. */
  const building: Container[] = [];
  let selected: Selector | undefined;

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

  function attach(value: unknown): void {
    const parent = building.at(-1);
    if (parent === undefined) return;
    if (Array.isArray(parent)) parent.push(value);
    else if (key === '__proto__') {
      Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
    } else parent[key] = value;
  }

  function scalar(value: unknown): void {
    if (expected !== 'value' && expected !== 'value-or-end') throw notJson();
    if (building.length > 0) attach(value);
    else if (!skipping()) {
      const match = reachable().find((selector) => selector.segments.length === ways.length);
      if (match !== undefined) deliver(match, value);
    }
    expected = arrays.length === 0 ? 'nothing' : 'comma-or-end';
  }

  function deliver(selector: Selector, value: unknown): void {
    if (selector.kind === 'record') listing = true;
    emit({ kind: selector.kind, path: selector.path, value });
  }

  function open(isArray: boolean, offset: number): void {
    if (expected !== 'value' && expected !== 'value-or-end') throw notJson();
    if (arrays.length >= maxDepth) {
      throw new SourceError('malformed', `Les données sont imbriquées sur plus de ${maxDepth} niveaux.`);
    }
    if (building.length > 0) {
      const container: Container = isArray ? [] : {};
      attach(container);
      building.push(container);
    } else if (!skipping()) enter(isArray, offset);
    arrays.push(isArray);
    expected = isArray ? 'value-or-end' : 'key-or-end';
  }

  function enter(isArray: boolean, offset: number): void {
    const within = reachable();
    const here = ways.length;
    const match = within.find(
      ({ kind, segments }) =>
        segments.length === here ||
        (options.single === true && !isArray && kind === 'record' && isStar(segments, here)),
    );
    if (match !== undefined) {
      selected = match;
      held = offset;
      building.push(isArray ? [] : {});
    } else if (within.length > 0) {
      if (isArray && within.some(({ kind, segments }) => kind === 'record' && isStar(segments, here))) listing = true;
      ways.push(within);
    }
  }

  function close(isArray: boolean, offset: number): void {
    const ends = isArray ? 'value-or-end' : 'key-or-end';
    if (arrays.at(-1) !== isArray || (expected !== 'comma-or-end' && expected !== ends)) throw notJson();
    arrays.pop();
    const container = building.pop();
    if (container === undefined) {
      if (ways.length > arrays.length) ways.pop();
    } else if (building.length === 0 && selected !== undefined) {
      if (offset + 1 - held > maxRecordBytes) throw recordTooLarge(maxRecordBytes);
      deliver(selected, container);
    }
    expected = arrays.length === 0 ? 'nothing' : 'comma-or-end';
  }

  function accept({ token, value, offset }: { token: TokenType; value: unknown; offset: number }): void {
    if (building.length === 0) held = offset;
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
        open(false, offset);
        break;
      case TokenType.LEFT_BRACKET:
        open(true, offset);
        break;
      case TokenType.RIGHT_BRACE:
        close(false, offset);
        break;
      case TokenType.RIGHT_BRACKET:
        close(true, offset);
        break;
      default:
        scalar(value);
    }
  }

  return {
    accept,
    /** Position of the oldest byte that is still in memory. */
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
