/** The page of the result: the verdict, what to do with it, and how to keep it without an account. */
import { french } from '../../platform/web/format.ts';
import type { AimLink, WholeCost } from '../model/aim.ts';
import { writeAnswers } from '../model/answers.ts';
import { assess } from '../model/assess.ts';
import { type Asked, type Judged, lacksProof, withProof } from '../model/journey.ts';
import type { RuleSet } from '../model/rule-set.ts';
import { withAnswers } from './cost.ts';
import { easyLink, toldOf } from './journey.ts';
import { plainSentences } from './plain.ts';
import { type VerdictBlock, type VerdictContext, verdictBlock, withProofText } from './verdict.ts';
import {
  addressOf,
  balanceField,
  balanceInLinkField,
  filePath,
  type Hidden,
  type Move,
  moveTo,
  questionPath,
  resultPath,
  type ToldRow,
  toldRows,
  type Way,
} from './way.ts';
import { dayText } from './words.ts';

export interface ResultModel {
  readonly title: string;
  readonly description: null;
  readonly noindex: true;
  readonly section: string;
  readonly aim: { readonly label: string; readonly href: string };
  readonly facile: boolean;
  readonly plain: typeof plainSentences;
  readonly easy: { readonly text: string; readonly href: string };
  readonly verdict: VerdictBlock;
  /** Of a pathway: the steps and their total; the verdict is then that of one step. */
  readonly whole: WholeCost | null;
  /** The question that can still change the answer. */
  readonly next: { readonly text: string; readonly move: Move } | null;
  /** How to bring the proof of registration, and what it would change. */
  readonly proof: string | null;
  readonly others: AimLink | null;
  readonly told: readonly ToldRow[];
  /** The day of the answer is not today. */
  readonly past: { readonly text: string; readonly href: string } | null;
  readonly link: string;
  readonly linkHint: string;
  /** Ticked and sent, the link and the file hold the balance; null where there is none beside the answers. */
  readonly putBalance: { readonly action: string; readonly field: string; readonly hidden: readonly Hidden[] } | null;
  readonly file: string;
  /** « Obtenir un reçu »; null where receipts are not given. */
  readonly receipt: { readonly hidden: readonly Hidden[]; readonly hasBalance: boolean } | null;
  readonly printedOn: string;
}

export interface ResultSettings {
  readonly rules: RuleSet;
  /** Where the site is, without a slash at the end. */
  readonly origin: string;
  readonly contact: string | null;
  readonly receipts: boolean;
}

/**
 * @param judged one for each action of the aim
 * @param asked the question that is left, when there is one
 */
export function resultModel(
  way: Way,
  judged: readonly Judged[],
  asked: Asked | null,
  settings: ResultSettings,
): ResultModel {
  const { rules, origin, contact } = settings;
  // Of a pathway, the days at the foot are those of a step that the register tells of.
  const shown = judged.find(({ action }) => action.dates.register !== null) ?? judged[0];
  if (shown === undefined) throw new Error('an aim without an action');
  const { aim, telling, date, today } = way;

  const { balance } = telling;
  const balanceInLink = typeof telling.answers.solde === 'number';
  return {
    title: 'Ce que cela vous coûte',
    description: null,
    noindex: true,
    section: questionPath,
    aim: { label: aim.label, href: aim.href },
    facile: way.simple,
    plain: plainSentences,
    easy: easyLink(resultPath, way),
    verdict: verdictOf(shown, way, rules, contact),
    whole: wholeOf(way, shown),
    next: asked === null ? null : { text: asked.question.text, move: moveTo(questionPath, way) },
    proof: judged.some((one) => lacksProof(telling, one)) ? proofText(way, shown, rules) : null,
    others:
      aim.others === null ? null : { ...aim.others, href: withAnswers(aim.others.href, writeAnswers(telling.answers)) },
    told: toldRows(way),
    past:
      date === today
        ? null
        : {
            text: french(`Cette réponse est calculée pour une inscription le ${dayText(date)}.`),
            href: addressOf(resultPath, { ...way, date: today }),
          },
    // The day is written down: whoever opens the link sees the same answer.
    link: `${origin}${addressOf(resultPath, { ...way, simple: false, today: '' })}`,
    linkHint: french(
      balanceInLink
        ? 'Il ouvre vos réponses, et le solde de votre compte : ne le donnez qu’à qui peut le connaître.'
        : 'Il ouvre vos réponses, sans le solde de votre compte.',
    ),
    putBalance:
      balance === null
        ? null
        : {
            action: addressOf(resultPath, way),
            field: balanceInLinkField,
            hidden: [{ name: balanceField, value: String(balance) }],
          },
    file: addressOf(filePath, { ...way, simple: false, today: '' }),
    receipt: settings.receipts
      ? {
          hidden: [
            // A search is no subject: its receipt is of the account in general.
            { name: 'but', value: aim.supposed === 'course' ? '' : aim.ref },
            { name: 'date', value: date },
            { name: 'r', value: writeAnswers(telling.answers) },
            ...(balance === null ? [] : [{ name: 'solde', value: String(balance) }]),
          ],
          hasBalance: balance !== null || balanceInLink,
        }
      : null,
    printedOn: french(`École numérique au carré. Simulation imprimée le ${dayText(today)}.`),
  };
}

function wholeOf({ aim, date }: Way, { dossier }: Judged): WholeCost | null {
  return aim.whole === null ? null : aim.whole(toldOf(dossier), date);
}

export function verdictOf({ action, dossier, verdict }: Judged, way: Way, rules: RuleSet, contact: string | null) {
  const context: VerdictContext = {
    about: action.title,
    rules,
    dates: action.dates,
    sessionStart: action.sessionStart,
    blocksDeclared: action.blocksDeclared ?? null,
    supposed: way.aim.supposed,
    contact,
  };
  return verdictBlock(verdict, dossier, context);
}

/** What a proof would change: the registration of today is only told. */
function proofText(way: Way, shown: Judged, rules: RuleSet): string {
  const proved = { ...shown, dossier: withProof(shown.dossier, way.date) };
  const together = wholeOf(way, proved);
  if (together === null) return withProofText(assess(proved.dossier, way.date, rules), rules);
  return french(
    `Avec une preuve de 30 jours au plus, il vous resterait pour tout le parcours : ${together.total.rest}.`,
  );
}
