/** The names of facts, in the order of the dossier, and what they are called in French. */

/** A dotted path of the dossier (`organisme.qualiopi.au`, `cofinancements[0].accorde`) or `parametres.…`. */
export type FactPath = string;

/** The order of the dossier is the order of `manquants`. */
const labels: readonly (readonly [path: FactPath, french: string])[] = [
  ['personne.statut', 'votre situation'],
  ['personne.age', 'votre âge'],
  ['personne.apprenti', 'si vous êtes en apprentissage'],
  ['personne.retraiteTauxPlein', 'si vous touchez une retraite à taux plein'],
  ['personne.inscriptionFranceTravail', "une preuve récente d'inscription à France Travail"],
  ['personne.exonerationAutre', 'si vous utilisez des points C2P ou un abondement accident du travail'],
  ['personne.soldeCpf', 'le montant de votre compte formation'],
  ['personne.dernierBilanFinance', 'la date de votre dernier bilan de compétences financé'],
  ['action.certification', 'la certification préparée'],
  ['action.certification.code', 'le numéro de la certification'],
  ['action.certification.active', "l'état de la certification"],
  ['action.certification.clea', 'si la certification est CléA'],
  ['action.prix', 'le prix complet (cours, certificat, examen)'],
  ['action.heuresAccompagnement', "le nombre d'heures d'accompagnement"],
  ['organisme', "l'organisme de formation"],
  ['organisme.nda', "le numéro de déclaration d'activité de l'organisme"],
  ['organisme.ndaValide', "si la déclaration d'activité de l'organisme est valide"],
  ['organisme.qualiopi', "le certificat Qualiopi de l'organisme"],
  ['organisme.qualiopi.categories', 'les catégories du certificat Qualiopi'],
  ['organisme.qualiopi.du', 'le début du certificat Qualiopi'],
  ['organisme.qualiopi.au', 'la fin du certificat Qualiopi'],
  ['organisme.habilitation', "l'habilitation de l'organisme par le certificateur"],
  ['organisme.offreEdof', "si l'offre est publiée sur Mon Compte Formation"],
  ['organisme.dereference', "si l'organisme est déréférencé"],
  ['organisme.sousTraitance', 'si la formation est sous-traitée'],
  ['organisme.sousTraitance.contratEcrit', 'si la sous-traitance a un contrat écrit'],
  ['organisme.sousTraitance.dateContrat', 'la date du contrat de sous-traitance'],
  ['organisme.sousTraitance.nda', "le numéro de déclaration d'activité du sous-traitant"],
  ['organisme.sousTraitance.qualiopi', 'si le sous-traitant est certifié Qualiopi'],
  ['organisme.sousTraitance.microSocialSousSeuil', 'si le sous-traitant est un micro-entrepreneur sous le seuil'],
  ['organisme.sousTraitance.blocComplet', 'si le sous-traitant assure un bloc complet'],
  ['organisme.sousTraitance.habilitation', "l'habilitation du sous-traitant"],
  ['organisme.sousTraitance.dereference', 'si le sous-traitant est déréférencé'],
  ['organisme.sousTraitance.cascade', 'si le sous-traitant sous-traite à son tour'],
  ['cofinancements', 'les autres aides'],
];

const ranks = new Map(labels.map(([path], at) => [path, at]));
const french = new Map(labels);
const coFunding = /^cofinancements\[(\d+)\]\.(montant|accorde)$/;

/** A sort key: the dossier's order, then the co-funders one by one, parameters last. */
function rankOf(path: FactPath): number {
  const known = ranks.get(path);
  if (known !== undefined) return known;
  const [, index, field] = coFunding.exec(path) ?? [];
  if (index !== undefined) return labels.length + Number(index) * 2 + (field === 'montant' ? 0 : 1);
  return Number.MAX_SAFE_INTEGER;
}

/** In the order of the dossier, each path once. */
export function inDossierOrder(paths: readonly FactPath[]): FactPath[] {
  if (paths.length < 2) return [...paths];
  return [...new Set(paths)].sort((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1));
}

/** What is missing, in words that follow « il manque ». */
export function frenchFact(path: FactPath): string {
  const known = french.get(path);
  if (known !== undefined) return known;
  const [, index, field] = coFunding.exec(path) ?? [];
  if (index !== undefined)
    return `${field === 'montant' ? 'le montant' : "l'accord"} de l'aide n° ${Number(index) + 1}`;
  if (path === 'parametres.participation') return 'le montant de la participation à cette date';
  return `la valeur de « ${path.replace(/^parametres\./, '')} » à cette date`;
}

/** Facts that only the person can give. */
export function isPersonal(path: FactPath): boolean {
  return path.startsWith('personne.') || path.startsWith('cofinancements');
}
