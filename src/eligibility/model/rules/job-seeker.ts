/** Who counts as a job seeker (D-01), and which category is told (D-02). The declared status plays no part. */
import { daysBetween, type IsoDate } from '../dates.ts';
import type { Person } from '../dossier.ts';
import type { Registration } from '../finding.ts';
import { inForce, type RuleSet } from '../rule-set.ts';

/** A declared « not registered » needs no proof; a registration does, from 0 to 30 days before the date. */
export function registrationOf(person: Person | null, date: IsoDate, rules: RuleSet): Registration {
  const registration = person?.inscriptionFranceTravail ?? null;
  if (registration?.inscrit === false) return 'unregistered';
  const rule = inForce(rules, 'D-01', date);
  if (registration?.inscrit !== true || rule.state !== 'valid') return 'unproven';
  const { source, dateVerification } = registration;
  if (source === null || dateVerification === null || !rule.values.sources.includes(source)) return 'unproven';
  const age = daysBetween(dateVerification, date);
  return age >= 0 && age <= rule.values.joursMaximum ? 'proved' : 'unproven';
}
