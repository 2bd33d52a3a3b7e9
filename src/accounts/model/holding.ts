/**
 * What is kept about a person, part by part. Whoever keeps something hands one `Holding` to the composition root: it is then
 * shown, downloaded and erased with the rest. Other features give values of the same shape without importing this file.
 */

/** Labels in French: what is downloaded is what is shown. Dates stay dates until they are written. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | Date
  | readonly Plain[]
  | { readonly [label: string]: Plain | undefined };

export interface Holding {
  /** French, a title: « Vos connexions ». */
  readonly name: string;
  /** French, one sentence. */
  readonly why: string;
  /** French, one sentence: when it is erased without being asked. */
  readonly until: string;
  /** Everything of this account, one value per thing; empty when there is nothing. Never a secret nor its digest. */
  read(accountId: string): Promise<readonly Plain[]>;
  /** Erases for good, whatever was erased before. @returns how many things were */
  erase(accountId: string): Promise<number>;
}
