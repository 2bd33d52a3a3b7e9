/** The tombstone of a course (product 3.5): since when, why, and what is close to it today. */
import { french, longDate } from '../../platform/web/format.ts';
import type { Card } from '../model/card.ts';
import type { CoursePage } from '../model/pages.ts';
import type { Course } from '../model.ts';
import { courseCard } from './card.ts';
import { type BandTitles, catalogueOf } from './words.ts';

export interface WithdrawnModel {
  readonly title: string;
  readonly description: null;
  readonly noindex: true;
  readonly section: string;
  readonly heading: string;
  readonly what: string;
  readonly reason: string;
  readonly checked: string;
  readonly equivalents: readonly Card[];
  readonly equivalentsText: string;
}

export function withdrawnModel(page: CoursePage & { kind: 'withdrawn' }, bands: BandTitles, now: Date): WithdrawnModel {
  const { course, equivalents } = page;
  const date = course.withdrawn === null ? '' : ` depuis le ${longDate(course.withdrawn.at)}`;
  return {
    title: `Ce cours n'est plus proposé : ${course.draft.title}`,
    description: null,
    noindex: true,
    section: '/catalogue',
    heading: `Ce cours n'est plus proposé${date}.`,
    what: `${course.draft.title}, ${course.draft.provider.name}`,
    reason: french(`Raison : ${motive(course)}.`),
    checked: french(`Dernière vérification de la source : ${longDate(course.harvestedAt)}.`),
    equivalents: equivalents.map((other) => courseCard(other, { now, bands, failing: new Map() })),
    equivalentsText: french(
      equivalents.length > 0
        ? "Cours proches, ouverts aujourd'hui :"
        : "Nous n'avons pas trouvé de cours équivalent ouvert.",
    ),
  };
}

function motive(course: Course): string {
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
