/** The answer to a line of a list: a verdict with stable codes, or why there is none; and the row of the CSV. */
import { frenchDate, type IsoDate } from '../../eligibility/model/dates.ts';
import type { Dossier } from '../../eligibility/model/dossier.ts';
import { frenchFact } from '../../eligibility/model/paths.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import type { Cpf, Verdict } from '../../eligibility/model/verdict.ts';
import type { Line, LineErrorCode, UnreadableLine } from './list-line.ts';

export interface Reason {
  /** A rule (`A-04`), or `E_…` for a line without a verdict. Keeps its meaning for ever. */
  readonly code: string;
  /** French, one or several sentences. */
  readonly text: string;
}

export interface ListAnswer {
  readonly line: number;
  readonly typed: string;
  /** What was understood: `RNCP37674`, the id of a course, a SIRET or a declaration; '' for an unreadable line. */
  readonly kept: string;
  readonly siret: string | null;
  readonly date: IsoDate | null;
  readonly reference: string;
  readonly verdict: Cpf | null;
  /** Those that refuse. */
  readonly rules: readonly string[];
  readonly reason: Reason;
  readonly missing: readonly string[];
  readonly registerDate: IsoDate | null;
  readonly rulesDate: IsoDate;
  readonly receipt: string | null;
}

export interface ListContext {
  readonly rules: RuleSet;
  readonly registerDate: IsoDate | null;
}

export type AnswerErrorCode = LineErrorCode | 'E_COURS_RETIRE';

export function refusedAnswer(
  line: Line | UnreadableLine,
  error: { readonly code: AnswerErrorCode; readonly text: string },
  { rules, registerDate }: ListContext,
): ListAnswer {
  const read = 'target' in line ? line : null;
  return {
    line: line.number,
    typed: line.typed,
    kept: read === null ? '' : keptCode(read),
    siret: read?.siret ?? null,
    date: read?.date ?? null,
    reference: line.reference,
    verdict: null,
    rules: [],
    reason: error,
    missing: [],
    registerDate,
    rulesDate: rules.asOf,
    receipt: null,
  };
}

export function answerOfVerdict(line: Line, dossier: Dossier, verdict: Verdict, context: ListContext): ListAnswer {
  return {
    line: line.number,
    typed: line.typed,
    kept: keptCode(line),
    siret: line.siret,
    date: line.date,
    reference: line.reference,
    verdict: verdict.cpf,
    rules: verdict.regles,
    reason: reasonOf(verdict, dossier, context),
    missing: verdict.manquants,
    registerDate: context.registerDate,
    rulesDate: context.rules.asOf,
    receipt: null,
  };
}

function keptCode({ target, siret }: Line): string {
  if (target.kind === 'certification') return target.code;
  return target.kind === 'course' ? target.id : (target.activityNumber ?? siret ?? '');
}

const grounds: readonly string[] = ['A-01', 'A-02', 'A-03', 'A-06'];
/** As the page lists refusals: the action, the provider, the person. */
const tables = 'APT';

function reasonOf(verdict: Verdict, dossier: Dossier, { rules, registerDate }: ListContext): Reason {
  const sentence = (id: string) => rules.byId.get(id)?.reasons[0] ?? '';
  if (verdict.cpf === 'oui') {
    const ground = verdict.trace.find(({ ruleId }) => grounds.includes(ruleId))?.ruleId ?? 'A-01';
    return { code: ground, text: [sentence(ground), ...verdict.conditions.map(({ text }) => text)].join(' ') };
  }
  if (verdict.cpf === 'indecidable') return missingReason(verdict, dossier, sentence, registerDate);
  const refusals = verdict.trace
    .flatMap(({ ruleId, finding }) => (finding.result === 'not-met' ? [{ ruleId, reason: finding.reason }] : []))
    .sort((one, other) => tables.indexOf(one.ruleId.charAt(0)) - tables.indexOf(other.ruleId.charAt(0)));
  const text = refusals.map(({ ruleId, reason }) =>
    ruleId === 'A-04' ? `${reason}${doubtOf(verdict, dossier, registerDate)}` : reason,
  );
  return { code: refusals[0]?.ruleId ?? '', text: text.join(' ') };
}

/** T18: an end that came after the register we hold may have been put off. */
function doubtOf({ date }: Verdict, { action }: Dossier, registerDate: IsoDate | null): string {
  const end = action.certification?.finEnregistrement ?? null;
  if (end === null || registerDate === null || !(registerDate < end && end < date)) return '';
  return ` Notre registre date du ${frenchDate(registerDate)}, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.`;
}

function missingReason(
  { manquants, trace }: Verdict,
  { action }: Dossier,
  sentence: (id: string) => string,
  registerDate: IsoDate | null,
): Reason {
  const [first = ''] = manquants;
  const code = action.certification?.code ?? null;
  if (first === 'action.certification.active' && code !== null) {
    const where =
      registerDate === null
        ? 'le registre : aucun export n’a été importé'
        : `le registre du ${frenchDate(registerDate)}`;
    return { code: 'E_CERTIFICATION_INCONNUE', text: `${code} n'est pas dans ${where}.` };
  }
  const text = `Impossible de décider : il manque ${manquants.map(frenchFact).join(', ')}.`;
  if (first === 'organisme.habilitation') return { code: 'P-04b', text: sentence('P-04b') };
  if (first.startsWith('organisme')) return { code: 'P-08', text };
  if (first.startsWith('action.certification')) return { code: 'A-10', text };
  const asking = trace.find(({ finding }) => finding.result === 'unknown' && finding.missing.includes(first));
  return { code: asking?.ruleId ?? 'A-10', text };
}

export const csvColumns = [
  'ligne',
  'code_saisi',
  'code_retenu',
  'siret',
  'date',
  'verdict',
  'regles',
  'raison',
  'manquants',
  'registre_du',
  'regles_du',
  'recu',
] as const;

export function csvCells(answer: ListAnswer): readonly string[] {
  return [
    String(answer.line),
    answer.typed,
    answer.kept,
    answer.siret ?? '',
    answer.date ?? '',
    answer.verdict ?? '',
    answer.rules.join(' '),
    `${answer.reason.code} : ${answer.reason.text}`,
    answer.missing.join(' '),
    answer.registerDate ?? '',
    answer.rulesDate,
    answer.receipt ?? '',
  ];
}
