/** Words about the steps of an enrolment and the courses they lead to. */
import { withdrawalMotive } from '../../catalogue/model/source-words.ts';
import type { Course } from '../../catalogue/model.ts';
import { duration, french, longDate } from '../../platform/web/format.ts';
import type { FrozenStep } from '../model/enrolment.ts';

export interface CourseLink {
  readonly title: string;
  readonly href: string;
  readonly provider: string;
}

/** Since when and why (T23). */
export function goneText(course: Course): string {
  const since = course.withdrawn === null ? '' : ` depuis le ${longDate(course.withdrawn.at)}`;
  return `Ce cours n'est plus proposé${since}. ${french('Raison : ')}${withdrawalMotive(course)}.`;
}

export function equivalentsText(equivalents: readonly Course[], uncovered: boolean): string {
  if (equivalents.length === 0) return "Nous n'avons pas trouvé de cours équivalent ouvert.";
  return french(uncovered ? "Cours proposés aujourd'hui pour cette étape :" : "Cours proches, proposés aujourd'hui :");
}

export function hoursText({ hours }: FrozenStep): string {
  if (hours === null) return 'durée non communiquée';
  const { min, max } = hours;
  return min === max ? duration(min * 60) : `de ${duration(min * 60)} à ${duration(max * 60)}`;
}

export function courseHref({ slug }: Pick<Course, 'slug'>): string {
  return `/cours/${encodeURIComponent(slug)}`;
}

export function courseLink(course: Course): CourseLink {
  return { title: course.draft.title, href: courseHref(course), provider: course.draft.provider.name };
}
