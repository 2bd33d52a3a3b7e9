/**
 * Forms that carry a file (multipart), read while they arrive. The first part must be the form's token: nothing after it is
 * looked at before `checkToken` of session.ts has said yes. Fields come before the file, the file is the last part, and it
 * is handed on as a stream: to `Files.store`, which judges its content, or to the reader of a format.
 */
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import type { Request, RequestHandler } from 'express';
import { AppError } from '../../errors.ts';
import { deferred } from '../deferred.ts';
import { displayName } from '../file-name.ts';
import { tooLarge } from '../files.ts';

export interface UploadLimits {
  /** Of the file. */
  readonly maxBytes: number;
  /** Texts beside the file; the token does not count. */
  readonly maxFields?: number;
}

export interface UploadedFile {
  /** Of the form: where the sentence of a refusal belongs. */
  readonly field: string;
  /** For showing, never a path; the extension is not checked. */
  readonly name: string;
  /**
   * To be read once. Throws at the byte that is too many, when the connection is cut, when the body is, and at the end when
   * something follows the file: whoever keeps the bytes keeps them for good only after the last one.
   * @throws AppError `invalid`
   */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface ReadUpload {
  /** Texts by name, without the token. */
  readonly fields: Readonly<Record<string, string>>;
  /** Null when no file was chosen. */
  readonly file: UploadedFile | null;
}

interface Part {
  readonly field: string;
  readonly name: string;
  readonly stream: BusboyFileStream;
}

interface Reading {
  readonly fields: Map<string, string>;
  /** The file as soon as it begins, or null at the end of a form without one. */
  readonly file: Promise<Part | null>;
  readonly ended: Promise<void>;
  /** What stopped the reading. */
  fault(): AppError | null;
}

const mostFields = 100;
/** Of all texts together: a list that is typed in fits. */
const textBytes = 256 * 1_024;
/** What a refused form may still send, unread, so that its browser comes to the answer. */
const discardedBytes = 64 * 1_048_576;
const lastWordMs = 1_000;
const readings = new WeakMap<Request, Reading>();

const malformed = (cause?: unknown) =>
  new AppError('invalid', 'FORMULAIRE_ILLISIBLE', 'Cette demande est mal formée.', { cause });
const tooMuchText = () => new AppError('invalid', 'FORMULAIRE_TROP_GRAND', 'Cette demande est trop grande.');
const interrupted = () =>
  new AppError('invalid', 'ENVOI_INTERROMPU', "L'envoi a été interrompu : rien n'a été gardé. Recommencez.");

/** Beside the other readers of bodies, before the check of the token: reads up to it and leaves it in `request.body`. */
export function uploadReader(tokenField: string): RequestHandler {
  return async (request, response, next) => {
    if (!request.is('multipart/form-data')) return next();
    const { first, ...reading } = begin(request);
    response.once('finish', () => void discardRest(request));
    readings.set(request, reading);
    request.body = { [tokenField]: (await first) === tokenField ? reading.fields.get(tokenField) : undefined };
    reading.fields.delete(tokenField);
    next();
  };
}

/**
 * The texts and the file of a form. To be called once, after the right was asked for. Texts come back whatever the file is
 * worth, so that the page can keep what was typed: a refusal of the file comes from its `bytes`.
 * @throws AppError `invalid` for another kind of form, too many or too long texts, a repeated one, a cut body
 */
export async function readUpload(request: Request, { maxBytes, maxFields = 20 }: UploadLimits): Promise<ReadUpload> {
  const reading = readings.get(request);
  if (reading === undefined) throw malformed();
  readings.delete(request);
  const part = await reading.file;
  if (reading.fields.size > maxFields) throw tooMuchText();
  return {
    fields: Object.fromEntries(reading.fields),
    file: part === null ? null : await fileOf(part, reading, maxBytes, Number(request.get('content-length') ?? 0)),
  };
}

/**
 * The sentence to print under the field of the file, once the rest of the form has come: a browser that is still sending
 * when the answer leaves may show a broken connection instead.
 * @throws what is not a refusal of the file
 */
export async function refusalOf(request: Request, error: unknown): Promise<string> {
  if (!(error instanceof AppError && (error.kind === 'invalid' || error.kind === 'unavailable'))) throw error;
  await discardRest(request);
  return error.publicMessage;
}

/** A browser sends a file without name and without bytes for a field left empty. */
async function fileOf(part: Part, reading: Reading, maxBytes: number, announced: number): Promise<UploadedFile | null> {
  const bytes = bytesOf(part.stream, reading, maxBytes, announced);
  if (part.name !== '') return { field: part.field, name: displayName(part.name), bytes };
  for await (const piece of bytes) if (piece.length > 0) throw malformed();
  return null;
}

async function* bytesOf(stream: BusboyFileStream, reading: Reading, maxBytes: number, announced: number) {
  // The whole body is announced, the file is at most that: a browser that is honest is told at once.
  if (announced > maxBytes + 2 * textBytes) throw tooLarge(maxBytes);
  let seen = 0;
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      seen += piece.length;
      if (seen > maxBytes) throw tooLarge(maxBytes);
      yield piece;
    }
  } catch (error) {
    throw reading.fault() ?? error;
  }
  await reading.ended;
}

function begin(request: Request): Reading & { readonly first: Promise<string | null> } {
  const first = deferred<string | null>();
  const file = deferred<Part | null>();
  const ended = deferred<void>();
  const fields = new Map<string, string>();
  let textSize = 0;
  let stream: BusboyFileStream | null = null;
  let fault: AppError | null = null;

  function fail(error: AppError): void {
    fault ??= error;
    request.off('data', read);
    first.reject(fault);
    file.reject(fault);
    ended.reject(fault);
    stream?.destroy(fault);
  }

  const parser = parserOf(request);
  // The whole of a piece is parsed inside this call, so that nothing thrown by the parser escapes.
  function read(piece: Buffer): void {
    request.pause();
    try {
      parser.write(piece, () => request.resume());
    } catch (error) {
      fail(malformed(error));
    }
  }

  /** The parser waits for ever for a part whose headers do not end: with nothing left to read, it has a moment to finish. */
  function lastWord(): void {
    setTimeout(() => fail(malformed()), lastWordMs).unref();
  }

  parser.on('field', (name: string | undefined, value, _nameCut, valueCut) => {
    textSize += value.length;
    if (name === undefined || fields.has(name) || stream !== null) return fail(malformed());
    if (valueCut || textSize > textBytes) return fail(tooMuchText());
    fields.set(name, value);
    first.resolve(name);
  });
  parser.on('file', (field: string | undefined, found, name: string | undefined) => {
    stream = found;
    // Whoever reads it is told by the reading; an error that nobody listens to would end the process.
    found.on('error', () => {});
    if (field === undefined) return fail(malformed());
    first.resolve(null);
    file.resolve({ field, name: name ?? '', stream: found });
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    parser.on(limit, () => fail(tooMuchText()));
  }
  parser.on('error', (error) => fail(malformed(error)));
  parser.on('finish', () => {
    first.resolve(null);
    file.resolve(null);
    ended.resolve();
  });
  request.on('data', read);
  request.once('end', () => {
    parser.end();
    if (stream === null || stream.readableEnded) lastWord();
    else stream.once('end', lastWord);
  });
  request.once('close', () => request.complete || fail(interrupted()));
  return { fields, first: first.promise, file: file.promise, ended: ended.promise, fault: () => fault };
}

function parserOf(request: Request) {
  const limits = { fields: mostFields, fieldSize: textBytes, files: 1, parts: mostFields + 1, headerPairs: 20 };
  try {
    const headers = { ...request.headers, 'content-type': request.get('content-type') ?? '' };
    return new Busboy({ headers, limits: { ...limits, headerSize: 8_192 }, preservePath: true });
  } catch (error) {
    throw malformed(error);
  }
}

/** Takes and drops what is still to come, within reason. */
export function discardRest(request: Request): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  let left = discardedBytes;
  request.removeAllListeners('data');
  request.on('data', (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) request.destroy();
  });
  request.resume();
  return new Promise((resolve) => {
    request.once('end', resolve);
    request.once('close', resolve);
  });
}
