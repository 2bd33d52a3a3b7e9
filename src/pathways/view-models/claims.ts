/** What a pathway says of its cost with the training account, and of the end of its certification. */
import { zeroText } from '../../catalogue/model/cpf-words.ts';
import { daysBetween } from '../../eligibility/model/dates.ts';
import { endOfLifeText } from '../../framework/model/end-of-life.ts';
import { isoDay } from '../../platform/web/format.ts';
import type { Pathway } from '../model.ts';

export interface EndOfLifeModel {
  readonly text: string;
  /** Within a year: worth a warning. */
  readonly soon: boolean;
}

/** « 0 € possible avec le CPF » with its conditions; a pathway stored before has no such field. */
export function zeroSentence({ zeroPossible }: Pathway): string | null {
  return zeroPossible === null || zeroPossible === undefined ? null : zeroText(zeroPossible);
}

const soonDays = 365;

export function endOfLifeModel({ endOfLife }: Pathway, now: Date): EndOfLifeModel | null {
  if (endOfLife === null || endOfLife === undefined || endOfLife.end === null) return null;
  const text = endOfLifeText(endOfLife);
  return text === null ? null : { text, soon: daysBetween(isoDay(now), endOfLife.end) <= soonDays };
}
