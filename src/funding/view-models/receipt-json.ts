/** A receipt for programs: what was signed, readable, beside its signature. The whole is what `eligibility verify` reads. */
import type { WireVerdict } from '../../eligibility/model/verdict.ts';
import type { AnyReceipt } from '../model/any-receipt.ts';
import type { PathwayReceipt } from '../model/pathway-receipt.ts';
import { receiptSentences } from '../model/receipt.ts';

export interface RecomputedJson {
  readonly atItsDate?: { readonly same: boolean; readonly incident: number | null };
  readonly today?:
    | { readonly kind: 'gone' }
    | {
        readonly kind: 'judged';
        readonly date: string;
        readonly same: boolean;
        /** Of one action. */
        readonly verdict?: WireVerdict;
        /** Of a pathway. */
        readonly steps?: readonly { readonly id: string; readonly verdict: WireVerdict | null }[];
        readonly total?: PathwayReceipt['total'];
        readonly rulesVersion: string;
        readonly changes: readonly { readonly of: string; readonly text: string }[];
      };
}

export function receiptJson(
  page: { readonly receipt: AnyReceipt; readonly jws: string; readonly fingerprint: string; readonly kid: string },
  recomputed: RecomputedJson,
) {
  const { receipt, jws, fingerprint, kid } = page;
  return { receipt, jws, fingerprint, kid, sentences: receiptSentences(receipt), ...recomputed };
}
