/** What became of the certifications between two exports. */
import { certificationState } from '../../model/certification.ts';
import type { IsoDate, RegisterRecord } from '../model.ts';

export interface Named {
  readonly code: string;
  readonly title: string;
}

export interface Difference {
  readonly appeared: readonly Named[];
  /** No longer in the register at all: rare. */
  readonly gone: readonly Named[];
  /** Active at the first, no longer at the second. */
  readonly ended: readonly (Named & {
    readonly endOfRegistration: IsoDate | null;
    readonly replacedBy: readonly string[];
  })[];
  /** Names of the fields whose value differs. */
  readonly changed: readonly (Named & { readonly fields: readonly string[] })[];
  /** A replacement that was not given at the first. */
  readonly replaced: readonly (Named & { readonly by: readonly string[] })[];
}

const compared = [
  'title',
  'shortType',
  'level',
  'active',
  'endOfRegistration',
  'lastDelivery',
  'effectiveFrom',
  'decidedOn',
  'registration',
  'recordState',
  'blocks',
  'rome',
  'nsf',
  'formacodes',
  'certifiers',
  'hasPartners',
  'replacedBy',
  'replaces',
] as const;

/** `codes` are those that may differ; `partners` changes are « partners ». */
export function differenceOf(
  codes: readonly string[],
  before: { readonly records: ReadonlyMap<string, RegisterRecord>; readonly date: IsoDate },
  after: { readonly records: ReadonlyMap<string, RegisterRecord>; readonly date: IsoDate },
): Difference {
  const found = {
    appeared: [] as Named[],
    gone: [] as Named[],
    ended: [] as Difference['ended'][number][],
    changed: [] as Difference['changed'][number][],
    replaced: [] as Difference['replaced'][number][],
  };
  const noon = (date: IsoDate) => new Date(`${date}T12:00:00Z`);
  for (const code of codes) {
    const old = before.records.get(code);
    const now = after.records.get(code);
    if (now === undefined) {
      if (old !== undefined) found.gone.push({ code, title: old.title });
      continue;
    }
    const { title, endOfRegistration, replacedBy } = now;
    if (old === undefined) {
      found.appeared.push({ code, title });
      continue;
    }
    const fields: string[] = compared.filter((field) => JSON.stringify(old[field]) !== JSON.stringify(now[field]));
    // Only what is kept beside the record differs.
    found.changed.push({ code, title, fields: fields.length === 0 ? ['partners'] : fields });
    const active = (record: RegisterRecord, date: IsoDate) => certificationState(record, noon(date)) === 'active';
    if (active(old, before.date) && !active(now, after.date)) {
      found.ended.push({ code, title, endOfRegistration, replacedBy });
    }
    const by = replacedBy.filter((successor) => !old.replacedBy.includes(successor));
    if (by.length > 0) found.replaced.push({ code, title, by });
  }
  return found;
}
