/** P11: two sources give one course of one school. The first keeps it until a person who reviews decides; the next run acts on it. */
import type { Course } from '../../catalogue/model.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import { AppError } from '../../errors.ts';
import { type Claim, type ClaimChoice, claimChoices } from '../../harvest/model/claim.ts';
import type { RecordStore } from '../../harvest/store/records.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { Conflict, ConflictList, ConflictPage } from '../model/conflicts.ts';
import type { RecordRef } from '../model/correcting.ts';
import type { SourceStore } from '../store.ts';
import type { ReadNext } from './next-reading.ts';
import { writtenReason } from './operating.ts';

export interface ConflictDependencies {
  readonly sources: Pick<SourceStore, 'byId'>;
  readonly records: Pick<RecordStore, 'marks' | 'claiming' | 'decideClaim'>;
  readonly courses: Pick<CourseStore, 'byIds'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly readNext: ReadNext;
  readonly now: () => Date;
}

export type Conflicts = ReturnType<typeof makeConflicts>;

export const conflictsPerPage = 20;

/** Every function throws AppError `forbidden` without the right `catalogue:review`. */
export function makeConflicts({ sources, records, courses, audit, readNext, now }: ConflictDependencies) {
  const titleOf = async (id: string) => (await sources.byId(id))?.title ?? id;

  async function shown(ref: RecordRef, claim: Claim, found?: ReadonlyMap<string, Course>): Promise<Conflict> {
    const course = found?.get(claim.courseId) ?? (await courses.byIds([claim.courseId]))[0] ?? null;
    return { ...ref, claim, course, first: await titleOf(claim.sourceId), second: await titleOf(ref.sourceId) };
  }

  async function conflict(actor: Actor, ref: RecordRef): Promise<ConflictPage> {
    requireRight(actor, 'catalogue:review');
    const { sourceId, remoteId } = ref;
    const claim = (await records.marks(sourceId, [remoteId])).get(remoteId)?.claim ?? null;
    if (claim === null) throw new AppError('not-found', 'FICHE_INCONNUE', "Cette page n'existe pas.");
    const source = await sources.byId(sourceId);
    const next = source === null ? null : await readNext(actor, source);
    return { ...(await shown({ sourceId, remoteId }, claim)), next };
  }

  return {
    conflict,

    async waiting(actor: Actor, page: number): Promise<ConflictList> {
      requireRight(actor, 'catalogue:review');
      const skip = (page - 1) * conflictsPerPage;
      const { total, records: marks } = await records.claiming({ skip, limit: conflictsPerPage });
      const ids = marks.flatMap(({ claim }) => claim?.courseId ?? []);
      const found = new Map((await courses.byIds(ids)).map((course) => [course.id, course]));
      const list = marks.flatMap(({ sourceId, remoteId, claim }) =>
        claim === null ? [] : [shown({ sourceId, remoteId }, claim, found)],
      );
      return { total, page, more: total > skip + conflictsPerPage, conflicts: await Promise.all(list) };
    },

    /**
     * @param answer.courseId the course that the page showed
     * @throws AppError `invalid` without a choice or a reason; `conflict` when it claims another course by now, or is decided
     */
    async decide(
      actor: Actor,
      ref: RecordRef,
      answer: { readonly choice: string; readonly courseId: string; readonly reason: string },
    ): Promise<ClaimChoice> {
      await conflict(actor, ref);
      const choice = claimChoices.find((one) => one === answer.choice);
      if (choice === undefined) throw new AppError('invalid', 'CHOIX_MANQUANT', 'Choisissez une des deux réponses.');
      const reason = writtenReason(answer.reason, 'MOTIF_MANQUANT', 'Écrivez pourquoi, en une phrase.');
      const { sourceId, remoteId } = ref;
      if (!(await records.decideClaim(sourceId, remoteId, answer.courseId, { choice, at: now(), reason }))) {
        const message = 'Cette fiche a changé, ou une réponse est déjà enregistrée. Relisez la page.';
        throw new AppError('conflict', 'CONFLIT_DECIDE', message);
      }
      await audit.record({ actor: actor.accountId, act: 'record.claim', target: sourceId, details: { choice } });
      return choice;
    },
  };
}
