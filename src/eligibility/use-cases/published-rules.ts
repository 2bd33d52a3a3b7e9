/** What anybody may read of the rules: each with its dates, its history and its worked cases, run now. */
import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import type { WorkedCase } from '../data.ts';
import type { Change } from '../model/publication.ts';
import type { Rule, RuleSet } from '../model/rule-set.ts';
import { type AssessedCase, assessCases } from '../use-cases.ts';
import { openRules } from './open-rules.ts';
import type { Rules } from './rules.ts';

export interface RunCase {
  readonly worked: WorkedCase;
  /** What the rules of now answer, at the case's own date. */
  readonly answered: AssessedCase;
  /** Why the expected answer was changed, when a published version did. */
  readonly changed: { readonly on: string; readonly reason: string } | null;
}

export interface RuleReading {
  readonly rule: Rule;
  readonly rules: RuleSet;
  /** Oldest first. */
  readonly changes: readonly Change[];
  readonly cases: readonly RunCase[];
}

/** A file of open data, ready to send. */
export interface OpenFile {
  readonly text: string;
  /** SHA-256 of the text, hexadecimal. */
  readonly digest: string;
  readonly rules: number;
  readonly versions: number;
  readonly cases: number;
  readonly asOf: string;
}

export interface PublishedRules {
  all(): RuleSet;
  /** @throws AppError `not-found` */
  byId(id: string): RuleReading;
  openData(): OpenFile;
}

export function makePublishedRules({ rules }: { readonly rules: Rules }): PublishedRules {
  let made: { readonly version: string; readonly file: OpenFile } | null = null;
  return {
    all: () => rules.current(),

    byId(id) {
      const current = rules.current();
      const rule = current.byId.get(id);
      if (rule === undefined) throw new AppError('not-found', 'REGLE_INCONNUE', "Cette page n'existe pas.");
      const cases = rules.cases().filter(({ illustre }) => illustre.includes(id));
      const answers = assessCases({ cas: cases }, current);
      return {
        rule,
        rules: current,
        changes: rules.changesOf(id),
        cases: cases.flatMap((worked, at) => {
          const answered = answers[at];
          return answered === undefined ? [] : [{ worked, answered, changed: rules.caseChange(worked.id) }];
        }),
      };
    },

    openData() {
      const { version, asOf } = rules.current();
      if (made?.version !== version) {
        const text = `${JSON.stringify(openRules(rules), null, 1)}\n`;
        const file = rules.file();
        made = {
          version,
          file: {
            text,
            digest: createHash('sha256').update(text).digest('hex'),
            rules: file.rules.length,
            versions: file.rules.reduce((sum, { versions }) => sum + versions.length, 0),
            cases: rules.cases().length,
            asOf,
          },
        };
      }
      return made.file;
    },
  };
}
