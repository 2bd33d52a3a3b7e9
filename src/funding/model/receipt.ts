/**
 * A receipt: what was asked, what was answered and on what it rests, as it was. It holds the dossier that it judged and
 * nothing that identifies a person; the balance of the account is withheld unless its owner asked for it to be in.
 */
import { z } from 'zod';
import { frenchDate } from '../../eligibility/model/dates.ts';
import type { Dossier, DossierInput } from '../../eligibility/model/dossier.ts';
import { accessAnswers, cpfAnswers, type Verdict, wireVerdict } from '../../eligibility/model/verdict.ts';

/** The sentences under every verdict (F17), whatever carries it. */
export const indicative = 'Information indicative : seul Mon Compte Formation fait foi.';

const text = z.string().max(2_000);
const day = z.iso.date();

const findingSchema = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('met') }),
  z.strictObject({
    result: z.literal('not-met'),
    received: text,
    expected: text,
    reason: text,
    reference: text,
    personal: z.boolean(),
  }),
  z.strictObject({ result: z.literal('unknown'), missing: z.array(text) }),
]);

/** Amounts in euros. */
export const answerSchema = z.strictObject({
  verdict: z.strictObject({
    cpf: z.enum(cpfAnswers),
    regles: z.array(text),
    manquants: z.array(text),
    plafond: z.number().nullable(),
    participation: z.strictObject({ due: z.boolean().nullable(), montant: z.number().nullable() }),
    droitsMobilisables: z.number().nullable(),
    resteACharge: z.number().nullable(),
    acces: z.enum(accessAnswers),
    avertissements: z.array(text),
  }),
  conditions: z.array(z.strictObject({ ruleId: text, text })),
  trace: z.array(z.strictObject({ ruleId: text, version: day.nullable(), finding: findingSchema })),
});
export type Answer = z.output<typeof answerSchema>;

/** What the receipt is about, as it was shown on that day. */
export const subjectSchema = z.strictObject({
  /** `cours:<id>`, `certification:<code>`, or `offre:…` for a line of a list; '' for the account in general. */
  ref: z.string().max(200),
  label: text,
  /** Path of this site, or null. */
  href: text.nullable(),
  course: z
    .strictObject({
      id: text,
      title: text,
      provider: text,
      source: text,
      readOn: day,
      /** French, the line of the sessions: « Commencez quand vous voulez ». */
      status: text,
      /** The four lines of a price, each with its date, but the last: it is the answer. */
      prices: z.array(z.strictObject({ label: text, text })),
    })
    .nullable(),
  certification: z
    .strictObject({
      code: text,
      title: text,
      active: z.boolean().nullable(),
      endOfRegistration: day.nullable(),
    })
    .nullable(),
});
export type Subject = z.output<typeof subjectSchema>;

/** What every receipt says of itself, whatever it is of. */
export const receiptHead = {
  code: z.string().regex(/^V-[0-9A-HJKMNP-TV-Z]{10}$/),
  issuedAt: z.iso.datetime(),
  /** The day that the answer is about. */
  date: day,
  /** Of the facts that are not the person's; null where a day is not known. `register`: of the newest one held. */
  dates: z.strictObject({
    register: day.nullable(),
    provider: day.nullable(),
    price: day.nullable(),
    /** French, with its day; left out: nobody corrected it. */
    priceCorrection: text.optional(),
  }),
  /** Start of the next session, as it was announced. */
  sessionStart: day.nullable(),
  /** The offer names the blocks of its certification; null or left out: not known. */
  blocksDeclared: z.boolean().nullable().optional(),
  rules: z.strictObject({ version: text, asOf: day }),
};

/** Of one action. */
export const receiptSchema = z.strictObject({
  format: z.literal(1),
  code: receiptHead.code,
  issuedAt: receiptHead.issuedAt,
  date: receiptHead.date,
  dates: receiptHead.dates,
  sessionStart: receiptHead.sessionStart,
  blocksDeclared: receiptHead.blocksDeclared,
  /** Not chosen, and supposed to meet its conditions: the school, or the whole course. */
  supposed: z.enum(['provider', 'course']).nullable(),
  rules: receiptHead.rules,
  subject: subjectSchema.nullable(),
  /** As `readDossier` reads it, in euros. */
  dossier: z.record(z.string(), z.unknown()),
  balanceIncluded: z.boolean(),
  answer: answerSchema,
});
export type Receipt = z.output<typeof receiptSchema>;

/** Under a verdict, whatever carries it (T16): as the page of a verdict says them. */
export function sentencesUnder(date: string, registerDate: string | null): readonly string[] {
  const register = registerDate === null ? 'de date inconnue' : `du ${frenchDate(registerDate)}`;
  return [
    indicative,
    `Simulation non contractuelle, d'après vos réponses et les règles en vigueur au ${frenchDate(date)}. Registre des certifications ${register}. Elle n'engage ni le financeur ni l'organisme.`,
  ];
}

export function receiptSentences({
  date,
  dates,
  code,
}: {
  readonly date: string;
  readonly dates: { readonly register: string | null };
  readonly code: string;
}): readonly string[] {
  return [...sentencesUnder(date, dates.register), `Votre conseiller peut la vérifier avec le code ${code}.`];
}

/** Everything that the answer says, without the name of the rules: a new version of one that it does not use changes nothing. */
export function answerOf(verdict: Verdict): Answer {
  const { conditions, trace } = verdict;
  return answerSchema.parse({ verdict: wireVerdict(verdict), conditions, trace });
}

/** Two answers are the same when these bytes are. */
export const answerText = (answer: Answer): string => JSON.stringify(answerSchema.parse(answer));

/** A stored answer with amounts in cents, as the engine and the view models write them. */
export function verdictOf(
  { verdict, conditions, trace }: Answer,
  { date, rules }: { readonly date: string; readonly rules: { readonly version: string } },
): Verdict {
  return {
    ...verdict,
    date,
    rulesVersion: rules.version,
    plafond: cents(verdict.plafond),
    participation: { due: verdict.participation.due, montant: cents(verdict.participation.montant) },
    droitsMobilisables: cents(verdict.droitsMobilisables),
    resteACharge: cents(verdict.resteACharge),
    conditions,
    trace,
  };
}

const cents = (amount: number | null): number | null => (amount === null ? null : Math.round(amount * 100));
const euros = (amount: number | null): number | null => (amount === null ? null : amount / 100);

/** The dossier in euros, ready to be read again; without the balance unless told. */
export function keptDossier(dossier: Dossier, options: { readonly balance: boolean }): DossierInput {
  const { personne, action, cofinancements } = dossier;
  return {
    ...dossier,
    personne: personne === null ? null : { ...personne, soldeCpf: options.balance ? euros(personne.soldeCpf) : null },
    action: { ...action, prix: euros(action.prix) },
    cofinancements: cofinancements?.map((one) => ({ ...one, montant: euros(one.montant) })) ?? null,
  };
}
