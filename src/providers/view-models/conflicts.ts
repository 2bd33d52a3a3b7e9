/** Words of the pages of courses that two sources give. */
import { courseAddress } from '../../catalogue/model/addresses.ts';
import { count, french, longDate } from '../../platform/web/format.ts';
import { field, formPage } from '../../platform/web/forms.ts';
import type { Conflict, ConflictList, ConflictPage } from '../model/conflicts.ts';
import { type IdentifierForm, unanswered } from './identifiers.ts';
import { actsSentence, choiceGroup, launchPath, recordPath } from './words.ts';

export const conflictsPath = '/admin/revue/conflits';
export const conflictPath = (ref: { readonly sourceId: string; readonly remoteId: string }) =>
  `${recordPath(ref, 'operator')}/conflit`;

const titleOf = ({ course }: Conflict) => course?.draft.title ?? 'effacé';

export function conflictsModel({ total, page, more, conflicts }: ConflictList) {
  return {
    ...formPage('Cours revendiqués par deux sources'),
    intro: french(
      total === 0
        ? 'File vide.'
        : `${count(total, 'cours', 'cours')} du même organisme, à la même adresse, dans deux sources. La première le garde jusqu'à la réponse ; les deux le savent.`,
    ),
    conflicts: conflicts.map((one) => ({
      title: titleOf(one),
      first: one.first,
      second: one.second,
      remoteId: one.remoteId,
      href: conflictPath(one),
    })),
    previous: page > 1 ? `${conflictsPath}?page=${page - 1}` : null,
    next: more ? `${conflictsPath}?page=${page + 1}` : null,
  };
}

export function conflictModel(one: ConflictPage, done: boolean, form: IdentifierForm = unanswered) {
  const { claim, course, first, second, remoteId, next } = one;
  const { decision } = claim;
  return {
    ...formPage('Qui tient ce cours ?', form.errors),
    notice: done ? 'Réponse enregistrée.' : null,
    title: titleOf(one),
    facts: [
      { label: 'Organisme', text: course?.draft.provider.name ?? 'effacé' },
      { label: 'Adresse', text: course?.draft.url ?? 'effacée' },
      { label: 'Publié par', text: first },
      { label: 'Revendiqué aussi par', text: french(`${second}, fiche ${remoteId}`) },
    ],
    here: course === null ? null : courseAddress(course.slug),
    decided:
      decision === undefined
        ? null
        : french(
            decision.choice === 'offer'
              ? `Réponse du ${longDate(decision.at)} : deux offres du même cours (« ${decision.reason} »).`
              : `Réponse du ${longDate(decision.at)} : la première source le garde (« ${decision.reason} »). Rien ne change : la fiche de la seconde reste en quarantaine.`,
          ),
    // The other answer leaves everything as it is: there is nothing to wait for.
    acts: next === null || decision?.choice === 'first' ? null : actsSentence(next, second),
    launchAction: next === null || decision?.choice !== 'offer' ? null : launchPath(next),
    form:
      decision !== undefined
        ? null
        : {
            action: conflictPath(one),
            courseId: claim.courseId,
            group: choiceGroup(
              'reponse',
              'Votre réponse',
              [
                {
                  value: 'first',
                  label: `« ${first} » le garde seule`,
                  hint: 'La fiche de la seconde source reste en quarantaine, avec sa raison.',
                },
                {
                  value: 'offer',
                  label: 'Les deux le proposent',
                  hint: 'Une seule carte, deux offres sur sa page. Chaque source tient la sienne.',
                },
              ],
              form.choice,
              form.errors,
            ),
            reason: field('motif', 'Pourquoi ?', form.errors, { value: form.reason }),
          },
  };
}
