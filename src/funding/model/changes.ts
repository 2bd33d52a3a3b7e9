/** Why an answer of today is not that of a receipt: the rules, the certification, the course, or only the day. */
import { frenchDate, type IsoDate } from '../../eligibility/model/dates.ts';
import type { Dossier } from '../../eligibility/model/dossier.ts';
import { frenchFact } from '../../eligibility/model/paths.ts';
import { euros } from '../../eligibility/model/rules/wording.ts';
import type { TraceEntry } from '../../eligibility/model/verdict.ts';

export interface Change {
  readonly of: 'rule' | 'certification' | 'course' | 'day';
  /** French, one sentence. */
  readonly text: string;
}

interface Judged {
  readonly date: IsoDate;
  readonly dossier: Dossier;
  readonly trace: readonly Pick<TraceEntry, 'ruleId' | 'version' | 'finding'>[];
}

/** What differs between the two, the facts of the person apart: a receipt keeps those as they were. */
export function changesBetween(then: Judged, now: Judged): Change[] {
  const facts = factChanges(then.dossier, now.dossier);
  const rules = ruleChanges(then, now);
  const day = facts.length > 0 || rules.length > 0 ? [] : dayChanges(then, now);
  return [...rules, ...facts, ...day];
}

function ruleChanges(then: Judged, now: Judged): Change[] {
  const before = new Map(then.trace.map((one) => [one.ruleId, one]));
  return now.trace.flatMap(({ ruleId, version }) => {
    const former = before.get(ruleId);
    if (former === undefined || former.version === version) return [];
    const [from, to] = [former.version, version].map((each) =>
      each === null ? 'valeur inconnue à cette date' : `version du ${frenchDate(each)}`,
    );
    return [{ of: 'rule' as const, text: `Règle ${ruleId} : ${from}, puis ${to}.` }];
  });
}

/** The same rules and facts, looked at on another day: a date was passed. */
function dayChanges(then: Judged, now: Judged): Change[] {
  const before = new Map(then.trace.map((one) => [one.ruleId, one.finding.result]));
  return now.trace.flatMap(({ ruleId, finding }) => {
    const former = before.get(ruleId);
    if (former === finding.result || (former === undefined && finding.result === 'met')) return [];
    const reason = finding.result === 'not-met' ? ` : ${finding.reason}` : '';
    return [{ of: 'day' as const, text: `La date : règle ${ruleId}, au ${frenchDate(now.date)}${reason || '.'}` }];
  });
}

function factChanges(then: Dossier, now: Dossier): Change[] {
  const before = new Map(leavesOf({ action: then.action, organisme: then.organisme }));
  const after = new Map(leavesOf({ action: now.action, organisme: now.organisme }));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [from, to] = [before.get(path) ?? null, after.get(path) ?? null];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    const isOfCertification = path.startsWith('action.certification') || path === 'organisme.habilitation';
    const of = isOfCertification ? 'certification' : 'course';
    const subject = isOfCertification ? 'Certification' : 'Cours';
    const text = `${subject} : ${factName(path)}, de « ${valueWords(path, from)} » à « ${valueWords(path, to)} ».`;
    return [{ of, text } as const];
  });
}

const names: Readonly<Record<string, string>> = {
  'action.type': "le type d'action",
  'action.certification.finEnregistrement': "la fin d'enregistrement",
  'action.certification.repertoire': 'le répertoire',
  'action.contenuGratuit': 'le contenu gratuit',
};
const factName = (path: string): string => names[path] ?? frenchFact(path);

function valueWords(path: string, value: unknown): string {
  if (value === null || value === undefined) return 'non connu';
  if (typeof value === 'boolean') return value ? 'oui' : 'non';
  if (path === 'action.prix' && typeof value === 'number') return euros(value);
  if (Array.isArray(value)) return value.length === 0 ? 'aucune' : value.join(', ');
  const text = String(value);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? frenchDate(text) : text.replaceAll('_', ' ');
}

/** Dotted path and value of everything that is not an object; lists count as values. */
function leavesOf(value: unknown, path = ''): [path: string, value: unknown][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`));
}
