/** What an operator, a job or a page can ask of the registers. */
import type { Framework } from '../../model.ts';
import { digitalBySubject } from '../model/digital.ts';
import type { IsoDate, Register } from '../model.ts';
import type { RegisterParts } from '../use-cases.ts';
import { compareExports, type RegisterDifference } from './difference.ts';
import { type ImportOptions, type ImportReport, importExport } from './import.ts';
import { importOffers, type OffersOptions, type OffersReport } from './import-offers.ts';
import { importLatest, type LatestImport, type LatestParts } from './latest.ts';
import { type CertificationSheet, type FoundCertifications, lookUp, searchCertifications } from './look-up.ts';

export interface Registry {
  /** A file of one register or of both. @throws AppError, SourceError: nothing changed */
  importFile(path: string, options?: ImportOptions): Promise<ImportReport>;
  importLatest(options?: Omit<ImportOptions, 'date' | 'resource'>): Promise<readonly LatestImport[]>;
  importOffers(path: string, options?: OffersOptions): Promise<OffersReport>;
  /** Any spelling of a number. @throws AppError `invalid` (a bare number), `not-found` */
  lookUp(asked: { readonly text: string; readonly on?: IsoDate; readonly siret?: string }): Promise<CertificationSheet>;
  compare(asked?: { readonly from?: IsoDate; readonly to?: IsoDate }): Promise<readonly RegisterDifference[]>;
  search(asked: { readonly q: string; readonly page: number }): Promise<FoundCertifications>;
}

export function makeRegistry(
  parts: RegisterParts &
    Pick<LatestParts, 'takeLock' | 'openHttp' | 'address' | 'folder'> & {
      readonly register: Register;
      readonly subjects: Framework['subjects'];
    },
): Registry {
  const { store, register, subjects, sample } = parts;
  const importing: LatestParts = {
    ...parts,
    // What a person has judged wins over the codes.
    digitalOf: (record) => sample.get(record.code)?.digital ?? digitalBySubject(record, subjects),
  };
  return {
    importFile: (path, options = {}) => importExport(importing, path, options),
    importLatest: (options = {}) => importLatest(importing, options),
    importOffers: (path, options = {}) => importOffers(parts, path, options),
    lookUp: (asked) => lookUp(parts, register, asked),
    compare: (asked = {}) => compareExports(store, asked),
    search: (asked) => searchCertifications(parts, asked),
  };
}
