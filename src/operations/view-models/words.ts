/** Words that the operator's pages and the mail of the night share. */
import type { HarvestRun } from '../../harvest/model.ts';
import { statusWords } from '../../harvest/words.ts';
import { clock, count, listed, longDate, number, shortDate } from '../../platform/web/format.ts';
import type { JobTrouble } from '../model.ts';

export const dashboardPath = '/admin';
export const jobsPath = '/admin/travaux';
export const mailsPath = '/admin/courriels';
export const jobPath = (name: string) => `${jobsPath}/${encodeURIComponent(name)}`;

/** « 22/11/2026 à 5 h 12 ». */
export const shortMoment = (date: Date) => `${shortDate(date)} à ${clock(date)}`;
/** « 22 novembre 2026 à 5 h 12 ». */
export const longMoment = (date: Date) => `${longDate(date)} à ${clock(date)}`;

/** « échoué le 22/11/2026 à 5 h 12 ». @param date writes a moment */
export function troubleWords({ kind, since }: JobTrouble, date: (at: Date) => string): string {
  switch (kind) {
    case 'failed':
      return `échoué le ${date(since)}`;
    case 'late':
      return `en retard depuis le ${date(since)}`;
    case 'overtime':
      return `en cours depuis le ${date(since)}, au-delà de son temps limite`;
    case 'interrupted':
      return `commencé le ${date(since)}, interrompu`;
  }
}

/** « Rien à traiter. Dernière collecte réussie : {date}. » (4.6) */
export function quietSentence(lastSuccess: Date | null): string {
  return `Rien à traiter. Dernière collecte réussie : ${lastSuccess === null ? 'aucune' : longMoment(lastSuccess)}.`;
}

/** Courses concerned by a held run, without the cause, which may quote the partner. */
export function heldWords({ held }: HarvestRun): string {
  if (held === null) return 'bloquée par sécurité';
  const { kind, concerned, of } = held;
  return kind === 'losses'
    ? `bloquée par sécurité : ${count(concerned, 'cours', 'cours')} sur ${number(of)} seraient absents ou retirés`
    : `bloquée par sécurité : ${count(concerned, 'nouveau cours attend', 'nouveaux cours attendent')}`;
}

/** « Échoué », « Incomplet », in a sentence. */
export const resultWord = ({ status }: HarvestRun) => statusWords[status].toLowerCase();

/** At most `most` names, then how many are left out. */
export function some(names: readonly string[], most: number): string {
  const left = names.length - most;
  if (left <= 0) return listed(names);
  return `${names.slice(0, most).join(', ')} et ${count(left, 'autre', 'autres')}`;
}

/** What a run is doing: « commencée à 5 h 12, 1 200 fiches lues ». */
export function runningWords({ startedAt, queuedAt, counters }: HarvestRun): string {
  if (startedAt === null) return `en file d'attente depuis le ${longMoment(queuedAt)}`;
  const read = `${count(counters.received, 'fiche lue', 'fiches lues')}`;
  return `commencée le ${longMoment(startedAt)}, ${read}`;
}
