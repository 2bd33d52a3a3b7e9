/** Sentences about where a course comes from, that several features print. */
import { longDate } from '../../platform/web/format.ts';
import type { Course } from '../model.ts';

/** « catalogue de Passerelle Web »; a source that already calls itself a catalogue is not called one twice. */
export function catalogueOf(sourceTitle: string): string {
  return /^catalogue\b/i.test(sourceTitle) ? `c${sourceTitle.slice(1)}` : `catalogue de ${sourceTitle}`;
}

/** Why a course is no longer offered (product 3.5), without the capital and the full stop of a sentence. */
export function withdrawalMotive(course: Course): string {
  const { withdrawn, missingSince, sourceTitle, draft } = course;
  switch (withdrawn?.reason) {
    case 'absent':
      return `il n'apparaît plus dans le ${catalogueOf(sourceTitle)} depuis le ${longDate(missingSince ?? withdrawn.at)}`;
    case 'retire_source':
      return `${draft.provider.name} l'a retiré`;
    case 'hors_perimetre':
      return "il n'entre plus dans le périmètre de la plateforme";
    case 'source_fermee':
      return `la source ${sourceTitle} est fermée`;
    case 'organisme_dereference':
      return "l'organisme est déréférencé";
    case 'operateur':
      return withdrawn.detail === null ? 'retiré par la plateforme' : `retiré par la plateforme : ${withdrawn.detail}`;
    case undefined:
      return 'inconnue';
  }
}
