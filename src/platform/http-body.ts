/** The body of an answer as a stream of decoded bytes: counted on the wire, counted decoded, never waiting forever. */
import { pipeline, type Readable, Transform } from 'node:stream';
import zlib from 'node:zlib';
import { SourceError } from '../errors.ts';

export interface BodyLimits {
  /** Bytes received, before decoding. */
  readonly wireBytes: number;
  /** Bytes after gzip, deflate or br. */
  readonly decodedBytes: number;
  /** Longest wait for the next bytes. */
  readonly timeoutMs: number;
}

type SizeLimit = 'wireBytes' | 'decodedBytes';

function french(value: number): string {
  return String(value).replace('.', ',');
}

/** Names the setting, so that an operator knows what to raise. */
export function tooLarge(limit: SizeLimit, most: number, url: string): SourceError {
  const size = most >= 1_000_000 ? `${french(most / 1_000_000)} Mo` : `${most} octets`;
  const what = limit === 'wireBytes' ? 'transmis' : 'une fois la réponse décodée';
  return new SourceError('too-large', `Réponse trop grande : plus de ${size} ${what} (réglage ${limit})`, { url });
}

export function timedOut(milliseconds: number, url: string): SourceError {
  const message = `Temps limite dépassé (${french(milliseconds / 1000)} s)`;
  return new SourceError('timed-out', message, { url, retryable: true });
}

function meter(limit: SizeLimit, most: number, url: string): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.byteLength;
      if (seen > most) done(tooLarge(limit, most, url));
      else done(null, chunk);
    },
  });
}

function decoderOf(encoding: string, url: string): Transform | null {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    default:
      throw new SourceError('malformed', `Réponse illisible : codage « ${encoding.slice(0, 60)} » inconnu`, { url });
  }
}

function bodyFault(error: unknown, url: string): SourceError {
  if (error instanceof SourceError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Z_BUF_ERROR: the compressed data stop before their end.
  const damaged = code.startsWith('HPE_') || code.startsWith('ERR_') || (/^Z_/.test(code) && code !== 'Z_BUF_ERROR');
  if (damaged && code !== 'ERR_STREAM_PREMATURE_CLOSE') {
    return new SourceError('malformed', 'Réponse illisible', { url, cause: error });
  }
  return new SourceError('malformed', "La source s'est interrompue", { url, retryable: true, cause: error });
}

/**
 * Decoded bytes of `response`, to be read once. Leaving the loop early closes the connection.
 * `stop` ends the reading with its reason; `onClose` runs once, however the reading ends.
 * @throws SourceError too-large, timed-out, malformed (undecodable or cut)
 */
export function bodyBytes(
  response: Readable,
  contentEncoding: string,
  url: string,
  limits: BodyLimits,
  stop: AbortSignal,
  onClose: () => void,
): AsyncIterable<Uint8Array> {
  const decoder = decoderOf(contentEncoding, url);
  const wire = meter('wireBytes', limits.wireBytes, url);
  const decoded = meter('decodedBytes', limits.decodedBytes, url);
  const abort = (): void => {
    decoded.destroy(stop.reason instanceof Error ? stop.reason : new Error('aborted'));
  };
  pipeline(decoder === null ? [response, wire, decoded] : [response, wire, decoder, decoded], () => {
    stop.removeEventListener('abort', abort);
    onClose();
  });
  // A body that nobody reads must not bring the process down when it fails.
  decoded.on('error', () => {});
  stop.addEventListener('abort', abort, { once: true });
  return readBytes(decoded, url, limits.timeoutMs, stop);
}

async function* readBytes(
  body: Readable,
  url: string,
  timeoutMs: number,
  stop: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      // Only our waiting counts: the time a slow reader takes between two chunks is not the source's.
      const timer = setTimeout(() => body.destroy(timedOut(timeoutMs, url)), timeoutMs);
      const next = await chunks.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    throw bodyFault(error, url);
  } finally {
    body.destroy();
  }
}
