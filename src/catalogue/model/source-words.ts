/** Sentences about where a course comes from, that several features print. */
import { longDate } from '../../platform/web/format.ts';
import type { Course, WithdrawalReason } from '../model.ts';

/** « catalogue de Passerelle Web »; a source that already calls itself a catalogue is not called one twice. */
export function catalogueOf(sourceTitle: string): string {
  return /^catalogue\b/i.test(sourceTitle) ? `c${sourceTitle.slice(1)}` : `catalogue de ${sourceTitle}`;
}

/** Without the full stop of a sentence (O17). */
export function deadLink(since: Date): string {
  return `Le lien vers l'organisme ne répond plus depuis le ${longDate(since)}`;
}

/** Why a course is no longer offered (product 3.5), without the capital and the full stop of a sentence. */
export function withdrawalMotive({ withdrawn, missingSince, sourceTitle, draft }: Course): string {
  if (withdrawn === null) return 'inconnue';
  return motiveWords(withdrawn, { sourceTitle, school: draft.provider.name, since: missingSince ?? withdrawn.at });
}

export interface MotiveContext {
  readonly sourceTitle: string;
  readonly school: string;
  /** Absent from the catalogue since; null when only the withdrawal itself is dated. */
  readonly since: Date | null;
}

export function motiveWords(
  { reason, detail }: { readonly reason: WithdrawalReason; readonly detail: string | null },
  { sourceTitle, school, since }: MotiveContext,
): string {
  switch (reason) {
    case 'absent':
      return `il n'apparaît plus dans le ${catalogueOf(sourceTitle)}${since === null ? '' : ` depuis le ${longDate(since)}`}`;
    case 'retire_source':
      return `${school} l'a retiré`;
    case 'hors_perimetre':
      return "il n'entre plus dans le périmètre de la plateforme";
    case 'source_fermee':
      return `la source ${sourceTitle} est fermée`;
    case 'organisme_dereference':
      return "l'organisme est déréférencé";
    case 'operateur':
      return detail === null ? 'retiré par la plateforme' : `retiré par la plateforme : ${detail}`;
  }
}
