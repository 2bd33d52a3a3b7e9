/** The answer: its shape inside (integer cents) and on the wire (euros). */
import type { IsoDate } from './dates.ts';
import type { Finding } from './finding.ts';
import type { FactPath } from './paths.ts';

export const cpfAnswers = ['oui', 'non', 'indecidable', 'hors_perimetre'] as const;
export type Cpf = (typeof cpfAnswers)[number];

export const accessAnswers = [
  'gratuit_pour_tous',
  'gratuit_demandeur_emploi',
  'sans_reste_a_charge',
  'contenu_gratuit_certificat_payant',
  'payant',
  'indecidable',
] as const;
export type Acces = (typeof accessAnswers)[number];

export interface TraceEntry {
  readonly ruleId: string;
  /** The first day of the version used; null when no version gives a value for the date. */
  readonly version: IsoDate | null;
  readonly finding: Finding;
}

/** What everybody sees, with the names of the rules document. */
interface Answer {
  readonly cpf: Cpf;
  /** The rules that refuse. */
  readonly regles: readonly string[];
  /** Missing facts and parameters: those that decide first, then those of the money. */
  readonly manquants: readonly FactPath[];
  readonly plafond: number | null;
  readonly participation: { readonly due: boolean | null; readonly montant: number | null };
  readonly droitsMobilisables: number | null;
  readonly resteACharge: number | null;
  readonly acces: Acces;
  readonly avertissements: readonly string[];
}

/** Amounts in integer cents. */
export interface Verdict extends Answer {
  /** The day that the verdict is about. */
  readonly date: IsoDate;
  /** Names the rules used, exactly. */
  readonly rulesVersion: string;
  /** What the answer depends on when nobody was asked (`personne: null`), in words. */
  readonly conditions: readonly { readonly ruleId: string; readonly text: string }[];
  /** Every rule looked at: those that decide (T, A, P), the row that makes the action payable, then the money. */
  readonly trace: readonly TraceEntry[];
}

/** Amounts in euros; the keys of `attendu` in a file of cases, and no other. */
export type WireVerdict = Answer;

const euros = (cents: number | null): number | null => (cents === null ? null : cents / 100);

export function wireVerdict(verdict: Verdict): WireVerdict {
  return {
    cpf: verdict.cpf,
    regles: verdict.regles,
    manquants: verdict.manquants,
    plafond: euros(verdict.plafond),
    participation: { due: verdict.participation.due, montant: euros(verdict.participation.montant) },
    droitsMobilisables: euros(verdict.droitsMobilisables),
    resteACharge: euros(verdict.resteACharge),
    acces: verdict.acces,
    avertissements: verdict.avertissements,
  };
}
