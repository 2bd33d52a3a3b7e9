/** A receipt for programs: what was signed, readable, beside its signature. The whole is what `eligibility verify` reads. */
import type { WireVerdict } from '../../eligibility/model/verdict.ts';
import { type Receipt, receiptSentences } from '../model/receipt.ts';

export interface RecomputedJson {
  readonly atItsDate?: { readonly same: boolean; readonly incident: number | null };
  readonly today?:
    | { readonly kind: 'gone' }
    | {
        readonly kind: 'judged';
        readonly date: string;
        readonly same: boolean;
        readonly verdict: WireVerdict;
        readonly rulesVersion: string;
        readonly changes: readonly { readonly of: string; readonly text: string }[];
      };
}

export function receiptJson(
  page: { readonly receipt: Receipt; readonly jws: string; readonly fingerprint: string; readonly kid: string },
  recomputed: RecomputedJson,
) {
  const { receipt, jws, fingerprint, kid } = page;
  return { receipt, jws, fingerprint, kid, sentences: receiptSentences(receipt), ...recomputed };
}
