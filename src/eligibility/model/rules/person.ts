/** The person: T rules. None is evaluated when nobody was asked (`personne: null`). */
import type { DecisionRule, Facts, Judgement } from '../finding.ts';
import { met, refused, unknown } from '../finding.ts';

const asked = ({ dossier }: Facts): boolean => dossier.personne !== null;

export const oldEnough: DecisionRule<'T-01'> = {
  id: 'T-01',
  applies: asked,
  judge({ dossier: { personne } }, { ageMinimum, ageApprenti }): Judgement {
    const age = personne?.age ?? null;
    if (age === null) return unknown('personne.age');
    if (age >= ageMinimum) return met;
    const expected = `${ageMinimum} ans au moins, ou ${ageApprenti} ans en apprentissage`;
    if (age < ageApprenti) return refused({ received: `${age} ans`, expected, personal: true });
    if (personne?.apprenti === true) return met;
    if (personne?.apprenti === false)
      return refused({ received: `${age} ans, sans apprentissage`, expected, personal: true });
    return unknown('personne.apprenti');
  },
};

export const notRetiredAtFullRate: DecisionRule<'T-02'> = {
  id: 'T-02',
  applies: asked,
  judge({ dossier: { personne } }): Judgement {
    const retired = personne?.retraiteTauxPlein ?? null;
    if (retired === null) return unknown('personne.retraiteTauxPlein');
    return retired
      ? refused({ received: 'retraite à taux plein', expected: 'pas de retraite à taux plein', personal: true })
      : met;
  },
};

/** The situation: a public servant is answered before any rule, by `assess`. */
export const situationKnown: DecisionRule<'T-10'> = {
  id: 'T-10',
  applies: asked,
  judge({ dossier: { personne } }): Judgement {
    return personne?.statut === null ? unknown('personne.statut') : met;
  },
};
