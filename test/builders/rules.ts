/** Rules as a running process has them, over a real database, and versions to publish. */

import { loadRules, loadRulesFile, readCases } from '../../src/eligibility/data.ts';
import type { Publication } from '../../src/eligibility/model/publication.ts';
import type { RuleSet, RulesFile, RuleVersion } from '../../src/eligibility/model/rule-set.ts';
import { makeRuleStore, type RuleStore } from '../../src/eligibility/store.ts';
import { makeRules, type Rules } from '../../src/eligibility/use-cases/rules.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

export interface RulesWorld {
  readonly database: TestDatabase;
  /** What is logged as an error, newest last. */
  readonly faults: string[];
  readonly store: RuleStore;
  /** One more process on the same database, that has read what was published; it polls when `every` is given. */
  process(options?: { readonly seed?: RulesFile; readonly every?: number }): Promise<Rules>;
  close(): Promise<void>;
}

export async function aRulesWorld(): Promise<RulesWorld> {
  const database = await testDatabase();
  const connections: Database[] = [];
  const ends: (() => Promise<void>)[] = [];
  const faults: string[] = [];
  const open = async () => {
    const opened = await connectTo(database.uri, 'embedded');
    connections.push(opened);
    return makeRuleStore(opened.connection);
  };
  const store = await open();
  await store.ensureIndexes();
  return {
    database,
    faults,
    store,
    async process({ seed = loadRulesFile(), every } = {}) {
      const rules = makeRules({
        seed,
        cases: readCases(),
        store: await open(),
        log: { error: (_details: unknown, message?: string) => void faults.push(message ?? '') },
        now: () => new Date('2026-11-28T09:00:00Z'),
        ...(every === undefined ? {} : { intervalMs: every }),
      });
      await rules.refresh();
      if (every !== undefined) ends.push(rules.follow());
      return rules;
    },
    async close() {
      for (const end of ends) await end();
      for (const one of connections) await one.close();
      await database.drop();
    },
  };
}

/** The rules of the repository with something changed, under another name. */
export function changedRules(change: (text: string) => string): RuleSet {
  const { asOf, rules } = loadRules();
  return loadRules(change(JSON.stringify({ _meta: { asOf, what: '', sources: [], gaps: [] }, rules })));
}

/** The participation of 2027, as an editor would write it. */
export const participation2027: RuleVersion = {
  from: '2027-01-01',
  to: null,
  parameters: { montant: 152.5 },
  legalBasis: { reference: 'Arrêté du 29/12/2026', url: null, checkedOn: '2026-11-28', certainty: 'M' },
};

export function aPublication(changes: Partial<Publication> = {}): Publication {
  return {
    sequence: 1,
    ruleId: 'F-03',
    version: participation2027,
    why: 'Revalorisation annuelle.',
    caseChanges: [],
    draftId: 'draft-1',
    publishedOn: '2026-11-28',
    ...changes,
  };
}
