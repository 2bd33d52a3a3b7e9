/** What drafts of rules keep about a person: who wrote them, while they wait. */
import type { DraftStore } from '../store/drafts.ts';

/** Labels in French: what is downloaded is what is shown. */
interface Line {
  readonly [label: string]: string | Date | null;
}

/** The shape of the personal-data pages of accounts, which this feature does not import. */
export interface Holding {
  readonly name: string;
  readonly why: string;
  readonly until: string;
  read(accountId: string): Promise<readonly Line[]>;
  /** @returns how many drafts no longer name the account */
  erase(accountId: string): Promise<number>;
}

export function draftHolding(drafts: Pick<DraftStore, 'ofAuthor' | 'forgetAuthor'>): Holding {
  return {
    name: 'Vos brouillons de règles',
    why: "Vérifier qu'une autre personne que vous les publie.",
    until: "Jusqu'à ce que le brouillon soit publié ou retiré, ou que vous effaciez votre compte.",
    read: async (accountId) =>
      (await drafts.ofAuthor(accountId)).map(({ ruleId, version, why, createdAt }) => ({
        Règle: ruleId,
        'Premier jour': version.from,
        Pourquoi: why,
        'Préparé le': createdAt,
      })),
    erase: (accountId) => drafts.forgetAuthor(accountId),
  };
}
