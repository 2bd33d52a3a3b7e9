/** Imports the open data of the training-account offer: which provider (SIRET) really offers which certification. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AppError } from '../../../errors.ts';
import type { Lock } from '../../../platform/lock.ts';
import { lossShare } from '../model/export.ts';
import { type IsoDate, pairKey } from '../model.ts';
import { type OfferColumns, type OfferRow, readOffers } from '../read-offers.ts';
import type { RegistryStore } from '../store.ts';

export interface OffersOptions {
  /** Of the data; else its own column says it. */
  readonly date?: IsoDate;
  readonly columns?: OfferColumns;
  readonly dryRun?: boolean;
  readonly acceptLosses?: boolean;
  readonly onProgress?: (read: number) => void;
  readonly signal?: AbortSignal;
}

export interface OffersReport {
  readonly outcome: 'in-force' | 'would-be-in-force' | 'already-held';
  readonly date: IsoDate;
  /** Rows of the file, the header left out. */
  readonly rows: number;
  /** Distinct pairs of certification and provider. */
  readonly pairs: number;
  /** Rows of neither register. */
  readonly others: number;
  readonly refused: { readonly total: number; readonly examples: readonly Extract<OfferRow, { kind: 'refused' }>[] };
}

const batchSize = 2_000;
const shownRefusals = 100;
const renewEvery = 50_000;

/** @throws AppError, SourceError; the former data stay in force unless the file was read to its end */
export async function importOffers(
  parts: { readonly store: RegistryStore; takeLock(): Promise<Lock | null>; now(): Date },
  path: string,
  options: OffersOptions,
): Promise<OffersReport> {
  const lock = await parts.takeLock();
  if (lock === null) {
    const message = 'Un import du registre est déjà en cours, ou vient d’être interrompu : réessayez dans une minute.';
    throw new AppError('conflict', 'E_IMPORT_EN_COURS', message);
  }
  try {
    return await importLocked(parts.store, path, options, lock, parts.now());
  } finally {
    await lock.release();
  }
}

async function importLocked(
  store: RegistryStore,
  path: string,
  options: OffersOptions,
  lock: Lock,
  now: Date,
): Promise<OffersReport> {
  const held = await store.offersHead();
  const hash = createHash('sha256');
  const writing = options.dryRun !== true;
  const batch = writing ? await store.beginOffers() : 0;
  const seen = new Set<string>();
  let waiting: string[] = [];
  const examples: Extract<OfferRow, { kind: 'refused' }>[] = [];
  const counts = { rows: 0, others: 0, refused: 0 };
  let newest: IsoDate | null = null;
  const today = now.toISOString().slice(0, 10);
  for await (const row of readOffers(path, options.columns ?? {}, options.signal)) {
    counts.rows += 1;
    if (row.kind === 'other') counts.others += 1;
    else if (row.kind === 'refused') {
      counts.refused += 1;
      if (examples.length < shownRefusals) examples.push(row);
    } else {
      if (row.date !== null && row.date <= today && (newest === null || row.date > newest)) newest = row.date;
      const key = pairKey(row);
      if (!seen.has(key)) {
        seen.add(key);
        waiting.push(key);
      }
    }
    if (waiting.length === batchSize) {
      if (writing) await store.stageOffers(batch, waiting);
      waiting = [];
    }
    options.onProgress?.(counts.rows);
    if (counts.rows % renewEvery === 0) await lock.renew();
  }
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const sha256 = hash.digest('hex');
  if (writing && waiting.length > 0) await store.stageOffers(batch, waiting);
  const date = options.date ?? newest;
  if (date === null) {
    throw new AppError(
      'invalid',
      'E_DATE',
      'Rien ne dit de quel jour sont ces offres : donnez-le avec --date AAAA-MM-JJ.',
    );
  }
  const report = {
    date,
    rows: counts.rows,
    pairs: seen.size,
    others: counts.others,
    refused: { total: counts.refused, examples },
  };
  if (held?.sha256 === sha256) return { outcome: 'already-held', ...report };
  checkLosses(held?.pairs ?? 0, seen.size, options.acceptLosses === true);
  if (held !== null && date < held.date) {
    const message = `Ces offres datent du ${date}, celles en vigueur du ${held.date} : rien ne change.`;
    throw new AppError('conflict', 'E_OFFRES_ANCIENNES', message);
  }
  if (!writing) return { outcome: 'would-be-in-force', ...report };
  await store.publishOffers(batch, { date, pairs: seen.size, sha256, importedAt: now });
  return { outcome: 'in-force', ...report };
}

function checkLosses(held: number, read: number, accepted: boolean): void {
  if (read === 0)
    throw new AppError('invalid', 'E_OFFRES_VIDES', 'Aucune offre lisible dans ce fichier : rien ne change.');
  if (accepted || read >= held * (1 - lossShare)) return;
  const message = `Fichier refusé : ${read} offres au lieu de ${held}. Vérifiez-le ; s’il est juste, recommencez avec --accept-losses.`;
  throw new AppError('conflict', 'E_OFFRES_PERTES', message);
}
