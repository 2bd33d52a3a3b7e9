/**
 * Free access, first cut: the one rule that gives a course its stored access code (docs/product rules T1, T2, T10).
 * The CPF engine comes beside it; CPF never changes this code.
 */

export const accessCodes = ['free-for-all', 'funded-for-job-seekers', 'content-free', 'paid', 'unknown'] as const;
export type AccessCode = (typeof accessCodes)[number];

interface Price {
  /** Integer cents. */
  readonly amount: number;
  readonly currency: string;
}

export interface AccessFacts {
  /** The course itself, certificate apart; null is unknown. */
  readonly contentFree: boolean | null;
  readonly price: Price | null;
  readonly certificate: {
    readonly type: string;
    readonly free: boolean | null;
    readonly included: boolean | null;
    readonly price: Price | null;
  };
  readonly exam: { readonly exists: boolean | null; readonly included: boolean | null; readonly price: Price | null };
  /** The source's own words, or null. */
  readonly fundedForJobSeekers: string | null;
  readonly source: string;
  readonly readAt: Date;
}

export type AccessReason =
  | 'everything-free'
  | 'declared-by-source'
  | 'certificate-paid'
  | 'certificate-unknown'
  | 'price-known'
  | 'price-unknown'
  | 'too-old';

export interface Access {
  readonly code: AccessCode;
  readonly reason: AccessReason;
  readonly source: string;
  /** When the source was read. */
  readonly date: Date;
  /** The source's own words, for `declared-by-source`. */
  readonly text: string | null;
}

/** A price of 0 counts for this many days after it was read (T1). */
export const freshDays = 30;

export function isFresh(readAt: Date, now: Date): boolean {
  return now.getTime() - readAt.getTime() <= freshDays * 86_400_000;
}

type Known = 'free' | 'paid' | 'unknown';

function contentIs(facts: AccessFacts): Known {
  if (facts.price !== null && facts.price.amount > 0) return 'paid';
  if (facts.contentFree === true || facts.price?.amount === 0) return 'free';
  return facts.contentFree === false ? 'paid' : 'unknown';
}

function certificateIs({ certificate }: AccessFacts): Known {
  if (certificate.type === 'none' || certificate.free === true || certificate.included === true) return 'free';
  if (certificate.price !== null) return certificate.price.amount === 0 ? 'free' : 'paid';
  return certificate.free === false || certificate.type === 'paid-certificate' ? 'paid' : 'unknown';
}

function examIs({ exam }: AccessFacts): Known {
  if (exam.exists === false || exam.included === true) return 'free';
  if (exam.price !== null) return exam.price.amount === 0 ? 'free' : 'paid';
  return 'unknown';
}

/**
 * First match wins: free-for-all, funded-for-job-seekers, content-free, paid, unknown. A price of 0 read more than
 * 30 days ago counts as unknown, reason `too-old`; a missing price is never free.
 */
export function accessOf(facts: AccessFacts, now: Date): Access {
  const answer = (code: AccessCode, reason: AccessReason): Access => ({
    code,
    reason,
    source: facts.source,
    date: facts.readAt,
    text: code === 'funded-for-job-seekers' ? facts.fundedForJobSeekers : null,
  });
  const content = contentIs(facts);
  const certificate = certificateIs(facts);
  const exam = examIs(facts);
  const fresh = isFresh(facts.readAt, now);
  const allFree = content === 'free' && certificate === 'free' && exam === 'free';
  if (allFree && fresh) return answer('free-for-all', 'everything-free');
  if (facts.fundedForJobSeekers !== null) return answer('funded-for-job-seekers', 'declared-by-source');
  if (content === 'free') {
    if (!fresh) return answer('unknown', 'too-old');
    const paid = certificate === 'paid' || exam === 'paid';
    return answer('content-free', paid ? 'certificate-paid' : 'certificate-unknown');
  }
  if (facts.price !== null && facts.price.amount > 0) return answer('paid', 'price-known');
  return answer('unknown', 'price-unknown');
}

/** From the cheapest to the least known: a pathway has the code of its dearest step. */
const dearness: readonly AccessCode[] = ['free-for-all', 'content-free', 'funded-for-job-seekers', 'paid', 'unknown'];

export function dearestAccess(codes: readonly AccessCode[]): AccessCode {
  if (codes.length === 0) return 'unknown';
  return codes.reduce((worst, code) => (dearness.indexOf(code) > dearness.indexOf(worst) ? code : worst));
}
