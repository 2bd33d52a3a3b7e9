/** The values that a rule takes from its versions, as people read and edit them: what each is called, how it is typed. */
import type { funders, proofSources, qualiopiCategories } from './dossier.ts';
import type { EvaluatedRule } from './rule-set.ts';

/** Codes that a value may hold, with their French names. */
type Options = Readonly<Record<string, string>>;

export interface ParameterField {
  readonly name: string;
  /** French; stands before the value. */
  readonly label: string;
  /** `euros`: an amount; `count`: a whole number of `unit`; `date`; `choice`: one of the options; `choices`: one or more. */
  readonly kind: 'euros' | 'count' | 'date' | 'choice' | 'choices';
  readonly unit: string | null;
  readonly options: Options;
}

const noOptions: Options = {};
const euros = (name: string, label: string): ParameterField => ({
  name,
  label,
  kind: 'euros',
  unit: '€',
  options: noOptions,
});
const count = (name: string, label: string, unit: string): ParameterField => ({
  name,
  label,
  kind: 'count',
  unit,
  options: noOptions,
});
const choose = (name: string, label: string, kind: 'choice' | 'choices', options: Options): ParameterField => ({
  name,
  label,
  kind,
  unit: null,
  options,
});

const qualiopiNames: Readonly<Record<(typeof qualiopiCategories)[number], string>> = {
  AF: 'AF (actions de formation)',
  BC: 'BC (bilans de compétences)',
  VAE: 'VAE (validation des acquis)',
  CFA: 'CFA (apprentissage)',
};
const habilitationNames = {
  former: 'former',
  organiser: "organiser l'évaluation seulement",
  former_organiser: "former et organiser l'évaluation",
  certificateur: 'certificateur',
  aucune: 'aucune habilitation',
};
const funderNames: Readonly<Record<(typeof funders)[number], string>> = {
  employeur: 'employeur',
  opco: 'OPCO',
  france_travail: 'France Travail',
  region: 'Région',
  agefiph: 'Agefiph',
  autre: 'autre financeur',
};
const sourceNames: Readonly<Record<(typeof proofSources)[number], string>> = {
  ft_connect_statut: 'connexion avec France Travail',
  api_statut: 'API de statut',
  avis_situation: 'avis de situation',
  declaratif: 'déclaration',
};
const categoryNames = Object.fromEntries(['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((code) => [code, code]));

/** For the rules that take values; the others only have dates. */
const fields = {
  'T-01': [count('ageMinimum', 'Âge minimum', 'ans'), count('ageApprenti', 'Âge minimum pour un apprenti', 'ans')],
  'A-07': [
    count('heures', "Heures d'accompagnement, au moins", 'heures'),
    count('annees', 'Délai entre deux bilans financés', 'ans'),
  ],
  'A-08': [euros('aideMinimale', 'Aide accordée, au moins')],
  'P-01': [count('chiffres', "Chiffres d'un numéro de déclaration d'activité", 'chiffres')],
  'P-02': [
    choose('bilan', 'Catégorie Qualiopi pour un bilan', 'choice', qualiopiNames),
    choose('vae', 'Catégorie Qualiopi pour une VAE', 'choice', qualiopiNames),
    choose('autres', 'Catégorie Qualiopi pour les autres actions', 'choice', qualiopiNames),
  ],
  'P-04': [choose('habilitationsRefusees', 'Habilitations qui ne suffisent pas', 'choices', habilitationNames)],
  'P-05': [
    { name: 'contratsDepuis', label: 'Contrats signés depuis le', kind: 'date', unit: null, options: noOptions },
    count('chiffres', "Chiffres d'un numéro de déclaration d'activité", 'chiffres'),
  ],
  'F-02': [
    euros('certificationRs', 'Plafond, certification du répertoire spécifique (hors CléA)'),
    euros('bilan', 'Plafond, bilan de compétences'),
    euros('permisLeger', 'Plafond, permis de conduire léger'),
  ],
  'F-03': [euros('montant', 'Participation par inscription')],
  'F-04': [choose('financeurs', "Financeurs dont l'aide accordée dispense", 'choices', funderNames)],
  'D-01': [
    choose('sources', 'Preuves acceptées', 'choices', sourceNames),
    count('joursMaximum', 'Ancienneté de la preuve, au plus', 'jours'),
  ],
  'D-02': [choose('categories', "Catégories d'inscription particulières", 'choices', categoryNames)],
} satisfies { readonly [Id in EvaluatedRule]?: readonly ParameterField[] };

/** In the order of the form; empty for a rule that only has dates. */
export function parameterFields(ruleId: string): readonly ParameterField[] {
  const known: Readonly<Record<string, readonly ParameterField[]>> = fields;
  return Object.hasOwn(known, ruleId) ? (known[ruleId] ?? []) : [];
}
