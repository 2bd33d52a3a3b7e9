/** The amounts: F rules. Everything is in integer cents; no amount is ever negative. */

import { registerOf } from '../dossier.ts';
import type { Facts } from '../finding.ts';
import type { FactPath } from '../paths.ts';
import { inForce, parameterPath } from '../rule-set.ts';
import { fundingOf, pendingFacts } from './co-funding.ts';

export interface Cap {
  /** Cents; null: none, or not known when something is missing. */
  readonly amount: number | null;
  readonly missing: readonly FactPath[];
}

const uncapped: Cap = { amount: null, missing: [] };

/** F-02: what the rights of the holder can pay for one action. */
export function capOf({ dossier: { action }, date, rules }: Facts): Cap {
  const { type, certification } = action;
  const specific = type === 'certification' && certification !== null && registerOf(certification) === 'RS';
  if (!(specific && certification.clea !== true) && type !== 'bilan' && type !== 'permis_leger') return uncapped;
  const rule = inForce(rules, 'F-02', date);
  if (rule.state === 'before') return uncapped;
  if (rule.state === 'unknown') return { amount: null, missing: [parameterPath(rules, 'F-02')] };
  if (type === 'bilan') return { amount: rule.values.bilan, missing: [] };
  if (type === 'permis_leger') return { amount: rule.values.permisLeger, missing: [] };
  if (certification?.clea === null) return { amount: null, missing: ['action.certification.clea'] };
  return { amount: rule.values.certificationRs, missing: [] };
}

export interface Participation {
  readonly due: boolean | null;
  /** Cents. */
  readonly amount: number | null;
  readonly missing: readonly FactPath[];
  /** F-04 holds. */
  readonly exempt: boolean;
}

/** F-03 and F-04. Aid that is asked for exempts nobody. */
export function participationOf({ dossier, date, rules, registration }: Facts): Participation {
  const { personne, action, cofinancements } = dossier;
  const amountRule = inForce(rules, 'F-03', date);
  const nothing = { due: false, amount: 0, missing: [], exempt: false };
  if (action.prix === 0 || amountRule.state === 'before') return nothing;
  const exemption = inForce(rules, 'F-04', date);
  const exempt =
    exemption.state === 'valid' &&
    (registration === 'proved' ||
      personne?.exonerationAutre === true ||
      (cofinancements ?? []).some(({ par, accorde }) => accorde === true && exemption.values.financeurs.includes(par)));
  if (exempt) return { ...nothing, exempt };
  const missing: FactPath[] = [];
  if (registration === 'unproven') missing.push('personne.inscriptionFranceTravail');
  if (personne?.exonerationAutre !== false) missing.push('personne.exonerationAutre');
  const amount = amountRule.state === 'valid' ? amountRule.values.montant : null;
  const due = missing.length === 0 ? true : null;
  if (amount === null) missing.push(parameterPath(rules, 'F-03'));
  return { due, amount: due === true ? amount : null, missing, exempt };
}

export interface Money {
  /** Cents; both null when a needed fact is missing. */
  readonly rights: number | null;
  readonly rest: number | null;
  readonly missing: readonly FactPath[];
}

/** F-06: price = aid + rights + rest, to the cent. */
export function moneyOf({ dossier }: Facts, cap: Cap, participation: Participation): Money {
  const { action, personne, cofinancements } = dossier;
  const price = action.prix;
  const balance = personne?.soldeCpf ?? null;
  const { granted } = fundingOf(cofinancements);
  const missing: FactPath[] = [...cap.missing, ...participation.missing];
  if (price === null) missing.push('action.prix');
  const payable = price === null ? null : price - Math.min(granted, price) - (participation.amount ?? 0);
  if (balance === null && (payable === null || payable > 0)) missing.push('personne.soldeCpf');
  if (price === null || granted < price) missing.push(...pendingFacts(cofinancements));
  if (missing.length > 0 || price === null || payable === null) return { rights: null, rest: null, missing };
  const rights = Math.max(0, Math.min(balance ?? 0, cap.amount ?? Number.POSITIVE_INFINITY, payable));
  return { rights, rest: price - Math.min(granted, price) - rights, missing };
}

/** What is left to pay when the account pays nothing: the price less granted aid. Cents, or null when not known. */
export function restWithoutAccount({ dossier: { action, cofinancements } }: Facts): number | null {
  const { granted, grantedKnown } = fundingOf(cofinancements);
  return action.prix === null || !grantedKnown ? null : Math.max(0, action.prix - granted);
}
