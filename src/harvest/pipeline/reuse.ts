/** An identifier that names another course: when it does, and what is asked of a person. */
import { slugWords } from '../../catalogue/model.ts';
import { claimOf, type KnownCourse } from '../../catalogue/store/document.ts';
import type { Problem } from '../connector.ts';
import type { Reuse } from '../model/reuse.ts';
import type { AlignedCourse } from './judge.ts';
import { withoutPatches } from './patches.ts';
import type { Entry } from './read.ts';

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value) => b.includes(value));
}

/** Title, address and certification all changed: the identifier now names another course. */
export function isReused(before: KnownCourse['draft'], after: KnownCourse['draft']): boolean {
  const codes = (draft: KnownCourse['draft']) => draft.certifications.map(({ kind, code }) => `${kind} ${code}`);
  return (
    slugWords(before.title) !== slugWords(after.title) &&
    before.url !== after.url &&
    !sameSet(codes(before), codes(after))
  );
}

/** Corrections say nothing of which course it is: the identifier is held to what its source says. */
export function namesAnother({ patches = [] }: Entry, { draft, source }: AlignedCourse, known: KnownCourse): boolean {
  if (source === undefined) return isReused(known.draft, draft);
  return isReused(withoutPatches(known.draft, patches), source);
}

/** What a person answered about another title or address does not count. */
export function reuseOf({ draft }: AlignedCourse, known: KnownCourse, answered: Reuse | undefined): Reuse {
  const claim = claimOf(draft);
  const certifications = draft.certifications.map(({ kind, code }) => (/^\d/.test(code) ? `${kind} ${code}` : code));
  const decision = answered?.claim === claim && answered.courseId === known.id ? answered.decision : null;
  return { courseId: known.id, title: draft.title, url: draft.url, certifications, claim, decision };
}

export function reusedProblem(entry: Entry, known: KnownCourse): Problem {
  const { remoteId } = entry;
  const message = `L'identifiant ${remoteId} désignait un autre cours : ${known.draft.title}. Confirmez.`;
  return { code: 'E_IDENTIFIANT_REUTILISE', field: 'identifiant', value: remoteId, message };
}
