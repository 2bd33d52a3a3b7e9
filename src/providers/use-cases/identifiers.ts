/**
 * Reused identifiers (B4): a person of the organisation, or who reviews, says which of two courses an identifier names. The next
 * run acts on it. To anybody else a record does not exist.
 */
import type { CourseStore } from '../../catalogue/store.ts';
import { AppError } from '../../errors.ts';
import { type ReuseChoice, reuseChoices } from '../../harvest/model/reuse.ts';
import type { PatchStore } from '../../harvest/store/patches.ts';
import type { RecordStore } from '../../harvest/store/records.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, can, requireRight } from '../../rights.ts';
import type { RecordRef } from '../model/correcting.ts';
import type { ReusedList, ReusedRecord } from '../model/identifiers.ts';
import type { Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import type { ReadNext } from './next-reading.ts';
import { writtenReason } from './operating.ts';
import { ownSource } from './own.ts';

export interface IdentifierDependencies {
  readonly sources: Pick<SourceStore, 'byId'>;
  readonly records: Pick<RecordStore, 'marks' | 'reused' | 'decideReuse'>;
  readonly patches: Pick<PatchStore, 'ofRecord' | 'end'>;
  readonly courses: Pick<CourseStore, 'byIds'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly readNext: ReadNext;
  readonly now: () => Date;
}

export type Identifiers = ReturnType<typeof makeIdentifiers>;

export const reusedPerPage = 20;

export function makeIdentifiers(dependencies: IdentifierDependencies) {
  const { sources, records, patches, courses, audit, readNext, now } = dependencies;
  const unknown = () => new AppError('not-found', 'FICHE_INCONNUE', "Cette page n'existe pas.");

  /** @throws AppError `not-found` for who may not answer */
  async function record(actor: Actor, { sourceId, remoteId }: RecordRef): Promise<ReusedRecord> {
    requireRight(actor, 'account:own');
    const reviews = can(actor, 'catalogue:review');
    const source: Source | null = reviews
      ? await sources.byId(sourceId)
      : (await ownSource(sources, actor, sourceId, 'source:own')).source;
    const mark = (await records.marks(sourceId, [remoteId])).get(remoteId);
    if (source === null || mark?.reuse === undefined) throw unknown();
    const [course = null] = await courses.byIds([mark.reuse.courseId]);
    const next = await readNext(actor, source);
    return { reader: reviews ? 'operator' : 'organisation', source, remoteId, reuse: mark.reuse, course, next };
  }

  return {
    record,

    /** Those that wait for an answer, of every source. */
    async waiting(actor: Actor, page: number): Promise<ReusedList> {
      requireRight(actor, 'catalogue:review');
      const { total, records: found } = await records.reused(null, {
        skip: (page - 1) * reusedPerPage,
        limit: reusedPerPage,
      });
      const byId = new Map(
        (await courses.byIds(found.flatMap(({ reuse }) => reuse?.courseId ?? []))).map((course) => [course.id, course]),
      );
      const ids = [...new Set(found.map(({ sourceId }) => sourceId))];
      const named = await Promise.all(ids.map((id) => sources.byId(id)));
      return {
        ...{ total, page, more: total > page * reusedPerPage },
        sourceIds: found.map(({ sourceId }) => sourceId),
        records: found.flatMap(({ remoteId, reuse }) =>
          reuse === undefined ? [] : [{ remoteId, reuse, course: byId.get(reuse.courseId) ?? null }],
        ),
        sources: new Map(named.flatMap((source) => (source === null ? [] : [[source.id, source.title] as const]))),
      };
    },

    /**
     * @param claim what the page showed. With `new`, corrections of the old course end with it.
     * @throws AppError `invalid` without a choice or a reason; `conflict` when it is another question by now, or answered
     */
    async decide(
      actor: Actor,
      ref: RecordRef,
      answer: { readonly choice: string; readonly claim: string; readonly reason: string },
    ): Promise<ReuseChoice> {
      const { reader } = await record(actor, ref);
      const choice = reuseChoices.find((one) => one === answer.choice);
      if (choice === undefined) throw new AppError('invalid', 'CHOIX_MANQUANT', 'Choisissez une des deux réponses.');
      const reason = writtenReason(answer.reason, 'MOTIF_MANQUANT', 'Écrivez pourquoi, en une phrase.');
      const by = reader === 'operator' ? ('operator' as const) : ('provider' as const);
      const at = now();
      const { sourceId, remoteId } = ref;
      if (!(await records.decideReuse(sourceId, remoteId, answer.claim, { choice, by, at, reason }))) {
        const message = 'Cette fiche a changé, ou une réponse est déjà enregistrée. Relisez la page.';
        throw new AppError('conflict', 'IDENTIFIANT_DECIDE', message);
      }
      if (choice === 'new') {
        const live = (await patches.ofRecord(sourceId, remoteId)).filter(({ ended }) => ended === null);
        for (const { field, revision } of live)
          await patches.end({ sourceId, remoteId, field, revision }, { how: 'withdrawn', by, at });
      }
      await audit.record({
        ...{ actor: actor.accountId, act: 'record.identifier', target: sourceId },
        details: { choice },
      });
      return choice;
    },
  };
}
