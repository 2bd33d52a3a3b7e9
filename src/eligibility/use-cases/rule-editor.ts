/**
 * Rules changed without a developer: a version is prepared by one rule editor and published by another. Before that its
 * worked cases agree, and the list of what it changes was made.
 */
import { AppError } from '../../errors.ts';
import type { Audit } from '../../platform/audit.ts';
import { isoDay } from '../../platform/web/format.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { WorkedCase } from '../data.ts';
import type { IsoDate } from '../model/dates.ts';
import { type Draft, type DraftForm, formOf, readDraft } from '../model/draft.ts';
import type { Flip } from '../model/flip.ts';
import { type CaseChange, sameVersion, withVersion } from '../model/publication.ts';
import type { Rule, RuleSet, RuleVersion } from '../model/rule-set.ts';
import { type Verdict, wireVerdict } from '../model/verdict.ts';
import type { DraftStore, FlipRun } from '../store/drafts.ts';
import type { RuleStore } from '../store.ts';
import { assessCases } from '../use-cases.ts';
import { draftedRules, type Flips } from './flips.ts';
import { type Rules, type UnfitPublication, withCaseChanges } from './rules.ts';

/** How far the answers of courses are with the rules and the register of now. */
export interface Following {
  readonly courses: number;
  /** Of these, still to be assessed again. */
  readonly left: number;
  /** When all had been; null: never. */
  readonly finishedAt: Date | null;
}

export interface EditorHome {
  readonly rules: RuleSet;
  readonly open: readonly Draft[];
  readonly ended: readonly Draft[];
  /** Published versions that are left out. */
  readonly unfit: readonly UnfitPublication[];
  readonly following: Following;
}

export interface RuleForm {
  readonly rule: Rule;
  readonly rules: RuleSet;
  readonly open: readonly Draft[];
  readonly form: DraftForm;
  readonly errors: Readonly<Record<string, string>>;
}

/** A worked case whose answer the draft changes. */
export interface FailingCase {
  readonly worked: WorkedCase;
  readonly verdict: Verdict;
}

export interface DraftPage {
  readonly draft: Draft;
  readonly rule: Rule;
  /** The version that this one takes the place of, closes or replaces; null: no value was known. */
  readonly before: RuleVersion | null;
  /** Why it cannot be published as it is: overlap, hole, rule gone. French, naming both versions. */
  readonly problems: readonly string[];
  readonly cases: number;
  readonly failing: readonly FailingCase[];
  /** The reader wrote it: another person publishes. */
  readonly own: boolean;
  /** The rules changed since it was prepared. */
  readonly outdated: boolean;
  readonly run: FlipRun | null;
  /** The run says all of this draft, on the rules of now. */
  readonly runIsCurrent: boolean;
  readonly flips: readonly Flip[];
  readonly page: number;
  readonly today: IsoDate;
}

export type Saved = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly page: RuleForm };

export type RuleEditor = ReturnType<typeof makeRuleEditor>;

const shownEnded = 20;
/** The longest that a publication may take before the draft is looked at again. */
const publishingMs = 60_000;

const noDraft = () => new AppError('not-found', 'BROUILLON_INCONNU', "Cette page n'existe pas.");
const refuse = (code: string, message: string) => new AppError('conflict', code, message);
const changedMeanwhile = () =>
  refuse('BROUILLON_CHANGE', 'Ce brouillon vient de changer. Rouvrez sa page et relisez-le avant de continuer.');

export function makeRuleEditor(parts: {
  readonly rules: Rules;
  readonly store: Pick<RuleStore, 'publish'>;
  readonly drafts: DraftStore;
  readonly flips: Flips;
  readonly audit: Pick<Audit, 'record'>;
  following(): Promise<Following>;
  newId(): string;
  now(): Date;
}) {
  const { rules, store, drafts, flips, audit, following, newId, now } = parts;
  const today = () => isoDay(now());

  function editor(actor: Actor): string {
    requireRight(actor, 'rules:edit');
    if (actor.accountId === null) throw new AppError('unauthenticated', 'CONNEXION_REQUISE', 'Connectez-vous.');
    return actor.accountId;
  }

  function ruleOf(id: string): Rule {
    const rule = rules.current().byId.get(id);
    if (rule === undefined) throw new AppError('not-found', 'REGLE_INCONNUE', "Cette page n'existe pas.");
    return rule;
  }

  const isPublished = ({ id, ruleId }: Draft) =>
    rules.changesOf(ruleId).some(({ publication }) => publication.draftId === id);

  /** A process that died between the end of a draft and its publication left it ended: it is opened again. */
  async function draftOf(id: string): Promise<Draft> {
    const found = await drafts.byId(id);
    if (found === null) throw noDraft();
    if (found.state !== 'published' || isPublished(found)) return found;
    await rules.refresh();
    const since = now().getTime() - (found.endedAt?.getTime() ?? 0);
    if (isPublished(found) || since < publishingMs) return found;
    return (await drafts.change(id, found, { state: 'open', endedAt: null })) ?? draftOf(id);
  }

  async function openDraft(id: string): Promise<Draft> {
    const draft = await draftOf(id);
    if (draft.state !== 'open') throw refuse('BROUILLON_FINI', 'Ce brouillon est déjà publié ou retiré.');
    return draft;
  }

  const record = (actor: Actor, act: string, { id, ruleId, version, revision }: Draft) =>
    audit.record({
      actor: actor.accountId,
      act: `rule.${act}`,
      target: `rule:${ruleId}`,
      details: { draft: id, from: version.from, revision },
    });

  /** Cases that the draft answers in another way than they expect, once its own changes of cases are counted. */
  function failingCases(draft: Draft): { readonly all: number; readonly failing: readonly FailingCase[] } {
    const drafted = draftedRules(rules, draft, today());
    const all = withCaseChanges(rules.cases(), draft.caseChanges);
    if (!drafted.ok) return { all: all.length, failing: [] };
    const answers = assessCases({ cas: all }, drafted.rules);
    const failing = all.flatMap((worked, at) => {
      const answer = answers[at];
      return answer !== undefined && 'verdict' in answer && (answer.differences ?? []).length > 0
        ? [{ worked, verdict: answer.verdict }]
        : [];
    });
    return { all: all.length, failing };
  }

  function problemsOf({ ruleId, version }: Pick<Draft, 'ruleId' | 'version'>): readonly string[] {
    const drafted = draftedRules(rules, { ruleId, version }, today());
    return drafted.ok ? [] : drafted.problems;
  }

  const outdated = ({ baseVersion }: Draft) => baseVersion !== rules.current().version;

  /** The list is made again whenever the draft changes: nobody waits for it. */
  async function listFlips(draft: Draft): Promise<void> {
    if (problemsOf(draft).length === 0) await flips.start(draft);
  }

  async function formPage(
    ruleId: string,
    form: DraftForm,
    errors: Readonly<Record<string, string>>,
  ): Promise<RuleForm> {
    const open = (await drafts.open()).filter((draft) => draft.ruleId === ruleId);
    return { rule: ruleOf(ruleId), rules: rules.current(), open, form, errors };
  }

  return {
    async home(actor: Actor): Promise<EditorHome> {
      editor(actor);
      const [open, ended, followed] = await Promise.all([drafts.open(), drafts.ended(shownEnded), following()]);
      return { rules: rules.current(), open, ended, unfit: rules.unfit(), following: followed };
    },

    /** The form of a new version, filled with the values of the last one. */
    async form(actor: Actor, ruleId: string): Promise<RuleForm> {
      editor(actor);
      const last =
        ruleOf(ruleId)
          .versions.toSorted((one, other) => (one.from < other.from ? -1 : 1))
          .at(-1) ?? null;
      const filled = formOf(ruleId, last, '');
      return formPage(
        ruleId,
        { ...filled, debut: '', fin: '', reference: '', adresse: '', sources: '', verifieLe: '', certitude: '' },
        {},
      );
    },

    /** The form of a draft, to change it. @throws AppError `forbidden` for one of somebody else */
    async draftForm(actor: Actor, id: string): Promise<RuleForm> {
      const reader = editor(actor);
      const draft = await openDraft(id);
      requireOwn(reader, draft);
      return formPage(draft.ruleId, formOf(draft.ruleId, draft.version, draft.why), {});
    },

    async prepare(actor: Actor, ruleId: string, form: DraftForm): Promise<Saved> {
      const author = editor(actor);
      await rules.refresh();
      ruleOf(ruleId);
      const read = checked(ruleId, form);
      if (!read.ok) return { ok: false, page: await formPage(ruleId, form, read.errors) };
      const at = now();
      const draft: Draft = {
        id: newId(),
        ruleId,
        version: read.version,
        why: read.why,
        caseChanges: [],
        authors: [author],
        baseVersion: rules.current().version,
        revision: 1,
        state: 'open',
        createdAt: at,
        updatedAt: at,
        endedAt: null,
      };
      await drafts.create(draft);
      await record(actor, 'draft-prepared', draft);
      await listFlips(draft);
      return { ok: true, id: draft.id };
    },

    /** Also takes the draft to the rules of now; its changes of cases are asked again. */
    async rewrite(actor: Actor, id: string, form: DraftForm): Promise<Saved> {
      const author = editor(actor);
      await rules.refresh();
      const draft = await openDraft(id);
      requireOwn(author, draft);
      const read = checked(draft.ruleId, form);
      if (!read.ok) return { ok: false, page: await formPage(draft.ruleId, form, read.errors) };
      const changed = await drafts.change(id, draft, {
        version: read.version,
        why: read.why,
        caseChanges: [],
        baseVersion: rules.current().version,
        revision: draft.revision + 1,
        updatedAt: now(),
      });
      if (changed === null) throw changedMeanwhile();
      await record(actor, 'draft-changed', changed);
      await listFlips(changed);
      return { ok: true, id };
    },

    async draft(actor: Actor, id: string, page = 1): Promise<DraftPage> {
      const reader = editor(actor);
      const draft = await draftOf(id);
      const { all, failing } = failingCases(draft);
      const run = await flips.of(id);
      const added = withVersion(rules.file(), draft.ruleId, draft.version, today());
      return {
        draft,
        rule: ruleOf(draft.ruleId),
        before: added.ok ? added.before : null,
        problems: draft.state === 'open' ? problemsOf(draft) : [],
        cases: all,
        failing: draft.state === 'open' ? failing : [],
        own: draft.authors.includes(reader),
        outdated: draft.state === 'open' && outdated(draft),
        run,
        runIsCurrent: draft.state !== 'open' ? run?.state === 'done' : flips.isCurrent(run, draft),
        flips: run === null ? [] : await flips.page(run, page),
        page,
        today: today(),
      };
    },

    /**
     * New expected answers for the cases that the draft changes, each with its reason.
     * @param reasons by id of a case
     * @returns the sentence of each case without reason, by its id; none when all were taken
     */
    async explainCases(
      actor: Actor,
      id: string,
      reasons: Readonly<Record<string, string>>,
    ): Promise<Readonly<Record<string, string>>> {
      const author = editor(actor);
      const draft = await openDraft(id);
      requireOwn(author, draft);
      const errors: Record<string, string> = {};
      const changes: CaseChange[] = failingCases(draft).failing.map(({ worked, verdict }) => {
        const reason = (reasons[worked.id] ?? '').trim();
        if (reason === '') errors[worked.id] = 'Dites pourquoi la réponse attendue change.';
        const given: Readonly<Record<string, unknown>> = { ...wireVerdict(verdict) };
        const attendu = Object.fromEntries(Object.keys(worked.attendu).map((key) => [key, given[key]]));
        return { id: worked.id, attendu, reason };
      });
      if (changes.length === 0 || Object.keys(errors).length > 0) return errors;
      const kept = draft.caseChanges.filter((one) => !changes.some((change) => change.id === one.id));
      const changed = await drafts.change(id, draft, {
        caseChanges: [...kept, ...changes],
        revision: draft.revision + 1,
        updatedAt: now(),
      });
      if (changed === null) throw changedMeanwhile();
      await record(actor, 'draft-changed', changed);
      await listFlips(changed);
      return {};
    },

    /** Makes the list of what changes again. */
    async listAgain(actor: Actor, id: string): Promise<void> {
      editor(actor);
      await listFlips(await openDraft(id));
    },

    /** @returns null while no list was made */
    async flipList(
      actor: Actor,
      id: string,
    ): Promise<{ readonly draft: Draft; readonly flips: AsyncIterable<Flip> } | null> {
      editor(actor);
      const draft = await draftOf(id);
      const run = await flips.of(id);
      return run === null || run.state !== 'done' ? null : { draft, flips: flips.all(run) };
    },

    async withdraw(actor: Actor, id: string): Promise<Draft> {
      editor(actor);
      const draft = await openDraft(id);
      const ended = await drafts.change(id, draft, {
        state: 'withdrawn',
        authors: [],
        endedAt: now(),
        updatedAt: now(),
      });
      if (ended === null) throw changedMeanwhile();
      await record(actor, 'draft-withdrawn', draft);
      return ended;
    },

    /**
     * @param revision the one that the person read
     * @throws AppError `forbidden` for one of its authors; `conflict` when something is left to do, or changed meanwhile
     */
    async publish(actor: Actor, id: string, revision: number): Promise<Draft> {
      const publisher = editor(actor);
      await rules.refresh();
      const draft = await openDraft(id);
      if (draft.authors.includes(publisher))
        throw new AppError(
          'forbidden',
          'AUTEUR_DU_BROUILLON',
          'Vous avez préparé cette version : une autre personne la relit et la publie.',
        );
      if (draft.revision !== revision) throw changedMeanwhile();
      if (outdated(draft))
        throw refuse(
          'REGLES_CHANGEES',
          "Les règles ont changé depuis ce brouillon. Son auteur le reprend d'abord sur les règles d'aujourd'hui.",
        );
      const [problem] = problemsOf(draft);
      if (problem !== undefined) throw refuse('VERSION_REFUSEE', problem);
      const { failing } = failingCases(draft);
      if (failing.length > 0)
        throw refuse(
          'CAS_DIFFERENTS',
          "Des cas d'exemple ne donnent plus la réponse attendue : il faut d'abord les expliquer.",
        );
      if (!flips.isCurrent(await flips.of(id), draft))
        throw refuse('LISTE_A_FAIRE', "La liste des verdicts qui changent n'est pas prête. Attendez-la, puis publiez.");
      const at = now();
      const sequence = rules.sequence() + 1;
      const ended = await drafts.change(id, draft, { state: 'published', endedAt: at, updatedAt: at });
      if (ended === null) throw changedMeanwhile();
      const { ruleId, version, why, caseChanges } = draft;
      const published = await store.publish({
        sequence,
        ruleId,
        version,
        why,
        caseChanges: [...caseChanges],
        draftId: id,
        publishedOn: isoDay(at),
      });
      if (!published) {
        await drafts.change(id, ended, { state: 'open', endedAt: null });
        throw refuse(
          'REGLES_CHANGEES',
          "Une autre version vient d'être publiée. Reprenez ce brouillon sur ces règles.",
        );
      }
      // Nobody needs to know any more who wrote it, but the audit trail does.
      const closed = (await drafts.change(id, ended, { authors: [] })) ?? ended;
      await rules.refresh();
      await record(actor, 'published', draft);
      return closed;
    },
  };

  function requireOwn(author: string, draft: Draft): void {
    if (!draft.authors.includes(author))
      throw new AppError('forbidden', 'BROUILLON_D_AUTRUI', 'Seule la personne qui a préparé ce brouillon le change.');
  }

  /** The form, then what it makes of the rules: overlaps and holes stand under the first day. */
  function checked(ruleId: string, form: DraftForm) {
    const read = readDraft(ruleId, form, today());
    if (!read.ok) return read;
    const same = ruleOf(ruleId).versions.some((one) => sameVersion(one, read.version));
    const [problem] = same ? ['Cette version existe déjà.'] : problemsOf({ ruleId, version: read.version });
    return problem === undefined ? read : ({ ok: false, errors: { debut: problem } } as const);
  }
}
