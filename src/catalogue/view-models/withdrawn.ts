/** The tombstone of a course (product 3.5): since when, why, and what is close to it today. */
import { french, longDate } from '../../platform/web/format.ts';
import type { Card } from '../model/card.ts';
import type { CoursePage } from '../model/pages.ts';
import { withdrawalMotive } from '../model/source-words.ts';
import { courseCard } from './card.ts';
import type { BandTitles } from './words.ts';

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
    reason: french(`Raison : ${withdrawalMotive(course)}.`),
    checked: french(`Dernière vérification de la source : ${longDate(course.harvestedAt)}.`),
    equivalents: equivalents.map((other) => courseCard(other, { now, bands, failing: new Map() })),
    equivalentsText: french(
      equivalents.length > 0
        ? "Cours proches, ouverts aujourd'hui :"
        : "Nous n'avons pas trouvé de cours équivalent ouvert.",
    ),
  };
}
