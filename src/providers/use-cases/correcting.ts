/**
 * Corrections in place (N9, B30): the people of an organisation for its sources, an operator for any. To anybody else a
 * record does not exist. A correction takes effect at the next run of the source, taking one back too.
 */

import { type CourseField, isCourseField } from '../../catalogue/model/corrections.ts';
import { courseIdOfSlug } from '../../catalogue/model.ts';
import type { HistoryStore } from '../../catalogue/store/history.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import type { Foresee } from '../../catalogue/use-cases/foresee.ts';
import { AppError } from '../../errors.ts';
import { mostPatches, type Patch, patchState } from '../../harvest/model/patch.ts';
import type { PatchRef, PatchStore } from '../../harvest/store/patches.ts';
import type { Correcting as Engine, LookedRecord } from '../../harvest/use-cases/correcting.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, can, requireRight } from '../../rights.ts';
import type { CorrectedRecord, Forecast, PatchList, RecordRef } from '../model/correcting.ts';
import type { Reader } from '../model/report.ts';
import { nextRun, runRefusal } from '../model/schedule.ts';
import { isAccepted, type Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import { runsShown, writtenReason } from './operating.ts';
import { ownSource } from './own.ts';

export interface CorrectingDependencies {
  readonly sources: Pick<SourceStore, 'byId'>;
  readonly engine: Engine;
  readonly patches: PatchStore;
  readonly courses: Pick<CourseStore, 'byId'>;
  readonly history: Pick<HistoryStore, 'ofCourse'>;
  readonly harvest: Pick<Harvest, 'runsOf'>;
  readonly foresee: Foresee;
  readonly audit: Pick<Audit, 'record'>;
  readonly now: () => Date;
}

export type Correcting = ReturnType<typeof makeCorrecting>;

/** What a person answers when the source sends a third value. */
export const thirdValueChoices = ['mine', 'source', 'other'] as const;
export type ThirdValueChoice = (typeof thirdValueChoices)[number];

export const patchesPerPage = 50;
const eventsShown = 20;

const unknownRecord = () => new AppError('not-found', 'FICHE_INCONNUE', "Cette page n'existe pas.");
const changedMeanwhile = () =>
  new AppError(
    'conflict',
    'CORRECTION_CHANGEE',
    'Cette correction a changé depuis que vous avez ouvert la page. Rien n’a été enregistré : relisez-la, puis recommencez.',
  );

/** Of a form: a sentence under each field; '' is the whole form. */
function refusedForm(details: Readonly<Record<string, string>>): AppError {
  const [first = ''] = Object.values(details);
  return new AppError('invalid', 'CORRECTION_REFUSEE', first, { details });
}

export function makeCorrecting(dependencies: CorrectingDependencies) {
  const { sources, engine, patches, courses, history, harvest, foresee, audit, now } = dependencies;

  /** @throws AppError `not-found` for who may not correct it */
  async function sourceFor(actor: Actor, id: string): Promise<{ source: Source; reader: Reader }> {
    requireRight(actor, 'account:own');
    if (!can(actor, 'source:manage')) {
      return { source: (await ownSource(sources, actor, id, 'source:own')).source, reader: 'organisation' };
    }
    const source = await sources.byId(id);
    if (source === null) throw new AppError('not-found', 'SOURCE_INCONNUE', `La source ${id} n'existe pas.`);
    return { source, reader: 'operator' };
  }

  async function recordFor(actor: Actor, { sourceId, remoteId }: RecordRef) {
    const found = await sourceFor(actor, sourceId);
    const record = await engine.look(found.source, remoteId);
    if (record === null) throw unknownRecord();
    return { ...found, record };
  }

  /** @throws AppError conflict for a record that no form corrects */
  async function correctable(actor: Actor, ref: RecordRef) {
    const found = await recordFor(actor, ref);
    if (!isAccepted(found.source)) {
      const message = "Cette source n'est pas collectée : une correction n'y ferait rien.";
      throw new AppError('conflict', 'SOURCE_NON_COLLECTEE', message);
    }
    if (found.record.fields.length === 0) {
      const message = 'Cette fiche ne peut pas être corrigée ici. Corrigez-la dans votre catalogue.';
      throw new AppError('conflict', 'FICHE_NON_CORRIGIBLE', message);
    }
    return found;
  }

  /** @throws AppError invalid for a field that nobody corrects: identifiers, the source, states */
  function fieldsOf(typed: Readonly<Record<string, string>>): Map<CourseField, string> {
    return new Map(
      Object.entries(typed).map(([name, text]) => {
        if (isCourseField(name)) return [name, text];
        throw new AppError('invalid', 'CHAMP_NON_CORRIGIBLE', `Le champ ${name.slice(0, 60)} ne se corrige pas ici.`);
      }),
    );
  }

  const by = (reader: Reader) => (reader === 'operator' ? ('operator' as const) : ('provider' as const));

  async function forecastOf(
    { record, source, reader }: { readonly record: LookedRecord; readonly source: Source; readonly reader: Reader },
    form: Parameters<Engine['try']>[2],
  ): Promise<Forecast> {
    const trial = await engine.try(source, record.remoteId, form, by(reader));
    if (trial.result === 'quarantined') {
      const details: Record<string, string> = {};
      for (const { corrects, message } of trial.problems) details[corrects ?? ''] ??= message;
      throw refusedForm(details);
    }
    const { course, reason, result } = trial;
    const live = record.course === null ? null : await courses.byId(record.course.id);
    const foreseen = course === null || result === 'out-of-scope' ? null : await foresee(course);
    return {
      ...{ result, reason, course },
      cpf: foreseen?.cpf ?? null,
      advice: foreseen?.advice ?? null,
      fundedBefore: live?.cpf?.answer === 'oui' && live.state !== 'withdrawn',
    };
  }

  /** What the form changes, and what that would give. @throws AppError invalid with `details` by field */
  async function readForm(actor: Actor, ref: RecordRef, typed: Readonly<Record<string, string>>) {
    const found = await correctable(actor, ref);
    const form = await engine.read(found.source, ref.remoteId, fieldsOf(typed));
    if (form.refused.size > 0) throw refusedForm(Object.fromEntries(form.refused));
    if (form.changed.size === 0 && form.back.size === 0) {
      throw refusedForm({ '': "Vous n'avez rien changé : il n'y a rien à corriger." });
    }
    return { ...found, form, forecast: await forecastOf(found, form) };
  }

  /** One entry a field: the trail holds codes, not lists. */
  async function tell(actor: Actor, act: string, sourceId: string, fields: Iterable<CourseField>): Promise<void> {
    for (const field of fields) {
      await audit.record({ actor: actor.accountId, act: `record.${act}`, target: sourceId, details: { field } });
    }
  }

  async function patchFor(record: LookedRecord, field: string, revision: number): Promise<PatchRef & { patch: Patch }> {
    const patch = record.patches.find((one) => one.field === field && one.ended === null);
    if (patch === undefined || patch.revision !== revision) throw changedMeanwhile();
    return { sourceId: patch.sourceId, remoteId: patch.remoteId, field: patch.field, revision, patch };
  }

  return {
    async record(actor: Actor, ref: RecordRef): Promise<CorrectedRecord> {
      const { source, reader, record } = await recordFor(actor, ref);
      const course = record.course === null ? null : await courses.byId(record.course.id);
      const isLive = course?.state === 'published' || course?.state === 'missing';
      const runs = await harvest.runsOf(source.id, runsShown);
      const last = runs.find(({ status }) => status !== 'skipped');
      return {
        ...{ reader, source, remoteId: record.remoteId, title: record.title, raw: record.raw, at: record.at },
        course,
        today: isLive ? await foresee(course) : null,
        ...{ problems: record.problems, left: record.left, patches: record.patches },
        fields: isAccepted(source) ? record.fields : [],
        events: course === null ? [] : await history.ofCourse(course.id, eventsShown),
        nextRun: nextRun(source, last?.startedAt ?? last?.queuedAt ?? null, now()),
        mayRun: reader === 'organisation' && runRefusal(source, runs, now()) === null,
      };
    },

    /** What the typed corrections would give; nothing is kept. @throws AppError invalid with `details` by field */
    async check(actor: Actor, ref: RecordRef, typed: Readonly<Record<string, string>>): Promise<Forecast> {
      return (await readForm(actor, ref, typed)).forecast;
    },

    /** @throws AppError invalid with `details` by field; conflict when somebody else corrected meanwhile */
    async save(
      actor: Actor,
      ref: RecordRef,
      typed: Readonly<Record<string, string>>,
      reason: string,
    ): Promise<Forecast> {
      const { source, reader, record, form, forecast } = await readForm(actor, ref, typed);
      let why: string;
      try {
        why = writtenReason(
          reason,
          'CORRECTION_SANS_RAISON',
          'Écrivez pourquoi : la raison est gardée avec la correction.',
        );
      } catch (error) {
        if (error instanceof AppError && error.kind === 'invalid') throw refusedForm({ pourquoi: error.publicMessage });
        throw error;
      }
      const { live } = await patches.counts(source.id);
      if (live + form.changed.size > mostPatches) {
        const message = `Cette source a déjà ${live} corrections : corrigez plutôt votre catalogue.`;
        throw new AppError('conflict', 'TROP_DE_CORRECTIONS', message);
      }
      const at = now();
      const said = new Map(record.fields.map(({ field, source: value }) => [field, value]));
      const before = new Map(record.patches.filter(({ ended }) => ended === null).map((one) => [one.field, one]));
      for (const [field, value] of form.changed) {
        const patch = before.get(field);
        const given = said.get(field) ?? { text: '', readable: true };
        const correction = { source: given, value, by: by(reader), at, why };
        const done =
          patch === undefined
            ? await patches.add({ sourceId: source.id, remoteId: ref.remoteId, field, ...correction })
            : await patches.replace(patch, correction);
        if (!done) throw changedMeanwhile();
      }
      for (const field of form.back) {
        const patch = before.get(field);
        const ended = { how: 'withdrawn', by: by(reader), at } as const;
        if (patch !== undefined && !(await patches.end(patch, ended))) throw changedMeanwhile();
      }
      await tell(actor, 'corrected', source.id, form.changed.keys());
      await tell(actor, 'correction-withdrawn', source.id, form.back);
      return forecast;
    },

    /** The answer to a third value. @throws AppError as `save` */
    async choose(
      actor: Actor,
      ref: RecordRef,
      asked: {
        readonly field: string;
        readonly revision: number;
        readonly choice: ThirdValueChoice | null;
        readonly value: string;
      },
    ): Promise<void> {
      const { source, reader, record } = await recordFor(actor, ref);
      const { patch, ...where } = await patchFor(record, asked.field, asked.revision);
      if (patchState(patch) !== 'asks') throw changedMeanwhile();
      const at = now();
      switch (asked.choice) {
        case null:
          throw refusedForm({ choix: 'Choisissez une des trois réponses.' });
        case 'mine':
          if (!(await patches.confirm(where))) throw changedMeanwhile();
          await tell(actor, 'correction-kept', source.id, [where.field]);
          return;
        case 'source':
          if (!(await patches.end(where, { how: 'source-taken', by: by(reader), at }))) throw changedMeanwhile();
          await tell(actor, 'source-taken', source.id, [where.field]);
          return;
        case 'other': {
          if (!record.fields.some(({ field }) => field === where.field)) {
            throw refusedForm({
              valeur: 'Cette fiche ne peut pas être corrigée ici. Corrigez-la dans votre catalogue.',
            });
          }
          const form = await engine.read(source, ref.remoteId, new Map([[where.field, asked.value]]));
          const refused = form.refused.get(where.field);
          if (refused !== undefined) throw refusedForm({ valeur: refused });
          const value = form.changed.get(where.field);
          if (value === undefined) {
            throw refusedForm({ valeur: 'Écrivez une autre valeur que la vôtre et que celle de la source.' });
          }
          await forecastOf({ record, source, reader }, form).catch((error: unknown) => {
            if (error instanceof AppError && error.kind === 'invalid')
              throw refusedForm({ valeur: error.publicMessage });
            throw error;
          });
          const correction = { source: patch.seen.value, value, by: by(reader), at, why: patch.why };
          if (!(await patches.replace(where, correction))) throw changedMeanwhile();
          await tell(actor, 'corrected', source.id, [where.field]);
        }
      }
    },

    /** Also drops one that the source has caught up with. @throws AppError conflict when it changed meanwhile */
    async withdraw(
      actor: Actor,
      ref: RecordRef,
      asked: { readonly field: string; readonly revision: number },
    ): Promise<void> {
      const { source, reader, record } = await recordFor(actor, ref);
      const { patch, ...where } = await patchFor(record, asked.field, asked.revision);
      const how = patchState(patch) === 'caught-up' ? 'caught-up' : 'withdrawn';
      if (!(await patches.end(where, { how, by: by(reader), at: now() }))) throw changedMeanwhile();
      await tell(actor, 'correction-withdrawn', source.id, [where.field]);
    },

    async list(actor: Actor, sourceId: string, after: string | null): Promise<PatchList> {
      const { source, reader } = await sourceFor(actor, sourceId);
      const [found, counts] = await Promise.all([
        patches.page(source.id, { after, limit: patchesPerPage + 1 }),
        patches.counts(source.id),
      ]);
      const page = found.slice(0, patchesPerPage);
      const last = page.at(-1);
      const next = found.length > patchesPerPage && last !== undefined ? `${last.remoteId}/${last.field}` : null;
      return { reader, source, patches: page, ...counts, next };
    },

    /** The record of an identifier, or of the address of its page here. @throws AppError invalid when the source has none */
    async find(actor: Actor, sourceId: string, typed: string): Promise<RecordRef> {
      const { source } = await sourceFor(actor, sourceId);
      const asked = typed.trim();
      const id = courseIdOfSlug(asked.replace(/[?#].*$/, '').replace(/\/+$/, ''));
      const course = id === null ? null : await courses.byId(id);
      const remoteId = course?.sourceId === source.id ? course.remoteId : asked;
      if (asked !== '' && (await engine.look(source, remoteId)) !== null) return { sourceId: source.id, remoteId };
      throw new AppError(
        'invalid',
        'FICHE_INCONNUE',
        "Aucune fiche de cette source n'a cet identifiant. Écrivez celui de votre catalogue, ou l'adresse de sa page ici.",
      );
    },
  };
}
