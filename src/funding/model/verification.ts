/** Whether a receipt handed over by anybody is what was signed: offline, with public keys alone. */
import { frenchDate } from '../../eligibility/model/dates.ts';
import { euros } from '../../eligibility/model/rules/wording.ts';
import { count } from '../../platform/web/format.ts';
import { type AnyReceipt, readReceipt } from './any-receipt.ts';

export type VerificationFault =
  | 'not-a-receipt'
  | 'unknown-key'
  | 'wrong-key'
  | 'altered'
  /** The readable part beside the signature says something else than what was signed. */
  | 'readable-part-differs'
  /** Signed with a key after it had been retired. */
  | 'retired-key';

export type Verification =
  | {
      readonly valid: true;
      readonly kid: string;
      /** ISO instant; null while the key signs. */
      readonly keyRetiredAt: string | null;
      readonly receipt: AnyReceipt;
    }
  | { readonly valid: false; readonly fault: VerificationFault; readonly kid: string | null; readonly message: string };

type Signed =
  | { readonly ok: true; readonly kid: string; readonly text: string; readonly retiredAt: Date | null }
  | {
      readonly ok: false;
      readonly fault: 'malformed' | 'unknown-key' | 'wrong-key' | 'altered';
      readonly kid: string | null;
    };

const sentences: Readonly<Record<VerificationFault, string>> = {
  'not-a-receipt': "Ce fichier n'est pas un reçu : il faut sa version JSON, ou sa signature seule.",
  'unknown-key': 'La clé de ce reçu n’est pas dans le fichier de clés : prenez les clés du site qui l’a établi.',
  'wrong-key': 'Le fichier de clés donne une autre clé sous ce nom : il a été modifié, ou ne vient pas du site.',
  altered: 'Ce reçu a été modifié après sa signature.',
  'readable-part-differs': 'La partie lisible ne dit pas ce qui a été signé : elle a été modifiée.',
  'retired-key': 'La clé de ce reçu ne signait déjà plus à sa date : il n’a pas été établi par le site.',
};

/** @param read verifies the signature: `readSigned` of platform/signature.ts with the keys at hand */
export async function readVerification(given: string, read: (jws: string) => Promise<Signed>): Promise<Verification> {
  const parts = partsOf(given);
  const refused = (fault: VerificationFault, kid: string | null): Verification => ({
    valid: false,
    fault,
    kid,
    message: sentences[fault],
  });
  if (parts === null) return refused('not-a-receipt', null);
  const signed = await read(parts.jws);
  if (!signed.ok) return refused(signed.fault === 'malformed' ? 'not-a-receipt' : signed.fault, signed.kid);
  const receipt = readReceipt(signed.text);
  if (receipt === null) return refused('not-a-receipt', signed.kid);
  if (parts.readable !== undefined && canonical(parts.readable) !== canonical(JSON.parse(signed.text)))
    return refused('readable-part-differs', signed.kid);
  const { retiredAt } = signed;
  if (retiredAt !== null && new Date(receipt.issuedAt) > retiredAt) return refused('retired-key', signed.kid);
  return { valid: true, kid: signed.kid, keyRetiredAt: retiredAt?.toISOString() ?? null, receipt };
}

export function verificationSentence(verification: Verification): readonly string[] {
  if (!verification.valid) return [verification.message];
  const { receipt, kid, keyRetiredAt } = verification;
  const retired = keyRetiredAt === null ? '' : `, retirée depuis le ${frenchDate(keyRetiredAt.slice(0, 10))}`;
  return [
    `Reçu ${receipt.code} : authentique, tel qu'il a été signé.`,
    `Établi le ${frenchDate(receipt.issuedAt.slice(0, 10))}, pour une inscription le ${frenchDate(receipt.date)}. ${answerSentence(receipt)}`,
    `Clé ${kid}${retired}.`,
  ];
}

function answerSentence(receipt: AnyReceipt): string {
  if (receipt.format === 1) return `Réponse : ${receipt.answer.verdict.cpf}.`;
  const { subject, steps, total } = receipt;
  const { known, unknownSteps } = total.rest;
  const amount = euros(Math.round(known * 100));
  const rest =
    unknownSteps.length === 0
      ? amount
      : unknownSteps.length === steps.length
        ? 'pas encore connu'
        : `au moins ${amount}, sans compter ${count(unknownSteps.length, 'étape')}`;
  return `${subject.label}, ${count(steps.length, 'étape')}. Reste à payer : ${rest}.`;
}

/** The JWS alone, or the JSON that holds it beside the readable receipt. */
function partsOf(given: string): { readonly jws: string; readonly readable?: unknown } | null {
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(given)) return { jws: given };
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value !== 'object' || value === null || !('jws' in value) || typeof value.jws !== 'string') return null;
    return 'receipt' in value ? { jws: value.jws, readable: value.receipt } : { jws: value.jws };
  } catch {
    return null;
  }
}

/** Keys in one order, at every depth: a program may have written the readable part again. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
