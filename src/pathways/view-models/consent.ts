/** The page where a person agrees to an enrolment, and what it says when nothing was recorded. */
import { french, longDate } from '../../platform/web/format.ts';
import type { GoneCourse, Offer, RetiredPathway } from '../model/enrolment-pages.ts';
import { pathwayAddress } from '../view-models.ts';
import type { PrivatePage } from './space.ts';
import { type CourseLink, courseHref, courseLink, equivalentsText, goneText, hoursText } from './step-words.ts';

export interface ConsentModel extends PrivatePage {
  readonly heading: string;
  readonly pathwayTitle: string;
  readonly pathwayHref: string;
  readonly action: string;
  readonly choices: string;
  readonly words: string;
  readonly error: string | null;
  readonly changed: {
    readonly gone: readonly {
      readonly text: string;
      readonly equivalents: readonly CourseLink[];
      readonly equivalentsText: string;
    }[];
  } | null;
  readonly steps: readonly {
    readonly title: string;
    readonly hours: string;
    readonly course: CourseLink | null;
    readonly uncovered: string | null;
  }[];
}

export function consentModel(
  offer: Offer,
  words: string,
  problem: { readonly error: string | null; readonly gone: readonly GoneCourse[] | null },
): ConsentModel {
  const { pathway, slug, choices } = offer;
  const address = pathwayAddress(slug);
  return {
    title: problem.error === null ? `Commencer : ${pathway.title}` : `Erreur : commencer ${pathway.title}`,
    description: null,
    noindex: true,
    section: null,
    heading: `${french('Commencer : ')}${pathway.title}`,
    pathwayTitle: pathway.title,
    pathwayHref: address,
    action: `${address}/inscription`,
    choices,
    words: french(words),
    error: problem.error,
    changed: problem.gone === null ? null : { gone: problem.gone.map(goneModel) },
    steps: pathway.steps.map((step) => {
      const [course] = step.courses;
      return {
        title: step.title,
        hours: hoursText(step),
        course:
          course === undefined ? null : { title: course.title, href: courseHref(course), provider: course.provider },
        uncovered:
          course !== undefined
            ? null
            : step.uncoveredSince === null
              ? 'Étape sans cours ouvert'
              : `Étape sans cours ouvert depuis le ${longDate(step.uncoveredSince)}`,
      };
    }),
  };
}

function goneModel({ course, equivalents }: GoneCourse) {
  return {
    text:
      course === null
        ? "Un cours de ce parcours n'est plus dans le catalogue."
        : `${course.draft.title}, ${course.draft.provider.name}. ${goneText(course)}`,
    equivalents: equivalents.map(courseLink),
    equivalentsText: equivalentsText(equivalents, false),
  };
}

/** Said on the page of a retired pathway when its form was open. */
export function retiredWhileOpen({ title }: RetiredPathway): string {
  return `${french("Rien n'a été enregistré : ")}le parcours ${title} a été retiré pendant que le formulaire était ouvert.`;
}
