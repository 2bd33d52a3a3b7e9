/** The provider: P rules. None is evaluated for an action without certification, which A-05 refuses already. */
import { frenchDate } from '../dates.ts';
import type { Provider, Subcontract } from '../dossier.ts';
import type { DecisionRule, Facts, Judgement, Refusal } from '../finding.ts';
import { met, refused, unknown } from '../finding.ts';
import type { FactPath } from '../paths.ts';
import type { EvaluatedRule, ParametersOf } from '../rule-set.ts';

/** A declaration number has as many digits; spaces do not count. What the first ones mean is not looked at. */
function isDeclarationNumber(nda: string, digits: number): boolean {
  const written = nda.replace(/\s/g, '');
  return written.length === digits && /^\d+$/.test(written);
}

/** Without a provider, the provider is the only thing that is missing. */
function providerRule<Id extends EvaluatedRule>(
  id: Id,
  judge: (provider: Provider, facts: Facts, values: ParametersOf<Id>) => Judgement,
  concerns: (facts: Facts) => boolean = () => true,
): DecisionRule<Id> {
  return {
    id,
    applies: (facts) => facts.dossier.action.type !== 'sans_certification' && concerns(facts),
    judge: (facts, values) =>
      facts.dossier.organisme === null ? unknown('organisme') : judge(facts.dossier.organisme, facts, values),
  };
}

export const declared = providerRule('P-01', ({ nda, ndaValide }, _facts, { chiffres }) => {
  const refusals: Refusal[] = [];
  if (nda !== null && !isDeclarationNumber(nda, chiffres))
    refusals.push({ received: `numéro « ${nda} »`, expected: `un numéro de ${chiffres} chiffres` });
  if (ndaValide === false) refusals.push({ received: 'déclaration caduque', expected: 'une déclaration valide' });
  return {
    refusals,
    missing: [...(nda === null ? ['organisme.nda'] : []), ...(ndaValide === null ? ['organisme.ndaValide'] : [])],
  };
});

export const qualiopiCertified = providerRule('P-02', ({ qualiopi }, { dossier: { action }, date }, values) => {
  if (qualiopi === null) return unknown('organisme.qualiopi');
  const category = action.type === 'bilan' ? values.bilan : action.type === 'vae' ? values.vae : values.autres;
  const { categories, du, au } = qualiopi;
  const refusals: Refusal[] = [];
  const refuse = (received: string) =>
    refusals.push({
      received,
      expected: `un certificat Qualiopi de catégorie ${category}, valable le ${frenchDate(date)}`,
    });
  if (categories !== null && !categories.some((one) => one === category))
    refuse(categories.length === 0 ? 'aucune catégorie' : `catégories ${categories.join(', ')}`);
  if (du !== null && du > date) refuse(`certificat valable dès le ${frenchDate(du)}`);
  if (au !== null && au < date) refuse(`certificat fini le ${frenchDate(au)}`);
  const missing: FactPath[] = [];
  if (categories === null) missing.push('organisme.qualiopi.categories');
  if (du === null) missing.push('organisme.qualiopi.du');
  if (au === null) missing.push('organisme.qualiopi.au');
  return { refusals, missing };
});

export const offerPublished = providerRule('P-03', ({ offreEdof }) => {
  if (offreEdof === null) return unknown('organisme.offreEdof');
  return offreEdof ? met : refused({ received: 'offre absente', expected: 'une offre sur Mon Compte Formation' });
});

export const allowedToTrain = providerRule(
  'P-04',
  ({ habilitation }, _facts, { habilitationsRefusees }) => {
    if (habilitation === null) return unknown('organisme.habilitation');
    if (!habilitationsRefusees.includes(habilitation)) return met;
    const received = habilitation === 'aucune' ? 'aucune habilitation' : "habilité à organiser l'évaluation seulement";
    return refused({ received, expected: 'une habilitation à former' });
  },
  ({ dossier: { action } }) => action.type === 'certification' || action.type === 'bloc',
);

const trains = (habilitation: string | null): boolean =>
  habilitation === 'former' || habilitation === 'former_organiser';

function subcontractRefusals(one: Subcontract, digits: number): Refusal[] {
  const refusals: Refusal[] = [];
  if (one.contratEcrit === false) refusals.push({ received: 'pas de contrat écrit', expected: 'un contrat écrit' });
  if (one.nda !== null && !isDeclarationNumber(one.nda, digits))
    refusals.push({ received: `sous-traitant : « ${one.nda} »`, expected: `un numéro de ${digits} chiffres` });
  if (one.qualiopi === false && one.microSocialSousSeuil === false)
    refusals.push({
      received: 'sous-traitant sans Qualiopi',
      expected: 'Qualiopi, ou un micro-entrepreneur sous le seuil',
    });
  if (one.blocComplet === true && one.habilitation !== null && !trains(one.habilitation))
    refusals.push({ received: 'bloc complet sans habilitation à former', expected: 'une habilitation à former' });
  if (one.dereference === true)
    refusals.push({ received: 'sous-traitant déréférencé', expected: 'un sous-traitant non déréférencé' });
  if (one.cascade === true)
    refusals.push({ received: 'sous-traitance en cascade', expected: 'un seul niveau de sous-traitance' });
  return refusals;
}

/** Each null that could still refuse. */
function subcontractMissing(one: Subcontract): FactPath[] {
  const at = 'organisme.sousTraitance';
  const missing: FactPath[] = [];
  if (one.contratEcrit === null) missing.push(`${at}.contratEcrit`);
  if (one.nda === null) missing.push(`${at}.nda`);
  if (one.qualiopi === null && one.microSocialSousSeuil !== true) missing.push(`${at}.qualiopi`);
  if (one.microSocialSousSeuil === null && one.qualiopi !== true) missing.push(`${at}.microSocialSousSeuil`);
  if (one.blocComplet === null && !trains(one.habilitation)) missing.push(`${at}.blocComplet`);
  if (one.habilitation === null && one.blocComplet !== false) missing.push(`${at}.habilitation`);
  if (one.dereference === null) missing.push(`${at}.dereference`);
  if (one.cascade === null) missing.push(`${at}.cascade`);
  return missing;
}

export const subcontracted = providerRule('P-05', ({ sousTraitance: one }, _facts, { contratsDepuis, chiffres }) => {
  if (one === null) return met;
  if (one === 'inconnu') return unknown('organisme.sousTraitance');
  if (one.dateContrat === null) return unknown('organisme.sousTraitance.dateContrat');
  if (one.dateContrat < contratsDepuis) return met;
  return { refusals: subcontractRefusals(one, chiffres), missing: subcontractMissing(one) };
});

export const stillListed = providerRule('P-07', ({ dereference }) => {
  if (dereference === null) return unknown('organisme.dereference');
  return dereference ? refused({ received: 'organisme déréférencé', expected: 'un organisme référencé' }) : met;
});
