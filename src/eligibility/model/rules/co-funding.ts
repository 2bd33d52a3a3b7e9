/** What others pay. Only granted aid counts; aid that is asked for, or of unknown amount, is pending. */
import type { CoFunding } from '../dossier.ts';
import type { FactPath } from '../paths.ts';

export interface Funding {
  /** Cents: granted aid of known amount, all funders together. */
  readonly granted: number;
  /** Every granted aid has a known amount, and the list itself is known. */
  readonly grantedKnown: boolean;
}

export function fundingOf(list: readonly CoFunding[] | null): Funding {
  let granted = 0;
  let grantedKnown = list !== null;
  for (const { accorde, montant } of list ?? []) {
    if (accorde !== true) continue;
    if (montant === null) grantedKnown = false;
    else granted += montant;
  }
  return { granted, grantedKnown };
}

const isPending = ({ accorde, montant }: CoFunding): boolean =>
  accorde === null || (accorde === true && montant === null);

const factsOf = ({ accorde, montant }: CoFunding, at: number): FactPath[] => [
  ...(montant === null ? [`cofinancements[${at}].montant`] : []),
  ...(accorde === null ? [`cofinancements[${at}].accorde`] : []),
];

/** The unknown facts of aid that is not refused. */
export function pendingFacts(list: readonly CoFunding[] | null): FactPath[] {
  if (list === null) return ['cofinancements'];
  return list.flatMap((one, at) => (isPending(one) ? factsOf(one, at) : []));
}

/** Whether granted aid could reach `minimum` cents if every pending aid were granted. */
export function mayReach(list: readonly CoFunding[] | null, minimum: number): boolean {
  if (list === null) return true;
  let most = 0;
  for (const one of list) {
    if (one.accorde === false) continue;
    if (one.montant === null) return true;
    most += one.montant;
  }
  return most >= minimum;
}

/**
 * The pending facts that could make the difference: an aid that reaches `minimum` together with some of the others that
 * would not reach it without. Aid of unknown amount always can.
 */
export function pivotalFacts(list: readonly CoFunding[] | null, minimum: number): FactPath[] {
  if (list === null) return ['cofinancements'];
  const need = minimum - fundingOf(list).granted;
  const pending = list.map((one, at) => ({ one, at })).filter(({ one }) => isPending(one));
  return pending.flatMap(({ one, at }) => {
    const others = pending.filter((other) => other.at !== at).map((other) => other.one.montant);
    const reaches = one.montant === null || one.montant + closestBelow(others, need) >= need;
    return reaches ? factsOf(one, at) : [];
  });
}

/** The largest total of some of the amounts that stays under `need`; an unknown amount can be anything. Cents. */
function closestBelow(amounts: readonly (number | null)[], need: number): number {
  if (amounts.includes(null)) return need - 1;
  const mask = (1n << BigInt(need)) - 1n;
  // Bit n is set when some of the amounts make n cents.
  let totals = 1n;
  for (const amount of amounts)
    if (amount !== null && amount < need) totals = (totals | (totals << BigInt(amount))) & mask;
  return totals.toString(2).length - 1;
}
