/**
 * Uploaded files, in GridFS. A file is written while it arrives and becomes visible at the very end, once its size, its
 * content, its name and the virus scanner have said yes; whatever stops it before leaves nothing. What a process killed in
 * between left is removed by `removeUnfinished`.
 */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fileTypeFromBuffer } from 'file-type';
import type { Connection } from 'mongoose';
import { AppError } from '../errors.ts';
import type { Scanner } from './clamd.ts';
import { cleanFileName, type FileType, isFileType } from './file-name.ts';
import { ensureIndex } from './indexes.ts';
import { joinedFind } from './joined-reads.ts';
import { type Bucket, openBucket } from './mongo.ts';

export interface StoredFile {
  /** Opaque. */
  readonly id: string;
  /** Opaque id of what it belongs to: it is removed with it. */
  readonly owner: string;
  readonly purpose: string;
  /** Cleaned: for showing and saving, never a path. */
  readonly name: string;
  readonly type: FileType;
  readonly bytes: number;
  readonly at: Date;
}

export interface Upload {
  readonly owner: string;
  readonly purpose: string;
  /** As the browser gave it. */
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly maxBytes: number;
  readonly accepted: readonly FileType[];
}

export interface OpenedFile {
  readonly file: StoredFile;
  /** The caller reads or destroys it. */
  readonly bytes: Readable;
}

export interface Files {
  ensureIndexes(): Promise<void>;
  /**
   * Keeps a file. After a fault the rest of the stream is left unread and open, so that the caller can drop it and answer.
   * @throws AppError `invalid` for an empty or too large file, a content, name or virus that is refused; `unavailable` when
   * the scanner does not answer; what the stream throws
   */
  store(upload: Upload): Promise<StoredFile>;
  /**
   * @param entitled whether whoever asks may have it
   * @throws AppError `not-found`, also without a right to it: that it exists is not said
   */
  open(id: string, entitled: (file: StoredFile) => boolean | Promise<boolean>): Promise<OpenedFile>;
  /** Oldest first. */
  of(owner: string): Promise<readonly StoredFile[]>;
  /** @returns false when there is no such file */
  remove(id: string): Promise<boolean>;
  /** @returns how many there were */
  removeOf(owner: string): Promise<number>;
  /** Files of this purpose that were sent before this date. */
  countSent(purpose: string, before: Date): Promise<number>;
  /** Removes them. @returns how many there were */
  removeSent(purpose: string, before: Date): Promise<number>;
  /** Removes what uploads begun before this date left behind without ending. @returns how many uploads */
  removeUnfinished(before: Date): Promise<number>;
}

/** What GridFS links chunks by; never shown. */
type FileKey = ReturnType<Bucket['openUploadStream']>['id'];

interface FileDocument {
  readonly _id: FileKey;
  readonly filename: string;
  readonly length: number;
  readonly uploadDate: Date;
  readonly metadata: Pick<StoredFile, 'owner' | 'purpose' | 'name' | 'type'>;
}

const bucketName = 'files';
/** Every type that is accepted shows itself in its first bytes; a text by its first character. */
const headBytes = 4_100;

/** @param scanner null when no antivirus is configured */
export function makeFiles(connection: Connection, scanner: Scanner | null): Files {
  const bucket = openBucket(connection, bucketName);
  const files = connection.collection<FileDocument>(`${bucketName}.files`);
  const ofOwners = joinedFind('metadata.owner', (owners) =>
    files
      .find({ 'metadata.owner': { $in: [...owners] } })
      .sort({ uploadDate: 1 })
      .toArray(),
  );
  const chunks = connection.collection<{ files_id: FileKey }>(`${bucketName}.chunks`);

  /** First the document that makes it visible: cut in between, what stays is an unfinished upload. */
  async function removeOne({ _id }: Pick<FileDocument, '_id'>): Promise<boolean> {
    const { deletedCount } = await files.deleteOne({ _id });
    await chunks.deleteMany({ files_id: _id });
    return deletedCount === 1;
  }

  return {
    async ensureIndexes() {
      // GridFS makes its own at the first upload.
      await ensureIndex(files, { 'metadata.owner': 1 });
    },

    async store({ owner, purpose, name, bytes, maxBytes, accepted }) {
      const next = capped(bytes, maxBytes);
      const head = await readHead(next);
      const type = await typeOf(head, accepted);
      const metadata = { owner, purpose, name: cleanFileName(name, type), type };
      const id = randomUUID();
      const scan = await scanner?.begin();
      const upload = bucket.openUploadStream(id, { metadata });
      // Each write is waited for, so that none is under way when the upload is given up.
      const write = (piece: Uint8Array) =>
        new Promise<void>((resolve, reject) => upload.write(piece, (error) => (error ? reject(error) : resolve())));
      try {
        for (let piece: Uint8Array | null = head; piece !== null; piece = await next()) {
          await scan?.write(piece);
          await write(piece);
        }
        await scan?.end();
        const ended = finished(upload);
        upload.end();
        await ended;
      } catch (error) {
        scan?.stop();
        upload.destroy();
        await removeOne({ _id: upload.id });
        throw error;
      }
      const { length } = upload;
      return { id, ...metadata, bytes: length, at: upload.gridFSFile?.uploadDate ?? new Date() };
    },

    async open(id, entitled) {
      const found = await files.findOne({ filename: id });
      const file = found === null ? null : fileOf(found);
      if (found === null || file === null || !(await entitled(file))) {
        throw new AppError('not-found', 'FICHIER_INCONNU', "Cette page n'existe pas.");
      }
      return { file, bytes: bucket.openDownloadStreamByName(id) };
    },

    async of(owner) {
      return (await ofOwners(owner)).map(fileOf);
    },

    async remove(id) {
      const found = await files.findOne({ filename: id });
      return found !== null && removeOne(found);
    },

    async removeOf(owner) {
      let removed = 0;
      for await (const found of files.find({ 'metadata.owner': owner })) if (await removeOne(found)) removed += 1;
      return removed;
    },

    countSent: (purpose, before) => files.countDocuments(sent(purpose, before)),

    async removeSent(purpose, before) {
      let removed = 0;
      for await (const found of files.find(sent(purpose, before))) if (await removeOne(found)) removed += 1;
      return removed;
    },

    async removeUnfinished(before) {
      let removed = 0;
      const uploads = chunks.aggregate<{ _id: FileKey }>([{ $group: { _id: '$files_id' } }]);
      for await (const { _id } of uploads) {
        if (_id.getTimestamp() >= before || (await files.findOne({ _id })) !== null) continue;
        await chunks.deleteMany({ files_id: _id });
        removed += 1;
      }
      return removed;
    },
  };
}

const sent = (purpose: string, before: Date) => ({ 'metadata.purpose': purpose, uploadDate: { $lt: before } });

function fileOf({ filename, length, uploadDate, metadata }: FileDocument): StoredFile {
  const { owner, purpose, name, type } = metadata;
  return { id: filename, owner, purpose, name, type, bytes: length, at: uploadDate };
}

/** The pieces of a stream one by one, then null. A loop over the stream would destroy it at the first fault. */
function capped(bytes: AsyncIterable<Uint8Array>, maxBytes: number): () => Promise<Uint8Array | null> {
  const pieces = bytes[Symbol.asyncIterator]();
  let seen = 0;
  return async () => {
    const { done, value } = await pieces.next();
    if (done === true) return null;
    seen += value.length;
    if (seen > maxBytes) throw tooLarge(maxBytes);
    return value;
  };
}

export function tooLarge(maxBytes: number): AppError {
  const most = (maxBytes / 1_048_576).toLocaleString('fr-FR', { maximumFractionDigits: 1 });
  return new AppError('invalid', 'FICHIER_TROP_GRAND', `Ce fichier dépasse ${most} Mo.`);
}

/** The first bytes, enough to know the type by; all of them when the file is smaller. */
async function readHead(next: () => Promise<Uint8Array | null>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let length = 0;
  while (length < headBytes) {
    const piece = await next();
    if (piece === null) break;
    read.push(piece);
    length += piece.length;
  }
  if (length === 0) throw new AppError('invalid', 'FICHIER_VIDE', 'Ce fichier est vide.');
  return Buffer.concat(read);
}

const titles: Readonly<Record<FileType, string>> = {
  'application/pdf': 'PDF',
  'image/png': 'PNG',
  'image/jpeg': 'JPEG',
  'image/webp': 'WebP',
  'application/xml': 'XML',
  'application/json': 'JSON',
  'text/csv': 'CSV',
};

/** By its content; what the browser said of it is not looked at. */
async function typeOf(head: Buffer, accepted: readonly FileType[]): Promise<FileType> {
  const mime = (await fileTypeFromBuffer(head))?.mime ?? textTypeOf(head);
  if (isFileType(mime) && accepted.includes(mime)) return mime;
  const list = accepted.map((type) => titles[type]).join(', ');
  throw new AppError('invalid', 'FICHIER_REFUSE', `Ce fichier n'est pas d'un type accepté : ${list}.`);
}

/** A text has no signature: markup begins with `<`, JSON with a bracket, and what is left of texts may be CSV. */
function textTypeOf(head: Buffer): FileType | undefined {
  const [first = 0, second = 0] = head;
  const utf16 = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null;
  if (utf16 === null && head.includes(0)) return undefined;
  const text = new TextDecoder(utf16 ?? 'utf-8').decode(head).trimStart();
  if (text.startsWith('<')) return 'application/xml';
  return text.startsWith('{') || text.startsWith('[') ? 'application/json' : 'text/csv';
}
