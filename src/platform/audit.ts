/**
 * The audit trail: append-only entries, each holding the hash of the one before. Entries hold opaque ids, codes, numbers and
 * booleans, so that erasing a person leaves the chain as it is.
 *
 * One document, the head, commits: it holds the last entry whole, signed with the secret key. A writer moves the head from
 * the entry it read to its own (a writer that lost the race reads again), then puts the entry in its place. A crash between
 * the two loses nothing: the head says that its entry is not in place yet, and the next writer puts it there. So a trail that
 * ends before its head was cut by somebody, and one that goes on after its head was added to without the key.
 *
 * What a verification cannot see: the whole database, head included, put back to an earlier state. For that, note the head
 * that `verify` gives, elsewhere.
 */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { isDuplicateKey } from './duplicate-key.ts';
import { ensureIndex } from './indexes.ts';
import type { Secrets } from './secrets.ts';

export interface AuditEvent {
  /** Opaque id of who acts; null for the platform itself. */
  readonly actor: string | null;
  /** What was done: `account.sign-in`, `organisation.invite`. */
  readonly act: string;
  /** Opaque id, with its kind or without: `organisation:6f1c…`. */
  readonly target: string | null;
  /** Codes, ids, numbers and booleans: nothing that names a person. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditEntry extends Required<AuditEvent> {
  /** From 1, without gap. */
  readonly sequence: number;
  readonly at: Date;
  /** Hash of the entry before; zeros for the first. */
  readonly previous: string;
  /** SHA-256, hexadecimal, over the canonical JSON of all the rest. */
  readonly hash: string;
}

export type AuditFaultKind =
  /** The entry no longer has the content that its hash was made of. */
  | 'altered'
  /** Nothing stands at this place. */
  | 'removed'
  /** The entry does not follow the one before it. */
  | 'broken-link'
  /** An entry that the platform did not write. */
  | 'added'
  /** The head is missing, was altered, or its key is not here. */
  | 'head';

export interface AuditFault {
  readonly kind: AuditFaultKind;
  /** The first entry concerned; null when the fault is not at a place. */
  readonly sequence: number | null;
  /** How many entries in a row. */
  readonly count: number;
}

export interface AuditVerification {
  /** As many as the head says. */
  readonly entries: number;
  readonly sound: boolean;
  /** The first ones: at most `faultsKept`. */
  readonly faults: readonly AuditFault[];
  /** Number and hash of the last entry, worth noting elsewhere; null for an empty trail. */
  readonly head: { readonly sequence: number; readonly hash: string } | null;
}

export interface Audit {
  ensureIndexes(): Promise<void>;
  /**
   * Resolves when the entry is committed.
   * @throws TypeError for an event that may hold personal data: a fault of ours
   * @throws AppError `unavailable` when the head cannot be trusted: nothing is added to a trail that was tampered with
   */
  record(event: AuditEvent): Promise<void>;
  /** Reads the whole trail, a batch at a time. */
  verify(): Promise<AuditVerification>;
  /** Newest first. @param options.before entries older than this number @param options.about what this id did or met */
  list(options: {
    readonly before?: number;
    readonly about?: string;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
  /** Signs the head with the current key, after a change of key. @throws AppError as `record` */
  reseal(): Promise<void>;
}

/** Strict: a field put beside ours is not covered by the hash, so it is an alteration; and so is another type of value. */
const storedSchema = z.strictObject({
  at: z.date(),
  actor: z.string().nullable(),
  act: z.string(),
  target: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  previous: z.string(),
  hash: z.string(),
});

const headSchema = z.object({
  _id: z.literal('head'),
  sequence: z.int().min(1),
  entry: storedSchema,
  signature: z.string(),
  /** The entry stands in the collection. Not signed: the entry is here whole, so nothing is lost when this lies. */
  inPlace: z.boolean(),
});
type Head = z.infer<typeof headSchema>;

const nothingBefore = '0'.repeat(64);
const purpose = 'audit-head';
/** A verification of a trail that was rewritten would otherwise list every entry. */
export const faultsKept = 100;
const attempts = 400;
const batchSize = 2_000;

/** @param parts.secrets signs the head */
export function makeAudit(
  connection: Connection,
  parts: { readonly secrets: Pick<Secrets, 'sign' | 'isSigned'>; readonly now: () => Date },
): Audit {
  const { secrets, now } = parts;
  const entries = connection.collection<{ _id: number }>('audit');
  const heads = connection.collection<{ _id: 'head' }>('auditHead');
  // Writers of this process wait for each other here instead of losing races in the database.
  let queue: Promise<unknown> = Promise.resolve();

  const isTrue = (head: Head) =>
    head.entry.hash === hashOf({ ...head.entry, sequence: head.sequence }) &&
    secrets.isSigned(purpose, signedText(head), head.signature);

  /** @returns `false` for a head that the platform did not write */
  async function readHead(): Promise<Head | null | false> {
    const found = await heads.findOne({ _id: 'head' });
    if (found === null) return null;
    const parsed = headSchema.safeParse(found);
    return parsed.success && isTrue(parsed.data) && parsed.data;
  }

  async function trustedHead(): Promise<Head | null> {
    const head = await readHead();
    if (head === false) throw untrusted();
    if (head !== null || (await entries.findOne({}, { projection: { _id: 1 } })) === null) return head;
    // Entries without a head: another writer began the trail meanwhile, or the head was removed.
    const again = await readHead();
    if (again === false || again === null) throw untrusted();
    return again;
  }

  async function putInPlace({ sequence, entry }: Head): Promise<void> {
    try {
      await entries.insertOne({ ...entry, _id: sequence });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Another writer may have put it there; anything else was there before us.
      const found = await entries.findOne({ _id: sequence, hash: entry.hash });
      if (found === null) throw untrusted(error);
    }
    await heads.updateOne({ _id: 'head', sequence }, { $set: { inPlace: true } });
  }

  /** False when another writer was faster. */
  async function moveHead(from: Head | null, to: Head): Promise<boolean> {
    if (from === null) {
      try {
        await heads.insertOne(to);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    }
    const { _id, ...changes } = to;
    const { matchedCount } = await heads.updateOne({ _id, sequence: from.sequence }, { $set: changes });
    return matchedCount === 1;
  }

  async function append(event: Required<AuditEvent>): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const last = await trustedHead();
      if (last !== null && !last.inPlace) await putInPlace(last);
      const next = headOf(
        entryAfter(last && { sequence: last.sequence, hash: last.entry.hash }, event, now()),
        secrets,
      );
      if (await moveHead(last, next)) return putInPlace(next);
      await wait(Math.random() * Math.min(attempt * 2, 50));
    }
    throw new AppError('unavailable', 'AUDIT_BUSY', "La piste d'audit est occupée. Réessayez dans un instant.");
  }

  return {
    async ensureIndexes() {
      await ensureIndex(entries, { actor: 1, _id: 1 });
      await ensureIndex(entries, { target: 1, _id: 1 });
    },

    record(event) {
      const checked = checkedEvent(event);
      const appended = queue.then(() => append(checked));
      queue = appended.catch(() => {});
      return appended;
    },

    async verify() {
      const read = await readHead();
      const head = read || null;
      const committed = head?.sequence ?? 0;
      const faults: AuditFault[] = [];
      const note = (kind: AuditFaultKind, sequence: number | null, count = 1) => {
        if (faults.length < faultsKept) faults.push({ kind, sequence, count });
      };
      if (read === false) note('head', null);

      let last = { sequence: 0, hash: nothingBefore };
      const beyond: number[] = [];
      for await (const { _id: sequence, ...stored } of entries.find({}).sort({ _id: 1 }).batchSize(batchSize)) {
        if (!Number.isInteger(sequence) || sequence < 1) {
          note('added', null);
          continue;
        }
        if (sequence > last.sequence + 1) note('removed', last.sequence + 1, sequence - last.sequence - 1);
        const { success, data } = storedSchema.safeParse(stored);
        if (!success || data.hash !== hashOf({ ...data, sequence })) {
          note('altered', sequence);
        } else {
          if (sequence === last.sequence + 1 && data.previous !== last.hash) note('broken-link', sequence);
          if (sequence === committed && data.hash !== head?.entry.hash) note('broken-link', sequence);
        }
        if (sequence > committed && beyond.length < faultsKept) beyond.push(sequence);
        last = { sequence, hash: String(Reflect.get(stored, 'hash')) };
      }
      // The head keeps the entry of a writer that is at work or died: that one is not missing.
      const missing = committed - last.sequence - (head?.inPlace === false ? 1 : 0);
      if (missing > 0) note('removed', last.sequence + 1, missing);
      // Entries written meanwhile stand after the head of the beginning, and never after the head of now.
      if (beyond.length > 0 && read !== false) {
        const now = (await readHead()) || null;
        if (now === null) note('head', null);
        for (const sequence of beyond) if (now !== null && sequence > now.sequence) note('added', sequence);
      }

      return {
        entries: committed,
        sound: faults.length === 0,
        faults,
        head: head === null ? null : { sequence: committed, hash: head.entry.hash },
      };
    },

    async list({ before, about, limit }) {
      const older = before === undefined ? {} : { _id: { $lt: before } };
      // One query for each index: an $or would read the whole trail.
      const filters =
        about === undefined ? [older] : ['actor', 'target'].map((field) => ({ ...older, [field]: about }));
      // A limit of 0 would mean none.
      const most = Math.max(limit, 1);
      const found = await Promise.all(
        filters.map((filter) => entries.find(filter).sort({ _id: -1 }).limit(most).toArray()),
      );
      const once = new Map(found.flat().map(({ _id, ...stored }) => [_id, storedSchema.parse(stored)]));
      return [...once]
        .sort(([a], [b]) => b - a)
        .slice(0, most)
        .map(([sequence, entry]) => ({ ...entry, sequence }));
    },

    async reseal() {
      const head = await trustedHead();
      if (head === null) return;
      const signature = secrets.sign(purpose, signedText(head));
      // A writer that moved the head meanwhile signed it with the current key.
      await heads.updateOne({ _id: 'head', sequence: head.sequence }, { $set: { signature } });
    },
  };
}

/** The entry that follows; `last` is null for the first. */
export function entryAfter(
  last: { readonly sequence: number; readonly hash: string } | null,
  event: Required<AuditEvent>,
  at: Date,
): AuditEntry {
  const { actor, act, target, details } = event;
  const sequence = (last?.sequence ?? 0) + 1;
  const entry = { sequence, at, actor, act, target, details, previous: last?.hash ?? nothingBefore };
  return { ...entry, hash: hashOf(entry) };
}

/** The head document that commits an entry, in `auditHead`. */
export function headOf(whole: AuditEntry, secrets: Pick<Secrets, 'sign'>): Head {
  const { sequence, ...entry } = whole;
  return {
    _id: 'head',
    sequence,
    entry,
    signature: secrets.sign(purpose, signedText({ sequence, entry })),
    inPlace: false,
  };
}

const signedText = ({ sequence, entry }: Pick<Head, 'sequence' | 'entry'>) => `${sequence}:${entry.hash}`;

/** Keys in one fixed order, those of the details sorted: the same entry gives the same text on every engine. */
function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { sequence, at, actor, act, target, details, previous } = entry;
  const sorted = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([sequence, at, actor, act, target, sorted, previous]);
  return createHash('sha256').update(text).digest('hex');
}

const actPattern = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*$/;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9:_-]*$/;
const codePattern = /^[A-Za-z0-9][A-Za-z0-9:._/-]*$/;
const keyPattern = /^[a-z][A-Za-z0-9]*$/;
const longest = 80;
const mostDetails = 12;
/** Telephone and social security numbers have more digits than any count of ours. */
const largestNumber = 99_999_999;

function checkedEvent({ actor, act, target, details = {} }: AuditEvent): Required<AuditEvent> {
  if (!(act.length <= longest && actPattern.test(act))) refuse('act');
  for (const [field, id] of [
    ['actor', actor],
    ['target', target],
  ] as const) {
    if (id !== null && !isCode(id, idPattern)) refuse(field);
  }
  const pairs = Object.entries(details);
  if (pairs.length > mostDetails) refuse('details');
  for (const [key, value] of pairs) {
    if (!keyPattern.test(key) || key.length > longest) refuse('details');
    const plain =
      value === null ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= largestNumber) ||
      (typeof value === 'string' && isCode(value, codePattern));
    if (!plain) refuse(`details.${key}`);
  }
  return { actor, act, target, details: { ...details } };
}

/** No @, no space, no accent: no address, no sentence; no IP address; no telephone, card or social security number. */
function isCode(value: unknown, pattern: RegExp): boolean {
  if (typeof value !== 'string' || value.length > longest || !pattern.test(value)) return false;
  const bare = value.slice(value.indexOf(':') + 1);
  return isIP(value) === 0 && isIP(bare) === 0 && !/^\d{9,19}$/.test(bare.replace(/[-._/:]/g, ''));
}

function refuse(field: string): never {
  throw new TypeError(`audit entry: ${field} is not an opaque id, a code, a number or a boolean`);
}

function untrusted(cause?: unknown): AppError {
  const message =
    "La piste d'audit ne peut pas être continuée : sa tête ne correspond pas, ou sa clé n'est plus ici. Lancez « audit verify ».";
  return new AppError('unavailable', 'AUDIT_UNTRUSTED', message, { cause });
}
