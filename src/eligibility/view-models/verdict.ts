/**
 * The verdict block: one of seven displays, its reason, what would change it, the sum, the criteria and the sentences that
 * stand under every verdict. Words are the specification's (product 3.2); a score is never shown.
 */
import { french } from '../../platform/web/format.ts';
import type { FactDates, Supposed } from '../model/aim.ts';
import { decidingFacts } from '../model/assess.ts';
import type { IsoDate } from '../model/dates.ts';
import { type Display, displayOf, type Heading, headings, plainHeadings } from '../model/displays.ts';
import type { Dossier } from '../model/dossier.ts';
import { type Beside, notices } from '../model/notices.ts';
import { type FactPath, frenchFact, isPersonal } from '../model/paths.ts';
import { inForce, type RuleSet } from '../model/rule-set.ts';
import type { TraceEntry, Verdict } from '../model/verdict.ts';
import { forYouText, type SumRow, sumRows } from './amounts.ts';
import { type Criterion, criteriaOf, reuseOf } from './criteria.ts';
import { dayText, eurosText, missingText, shortDay } from './words.ts';

export interface VerdictContext extends Beside {
  /** What the verdict is about, as the block says under its heading: « Développeur web, Institut Marelle ». */
  readonly about: string | null;
  readonly rules: RuleSet;
  readonly dates: FactDates;
  /** Not chosen, and supposed to meet its conditions: the answer never says « éligible », and shows no criterion of it. */
  readonly supposed?: Supposed | null;
  /** The code of the receipt of this very verdict. */
  readonly receipt?: string | null;
  /** Whom to ask for a person's look (T43); null when the site has no contact. */
  readonly contact?: string | null;
}

/** A refusal and its five items (T12). */
export interface RefusalModel {
  readonly ruleId: string;
  readonly reason: string;
  readonly plain: string;
  /** The criterion that is not met. */
  readonly criterion: string;
  /** « Votre réponse : 14 ans. Il faut : 16 ans au moins. Source : … » */
  readonly sentence: string;
  readonly change: string;
  /** T18: the register we hold is older than the end it gives. */
  readonly doubt: string | null;
}

export interface VerdictBlock {
  readonly display: Display;
  readonly tone: 'oui' | 'non' | 'att' | 'info';
  /** Which sign stands beside the heading: one is true. */
  readonly sign: { readonly yes: boolean; readonly no: boolean; readonly unsure: boolean };
  readonly heading: Heading;
  readonly plainHeading: string;
  readonly about: string | null;
  /** Under the heading, one paragraph each. */
  readonly lines: readonly string[];
  readonly refusals: readonly RefusalModel[];
  /** Why the answer is the same for everybody; null unless the course alone refuses. */
  readonly notYou: string | null;
  readonly steps: readonly { readonly title: string; readonly text: string }[];
  /** Other money to ask for, when the account does not pay. */
  readonly otherFunds: readonly { readonly label: string; readonly text: string }[];
  readonly whomToAsk: string | null;
  /** « À savoir ». */
  readonly warnings: readonly { readonly text: string; readonly plain: string }[];
  /** Depends on the person, who was not asked (7b.9). */
  readonly conditions: readonly string[];
  readonly sum: readonly SumRow[];
  readonly sumCaption: string;
  readonly forYou: string;
  readonly reuse: string;
  readonly criteria: readonly Criterion[];
  readonly criteriaCount: string;
  /** Day of the verdict, of the rules, of the register (T15). */
  readonly days: readonly { readonly label: string; readonly text: string }[];
  /** Under every verdict, in this order (T16, T43). */
  readonly foot: readonly string[];
}

const tones: Readonly<Record<Display, VerdictBlock['tone']>> = {
  oui: 'oui',
  'oui-incomplet': 'info',
  'non-personne': 'non',
  'non-cours': 'non',
  'hors-perimetre': 'info',
  'peut-etre': 'att',
  'sans-reponse': 'att',
};

export function verdictBlock(verdict: Verdict, dossier: Dossier, context: VerdictContext): VerdictBlock {
  const { rules, dates, supposed = null } = context;
  const display = displayOf(verdict, { asked: dossier.personne !== null, supposed: supposed !== null });
  const tone = tones[display];
  const refusals = refusalsOf(verdict, dossier, context);
  const criteria = criteriaOf(verdict, dossier, rules, dates).filter(({ ruleId }) => !hidden(ruleId, supposed));
  const certified = dossier.action.certification !== null;
  return {
    display,
    tone,
    sign: { yes: tone === 'oui', no: tone === 'non', unsure: tone === 'att' || tone === 'info' },
    heading: headings[display],
    plainHeading: plainHeadings[display],
    about: context.about,
    lines: linesOf(verdict, dossier, display, context).map(french),
    refusals,
    notYou:
      display === 'non-cours' && verdict.trace.every(({ finding }) => finding.result !== 'not-met' || !finding.personal)
        ? french('Cela ne vient pas de vous. La même réponse serait donnée à toute autre personne ce jour-là.')
        : null,
    steps: stepsOf(verdict, dossier, display),
    otherFunds: display === 'non-personne' || display === 'non-cours' ? otherFunds : [],
    whomToAsk:
      display === 'hors-perimetre'
        ? french('À qui demander : au service des ressources humaines de votre employeur public.')
        : null,
    warnings: warningsOf(verdict, dossier, context),
    conditions: verdict.conditions.map(({ text }) => french(text)),
    sum: sumRows(verdict, dossier, rules, dates),
    sumCaption: french(`Le calcul, pour une inscription le ${shortDay(verdict.date)}`),
    forYou: forYouText(verdict, dossier, verdict.date),
    reuse: reuseOf(verdict, dossier, rules).text,
    criteria,
    criteriaCount: `${criteria.length} ${criteria.length > 1 ? 'critères' : 'critère'}`,
    days: [
      { label: 'Réponse pour une inscription le', text: shortDay(verdict.date) },
      { label: 'Règles connues au', text: shortDay(rules.asOf) },
      {
        label: 'Registre des certifications du',
        text: dates.register === null ? (certified ? 'date inconnue' : 'non consulté') : shortDay(dates.register),
      },
    ],
    foot: footOf(verdict, context),
  };
}

function hidden(ruleId: string, supposed: Supposed | null): boolean {
  if (supposed === null) return false;
  return ruleId.startsWith('P') || (supposed === 'course' && ruleId.startsWith('A'));
}

function linesOf(
  verdict: Verdict,
  dossier: Dossier,
  display: Display,
  { supposed = null, dates }: VerdictContext,
): readonly string[] {
  const { manquants, date } = verdict;
  switch (display) {
    case 'oui': {
      const price = eurosText(dossier.action.prix ?? 0);
      const rights = eurosText(verdict.droitsMobilisables ?? 0);
      const rest = eurosText(verdict.resteACharge ?? 0);
      return [
        `Prix ${price}. Vos droits CPF paient ${rights}. Il vous reste ${rest} à payer, pour une inscription validée le ${dayText(date)}.`,
      ];
    }
    case 'oui-incomplet':
      return [`Il nous manque : ${manquants.length === 0 ? 'vos réponses' : missingText(manquants)}.`];
    case 'peut-etre': {
      const personal = decidingFacts(verdict.trace).filter(isPersonal);
      if (personal.length > 0) return [`Il nous manque : ${missingText(personal)}.`];
      return supposed === null
        ? [`Il nous manque : ${missingText(manquants)}.`]
        : ['Il nous manque : le cours et son organisme. Choisissez un cours pour connaître le montant.'];
    }
    case 'sans-reponse':
      return decidingFacts(verdict.trace)
        .filter((fact) => !isPersonal(fact))
        .map((fact) => {
          const read = dayOfFact(fact, dates) ?? date;
          return `L'information « ${frenchFact(fact)} » n'est pas connue (au ${shortDay(read)}).`;
        });
    default:
      return [];
  }
}

function dayOfFact(fact: FactPath, dates: FactDates): IsoDate | null {
  if (fact.startsWith('action.certification') || fact === 'organisme.habilitation') return dates.register;
  return fact.startsWith('organisme') ? dates.provider : dates.price;
}

/** The page shows the course first, then the provider, then the person. */
const tables = 'APT';

function refusalsOf(verdict: Verdict, dossier: Dossier, { rules, dates }: VerdictContext): readonly RefusalModel[] {
  const refusing = verdict.trace.filter(({ finding }) => finding.result === 'not-met');
  return refusing
    .map((entry) => ({ entry, table: tables.indexOf(entry.ruleId.charAt(0)) }))
    .sort((one, other) => one.table - other.table)
    .flatMap(({ entry }) => refusalOf(entry, verdict, dossier, rules, dates) ?? []);
}

function refusalOf(
  { ruleId, finding }: TraceEntry,
  { date }: Verdict,
  dossier: Dossier,
  rules: RuleSet,
  dates: FactDates,
): RefusalModel | null {
  if (finding.result !== 'not-met') return null;
  const rule = rules.byId.get(ruleId);
  const who = finding.personal ? 'Votre réponse' : 'Nous avons lu';
  const remedy = rule?.remedy ?? null;
  const end = ruleId === 'A-04' ? (dossier.action.certification?.finEnregistrement ?? null) : null;
  const older = end !== null && dates.register !== null && dates.register < end && end < date;
  return {
    ruleId,
    reason: french(finding.reason),
    plain: french(rule?.plain ?? ''),
    criterion: french(rule?.condition ?? ruleId),
    sentence: french(
      `${who} : ${finding.received}. Il faut : ${finding.expected}. Source : ${finding.reference} (règle ${ruleId}).`,
    ),
    change: french(
      remedy === null
        ? 'Rien ne changerait cette réponse pour ce cours.'
        : `Ce qui changerait la réponse : ${lowered(remedy)}`,
    ),
    doubt:
      older && dates.register !== null
        ? french(
            `Notre registre date du ${dayText(dates.register)}, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.`,
          )
        : null,
  };
}

const lowered = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/** What to do with a yes: the account's own site is where it is used, and only its holder can validate. */
function stepsOf({ droitsMobilisables }: Verdict, { action }: Dossier, display: Display): VerdictBlock['steps'] {
  if (display !== 'oui') return [];
  if (droitsMobilisables === 0)
    return [
      {
        title: "Inscrivez-vous chez l'organisme",
        text: "Vos droits CPF ne paient rien ici : il n'y a rien à demander sur Mon Compte Formation.",
      },
    ];
  const code = action.certification?.code ?? null;
  return [
    { title: "Ouvrez l'offre sur Mon Compte Formation", text: 'Avec FranceConnect+.' },
    {
      title: "Envoyez votre demande à l'organisme",
      text:
        code === null
          ? "Vérifiez le nom de l'organisme et le prix."
          : `Vérifiez que la certification est bien ${code}.`,
    },
    {
      title: "Validez quand l'organisme a répondu",
      text: "C'est à cette étape que vos droits sont utilisés. Vous seul pouvez valider.",
    },
  ].map(({ title, text }) => ({ title, text: french(text) }));
}

/** D-05 to D-07: nobody is told that an aid is granted. */
const otherFunds = [
  {
    label: 'France Travail',
    text: "L'aide individuelle à la formation peut payer tout ou partie : un devis de l'organisme, une décision avant le début. Jamais acquise d'avance.",
  },
  {
    label: 'Une embauche prévue',
    text: "Une formation de 400 h au plus peut être payée avant l'embauche, avec une offre d'emploi. Demandez à France Travail.",
  },
  {
    label: "Votre Région, votre OPCO, l'Agefiph",
    text: 'Les aides varient. Demandez avant de vous inscrire, et gardez la réponse écrite.',
  },
].map(({ label, text }) => ({ label, text: french(text) }));

/** F-07 and D-02 come from the engine; what no fact answers is told beside, when the action may be paid. */
function warningsOf(verdict: Verdict, dossier: Dossier, context: VerdictContext): VerdictBlock['warnings'] {
  const { rules } = context;
  if (verdict.cpf === 'non' || verdict.cpf === 'hors_perimetre' || dossier.personne === null) return [];
  const engine = verdict.trace.flatMap(({ ruleId, version }) => {
    const rule = rules.byId.get(ruleId);
    const [text] = rule?.reasons ?? [];
    return rule === undefined || text === undefined || version === null || !verdict.avertissements.includes(ruleId)
      ? []
      : [{ text: text.replace('{depuis}', shortDay(version)), plain: rule.plain }];
  });
  return [...engine, ...notices(dossier, verdict.date, rules, context)].map(({ text, plain }) => ({
    text: french(text),
    plain: french(plain),
  }));
}

export const indicative = 'Information indicative : seul Mon Compte Formation fait foi.';

/** The two sentences of T16, exactly, then the receipt and the person who can look again. */
function footOf({ date }: Verdict, { dates, receipt = null, contact = null }: VerdictContext): readonly string[] {
  const register = dates.register === null ? 'de date inconnue' : `du ${dayText(dates.register)}`;
  return [
    indicative,
    `Simulation non contractuelle, d'après vos réponses et les règles en vigueur au ${dayText(date)}. Registre des certifications ${register}. Elle n'engage ni le financeur ni l'organisme.`,
    ...(receipt === null ? [] : [`Votre conseiller peut la vérifier avec le code ${receipt}.`]),
    ...(contact === null ? [] : [`Une personne peut revoir cette réponse : ${contact}.`]),
  ].map(french);
}

/** With a proof of registration, what the person would pay: told beside a registration that is only declared. */
export function withProofText(verdict: Verdict, rules: RuleSet): string {
  const rule = inForce(rules, 'D-01', verdict.date);
  const days = rule.state === 'valid' ? rule.values.joursMaximum : 0;
  const rest = verdict.resteACharge;
  const then =
    rest === null
      ? 'le montant resterait à calculer'
      : `il vous resterait ${eurosText(rest)} à payer, pour une inscription le ${dayText(verdict.date)}`;
  return french(`Avec une preuve de ${days} jours au plus, ${then}.`);
}
