/**
 * Bytes to text, with a streaming decoder: cutting a UTF-8 stream and decoding each piece corrupts the letters that lie
 * across a cut. Strict: letters are intact, or reading stops.
 */
import { TextDecoder } from 'node:util';
import { SourceError } from '../errors.ts';

/** A large piece would otherwise turn into as much text, and as many records, at once. */
const sliceBytes = 65_536;

/** Of every fault of letters, whatever the format (product B15). */
export const unreadableCode = 'E_ENCODAGE';

/** The charset a text is read in, and what is said of it when its letters do not fit. */
export interface FoundCharset {
  /** Of the WHATWG encodings: `utf-8`, `iso-8859-1` (which means Windows-1252), `utf-16le`… */
  readonly label: string;
  /** French: « le fichier annonce UTF-8 », and never that it announces what it does not. */
  readonly said: string;
}

export function announcedBy(who: 'fichier' | 'serveur', announced: string, label = announced): FoundCharset {
  return { label, said: `le ${who} annonce ${announced.toUpperCase()}` };
}

export function unannounced(label: string): FoundCharset {
  return { label, said: `le fichier n'annonce pas d'encodage, nous l'avons lu en ${label.toUpperCase()}` };
}

/** The charset that a byte order mark announces. */
export function charsetOfMark(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  const [first, second, third] = head;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

/**
 * The first byte that is neither white space nor byte order mark (undefined when there is none), to tell one format from
 * another, and the same bytes from their start. Whoever takes them reads them: that is what closes the source.
 */
export async function peekByte(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly first: number | undefined; readonly bytes: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let first: number | undefined;
  while (first === undefined) {
    const next = await iterator.next();
    if (next.done === true) break;
    seen.push(next.value);
    first = next.value.find((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d) && !utf8Mark.includes(byte));
  }
  async function* replayed(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* seen;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first, bytes: replayed() };
}

const utf8Mark = [0xef, 0xbb, 0xbf];

/** The charset of a `Content-Type`, in lower case. */
export function charsetOfContentType(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1]?.toLowerCase();
}

/**
 * Decodes bytes; the byte order mark is dropped. `charset` is the one that the file announces, or a function that finds it in
 * the first bytes (at least 1,024, or all there are). Stopping early closes `bytes`.
 *
 * @throws SourceError `malformed`, `E_ENCODAGE`, for an unknown label, for bytes that the charset does not hold, and for UTF-8 that announces
 * itself as ISO-8859-1 or Windows-1252 (which would decode without error, into wrong letters).
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  charset: string | ((head: Uint8Array) => FoundCharset),
): AsyncGenerator<string, void, undefined> {
  const find = typeof charset === 'function' ? charset : () => announcedBy('fichier', charset);
  let head = new Uint8Array();
  let decode: ((slice: Uint8Array, isLast: boolean) => string) | undefined;
  for await (const piece of bytes) {
    let chunk = piece;
    if (decode === undefined) {
      if (head.length > 0) chunk = Buffer.concat([head, piece]);
      if (typeof charset === 'function' && chunk.length < 1_024) {
        // Copied: a source may reuse its buffer.
        head = Uint8Array.from(chunk);
        continue;
      }
      decode = decoderOf(find(chunk));
    }
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const text = decode(chunk.subarray(at, at + sliceBytes), false);
      if (text !== '') yield text;
    }
  }
  const last = decode ?? decoderOf(find(head));
  const text = last(decode === undefined ? head : new Uint8Array(), true);
  if (text !== '') yield text;
}

/**
 * Text of unknown encoding, as spreadsheets write it: a byte order mark says it; else the first letter that is not ASCII
 * does, UTF-8 when it is written as UTF-8 writes one, Windows-1252 when not. The rest is read strictly in that encoding.
 *
 * @throws SourceError `malformed`, `E_ENCODAGE`, for bytes that the encoding does not hold
 */
export async function* decodeUnlabelledText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let decode: ((slice: Uint8Array, isLast: boolean) => string) | undefined;
  /** Not decoded yet: the start of the text, or a letter that lies across two pieces. */
  let waiting: Uint8Array = new Uint8Array();
  let isStart = true;
  for await (const piece of bytes) {
    const chunk: Uint8Array = waiting.length === 0 ? piece : Buffer.concat([waiting, piece]);
    waiting = new Uint8Array();
    if (decode === undefined) {
      if (isStart && chunk.length < 4) {
        waiting = Uint8Array.from(chunk);
        continue;
      }
      const mark = isStart ? charsetOfMark(chunk) : undefined;
      isStart = false;
      if (mark !== undefined) decode = decoderOf(announcedBy('fichier', mark));
      else {
        const at = chunk.findIndex((byte) => byte >= 0x80);
        const known = at === -1 ? chunk.length : at;
        if (known > 0) yield Buffer.from(chunk.subarray(0, known)).toString('latin1');
        if (at === -1) continue;
        waiting = Uint8Array.from(chunk.subarray(at));
        if (waiting.length < 4) continue;
        decode = decoderOf(unannounced(isUtf8Letter(waiting) ? 'utf-8' : 'windows-1252'));
      }
    }
    const rest: Uint8Array = waiting.length === 0 ? chunk : waiting;
    waiting = new Uint8Array();
    for (let at = 0; at < rest.length; at += sliceBytes) {
      const text = decode(rest.subarray(at, at + sliceBytes), false);
      if (text !== '') yield text;
    }
  }
  const mark = isStart ? charsetOfMark(waiting) : undefined;
  const guess = isUtf8Letter(waiting) || !hasLetter(waiting) ? 'utf-8' : 'windows-1252';
  const last = decode ?? decoderOf(mark === undefined ? unannounced(guess) : announcedBy('fichier', mark));
  const text = last(waiting, true);
  if (text !== '') yield text;
}

const hasLetter = (bytes: Uint8Array): boolean => bytes.some((byte) => byte >= 0x80);

/** Whether the first byte that is not ASCII begins a letter of UTF-8. */
function isUtf8Letter(bytes: Uint8Array): boolean {
  const at = bytes.findIndex((byte) => byte >= 0x80);
  const lead = bytes[at] ?? 0;
  const size =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (size === 0) return false;
  return [...bytes.subarray(at + 1, at + size)].filter((byte) => byte >= 0x80 && byte <= 0xbf).length === size - 1;
}

function decoderOf({ label, said }: FoundCharset): (slice: Uint8Array, isLast: boolean) => string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw unreadableLetters(`${said.slice(0, 80)}, un encodage que nous ne connaissons pas`, cause);
  }
  const suspicion = decoder.encoding === 'windows-1252' ? utf8Suspicion() : undefined;
  return (slice, isLast) => {
    if (suspicion?.(slice, isLast) === true) throw unreadableLetters(said);
    try {
      return decoder.decode(slice, { stream: !isLast });
    } catch (cause) {
      throw unreadableLetters(said, cause);
    }
  };
}

function unreadableLetters(said: string, cause?: unknown): SourceError {
  return new SourceError('malformed', `Des caractères sont illisibles ; ${said}.`, { code: unreadableCode, cause });
}

/**
 * Says, as bytes go by, whether a text announced in Windows-1252 is UTF-8. Each accented letter of UTF-8 is a lead byte and
 * continuation bytes; natural text in Windows-1252 breaks that rule at its first accented letter, with very few exceptions
 * (« É» »). So: true when two letters, or the only ones of the text, follow the rule, before any that breaks it.
 */
function utf8Suspicion(): (slice: Uint8Array, isLast: boolean) => boolean {
  let letters = 0;
  let missing = 0;
  let isSettled = false;
  return (slice, isLast) => {
    for (let at = 0; at < slice.length && !isSettled; at += 1) {
      const byte = slice[at] ?? 0;
      const isContinuation = byte >= 0x80 && byte <= 0xbf;
      if (missing > 0) {
        if (!isContinuation) isSettled = true;
        else if (--missing === 0 && ++letters === 2) return true;
      } else if (byte >= 0x80) {
        missing =
          byte >= 0xc2 && byte <= 0xdf ? 1 : byte >= 0xe0 && byte <= 0xef ? 2 : byte >= 0xf0 && byte <= 0xf4 ? 3 : 0;
        if (missing === 0) isSettled = true;
      }
    }
    return isLast && !isSettled && letters > 0 && missing === 0;
  };
}
