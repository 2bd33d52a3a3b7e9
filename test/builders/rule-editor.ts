/** Rule editors over a real database: their use cases, their pages, and what is published to compare. */
import { randomUUID } from 'node:crypto';
import express, { type Express, Router } from 'express';
import { ruleEditorRoutes } from '../../src/eligibility/routes/rule-editor.ts';
import { type DraftStore, makeDraftStore } from '../../src/eligibility/store/drafts.ts';
import { type Flips, type JudgedSubject, makeFlips } from '../../src/eligibility/use-cases/flips.ts';
import { type Following, makeRuleEditor, type RuleEditor } from '../../src/eligibility/use-cases/rule-editor.ts';
import type { Rules } from '../../src/eligibility/use-cases/rules.ts';
import type { AuditEvent } from '../../src/platform/audit.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import type { Actor, Role } from '../../src/rights.ts';
import { wireDossier } from './dossier.ts';
import { formToken } from './person-site.ts';
import { aRulesWorld, type RulesWorld } from './rules.ts';
import { aSite } from './site.ts';

export const actor = (
  accountId: string,
  roles: readonly Role[] = ['learner', 'rule-editor'],
  strong = true,
): Actor => ({
  accountId,
  roles,
  memberships: [],
  strong,
});
export const alix = actor('alix');
export const ange = actor('ange');

export interface EditorWorld extends RulesWorld {
  readonly rules: Rules;
  readonly drafts: DraftStore;
  readonly flips: Flips;
  readonly editor: RuleEditor;
  readonly events: AuditEvent[];
  /** What is published. */
  subjects: readonly JudgedSubject[];
  clock: Date;
  /** How far courses are with the rules of now. */
  following: Following;
  /** Waits for the list of a draft. */
  listed(draftId: string): Promise<void>;
  /** Another process with its own rules and lists, on the same database. */
  elsewhere(): Promise<RuleEditor>;
}

export async function anEditorWorld(): Promise<EditorWorld> {
  const base = await aRulesWorld();
  const database: Database = await connectTo(base.database.uri, 'embedded');
  const drafts = makeDraftStore(database.connection);
  await drafts.ensureIndexes();
  const events: AuditEvent[] = [];
  const running: Flips[] = [];
  const world = {
    subjects: [] as readonly JudgedSubject[],
    clock: new Date('2026-11-28T09:00:00Z'),
    following: { courses: 385, left: 0, finishedAt: new Date('2026-11-28T08:00:00Z') },
  };
  const now = () => world.clock;
  const make = async () => {
    const rules = await base.process();
    const flips = makeFlips({
      rules,
      drafts,
      async *subjects() {
        for (let at = 0; at < world.subjects.length; at += 3) yield world.subjects.slice(at, at + 3);
      },
      log: { error: (_details: unknown, message?: string) => void base.faults.push(message ?? '') },
      newId: randomUUID,
      now,
    });
    running.push(flips);
    const audit = { record: async (event: AuditEvent) => void events.push(event) };
    return {
      rules,
      flips,
      editor: makeRuleEditor({
        rules,
        store: base.store,
        drafts,
        flips,
        audit,
        following: async () => world.following,
        newId: randomUUID,
        now,
      }),
    };
  };
  const here = await make();
  return Object.assign(world, base, here, {
    drafts,
    events,
    async listed(draftId: string) {
      const draft = await drafts.byId(draftId);
      for (let turn = 0; turn < 200; turn += 1) {
        const run = await drafts.run(draftId);
        if (run !== null && run.state !== 'running' && run.revision === draft?.revision) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error('the list was never made');
    },
    elsewhere: async () => (await make()).editor,
    async close() {
      for (const one of running) await one.close();
      await database.close();
      await base.close();
    },
  });
}

/** Something published, that the rules judge with nobody in particular. */
export function aSubject(title: string, changes: Readonly<Record<string, unknown>> = {}): JudgedSubject {
  const dossier = wireDossier({ date: '2027-01-01', personne: null, ...changes }) as JudgedSubject['dossier'];
  return { kind: 'cours', title, provider: 'Institut Marelle', href: `/cours/${title.length}`, dossier };
}

/** The form of the participation of 2027, as it is typed. */
export const participationForm = {
  debut: '2027-01-01',
  fin: '',
  'v-montant': '152,50',
  reference: 'Arrêté du 29/12/2026',
  adresse: '',
  sources: 'Mon Compte Formation, page sur la participation',
  verifieLe: '2026-11-28',
  certitude: 'M',
  pourquoi: 'Revalorisation annuelle.',
} as const;

/** A form of the caps of F-02 from 2027. */
export const capsForm = {
  ...participationForm,
  'v-certificationRs': '1 400',
  'v-bilan': '1600',
  'v-permisLeger': '900',
} as const;

export interface EditorSite {
  readonly site: Express;
  /** Who asks from now on. */
  signIn(actor: Actor): void;
}

export async function anEditorSite(world: EditorWorld): Promise<EditorSite> {
  let person: Actor = alix;
  const site = await aSite({
    rules: world.rules,
    before: ({ views }) => {
      const session = Router();
      session.use(express.urlencoded({ extended: false }), (_request, response, next) => {
        Object.assign(response.locals.shell, { signedIn: true, csrf: formToken });
        next();
      });
      return [
        session,
        ruleEditorRoutes({ editor: world.editor, views, actorOf: async () => person, now: () => world.clock }),
      ];
    },
  });
  return {
    site,
    signIn(next) {
      person = next;
    },
  };
}
