/** What an operator, a job or a page can ask of the registers. */
import type { Framework } from '../../model.ts';
import { digitalBySubject } from '../model/digital.ts';
import type { IsoDate } from '../model.ts';
import type { RegisterParts } from '../use-cases.ts';
import { compareExports, type RegisterDifference } from './difference.ts';
import { type ImportOptions, type ImportReport, importExport } from './import.ts';
import { importOffers, type OffersOptions, type OffersReport } from './import-offers.ts';
import { importLatest, type LatestImport, type LatestParts } from './latest.ts';
import { type LookUps, makeLookUps } from './look-up.ts';

export interface Registry extends LookUps {
  /** A file of one register or of both. @throws AppError, SourceError: nothing changed */
  importFile(path: string, options?: ImportOptions): Promise<ImportReport>;
  importLatest(options?: Omit<ImportOptions, 'date' | 'resource'>): Promise<readonly LatestImport[]>;
  importOffers(path: string, options?: OffersOptions): Promise<OffersReport>;
  compare(asked?: { readonly from?: IsoDate; readonly to?: IsoDate }): Promise<readonly RegisterDifference[]>;
}

export function makeRegistry(
  parts: RegisterParts &
    Pick<LatestParts, 'takeLock' | 'openHttp' | 'address' | 'folder'> & {
      readonly subjects: Framework['subjects'];
    },
): Registry {
  const { store, subjects, sample } = parts;
  const importing: LatestParts = {
    ...parts,
    // What a person has judged wins over the codes.
    digitalOf: (record) => sample.get(record.code)?.digital ?? digitalBySubject(record, subjects),
  };
  return {
    importFile: (path, options = {}) => importExport(importing, path, options),
    importLatest: (options = {}) => importLatest(importing, options),
    importOffers: (path, options = {}) => importOffers(parts, path, options),
    ...makeLookUps(parts),
    compare: (asked = {}) => compareExports(store, asked),
  };
}
