/** The action: A rules that refuse, or leave undecided. */
import { dayAfter, frenchDate, yearsLater } from '../dates.ts';
import type { Action } from '../dossier.ts';
import type { DecisionRule, Judgement, Refusal } from '../finding.ts';
import { met, refused, unknown } from '../finding.ts';
import type { FactPath } from '../paths.ts';
import { fundingOf, mayReach, pivotalFacts } from './co-funding.ts';
import { euros } from './wording.ts';

const certifying = ({ type }: Action): boolean => type === 'certification' || type === 'bloc';

/** The certification that the rules look at: for a VAE only when its code is given. */
function certificationOf(action: Action): Action['certification'] {
  if (certifying(action)) return action.certification;
  return action.type === 'vae' && action.certification !== null && action.certification.code !== null
    ? action.certification
    : null;
}

/** A known end decides alone; the flag counts only without one. */
export const certificationActive: DecisionRule<'A-04'> = {
  id: 'A-04',
  applies: ({ dossier: { action } }) => certificationOf(action) !== null,
  judge({ dossier: { action }, date }): Judgement {
    const certification = certificationOf(action);
    if (certification === null) return met;
    const { finEnregistrement: end, active } = certification;
    if (end === null && active === null) return unknown('action.certification.active');
    if (end === null ? active === true : end >= date) return met;
    return refused({
      received: end === null ? 'certification inactive' : `fin d'enregistrement le ${frenchDate(end)}`,
      expected: `certification active le ${frenchDate(date)}`,
      values: { date: end === null ? 'une date non communiquée' : frenchDate(dayAfter(end)) },
    });
  },
};

export const certificationKnown: DecisionRule<'A-10'> = {
  id: 'A-10',
  applies: ({ dossier: { action } }) => certifying(action),
  judge({ dossier: { action } }): Judgement {
    if (action.certification === null) return unknown('action.certification');
    return action.certification.code === null ? unknown('action.certification.code') : met;
  },
};

export const preparesCertification: DecisionRule<'A-05'> = {
  id: 'A-05',
  applies: ({ dossier: { action } }) => action.type === 'sans_certification',
  judge: () => refused({ received: 'aucune certification', expected: 'une certification RNCP ou RS' }),
};

/** Hours, and five years since the last one; the years are a condition in words when nobody was asked. */
export const skillsAssessment: DecisionRule<'A-07'> = {
  id: 'A-07',
  applies: ({ dossier: { action } }) => action.type === 'bilan',
  judge({ dossier: { action, personne }, date }, { heures, annees }): Judgement {
    const refusals: Refusal[] = [];
    const missing: FactPath[] = [];
    const hours = action.heuresAccompagnement;
    if (hours === null) missing.push('action.heuresAccompagnement');
    else if (hours < heures)
      refusals.push({ received: `${String(hours).replace('.', ',')} h`, expected: `${heures} h au moins` });
    const last = personne?.dernierBilanFinance;
    if (last === null) missing.push('personne.dernierBilanFinance');
    else if (last !== undefined && last !== 'aucun') {
      const allowed = yearsLater(last, annees);
      if (last <= date && date < allowed)
        refusals.push({
          received: `dernier bilan financé le ${frenchDate(last)}`,
          expected: `une inscription le ${frenchDate(allowed)} ou après`,
          reason: 1,
          personal: true,
        });
    }
    return { refusals, missing };
  },
};

/** The light licence: a job seeker, or enough money granted by others; a condition in words when nobody was asked. */
export const lightLicence: DecisionRule<'A-08'> = {
  id: 'A-08',
  applies: ({ dossier: { action } }) => action.type === 'permis_leger',
  judge({ dossier: { personne, cofinancements }, registration }, { aideMinimale }): Judgement {
    const { granted } = fundingOf(cofinancements);
    if (personne === null || registration === 'proved' || granted >= aideMinimale) return met;
    if (registration === 'unregistered' && !mayReach(cofinancements, aideMinimale))
      return refused({
        received: `pas d'inscription à France Travail, ${euros(granted)} d'aide accordée`,
        expected: `une inscription à France Travail prouvée, ou ${euros(aideMinimale)} d'aide accordée au moins`,
        personal: true,
      });
    return unknown(
      ...(registration === 'unproven' ? ['personne.inscriptionFranceTravail'] : []),
      ...pivotalFacts(cofinancements, aideMinimale),
    );
  },
};

/** In force, this rule refuses: before its first day the same action was payable. */
export const businessCreation: DecisionRule<'A-09'> = {
  id: 'A-09',
  applies: ({ dossier: { action } }) => action.type === 'creation_entreprise',
  judge: () =>
    refused({ received: "accompagnement à la création d'entreprise", expected: 'une autre action de formation' }),
};
