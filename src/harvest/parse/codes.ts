/** Identifiers of French training: certifications, companies, activity declarations, subjects and occupations. */

export interface CertificationCode {
  readonly kind: 'RNCP' | 'RS';
  /** As the register writes it: `RNCP37674`, `RS6604`. */
  readonly code: string;
}

export type ParsedCertification =
  | { readonly kind: 'code'; readonly certification: CertificationCode }
  | { readonly kind: 'unknown' }
  /** A number without its register. */
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'unreadable' };

/**
 * `RNCP37674` from `37674` (with `register`), `rncp 37674`, `RNCP-37674`, `RNCP n° 37674`; the same for RS. What the text
 * says wins over `register`. A bare number without `register` is ambiguous: the two registers number separately.
 */
export function parseCertification(value: unknown, register?: 'RNCP' | 'RS'): ParsedCertification {
  if (value === null || value === undefined) return { kind: 'unknown' };
  const text = String(value).trim();
  if (text === '' || text === '-' || /^0+$/.test(text)) return { kind: 'unknown' };
  const match = /^(?:fiche\s+)?(?:(RNCP|RS)[\s_:-]*(?:n[°o]?\s*)?)?0*(\d{1,6})$/i.exec(text);
  const number = match?.[2];
  if (match === null || number === undefined) return { kind: 'unreadable' };
  const written = match[1]?.toUpperCase();
  const kind = written === 'RNCP' || written === 'RS' ? written : register;
  if (kind === undefined) return { kind: 'ambiguous' };
  return { kind: 'code', certification: { kind, code: `${kind}${number}` } };
}

export type ParsedSiret =
  | { readonly kind: 'siret'; readonly siret: string }
  | { readonly kind: 'unknown' }
  /** `cause` completes « Le SIRET … est refusé : … ». French. */
  | { readonly kind: 'refused'; readonly cause: string };

/** 14 digits with their check key; spaces and dots between groups are allowed. */
export function parseSiret(value: unknown): ParsedSiret {
  if (value === null || value === undefined) return { kind: 'unknown' };
  const text = String(value).trim();
  if (text === '' || text === '-') return { kind: 'unknown' };
  if (/^\d(?:[.,]\d+)?E\+?\d+$/i.test(text)) return { kind: 'refused', cause: 'arrondi par un tableur' };
  const digits = text.replace(/[\s.]/g, '');
  if (!/^\d{14}$/.test(digits)) {
    return { kind: 'refused', cause: `14 chiffres attendus, ${digits.replace(/\D/g, '').length} reçus` };
  }
  return hasRightKey(digits) ? { kind: 'siret', siret: digits } : { kind: 'refused', cause: 'clé de contrôle fausse' };
}

/** Luhn; the establishments of La Poste (SIREN 356000000) have a digit sum that is a multiple of 5 instead. */
function hasRightKey(siret: string): boolean {
  if (/^0+$/.test(siret)) return false;
  const digits = [...siret].map(Number);
  if (siret.startsWith('356000000') && digits.reduce((sum, digit) => sum + digit, 0) % 5 === 0) return true;
  // 14 digits: the doubled ones are the first, third, fifth… from the left.
  const sum = digits.reduce((total, digit, index) => {
    const weighted = index % 2 === 0 ? digit * 2 : digit;
    return total + (weighted > 9 ? weighted - 9 : weighted);
  }, 0);
  return sum % 10 === 0;
}

export type ParsedActivityNumber =
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused' };

/** The 11 digits of an activity declaration (NDA); `00000000000` and `99999999999` are placeholders. */
export function parseActivityNumber(value: unknown): ParsedActivityNumber {
  if (value === null || value === undefined) return { kind: 'unknown' };
  const digits = String(value).replace(/[\s.]/g, '');
  if (digits === '' || digits === '-' || /^(?:0+|9+)$/.test(digits)) return { kind: 'unknown' };
  return /^\d{11}$/.test(digits) ? { kind: 'number', number: digits } : { kind: 'refused' };
}

/** The code when it has the shape of its scheme (FORMACODE 5 digits, NSF 3 digits, ROME a letter and 4 digits), else null. */
export function subjectCode(scheme: 'FORMACODE' | 'NSF' | 'ROME', value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value).trim().toUpperCase();
  const shape = { FORMACODE: /^\d{5}$/, NSF: /^\d{3}$/, ROME: /^[A-Z]\d{4}$/ }[scheme];
  return shape.test(text) ? text : null;
}
