/**
 * The cost of a whole pathway for one person (N4): a verdict per step, one balance spent in step order, the participation
 * owed at each enrolment, the cap of each action. Of the courses that a step offers, those that make the whole cheapest.
 */
import type { AimedAction, Told } from '../../eligibility/model/aim.ts';
import { assess } from '../../eligibility/model/assess.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { type Dossier, readDossier } from '../../eligibility/model/dossier.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { fundingOf } from '../../eligibility/model/rules/co-funding.ts';
import type { Verdict } from '../../eligibility/model/verdict.ts';

/** A step with the courses that teach it, the main choice first; none: no course of the catalogue covers it. */
export interface OfferedStep {
  readonly id: string;
  readonly title: string;
  readonly offers: readonly AimedAction[];
}

export interface JudgedOffer {
  readonly action: AimedAction;
  readonly dossier: Dossier;
  readonly verdict: Verdict;
}

export interface JudgedStep {
  readonly id: string;
  readonly title: string;
  /** null: the step has no course. */
  readonly chosen: JudgedOffer | null;
  /** The main choice is not the one kept: another makes the whole cheaper, or known. */
  readonly otherThanMain: boolean;
}

/** Integer cents of the steps where it is known; the other steps are named. */
export interface Sum {
  readonly known: number;
  readonly unknownSteps: readonly string[];
}

export interface PathwayVerdict {
  readonly steps: readonly JudgedStep[];
  /** price = aid + rights + rest where no step is unknown. */
  readonly price: Sum;
  readonly aid: Sum;
  readonly rights: Sum;
  readonly rest: Sum;
}

/** One way through the steps seen so far. */
interface Path {
  /** Cents left on the account; null: not known. */
  readonly balance: number | null;
  /** Steps whose rest is not known. */
  readonly unknown: number;
  /** Cents to pay for the others. */
  readonly rest: number;
  readonly picks: readonly (JudgedOffer | null)[];
}

/** An aid that is granted or asked for pays one training, and nobody told which: no step may count it. */
function aidsPerStep({ cofinancements }: Told): Told['cofinancements'] {
  if (cofinancements === null || cofinancements === undefined) return null;
  return cofinancements.every(({ accorde }) => accorde === false) ? [] : null;
}

/** @throws when an offer hands in a dossier that is malformed: a fault of ours */
export function pathwayVerdict(
  steps: readonly OfferedStep[],
  told: Told,
  date: IsoDate,
  rules: RuleSet,
): PathwayVerdict {
  const cofinancements = told.personne === null ? [] : aidsPerStep(told);
  const read = (action: AimedAction): Dossier => {
    const { personne } = told;
    const reading = readDossier({ date, personne, action: action.action, organisme: action.organisme, cofinancements });
    if (!reading.ok) throw new Error(`dossier of a step: ${reading.errors.map(({ path }) => path).join(', ')}`);
    return reading.dossier;
  };
  let paths: readonly Path[] = [{ balance: balanceOf(told), unknown: 0, rest: 0, picks: [] }];
  for (const { offers } of steps) {
    const dossiers = offers.map((action) => ({ action, dossier: read(action) }));
    paths = undominated(paths.flatMap((path) => continued(path, dossiers, date, rules)));
  }
  const best = paths.reduce((one, other) => (isBetter(other, one) ? other : one));
  const judged = steps.map(({ id, title, offers }, at) => {
    const chosen = best.picks[at] ?? null;
    return { id, title, chosen, otherThanMain: chosen !== null && chosen.action !== offers[0] };
  });
  return {
    steps: judged,
    price: sumOf(judged, ({ dossier }) => dossier.action.prix),
    aid: sumOf(judged, aidOf),
    rights: sumOf(judged, ({ verdict }) => verdict.droitsMobilisables),
    rest: sumOf(judged, restOf),
  };
}

function balanceOf({ personne }: Told): number | null {
  const euros = personne?.soldeCpf ?? null;
  return euros === null ? null : Math.round(euros * 100);
}

const restOf = ({ verdict }: JudgedOffer): number | null =>
  verdict.acces === 'gratuit_pour_tous' ? 0 : verdict.resteACharge;

function aidOf({ dossier: { action, cofinancements } }: JudgedOffer): number | null {
  if (cofinancements === null) return null;
  const { granted } = fundingOf(cofinancements);
  return action.prix === null ? granted : Math.min(granted, action.prix);
}

function continued(
  path: Path,
  dossiers: readonly Pick<JudgedOffer, 'action' | 'dossier'>[],
  date: IsoDate,
  rules: RuleSet,
): Path[] {
  if (dossiers.length === 0) return [{ ...path, unknown: path.unknown + 1, picks: [...path.picks, null] }];
  return dossiers.map(({ action, dossier: asked }) => {
    const { personne } = asked;
    const dossier = { ...asked, personne: personne === null ? null : { ...personne, soldeCpf: path.balance } };
    const verdict = assess(dossier, date, rules);
    const pick: JudgedOffer = { action, dossier, verdict };
    const rest = restOf(pick);
    return {
      balance: balanceAfter(path.balance, pick),
      unknown: path.unknown + (rest === null ? 1 : 0),
      rest: path.rest + (rest ?? 0),
      picks: [...path.picks, pick],
    };
  });
}

/** What a step may have taken, when nobody knows, is not left for the next. */
function balanceAfter(balance: number | null, { verdict, dossier }: JudgedOffer): number | null {
  if (balance === null) return null;
  if (verdict.cpf === 'non' || verdict.cpf === 'hors_perimetre' || dossier.action.prix === 0) return balance;
  return verdict.droitsMobilisables === null ? null : balance - verdict.droitsMobilisables;
}

/** Fewer steps unknown, then less to pay. */
const isBetter = (one: Path, other: Path): boolean =>
  one.unknown !== other.unknown ? one.unknown < other.unknown : one.rest < other.rest;

/** A path that leaves no more on the account, and costs no less, can never end better; the first of equals stays. */
function undominated(paths: readonly Path[]): Path[] {
  const left = ({ balance }: Path) => balance ?? -1;
  const kept: Path[] = [];
  const sorted = paths
    .map((path, at) => ({ path, at }))
    .sort(
      (one, other) =>
        one.path.unknown - other.path.unknown ||
        one.path.rest - other.path.rest ||
        left(other.path) - left(one.path) ||
        one.at - other.at,
    );
  for (const { path } of sorted)
    if (!kept.some((one) => one.unknown <= path.unknown && one.rest <= path.rest && left(one) >= left(path)))
      kept.push(path);
  return kept;
}

function sumOf(steps: readonly JudgedStep[], amount: (offer: JudgedOffer) => number | null): Sum {
  let known = 0;
  const unknownSteps: string[] = [];
  for (const { id, chosen } of steps) {
    const cents = chosen === null ? null : amount(chosen);
    if (cents === null) unknownSteps.push(id);
    else known += cents;
  }
  return { known, unknownSteps };
}
