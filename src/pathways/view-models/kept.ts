/** What a person keeps for later, with what became of it. */
import { catalogueOf } from '../../catalogue/model/source-words.ts';
import { count, shortDate } from '../../platform/web/format.ts';
import { isOffered } from '../model/enrolment.ts';
import type { KeptList, KeptToday } from '../model/enrolment-pages.ts';
import type { KeptKind } from '../model/kept.ts';
import { type SpaceLink, type SpacePage, spacePage } from './space.ts';

export interface KeptRow {
  readonly title: string;
  readonly href: string | null;
  readonly mine: string;
  readonly at: string;
  readonly state: string;
  /** Names of the form's field and its value. */
  readonly field: string;
  readonly value: string;
}

/** Form fields of POST /garder. */
export const keptFields: Readonly<Record<KeptKind, string>> = { course: 'cours', pathway: 'parcours' };

export function keptRows(list: readonly KeptToday[]): readonly KeptRow[] {
  return list.map((one) => {
    const { kept } = one;
    const today = 'pathway' in one ? pathwayToday(one) : courseToday(one);
    return {
      title: kept.title,
      at: shortDate(kept.at),
      field: keptFields[kept.kind],
      value: kept.target,
      ...today,
    };
  });
}

type Today = Pick<KeptRow, 'href' | 'mine' | 'state'>;

const toCompute = 'à calculer';
const pointless = 'sans objet';

function courseToday({ kept, course, similar }: Extract<KeptToday, { course: unknown }>): Today {
  if (course === null) return { href: null, mine: pointless, state: "N'est plus dans le catalogue" };
  const href = `/cours/${encodeURIComponent(course.slug)}`;
  if (!isOffered(course)) {
    const when = course.withdrawn === null ? 'Retiré' : `Retiré le ${shortDate(course.withdrawn.at)}`;
    const near = similar === 0 ? '' : `. ${count(similar, 'cours proche existe', 'cours proches existent')}`;
    return { href, mine: pointless, state: `${when}${near}` };
  }
  if (course.state === 'missing' && course.missingSince !== null) {
    const state = `Absent du ${catalogueOf(course.sourceTitle)} depuis le ${shortDate(course.missingSince)}`;
    return { href, mine: toCompute, state };
  }
  const { restoredAt } = course;
  return {
    href,
    mine: toCompute,
    state:
      restoredAt !== null && restoredAt > kept.at
        ? `De nouveau proposé depuis le ${shortDate(restoredAt)}`
        : 'Toujours proposé',
  };
}

function pathwayToday({ kept, pathway }: Extract<KeptToday, { pathway: unknown }>): Today {
  const href = `/parcours/${encodeURIComponent(kept.target)}`;
  if (pathway === null) return { href: null, mine: pointless, state: "N'est plus dans le catalogue" };
  if (pathway.retired === null) return { href, mine: toCompute, state: 'Toujours proposé' };
  return { href, mine: pointless, state: `Retiré le ${shortDate(pathway.retired.at)}` };
}

export interface KeptModel extends SpacePage {
  readonly kept: readonly KeptRow[];
}

export function keptModel({ shown }: KeptList, links: readonly SpaceLink[]): KeptModel {
  return { ...spacePage('Gardés pour plus tard', '/mon-espace/gardes', links), kept: keptRows(shown) };
}
