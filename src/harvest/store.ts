/** What the harvest remembers: runs, one mark per record, raw records, corrections, and where the next reading of a source starts. */
import type { Connection } from 'mongoose';
import { makePatchStore, type PatchStore } from './store/patches.ts';
import { makeRecordStore, type RecordStore } from './store/records.ts';
import { makeRunStore, type RunStore } from './store/runs.ts';

export interface HarvestStore {
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly patches: PatchStore;
  ensureIndexes(): Promise<void>;
  /** Forgets runs, records and readings of these sources: demonstration data only. */
  erase(sourceIds: readonly string[]): Promise<void>;
}

export function makeHarvestStore(connection: Connection): HarvestStore {
  const runs = makeRunStore(connection);
  const records = makeRecordStore(connection);
  const patches = makePatchStore(connection);
  return {
    runs,
    records,
    patches,
    async ensureIndexes() {
      await runs.ensureIndexes();
      await records.ensureIndexes();
      await patches.ensureIndexes();
    },
    async erase(sourceIds) {
      await records.erase(sourceIds);
      await patches.erase(sourceIds);
      await runs.erase(sourceIds);
    },
  };
}
