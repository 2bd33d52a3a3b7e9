/** A receipt of one action or of a pathway, read from the text that was signed. */
import { z } from 'zod';
import { pathwayReceiptSchema } from './pathway-receipt.ts';
import { receiptSchema } from './receipt.ts';

export const anyReceiptSchema = z.discriminatedUnion('format', [receiptSchema, pathwayReceiptSchema]);
export type AnyReceipt = z.output<typeof anyReceiptSchema>;

/** Null for a text that is no receipt of ours. */
export function readReceipt(signedText: string): AnyReceipt | null {
  try {
    const parsed = anyReceiptSchema.safeParse(JSON.parse(signedText));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
