/** What the API takes and gives: schemas that read the requests, shape the answers and describe both. */
import { z } from 'zod';
import { cpfAnswers } from '../../eligibility/model/verdict.ts';
import { anyReceiptSchema } from './any-receipt.ts';
import type { ListAnswer } from './list-answer.ts';
import { type Cells, columns } from './list-line.ts';
import { pathwayReceiptSchema } from './pathway-receipt.ts';
import { answerSchema } from './receipt.ts';

/** RFC 9457, `application/problem+json`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** Stable, for programs. */
  code: z.string(),
  /** French, what to do. */
  detail: z.string(),
  /** Every wrong field at once. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type ProblemBody = z.output<typeof problemSchema>;

const day = z.iso.date();

/** The answer to one dossier: amounts in euros. */
export const checkedSchema = answerSchema.extend({
  date: day,
  regles: z.object({ version: z.string(), au: day }),
  registre: z.object({ au: day.nullable() }),
  mentions: z.array(z.string()),
});

const cell = z.union([z.string().max(300), z.number()]).nullish();
export const lineSchema = z.object({ code: cell, siret: cell, date: cell, prix: cell, reference: cell });

/** Lines of one request. */
export const mostLines = 100_000;

export const batchSchema = z.object({
  /** For the lines without a date of their own; today unless told. */
  date: day.optional(),
  /** A receipt for each line with a verdict. */
  recus: z.boolean().optional(),
  lignes: z
    .array(lineSchema, { error: 'Une liste de lignes est attendue.' })
    .min(1, { error: 'Une ligne au moins est attendue.' })
    .max(mostLines, { error: `${mostLines} lignes au plus.` }),
});

/** The same, each line apart: one that cannot be read does not refuse the others. */
export const batchEnvelopeSchema = batchSchema.extend({
  lignes: z
    .array(z.unknown(), { error: 'Une liste de lignes est attendue.' })
    .min(1, { error: 'Une ligne au moins est attendue.' })
    .max(mostLines, { error: `${mostLines} lignes au plus.` }),
});

/** Null for a line that is not an object of short cells. */
export function cellsOf(line: unknown): Cells | null {
  const read = lineSchema.safeParse(line);
  if (!read.success) return null;
  const found = columns.map((name) => [name, String(read.data[name] ?? '')] as const);
  return Object.fromEntries(found) as Cells;
}

export const batchAnswerSchema = z.object({
  ligne: z.int(),
  code_saisi: z.string(),
  code_retenu: z.string(),
  siret: z.string().nullable(),
  date: day.nullable(),
  reference: z.string(),
  verdict: z.enum(cpfAnswers).nullable(),
  regles: z.array(z.string()),
  raison: z.object({ code: z.string(), texte: z.string() }),
  manquants: z.array(z.string()),
  registre_du: day.nullable(),
  regles_du: day,
  recu: z.string().nullable(),
});
export const batchAnswersSchema = z.object({
  mentions: z.array(z.string()),
  reponses: z.array(batchAnswerSchema),
});

export function wireAnswer(answer: ListAnswer): z.output<typeof batchAnswerSchema> {
  return {
    ligne: answer.line,
    code_saisi: answer.typed,
    code_retenu: answer.kept,
    siret: answer.siret,
    date: answer.date,
    reference: answer.reference,
    verdict: answer.verdict,
    regles: [...answer.rules],
    raison: { code: answer.reason.code, texte: answer.reason.text },
    manquants: [...answer.missing],
    registre_du: answer.registerDate,
    regles_du: answer.rulesDate,
    recu: answer.receipt,
  };
}

export const keysSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.string(),
      crv: z.string(),
      x: z.string(),
      y: z.string(),
      kid: z.string(),
      alg: z.string(),
      use: z.string(),
      /** The key signs nothing after this instant. */
      retiredAt: z.iso.datetime().optional(),
    }),
  ),
});

export const receiptPageSchema = z.object({
  /** `format` 1: of one action; 2: of a pathway. */
  receipt: anyReceiptSchema,
  jws: z.string(),
  /** SHA-256 of the signed text, hexadecimal. */
  fingerprint: z.string(),
  kid: z.string(),
  sentences: z.array(z.string()),
  atItsDate: z.object({ same: z.boolean(), incident: z.int().nullable() }).optional(),
  today: z
    .union([
      z.object({ kind: z.literal('gone') }),
      z.object({
        kind: z.literal('judged'),
        date: day,
        same: z.boolean(),
        /** Of one action. */
        verdict: answerSchema.shape.verdict.optional(),
        /** Of a pathway. */
        steps: z.array(z.object({ id: z.string(), verdict: answerSchema.shape.verdict.nullable() })).optional(),
        total: pathwayReceiptSchema.shape.total.optional(),
        rulesVersion: z.string(),
        changes: z.array(z.object({ of: z.string(), text: z.string() })),
      }),
    ])
    .optional(),
});

export const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
