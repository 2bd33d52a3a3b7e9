/** What the harvest remembers: runs, one mark per record, raw records, and where the next reading of a source starts. */
import type { Connection } from 'mongoose';
import { makeRecordStore, type RecordStore } from './store/records.ts';
import { makeRunStore, type RunStore } from './store/runs.ts';

export interface HarvestStore {
  readonly runs: RunStore;
  readonly records: RecordStore;
  ensureIndexes(): Promise<void>;
  /** Forgets runs, records and readings of these sources: demonstration data only. */
  erase(sourceIds: readonly string[]): Promise<void>;
}

export function makeHarvestStore(connection: Connection): HarvestStore {
  const runs = makeRunStore(connection);
  const records = makeRecordStore(connection);
  return {
    runs,
    records,
    async ensureIndexes() {
      await runs.ensureIndexes();
      await records.ensureIndexes();
    },
    async erase(sourceIds) {
      await records.erase(sourceIds);
      await runs.erase(sourceIds);
    },
  };
}
