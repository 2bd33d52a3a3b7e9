/** Days, amounts and funders as the pages about money write them. */
import { french, listed, longDate, money, shortDate } from '../../platform/web/format.ts';
import type { IsoDate } from '../model/dates.ts';
import type { CoFunding } from '../model/dossier.ts';
import { type FactPath, frenchFact } from '../model/paths.ts';

const noon = (day: IsoDate): Date => new Date(`${day}T12:00:00Z`);

/** « 22 novembre 2026 », in sentences. */
export const dayText = (day: IsoDate): string => longDate(noon(day));
/** « 22/11/2026 », in tables and price lines. */
export const shortDay = (day: IsoDate): string => shortDate(noon(day));
/** « 1 546,80 € », from integer cents. */
export const eurosText = (cents: number): string => money({ amount: cents, currency: 'EUR' });

export const funderNames: Readonly<Record<CoFunding['par'], { readonly by: string; readonly of: string }>> = {
  employeur: { by: 'votre employeur', of: 'de votre employeur' },
  opco: { by: 'votre OPCO', of: 'de votre OPCO' },
  france_travail: { by: 'France Travail', of: 'de France Travail' },
  region: { by: 'votre Région', of: 'de votre Région' },
  agefiph: { by: "l'Agefiph", of: "de l'Agefiph" },
  autre: { by: 'un autre financeur', of: "d'un autre financeur" },
};

const mostNamed = 3;

/** « votre âge, votre situation et 3 autres réponses »: a list that stays a sentence. */
export function missingText(facts: readonly FactPath[]): string {
  const names = facts.map(frenchFact);
  if (names.length <= mostNamed + 1) return french(listed(names));
  return french(listed([...names.slice(0, mostNamed), `${names.length - mostNamed} autres informations`]));
}
