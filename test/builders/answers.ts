/** What somebody told of themselves on /eligibilite. */
import type { Answers } from '../../src/eligibility/model/answers.ts';

/** Has answered everything but the balance. */
export const employee: Answers = {
  v: 1,
  statut: 'salarie',
  age: 38,
  retraiteTauxPlein: false,
  inscription: 'non',
  exonerationAutre: false,
  aides: [],
};
