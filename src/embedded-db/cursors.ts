import { randomBytes } from 'node:crypto';
import { Long } from 'bson';
import { MAX_DOCUMENT_BYTES } from './bson-codec.ts';
import { MongoError } from './mongo-error.ts';

/** MongoDB gives up a cursor that nobody has read from for ten minutes. */
const IDLE_MS = 10 * 60 * 1000;
const SWEEP_MS = 60 * 1000;
const FIRST_BATCH = 101;

interface Cursor {
  readonly namespace: string;
  readonly documents: Iterator<Buffer>;
  /** A document that did not fit in the last batch. */
  held: Buffer | undefined;
  readonly keepsAlive: boolean;
  usedAt: number;
}

export interface Batch {
  /** 0 when there is no more. */
  readonly id: Long;
  readonly namespace: string;
  readonly documents: readonly Buffer[];
}

/** The open cursors of the engine. They are lazy: a document is read when a batch takes it. */
export class Cursors {
  readonly #open = new Map<string, Cursor>();
  readonly #sweep: NodeJS.Timeout;

  constructor() {
    this.#sweep = setInterval(() => this.dropIdle(Date.now()), SWEEP_MS);
    this.#sweep.unref();
  }

  /** The first batch; the cursor stays open when there is more and `single` is not set. */
  open(
    namespace: string,
    documents: Iterator<Buffer>,
    options: { batchSize?: number | undefined; single?: boolean; keepsAlive?: boolean },
  ): Batch {
    const cursor: Cursor = {
      namespace,
      documents,
      held: undefined,
      keepsAlive: options.keepsAlive ?? false,
      usedAt: Date.now(),
    };
    const batch =
      options.batchSize === 0 ? { documents: [], done: false } : fill(cursor, options.batchSize ?? FIRST_BATCH);
    if (batch.done || options.single) {
      documents.return?.();
      return { id: Long.ZERO, namespace, documents: batch.documents };
    }
    const id = newId();
    this.#open.set(id.toString(), cursor);
    return { id, namespace, documents: batch.documents };
  }

  /** 43 CursorNotFound when it is closed, unknown or belongs to another collection. */
  next(id: Long, namespace: string, batchSize: number | undefined): Batch {
    const key = id.toString();
    const cursor = this.#open.get(key);
    if (!cursor) throw new MongoError(43, `cursor id ${key} not found`);
    if (cursor.namespace !== namespace) {
      throw new MongoError(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    }
    cursor.usedAt = Date.now();
    try {
      const batch = fill(cursor, batchSize ?? 0);
      if (batch.done) this.#open.delete(key);
      return { id: batch.done ? Long.ZERO : id, namespace, documents: batch.documents };
    } catch (error) {
      this.#open.delete(key);
      throw error;
    }
  }

  /** True when it was open. */
  kill(id: Long, namespace: string): boolean {
    const cursor = this.#open.get(id.toString());
    if (!cursor || cursor.namespace !== namespace) return false;
    cursor.documents.return?.();
    return this.#open.delete(id.toString());
  }

  /** Closes the cursors of a collection that no longer exists. */
  killAll(concerns: (namespace: string) => boolean): void {
    for (const [id, cursor] of this.#open) if (concerns(cursor.namespace)) this.#open.delete(id);
  }

  dropIdle(now: number): void {
    for (const [id, cursor] of this.#open) {
      if (!cursor.keepsAlive && now - cursor.usedAt > IDLE_MS) this.#open.delete(id);
    }
  }

  get size(): number {
    return this.#open.size;
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#open.clear();
  }
}

/** Takes documents up to `most` (0: no limit) and up to 16 MiB, at least one when there is one. */
function fill(cursor: Cursor, most: number): { documents: Buffer[]; done: boolean } {
  const documents: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    if (most > 0 && documents.length >= most) return { documents, done: false };
    let document = cursor.held;
    cursor.held = undefined;
    if (!document) {
      const next = cursor.documents.next();
      if (next.done) return { documents, done: true };
      document = next.value;
    }
    if (documents.length > 0 && bytes + document.length > MAX_DOCUMENT_BYTES) {
      cursor.held = document;
      return { documents, done: false };
    }
    documents.push(document);
    // What an array element costs besides the document: type, index, zero.
    bytes += document.length + 8;
  }
}

function newId(): Long {
  const bytes = randomBytes(8);
  bytes[0] = (bytes[0] as number) & 0x1f;
  bytes[7] = (bytes[7] as number) | 1;
  return Long.fromBigInt(bytes.readBigUInt64BE(0));
}
