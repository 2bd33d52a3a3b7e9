/** What a whole pathway costs a person, step by step: no total hides an unknown part (T7). */
import type { WholeCost } from '../../eligibility/model/aim.ts';
import { decidingFacts } from '../../eligibility/model/assess.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { displayOf, headings } from '../../eligibility/model/displays.ts';
import { frenchFact } from '../../eligibility/model/paths.ts';
import { french, listed, longDate, money, shortDate } from '../../platform/web/format.ts';
import type { JudgedOffer, JudgedStep, PathwayVerdict, Sum } from '../model/verdict.ts';

const noon = (day: IsoDate): Date => new Date(`${day}T12:00:00Z`);
const euros = (cents: number): string => money({ amount: cents, currency: 'EUR' });
const notKnown = 'pas encore connu';

export function pathwayCostModel(verdict: PathwayVerdict, date: IsoDate): WholeCost {
  const { steps, price, aid, rights, rest } = verdict;
  const on = longDate(noon(date));
  const outside = steps.find(({ chosen }) => chosen?.verdict.cpf === 'hors_perimetre');
  const reason = outside?.chosen?.verdict.trace.flatMap(({ finding }) =>
    finding.result === 'not-met' ? finding.reason : [],
  );
  const known = rest.unknownSteps.length === 0;
  return {
    heading: french(
      outside !== undefined
        ? headings['hors-perimetre']
        : known
          ? `Il vous reste ${euros(rest.known)} à payer pour tout le parcours`
          : "Le coût de ce parcours pour vous n'est pas encore connu",
    ),
    lines: [
      ...(reason ?? []),
      ...(known
        ? [
            `Prix ${euros(price.known)}. Vos droits CPF paient ${euros(rights.known)}. Calculé pour des inscriptions validées le ${on}.`,
          ]
        : [`${unknownLine(rest, steps)} Calculé pour des inscriptions validées le ${on}.`]),
      'Le même solde sert à toutes les étapes, dans leur ordre. La participation est due à chaque inscription.',
      ...(steps.some(({ otherThanMain }) => otherThanMain)
        ? ["Pour certaines étapes, un autre cours que le premier choix est retenu : il rend l'ensemble moins cher."]
        : []),
    ].map(french),
    rows: steps.map((step, at) => rowOf(step, at, date)),
    total: {
      label: `Tout le parcours, au ${shortDate(noon(date))}`,
      price: totalText(price, steps),
      aid: totalText(aid, steps),
      rights: totalText(rights, steps),
      rest: totalText(rest, steps),
    },
    caption: french(`Le calcul étape par étape, pour des inscriptions le ${shortDate(noon(date))}`),
  };
}

function rowOf({ title, chosen }: JudgedStep, at: number, date: IsoDate): WholeCost['rows'][number] {
  const step = `Étape ${at + 1} : ${title}`;
  if (chosen === null)
    return {
      step: french(step),
      course: null,
      answer: 'Aucun cours du catalogue',
      price: notKnown,
      aid: notKnown,
      rights: notKnown,
      rest: notKnown,
    };
  const { action, dossier, verdict } = chosen;
  const price = dossier.action.prix;
  const read = action.dates.price === null ? shortDate(noon(date)) : shortDate(noon(action.dates.price));
  const corrected = action.dates.priceCorrection === undefined ? '' : `, ${action.dates.priceCorrection}`;
  const orUnknown = (cents: number | null) => (cents === null ? notKnown : euros(cents));
  return {
    step: french(step),
    course: action.href === null ? null : { text: action.title, href: action.href },
    answer: french(answerOf(chosen)),
    price: french(price === null ? `${notKnown} (au ${read})` : `${euros(price)}, relevé le ${read}${corrected}`),
    aid: dossier.cofinancements === null ? notKnown : euros(0),
    rights: orUnknown(verdict.acces === 'gratuit_pour_tous' ? 0 : verdict.droitsMobilisables),
    rest: orUnknown(verdict.acces === 'gratuit_pour_tous' ? 0 : verdict.resteACharge),
  };
}

/** The heading of the verdict, then why. */
function answerOf({ verdict, dossier }: JudgedOffer): string {
  const display = displayOf(verdict, { asked: dossier.personne !== null, supposed: false });
  const heading = headings[display].replace(/\.$/, '');
  const refused = verdict.trace.flatMap(({ finding }) => (finding.result === 'not-met' ? finding.reason : []));
  if (refused.length > 0) return `${heading} : ${refused.join(' ')}`;
  const missing = display === 'sans-reponse' ? decidingFacts(verdict.trace) : verdict.manquants;
  if (missing.length === 0) return `${heading}.`;
  const named = missing.slice(0, 3).map(frenchFact);
  return `${heading}. Il manque : ${listed(missing.length > 3 ? [...named, "d'autres réponses"] : named)}.`;
}

function stepNumbers(unknown: readonly string[], steps: readonly JudgedStep[]): string {
  const numbers = steps.flatMap(({ id }, at) => (unknown.includes(id) ? [String(at + 1)] : []));
  return `${numbers.length > 1 ? 'étapes' : 'étape'} ${listed(numbers)}`;
}

function unknownLine(rest: Sum, steps: readonly JudgedStep[]): string {
  if (rest.unknownSteps.length === steps.length) return "Aucune étape n'a encore un montant connu.";
  return rest.known === 0
    ? `Il n'y a rien à payer pour les autres, mais le montant manque pour : ${stepNumbers(rest.unknownSteps, steps)}.`
    : `Au moins ${euros(rest.known)}, sans compter : ${stepNumbers(rest.unknownSteps, steps)}.`;
}

function totalText({ known, unknownSteps }: Sum, steps: readonly JudgedStep[]): string {
  if (unknownSteps.length === 0) return euros(known);
  if (unknownSteps.length === steps.length) return notKnown;
  if (known === 0) return french(`${notKnown} : ${stepNumbers(unknownSteps, steps)}`);
  return french(`au moins ${euros(known)}, sans compter : ${stepNumbers(unknownSteps, steps)}`);
}
