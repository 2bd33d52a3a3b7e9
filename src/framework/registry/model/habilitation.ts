/** What the register lets a provider do for a certification (rule P-04). */
import type { Habilitation, RegisterRecord } from '../model.ts';

/** HABILITATION_FORMER, _ORGANISER, _ORGA_FORM. */
export type PartnerRole = 'former' | 'organiser' | 'former_organiser';

/** One line of the list of partners. */
export interface PartnerLine {
  readonly name: string;
  /** null: a value that we do not know. */
  readonly role: PartnerRole | null;
  /** null: the export does not say (CSV). */
  readonly state: 'actif' | 'inactif' | 'supprime' | null;
  readonly activeSince: string | null;
}

const siren = (siret: string) => siret.slice(0, 9);

/**
 * A « no » only where the register says no: `aucune` needs a list of partners without the provider, or lines that are no
 * longer active. A certifier or a partner of the same company under another SIRET, a certifier without SIRET, a line
 * without state are « cannot be read » (null).
 *
 * @param own lines of this very SIRET
 * @param related whether another establishment of the same company has an active line
 */
export function habilitationOf(
  record: Pick<RegisterRecord, 'certifiers' | 'hasPartners' | 'registration'>,
  siret: string,
  own: readonly PartnerLine[],
  related: boolean,
): Habilitation | null {
  const certifiers = record.certifiers.filter(({ state }) => state !== 'inactif');
  if (certifiers.some((one) => one.siret === siret)) return 'certificateur';
  const active = own.filter(({ state }) => state === 'actif');
  const may = (role: 'former' | 'organiser') => active.some((line) => line.role === role || isBoth(line));
  if (may('former')) return may('organiser') ? 'former_organiser' : 'former';
  if (own.some(({ state, role }) => state === null || (state === 'actif' && role === null))) return null;
  if (related || certifiers.some((one) => one.siret === null || siren(one.siret) === siren(siret))) return null;
  if (may('organiser')) return 'organiser';
  if (own.length > 0 || record.hasPartners === true) return 'aucune';
  // Without a list of partners, only a record « sur demande » says that nobody else may train.
  return record.hasPartners === false && record.registration === 'sur-demande' ? 'aucune' : null;
}

const isBoth = ({ role }: PartnerLine) => role === 'former_organiser';
