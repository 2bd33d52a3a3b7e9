/** Values of the register's exports, as XML and CSV both write them. */
import { parseCertificationCode } from '../model/certification.ts';
import type { Doubt, ExportedPartner, RefusedRecord } from './model/export.ts';
import type { PartnerLine, PartnerRole } from './model/habilitation.ts';
import type { Certifier, IsoDate, Labelled, RegisterName, RegisterRecord } from './model.ts';

/** Thrown inside one record, caught at its edge. */
export class FieldRefused extends Error {
  readonly field: string;
  readonly value: string;
  readonly reason: string;

  constructor(field: string, value: string, reason: string) {
    super(`${field}: ${reason}`);
    this.field = field;
    this.value = value.slice(0, 200);
    this.reason = reason;
  }
}

export function refusedRecord(code: string | null, error: FieldRefused): RefusedRecord {
  return { kind: 'refused', code, field: error.field, value: error.value, reason: error.reason };
}

/** @throws FieldRefused */
export function readCode(field: string, text: string): { readonly code: string; readonly register: RegisterName } {
  const reading = parseCertificationCode(text);
  if (reading.kind === 'ambiguous') throw new FieldRefused(field, text, 'précisez RNCP ou RS');
  if (reading.kind === 'unreadable')
    throw new FieldRefused(field, text, 'numéro illisible : RNCP ou RS, puis des chiffres');
  return { code: reading.code, register: reading.code.startsWith('RS') ? 'RS' : 'RNCP' };
}

/** @throws FieldRefused */
export function readTitle(field: string, text: string): string {
  const title = text.replace(/\s+/g, ' ').trim();
  if (title === '') throw new FieldRefused(field, text, 'intitulé absent');
  return title;
}

/** `DD/MM/YYYY`, or ISO; null when empty. @throws FieldRefused for a day that does not exist */
export function readDate(field: string, text: string): IsoDate | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const french = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(trimmed);
  const iso = french === null ? trimmed.slice(0, 10) : `${french[3]}-${french[2]}-${french[1]}`;
  if (!isDay(iso)) throw new FieldRefused(field, text, 'date illisible : JJ/MM/AAAA attendu');
  return iso;
}

/** Whether it is a day of the calendar, written YYYY-MM-DD. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text;
}

/** `Oui`, `Non`, `ACTIVE`, `INACTIVE`; null when empty. @throws FieldRefused */
export function readActive(field: string, text: string): boolean | null {
  switch (text.trim().toUpperCase()) {
    case '':
      return null;
    case 'OUI':
    case 'ACTIVE':
      return true;
    case 'NON':
    case 'INACTIVE':
      return false;
    default:
      throw new FieldRefused(field, text, 'validité illisible : Oui ou Non attendu');
  }
}

/** `NIV5`; null for `AUCUN`, `REPRISE` and the like. @throws FieldRefused for a level that is none */
export function readLevel(field: string, text: string): number | null {
  const digits = /^NIV\s*(\d+)$/i.exec(text.trim())?.[1];
  if (digits === undefined) return null;
  const level = Number(digits);
  if (level < 1 || level > 8) throw new FieldRefused(field, text, 'niveau illisible : NIV3 à NIV8 attendu');
  return level;
}

export function readRegistration(text: string): RegisterRecord['registration'] {
  if (/de droit/i.test(text)) return 'de-droit';
  return /sur demande/i.test(text) ? 'sur-demande' : null;
}

/** Apostrophes are doubled, and the code is repeated in the label: `"42872 : Sécurité d''incendie"`. */
export function readLabelled(code: string, label: string): Labelled {
  const trimmed = code.trim();
  const words = plain(label);
  return { code: trimmed, label: words.startsWith(`${trimmed} : `) ? words.slice(trimmed.length + 3) : words };
}

export const plain = (text: string) => text.replaceAll("''", "'").replace(/\s+/g, ' ').trim();

/** 14 digits, of which some rows are prefixed by a tab; null for none, `doubt` for what is not 14 digits. */
export function readSiret(field: string, text: string, doubt: (doubt: Doubt) => void): string | null {
  const digits = text.replace(/[\s\u00a0]/g, '');
  if (digits === '') return null;
  if (/^\d{14}$/.test(digits)) return digits;
  doubt({ field, value: text.slice(0, 200) });
  return null;
}

export function readCertifier(
  { name, siret, state }: { readonly name: string; readonly siret: string; readonly state: string },
  doubt: (doubt: Doubt) => void,
): Certifier {
  const known = { ACTIF: 'actif', INACTIF: 'inactif' } as const;
  return {
    name: plain(name),
    siret: readSiret('SIRET_CERTIFICATEUR', siret, doubt),
    state: known[state.trim().toUpperCase() as keyof typeof known] ?? null,
  };
}

const roles: Readonly<Record<string, PartnerRole>> = {
  HABILITATION_FORMER: 'former',
  HABILITATION_ORGANISER: 'organiser',
  HABILITATION_ORGA_FORM: 'former_organiser',
};

const states: Readonly<Record<string, PartnerLine['state']>> = {
  actif: 'actif',
  inactif: 'inactif',
  supprimé: 'supprime',
  supprime: 'supprime',
};

/** An unknown role or state is a doubt: it never says yes. */
export function readPartner(
  given: {
    readonly name: string;
    readonly siret: string;
    readonly role: string;
    readonly state: string;
    readonly activeSince: string;
  },
  doubt: (doubt: Doubt) => void,
): ExportedPartner {
  const role = roles[given.role.trim().toUpperCase()] ?? null;
  const state = states[given.state.trim().toLowerCase()] ?? null;
  if (role === null) doubt({ field: 'HABILITATION_PARTENAIRE', value: given.role.slice(0, 200) });
  if (state === null && given.state.trim() !== '') {
    doubt({ field: 'ETAT_HABILITATION', value: given.state.slice(0, 200) });
  }
  return {
    name: plain(given.name),
    siret: readSiret('SIRET_PARTENAIRE', given.siret, doubt),
    role,
    state,
    activeSince: lenientDate('DATE_ACTIF', given.activeSince, doubt),
  };
}

function lenientDate(field: string, text: string, doubt: (doubt: Doubt) => void): IsoDate | null {
  try {
    return readDate(field, text);
  } catch (error) {
    if (!(error instanceof FieldRefused)) throw error;
    doubt({ field, value: error.value });
    return null;
  }
}

/** Replacements whose number can be read; the others are doubts. */
export function readReplacements(field: string, texts: readonly string[], doubt: (doubt: Doubt) => void): string[] {
  const codes = new Set<string>();
  for (const text of texts) {
    if (text.trim() === '') continue;
    const reading = parseCertificationCode(text);
    if (reading.kind === 'code') codes.add(reading.code);
    else doubt({ field, value: text.slice(0, 200) });
  }
  return [...codes];
}
