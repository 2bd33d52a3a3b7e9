/** Words of the pages of reused identifiers. */
import { courseAddress } from '../../catalogue/model/addresses.ts';
import { problemPath } from '../../harvest/model/problem-help.ts';
import { count, french, listed, longDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage, inSpace } from '../../platform/web/forms.ts';
import type { ReusedList, ReusedRecord } from '../model/identifiers.ts';
import { homePath, providerLinks } from './space.ts';
import { actsSentence, choiceGroup, launchPath, recordPath } from './words.ts';

export const waitingPath = '/admin/revue/identifiants';

export function identifierPath(
  ref: { readonly sourceId: string; readonly remoteId: string },
  reader: ReusedRecord['reader'],
) {
  return `${recordPath(ref, reader)}/identifiant`;
}

const codesOf = (codes: readonly string[]) => (codes.length === 0 ? 'aucune annoncée' : listed(codes));

export interface IdentifierForm {
  readonly choice: string;
  readonly reason: string;
  readonly errors: FieldErrors;
}
export const unanswered: IdentifierForm = { choice: '', reason: '', errors: {} };

export function identifierModel(record: ReusedRecord, done: boolean, form: IdentifierForm = unanswered) {
  const { reader, source, remoteId, reuse, course, next } = record;
  const { decision } = reuse;
  const ref = { sourceId: source.id, remoteId };
  const operator = reader === 'operator';
  const old = course?.draft;
  return {
    ...formPage(
      'De quel cours parle cet identifiant ?',
      form.errors,
      operator ? null : inSpace(providerLinks, homePath),
    ),
    organisation: null,
    isOperator: operator,
    notice: done ? 'Réponse enregistrée.' : null,
    crumb: operator ? { text: 'Identifiants réutilisés', href: waitingPath } : { text: 'Sources', href: homePath },
    intro: french(
      `Dans la source « ${source.title} », l'identifiant ${remoteId} désignait un cours ; son titre, son adresse et sa certification ont tous changé. L'ancien cours reste affiché, tel quel, ${decision === null ? 'en attendant votre réponse' : "jusqu'à la collecte qui appliquera la réponse"}.`,
    ),
    code: { text: 'E_IDENTIFIANT_REUTILISE', href: problemPath('E_IDENTIFIANT_REUTILISE') },
    rows: [
      { label: 'Titre', before: old?.title ?? 'effacé', after: reuse.title },
      { label: 'Adresse', before: old?.url ?? 'effacée', after: reuse.url },
      {
        label: 'Certification',
        before: codesOf((old?.certifications ?? []).map(({ code }) => code)),
        after: codesOf(reuse.certifications),
      },
    ],
    here: course === null ? null : courseAddress(course.slug),
    decided:
      decision === null
        ? null
        : french(
            `Réponse du ${longDate(decision.at)} : ${decision.choice === 'new' ? 'un nouveau cours' : 'le même cours'} (« ${decision.reason} »).`,
          ),
    acts: actsSentence(next, source.title),
    launchAction: decision === null ? null : launchPath(next),
    form:
      decision !== null
        ? null
        : {
            action: identifierPath(ref, reader),
            claim: reuse.claim,
            group: choiceGroup(
              'reponse',
              'Votre réponse',
              [
                {
                  value: 'new',
                  label: 'C’est un nouveau cours',
                  hint: 'L’ancien est retiré : sa page le dit, et les personnes inscrites gardent leurs étapes. Le nouveau a sa propre page.',
                },
                {
                  value: 'same',
                  label: 'C’est le même cours, entièrement revu',
                  hint: 'Sa page reste à la même adresse, avec son historique, et montre les nouvelles informations.',
                },
              ],
              form.choice,
              form.errors,
            ),
            reason: field('motif', 'Pourquoi ?', form.errors, { value: form.reason }),
          },
  };
}

export function waitingModel({ total, page, more, records, sources, sourceIds }: ReusedList) {
  return {
    ...formPage('Identifiants réutilisés'),
    intro: french(
      total === 0
        ? 'File vide.'
        : `${count(total, 'fiche')} dont l'identifiant désigne maintenant un autre cours. L'ancien cours reste affiché jusqu'à la réponse.`,
    ),
    records: records.map(({ remoteId, reuse, course }, at) => {
      const sourceId = sourceIds[at] ?? '';
      return {
        before: course?.draft.title ?? 'effacé',
        after: reuse.title,
        source: sources.get(sourceId) ?? sourceId,
        remoteId,
        href: identifierPath({ sourceId, remoteId }, 'operator'),
      };
    }),
    previous: page > 1 ? `${waitingPath}?page=${page - 1}` : null,
    next: more ? `${waitingPath}?page=${page + 1}` : null,
  };
}
