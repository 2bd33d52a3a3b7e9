/**
 * What is known of a school for the training account, fact by fact, each with its proof, source and date (product P22).
 * A proof is of a day: past its time the fact is unknown again, and what a school says of itself is shown, not believed.
 */
import { z } from 'zod';
import { daysBetween, type IsoDate } from '../../eligibility/model/dates.ts';
import { qualiopiCategories } from '../../eligibility/model/dossier.ts';

export const habilitations = ['certificateur', 'former', 'organiser', 'former_organiser', 'aucune'] as const;

const day = z.iso.date();

function fact<Value extends z.ZodType>(value: Value) {
  return z.object({
    value,
    /** `declared`: the school says so; `verified`: somebody saw the proof, on `date`. */
    proof: z.enum(['declared', 'verified']),
    /** Where it was read, in French: « Liste publique des organismes de formation ». */
    source: z.string().trim().min(1).max(200),
    date: day,
    /** Last day of the proof; null: `proofDays` after `date`. */
    until: day.nullable(),
  });
}

export const providerFactsSchema = z.object({
  siret: z.string().regex(/^\d{14}$/),
  /** Fictional, as the school is: no register holds it. */
  demo: z.boolean(),
  /** 11 digits: the number itself; whether the declaration is valid is the next fact. */
  activityNumber: fact(z.string().regex(/^\d{11}$/)).nullable(),
  /** The declaration of activity is in force. */
  declarationValid: fact(z.boolean()).nullable(),
  /** `categories: []`: known to have none. */
  qualiopi: fact(
    z.object({ categories: z.array(z.enum(qualiopiCategories)), from: day.nullable(), to: day.nullable() }),
  ).nullable(),
  /** Struck off Mon Compte Formation. */
  delisted: fact(z.boolean()).nullable(),
  /** Has somebody else give its trainings: false is « none », a statement that no register holds. */
  subcontracting: fact(z.boolean()).nullable(),
  /** Of one certification: its offer on Mon Compte Formation, and what the certifier lets the school do. */
  certifications: z.array(
    z.object({
      code: z.string().regex(/^(RNCP|RS)[1-9]\d{0,5}$/),
      offer: fact(z.boolean()).nullable(),
      habilitation: fact(z.enum(habilitations)).nullable(),
      /** The offer names the blocks of the certification (P-06). */
      blocksDeclared: fact(z.boolean()).nullable().optional(),
    }),
  ),
});
export type ProviderFacts = z.infer<typeof providerFactsSchema>;

export interface Fact<Value> {
  readonly value: Value;
  readonly proof: 'declared' | 'verified';
  readonly source: string;
  readonly date: IsoDate;
  readonly until: IsoDate | null;
}

/** What P22 prints: déclaré, vérifié, expiré, inconnu. */
export type ProofState = 'declared' | 'verified' | 'expired' | 'unknown';

/** A proof without an end of its own holds for a year: declarations and habilitations are renewed by the year. */
export const proofDays = 365;

export function proofOn(fact: Fact<unknown> | null, date: IsoDate): ProofState {
  if (fact === null) return 'unknown';
  const over = fact.until === null ? daysBetween(fact.date, date) > proofDays : fact.until < date;
  if (over) return 'expired';
  return fact.proof;
}

/** What may decide an answer on that day: a proof seen on that day or before, and not past; null is unknown. */
export function provenOn<Value>(fact: Fact<Value> | null, date: IsoDate): Value | null {
  return fact !== null && fact.date <= date && proofOn(fact, date) === 'verified' ? fact.value : null;
}

/** Whether the offer of this school for a certification names its blocks, as somebody saw it; null is unknown. */
export function blocksDeclaredOn(facts: ProviderFacts | null, code: string | null, date: IsoDate): boolean | null {
  const own = facts?.certifications.find((one) => one.code === code);
  return provenOn(own?.blocksDeclared ?? null, date);
}
