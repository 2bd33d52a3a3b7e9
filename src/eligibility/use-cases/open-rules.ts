/** The rules as open data: French keys, as the files of cases and the dossiers have. */
import type { RuleVersion } from '../model/rule-set.ts';
import type { Rules } from './rules.ts';

/** The licence of the repository that holds the rules. */
export const rulesLicence = { nom: 'MIT', adresse: 'https://spdx.org/licenses/MIT.html' } as const;

/** What each key holds, for the file itself and for the page of files. */
export const ruleFields: Readonly<Record<string, string>> = {
  id: 'Numéro de la règle : T (personne), A (action), P (organisme), F (argent), D (demandeur d’emploi, gratuité).',
  role: 'Ce que la règle fait : refusal, outside, missing, ground, amount, warning, information.',
  condition: 'La condition, en français.',
  phrases: 'Les phrases montrées ; {nom} est remplacé par une valeur.',
  simple: 'La même chose, facile à lire.',
  remede: 'Ce qui changerait un refus ; null : rien.',
  versions: 'Une par période, jours de début et de fin compris ; fin null : sans fin connue. Montants en euros.',
  reference: 'Texte de référence ; adresse null : le texte officiel n’a pas été consulté directement.',
  certitude: 'H : élevée ; M : moyenne ; L : faible ; K : droit général.',
  historique: 'Ce qui a été publié après le fichier de départ : jour, ancienne et nouvelle version, pourquoi.',
  cas: 'Cas d’exemple : un dossier (entree) et la réponse attendue (attendu), montants en euros.',
};

const versionOf = ({ from, to, parameters, legalBasis, gapBefore }: RuleVersion) => ({
  debut: from,
  fin: to,
  valeurs: parameters,
  reference: {
    texte: legalBasis.reference,
    adresse: legalBasis.url,
    sources: legalBasis.sources ?? [],
    verifieLe: legalBasis.checkedOn,
  },
  certitude: legalBasis.certainty,
  ...(gapBefore === undefined ? {} : { videAvant: gapBefore }),
});

export function openRules(rules: Pick<Rules, 'current' | 'file' | 'cases' | 'changesOf'>) {
  const { version, asOf } = rules.current();
  return {
    titre: 'Règles du compte personnel de formation et de la gratuité, École numérique au carré',
    avertissement: 'Information indicative : seul Mon Compte Formation fait foi.',
    etatAu: asOf,
    version,
    licence: rulesLicence,
    champs: ruleFields,
    regles: rules.file().rules.map(({ id, role, condition, reasons, plain, remedy, versions }) => ({
      id,
      role,
      condition,
      phrases: reasons,
      simple: plain,
      remede: remedy,
      versions: versions.map(versionOf),
      historique: rules.changesOf(id).map(({ publication, before }) => ({
        publieLe: publication.publishedOn,
        avant: before === null ? null : versionOf(before),
        apres: versionOf(publication.version),
        pourquoi: publication.why,
      })),
    })),
    cas: rules.cases(),
  };
}
