/** Certifications of the French registers: how people write their numbers, and their state at a date. */
import type { Certification } from './reference.ts';

export type CertificationReading =
  | { readonly kind: 'code'; readonly code: string }
  /** A number alone can be of either register: the reader is asked which. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly [rncp: string, rs: string] }
  | { readonly kind: 'unreadable' };

const written = /^(?:fiche\s*)?(RNCP|RS)\s*[-_:]?\s*(?:n\s*[°º]\s*)?0*([1-9]\d{0,5})$/i;
const address =
  /^(?:https?:\/\/)?(?:www\.)?francecompetences\.fr\/recherche\/(rncp|rs)\/0*([1-9]\d{0,5})\/?(?:[?#].*)?$/i;
/** Longer is no number: keeps the patterns away from long runs of blanks. */
const longest = 200;
const bare = /^(?:n\s*[°º]\s*)?0*([1-9]\d{0,5})$/i;

/**
 * `RNCP37674`, `rncp 37674`, `RS 6604`, `RNCP n° 37674`, a record address. A block code (`RNCP37674BC01`) is part of a
 * certification, not the certification: unreadable here.
 */
export function parseCertificationCode(text: string): CertificationReading {
  if (text.length > longest) return { kind: 'unreadable' };
  const trimmed = text.trim();
  const found = written.exec(trimmed) ?? address.exec(trimmed);
  if (found?.[1] !== undefined && found[2] !== undefined) {
    return { kind: 'code', code: `${found[1].toUpperCase()}${found[2]}` };
  }
  const number = bare.exec(trimmed)?.[1];
  if (number !== undefined) return { kind: 'ambiguous', candidates: [`RNCP${number}`, `RS${number}`] };
  return { kind: 'unreadable' };
}

export type CertificationState = 'active' | 'ended' | 'unknown';

/**
 * At the day of `on` (UTC): a record ends the day after its end of registration. Without a register reading, or without
 * a record at all, the state is unknown (« état inconnu »).
 */
export function certificationState(
  certification: Pick<Certification, 'active' | 'endOfRegistration'> | undefined,
  on: Date,
): CertificationState {
  if (certification === undefined) return 'unknown';
  const { active, endOfRegistration } = certification;
  if (active === false) return 'ended';
  if (endOfRegistration !== null && endOfRegistration < on.toISOString().slice(0, 10)) return 'ended';
  return active === true ? 'active' : 'unknown';
}
