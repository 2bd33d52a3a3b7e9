/** Facts about a school in words, each with the state of its proof: déclaré, vérifié, expiré, inconnu (product P22). */
import { dayAfter, frenchDate, type IsoDate } from '../../eligibility/model/dates.ts';
import { french, listed } from '../../platform/web/format.ts';
import { type Fact, type ProofState, type ProviderFacts, proofDays, proofOn } from './provider-facts.ts';

export interface FactRow {
  readonly key: string;
  readonly label: string;
  readonly fact: Fact<unknown> | null;
  readonly state: ProofState;
  /** Value, state, source and date in one sentence; « inconnu » when there is none. */
  readonly text: string;
}

const categoryNames = {
  AF: 'actions de formation',
  BC: 'bilans de compétences',
  VAE: "validation des acquis de l'expérience",
  CFA: 'apprentissage',
} as const;

const habilitationNames = {
  certificateur: 'certificateur',
  former: 'habilité à former',
  organiser: "habilité à organiser l'évaluation seulement",
  former_organiser: 'habilité à former et à évaluer',
  aucune: 'aucune habilitation',
} as const;

function lastDay({ date, until }: Fact<unknown>): IsoDate {
  if (until !== null) return until;
  return new Date(Date.parse(`${date}T00:00:00Z`) + proofDays * 86_400_000).toISOString().slice(0, 10);
}

function proofText(fact: Fact<unknown>, state: ProofState): string {
  switch (state) {
    case 'verified':
      return `vérifié le ${frenchDate(fact.date)}, ${fact.source}`;
    case 'declared':
      return `déclaré le ${frenchDate(fact.date)}, ${fact.source}`;
    case 'expired':
      return `expiré depuis le ${frenchDate(dayAfter(lastDay(fact)))}, ${fact.source}`;
    case 'unknown':
      return 'inconnu';
  }
}

function qualiopiText({ categories, from, to }: NonNullable<ProviderFacts['qualiopi']>['value']): string {
  if (categories.length === 0) return 'aucun certificat';
  const days = from === null || to === null ? '' : `, du ${frenchDate(from)} au ${frenchDate(to)}`;
  return `${listed(categories.map((category) => categoryNames[category]))}${days}`;
}

/** All the facts of P22, those not known included. */
export function factRows(facts: ProviderFacts | null, today: IsoDate): readonly FactRow[] {
  function row<Value>(
    key: string,
    label: string,
    fact: Fact<Value> | null | undefined,
    words: (value: Value) => string,
  ): FactRow {
    if (fact === null || fact === undefined) return { key, label, fact: null, state: 'unknown', text: 'inconnu' };
    const state = proofOn(fact, today);
    return { key, label, fact, state, text: french(`${words(fact.value)} (${proofText(fact, state)})`) };
  }
  return [
    row('activityNumber', "Numéro de déclaration d'activité", facts?.activityNumber, (number) => number),
    row('declarationValid', "Déclaration d'activité", facts?.declarationValid, (valid) =>
      valid ? 'valide' : 'caduque',
    ),
    row('qualiopi', 'Certification Qualiopi', facts?.qualiopi, qualiopiText),
    row('delisted', 'Mon Compte Formation', facts?.delisted, (delisted) =>
      delisted ? 'organisme déréférencé' : 'organisme non déréférencé',
    ),
    row('subcontracting', 'Sous-traitance', facts?.subcontracting, (given) =>
      given ? 'fait appel à des sous-traitants' : 'aucun sous-traitant',
    ),
    ...(facts?.certifications ?? []).flatMap(({ code, offer, habilitation, blocksDeclared = null }) => [
      ...(habilitation === null
        ? []
        : [
            row(`habilitation ${code}`, `Habilitation pour ${code}`, habilitation, (value) => habilitationNames[value]),
          ]),
      ...(offer === null
        ? []
        : [
            row(`offer ${code}`, `Offre ${code} sur Mon Compte Formation`, offer, (value) =>
              value ? 'publiée' : 'absente',
            ),
          ]),
      ...(blocksDeclared === null
        ? []
        : [
            row(`blocks ${code}`, `Blocs de ${code} sur l'offre`, blocksDeclared, (value) =>
              value ? 'déclarés' : 'non déclarés',
            ),
          ]),
    ]),
  ];
}
