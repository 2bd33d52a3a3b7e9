/**
 * Zip archives. The directory at the end is read first, so that sizes are judged before anything is inflated; what is
 * inflated is counted again, because a directory can lie. Names are shown and compared, never used as paths.
 */
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { SourceError } from '../errors.ts';

export interface ZipLimits {
  /** Files in the archive; 200 by default. */
  readonly entries: number;
  /** Bytes of all files, inflated; 2,000,000,000 by default. */
  readonly inflatedBytes: number;
  /** Inflated size over compressed size, for files over a megabyte; 200 by default: text reaches 20, a bomb 1,000. */
  readonly ratio: number;
}

const defaultLimits: ZipLimits = { entries: 200, inflatedBytes: 2_000_000_000, ratio: 200 };

export interface ZipEntry {
  /** As written in the archive: hostile. */
  readonly name: string;
  /** Inflated, as announced. */
  readonly size: number;
  /**
   * Checked against the announced size and checksum: it ends normally only when the whole file was right.
   * @throws SourceError `malformed`, `too-large`
   */
  bytes(): AsyncIterable<Uint8Array>;
}

export interface ZipArchive {
  /** Folders left out. */
  readonly entries: readonly ZipEntry[];
  close(): void;
}

/** Whether a file begins like a zip archive. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && (head[2] === 0x03 || head[2] === 0x05 || head[2] === 0x07);
}

/** @throws SourceError `malformed` for what is not a whole archive, is encrypted or names a path; `too-large` past a limit */
export async function openZip(path: string, given: Partial<ZipLimits> = {}): Promise<ZipArchive> {
  const limits = { ...defaultLimits, ...given };
  let file: ZipFile;
  try {
    file = await openPromise(path, { autoClose: false });
  } catch (cause) {
    throw unreadable(cause);
  }
  try {
    return { entries: await checkedEntries(file, limits), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error instanceof SourceError ? error : unreadable(error);
  }
}

async function checkedEntries(file: ZipFile, limits: ZipLimits): Promise<ZipEntry[]> {
  if (file.entryCount > limits.entries) throw tooMany(file.entryCount, limits.entries);
  const entries: ZipEntry[] = [];
  let total = 0;
  for await (const entry of file.eachEntry()) {
    const { fileName: name, uncompressedSize: size, compressedSize } = entry;
    if (name.endsWith('/')) continue;
    total += size;
    if (total > limits.inflatedBytes) throw bomb(`plus de ${limits.inflatedBytes} octets une fois ouverte`);
    if (size > 1_000_000 && size > compressedSize * limits.ratio) {
      throw bomb(`« ${shown(name)} » grossit plus de ${limits.ratio} fois`);
    }
    if (entry.isEncrypted()) {
      throw new SourceError('malformed', `L’archive est protégée par un mot de passe (« ${shown(name)} »).`);
    }
    entries.push({ name, size, bytes: () => inflated(file, entry) });
  }
  return entries;
}

async function* inflated(file: ZipFile, entry: Entry): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  let checksum = 0;
  try {
    for await (const chunk of (await file.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > entry.uncompressedSize) throw bomb(`« ${shown(entry.fileName)} » est plus long qu’annoncé`);
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof SourceError ? error : unreadable(error, entry.fileName);
  }
  if (size !== entry.uncompressedSize || checksum !== entry.crc32) throw unreadable(undefined, entry.fileName);
}

/** Short, and without what could move a cursor. */
const shown = (name: string) => name.replace(/[^\p{L}\p{N}._ -]/gu, '?').slice(0, 80);

function unreadable(cause: unknown, name?: string): SourceError {
  if (cause instanceof Error && /(?:absolute|relative) path|characters in fileName/.test(cause.message)) {
    return new SourceError('malformed', 'Archive zip refusée : un nom de fichier y sort de l’archive.', { cause });
  }
  const where = name === undefined ? '' : ` (« ${shown(name)} »)`;
  return new SourceError('malformed', `L’archive zip est abîmée ou coupée${where} : téléchargez-la de nouveau.`, {
    cause,
  });
}

function bomb(why: string): SourceError {
  return new SourceError('too-large', `Archive zip refusée, elle est démesurée : ${why}.`);
}

function tooMany(count: number, most: number): SourceError {
  return new SourceError('too-large', `Archive zip refusée : ${count} fichiers, ${most} au plus.`);
}
