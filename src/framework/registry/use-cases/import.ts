/**
 * Imports an export of the register. It is put in force only when it was read to its end and lost nothing by surprise;
 * until then, and after any fault or kill, the former one answers.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '../../../errors.ts';
import type { Lock } from '../../../platform/lock.ts';
import {
  type Doubt,
  type ExportCounts,
  type ExportedPartner,
  type ExportedRecord,
  type ExportItem,
  type HeldExport,
  type Loss,
  lossesOf,
  noCounts,
  type RefusedRecord,
} from '../model/export.ts';
import { type IsoDate, type RegisterName, type RegisterRecord, registerNames } from '../model.ts';
import { openExport, type RegisterExport } from '../read-export.ts';
import type { StagedPartner, StagedRecord } from '../store/staging.ts';
import type { RegistryStore } from '../store.ts';

export interface ImportOptions {
  /** Of the export; else its name says it, else the newest event that it tells of. */
  readonly date?: IsoDate;
  /** Reads and compares, writes nothing. */
  readonly dryRun?: boolean;
  readonly acceptLosses?: boolean;
  readonly resource?: HeldExport['resource'];
  readonly onProgress?: (read: number) => void;
  readonly signal?: AbortSignal;
}

export interface RegisterImport {
  readonly register: RegisterName;
  /** `already-held`: this very export is in force; `older`: a newer one is, and nothing of this one is kept. */
  readonly outcome: 'in-force' | 'would-be-in-force' | 'already-held' | 'older';
  readonly counts: ExportCounts;
  /** Against the export in force before, whose day is `since`. */
  readonly changes: { readonly appeared: number; readonly changed: number; readonly gone: number };
  readonly since: IsoDate | null;
  readonly losses: readonly Loss[];
}

export interface ImportReport {
  readonly file: string;
  readonly sha256: string;
  readonly format: string;
  readonly date: IsoDate;
  readonly dateFrom: 'given' | 'name' | 'content';
  readonly registers: readonly RegisterImport[];
  /** `examples` are the first hundred. */
  readonly refused: { readonly total: number; readonly examples: readonly RefusedRecord[] };
  readonly doubts: { readonly total: number; readonly examples: readonly (Doubt & { readonly code: string })[] };
}

export interface ImportParts {
  readonly store: RegistryStore;
  takeLock(): Promise<Lock | null>;
  digitalOf(record: ExportedRecord): boolean | null;
  now(): Date;
}

const shownRefusals = 100;
const shownDoubts = 20;
const recordBatch = 100;
const partnerBatch = 1_000;
const renewEveryMs = 15_000;

/** @throws AppError `conflict` (another import, an older export, losses), SourceError for a file that is not whole */
export async function importExport(parts: ImportParts, path: string, options: ImportOptions): Promise<ImportReport> {
  const file = await openExport(path);
  try {
    const sha256 = await digestOf(path, options.signal);
    const lock = await parts.takeLock();
    if (lock === null) {
      const message =
        'Un import du registre est déjà en cours, ou vient d’être interrompu : réessayez dans une minute.';
      throw new AppError('conflict', 'E_IMPORT_EN_COURS', message);
    }
    try {
      return await importLocked(parts, { path, file, sha256, lock }, options);
    } finally {
      await lock.release();
    }
  } finally {
    file.close();
  }
}

interface Opened {
  readonly path: string;
  readonly file: RegisterExport;
  readonly sha256: string;
  readonly lock: Lock;
}

async function importLocked(parts: ImportParts, opened: Opened, options: ImportOptions): Promise<ImportReport> {
  const { file, sha256, path } = opened;
  const { store } = parts;
  const dated = await dateOf(file, options, parts.now());
  const writing = options.dryRun !== true;
  if (writing) for (const register of registerNames) await store.discard(register);
  const done = (await store.bySha256(sha256)).filter(({ date }) => date === dated.date);
  const covered = new Set(done.map(({ register }) => register));
  const [first] = done;
  if (first?.registers.every((register) => covered.has(register)) === true) {
    return {
      file: basename(path),
      sha256,
      format: first.format,
      date: first.date,
      dateFrom: dated.from,
      registers: done.map(({ register, counts, date }) => ({
        register,
        outcome: 'already-held',
        counts,
        changes: { appeared: 0, changed: 0, gone: 0 },
        since: date,
        losses: [],
      })),
      refused: { total: 0, examples: [] },
      doubts: { total: 0, examples: [] },
    };
  }

  const reading = makeReading(parts, { ...opened, date: dated.date, writing });
  const refusals: RefusedRecord[] = [];
  let refused = 0;
  const examples: (Doubt & { code: string })[] = [];
  let doubts = 0;
  let read = 0;
  let renewed = parts.now().getTime();
  let registers: readonly RegisterImport[];
  try {
    for await (const item of file.items()) {
      options.signal?.throwIfAborted();
      const problem = await reading.take(item);
      if (problem !== null) {
        refused += 1;
        if (refusals.length < shownRefusals) refusals.push(problem);
      }
      if (item.kind === 'certification') {
        doubts += item.doubts.length;
        for (const doubt of item.doubts.slice(0, shownDoubts - examples.length)) {
          examples.push({ code: item.record.code, ...doubt });
        }
      }
      read += 1;
      options.onProgress?.(read);
      if (parts.now().getTime() - renewed > renewEveryMs) {
        renewed = parts.now().getTime();
        if (!(await opened.lock.renew())) {
          throw new AppError(
            'conflict',
            'E_IMPORT_EN_COURS',
            'Un autre import du registre a pris la suite de celui-ci.',
          );
        }
      }
    }
    registers = await reading.finish(file.format(), options);
  } catch (error) {
    // What a kill leaves is removed by the next import.
    if (writing) for (const register of registerNames) await store.discard(register);
    throw error;
  }
  return {
    file: basename(path),
    sha256,
    format: file.format(),
    date: dated.date,
    dateFrom: dated.from,
    registers,
    refused: { total: refused, examples: refusals },
    doubts: { total: doubts, examples },
  };
}

/** What is known of one register while the file is read. */
interface Part {
  readonly register: RegisterName;
  readonly head: HeldExport | null;
  readonly mode: 'new' | 'already-held' | 'older';
  /** Of what is in force; a code is removed when it was met. */
  readonly held: Map<string, { readonly hash: string; readonly partnersHash: string }>;
  readonly met: Set<string>;
  counts: ExportCounts;
  appeared: number;
  changed: number;
}

function makeReading(
  parts: ImportParts,
  { sha256, date, writing, path }: Opened & { readonly date: IsoDate; readonly writing: boolean },
) {
  const { store } = parts;
  const open = new Map<RegisterName, Part>();
  const records: StagedRecord[] = [];
  const replaced: string[] = [];
  /** Lists of partners that differ from the ones in force, or are new. */
  const lists: { readonly code: string; readonly isNew: boolean; readonly groups: readonly StagedPartner[] }[] = [];

  async function partOf(register: RegisterName): Promise<Part> {
    const known = open.get(register);
    if (known !== undefined) return known;
    const head = await store.head(register);
    const mode = head === null || date > head.date ? 'new' : head.sha256 === sha256 ? 'already-held' : 'older';
    const held: Part['held'] = new Map();
    if (mode === 'new') {
      for await (const { code, hash, partnersHash } of store.current(register)) held.set(code, { hash, partnersHash });
      if (writing) await store.begin(register, date);
    }
    const part: Part = { register, head, mode, held, met: new Set(), counts: noCounts, appeared: 0, changed: 0 };
    open.set(register, part);
    return part;
  }

  async function flush(): Promise<void> {
    if (writing) {
      await store.stage(date, records, replaced);
      await flushPartners();
    }
    records.length = 0;
    replaced.length = 0;
    lists.length = 0;
  }

  async function flushPartners(): Promise<void> {
    const held = await store.currentPartners(lists.filter(({ isNew }) => !isNew).map(({ code }) => code));
    const groups = lists.flatMap((list) => list.groups);
    const key = (one: { readonly code: string; readonly siret: string; readonly hash: string }) =>
      `${one.code}/${one.siret}/${one.hash}`;
    const read = new Set(groups.map(key));
    const kept = new Set(held.map(key).filter((one) => read.has(one)));
    const ended = held.filter((one) => !kept.has(key(one))).map(({ id }) => id);
    const fresh = groups.filter((one) => !kept.has(key(one)));
    for (let at = 0; at < Math.max(ended.length, fresh.length); at += partnerBatch) {
      await store.stagePartners(date, fresh.slice(at, at + partnerBatch), ended.slice(at, at + partnerBatch));
    }
  }

  async function take(item: ExportItem): Promise<RefusedRecord | null> {
    const code = item.kind === 'refused' ? item.code : item.record.code;
    if (code === null) return item.kind === 'refused' ? item : null;
    const part = await partOf(code.startsWith('RS') ? 'RS' : 'RNCP');
    const count = (more: Partial<ExportCounts>) => {
      part.counts = added(part.counts, more);
    };
    const refuse = (refusal: RefusedRecord) => {
      count({ refused: 1 });
      return refusal;
    };
    if (part.met.has(code)) {
      const reason = 'ce numéro est déjà dans le fichier : la première fiche est gardée';
      return refuse({ kind: 'refused', code, field: 'NUMERO_FICHE', value: code, reason });
    }
    part.met.add(code);
    const held = part.held.get(code);
    part.held.delete(code);
    // What is refused does not end what is held.
    if (item.kind === 'refused') return refuse(item);
    const { active } = item.record;
    count({
      records: 1,
      active: active === true ? 1 : 0,
      ended: active === false ? 1 : 0,
      stateUnknown: active === null ? 1 : 0,
      partners: item.partners.length,
      partnersWithState: item.partners.filter(({ state }) => state !== null).length,
    });
    if (part.mode !== 'new') return null;
    const record: StagedRecord['record'] = { ...item.record, digital: parts.digitalOf(item.record) };
    const groups = partnerGroups(item.partners, record);
    const staged = {
      record,
      hash: hashOf(record),
      partnersHash: hashOf(groups.map(({ siret, hash }) => [siret, hash])),
    };
    if (held === undefined) part.appeared += 1;
    else if (held.hash === staged.hash && held.partnersHash === staged.partnersHash) return null;
    else {
      part.changed += 1;
      replaced.push(code);
    }
    records.push(staged);
    if (held?.partnersHash !== staged.partnersHash) lists.push({ code, isNew: held === undefined, groups });
    if (records.length === recordBatch) await flush();
    return null;
  }

  /** After the last record of the file: nothing before this is seen by anybody. */
  async function finish(format: string, options: ImportOptions): Promise<RegisterImport[]> {
    const found = [...open.values()];
    if (found.length === 0) {
      throw new AppError(
        'invalid',
        'E_REGISTRE_VIDE',
        `${basename(path)} ne contient aucune fiche lisible : rien ne change.`,
      );
    }
    await flush();
    const results = found.map((part) => resultOf(part, writing));
    const fresh = found.filter(({ mode }) => mode === 'new');
    const newest = found.find(({ mode }) => mode === 'older')?.head;
    if (fresh.length === 0 && newest !== undefined && newest !== null) throw olderExport(date, newest.date);
    const losses = results.flatMap(({ register, losses: own }) => own.map((loss) => ({ register, ...loss })));
    if (losses.length > 0 && options.acceptLosses !== true) {
      throw tooManyLosses(losses);
    }
    if (!writing) return results;
    for (const part of fresh) {
      const gone = [...part.held.keys()];
      for (let at = 0; at < gone.length; at += recordBatch) await store.end(date, gone.slice(at, at + recordBatch));
    }
    for (const { register, counts } of fresh) {
      await store.publish({
        register,
        date,
        format,
        sha256,
        resource: options.resource ?? null,
        counts,
        registers: fresh.map((part) => part.register),
        importedAt: parts.now(),
      });
    }
    return results;
  }

  return { take, finish };
}

function resultOf(part: Part, writing: boolean): RegisterImport {
  const { register, head, mode, counts, appeared, changed, held } = part;
  const inForce = writing ? 'in-force' : 'would-be-in-force';
  return {
    register,
    outcome: mode === 'new' ? inForce : mode,
    counts,
    changes: { appeared, changed, gone: mode === 'new' ? held.size : 0 },
    since: head?.date ?? null,
    losses: mode === 'new' && head !== null ? lossesOf(head.counts, counts) : [],
  };
}

/** One group per SIRET, in the order of SIRETs; all those without one together. */
function partnerGroups(
  partners: readonly ExportedPartner[],
  { code, register }: Pick<RegisterRecord, 'code' | 'register'>,
): StagedPartner[] {
  const bySiret = new Map<string, StagedPartner['lines']>();
  for (const { siret, ...line } of partners) {
    const lines = bySiret.get(siret ?? '');
    if (lines === undefined) bySiret.set(siret ?? '', [line]);
    else lines.push(line);
  }
  return [...bySiret]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([siret, lines]) => ({ code, register, siret, hash: hashOf(lines), lines }));
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);

function added(counts: ExportCounts, more: Partial<ExportCounts>): ExportCounts {
  const sum = { ...counts };
  for (const name of Object.keys(more) as (keyof ExportCounts)[]) sum[name] += more[name] ?? 0;
  return sum;
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576, signal })) hash.update(chunk);
  return hash.digest('hex');
}

/** A file that nothing dates is as old as the newest event it tells of, at least: later would be a promise. */
async function dateOf(
  file: RegisterExport,
  { date, signal }: ImportOptions,
  now: Date,
): Promise<{ readonly date: IsoDate; readonly from: ImportReport['dateFrom'] }> {
  const today = now.toISOString().slice(0, 10);
  if (date !== undefined) {
    if (date > today) throw new AppError('invalid', 'E_DATE', `La date ${date} n’est pas encore passée.`);
    return { date, from: 'given' };
  }
  if (file.namedDate !== null && file.namedDate <= today) return { date: file.namedDate, from: 'name' };
  let newest: IsoDate | null = null;
  for await (const item of file.items()) {
    signal?.throwIfAborted();
    if (item.kind !== 'certification' || item.newestDate === null || item.newestDate > today) continue;
    if (newest === null || item.newestDate > newest) newest = item.newestDate;
  }
  if (newest !== null) return { date: newest, from: 'content' };
  const message = 'Rien ne dit de quel jour est cet export : donnez-le avec --date AAAA-MM-JJ.';
  throw new AppError('invalid', 'E_DATE', message);
}

const french = (date: IsoDate) => date.split('-').reverse().join('/');

function olderExport(date: IsoDate, held: IsoDate): AppError {
  const which = date === held ? 'un autre export du même jour est déjà en vigueur' : 'il est plus ancien';
  const message = `Export du ${french(date)} : ${which}, le registre en vigueur date du ${french(held)}. Rien ne change. L’historique se construit dans l’ordre des dates.`;
  return new AppError('conflict', 'E_REGISTRE_ANCIEN', message);
}

function tooManyLosses(losses: readonly (Loss & { readonly register: RegisterName })[]): AppError {
  const figures = losses.map(({ register, what, held, read }) => `${register} : ${read} ${what} au lieu de ${held}`);
  const message = `Export refusé, il a beaucoup moins que le registre en vigueur (${figures.join(' ; ')}). Vérifiez le fichier ; s’il est juste, recommencez avec --accept-losses.`;
  return new AppError('conflict', 'E_REGISTRE_PERTES', message, { details: losses });
}
