/** What any visitor reads of the training account on a card, a page and in the filters; words of product 3.1 and J12. */
import { frenchDate } from '../../eligibility/model/dates.ts';
import { french, money } from '../../platform/web/format.ts';
import type { Badge } from './card.ts';
import type { CpfAnswer, CpfSummary } from './cpf.ts';

export const cpfHeading = 'Finançable CPF';

/** In a filter, under its heading. */
export const cpfAnswerWords: Readonly<Record<CpfAnswer, string>> = {
  oui: 'Oui',
  non: 'Non',
  indecidable: 'À vérifier',
};

/** « À vérifier » as long as it was not assessed. */
export function cpfBadge(cpf: Pick<CpfSummary, 'answer' | 'assessedOn'> | null): Badge {
  switch (cpf?.answer) {
    case 'oui':
      return { tone: 'cpf', icon: 'certificat', text: `Finançable CPF au ${frenchDate(cpf.assessedOn)}` };
    case 'non':
      return { tone: 'neutre', icon: 'ferme', text: 'Pas finançable CPF' };
    default:
      return { tone: 'neutre', icon: 'question', text: french('CPF : à vérifier') };
  }
}

export const zeroLabel = '0 € possible avec le CPF';
/** In a filter, where there is no one price. */
export const zeroCondition =
  'si vous êtes inscrit à France Travail et si votre compte formation couvre le prix du cours';

type Zero = NonNullable<CpfSummary['zeroPossible']>;

/** The two conditions and the date; says « gratuit » nowhere, since it is paid with the person's rights (T8, T9). */
export function zeroConditions({ price, date }: Zero): string {
  const covered = money({ amount: price, currency: 'EUR' });
  return french(
    `0 € à payer si vous êtes inscrit à France Travail et si votre compte formation couvre ${covered}, au ${frenchDate(date)}`,
  );
}

/** The claim never stands without its conditions: one text. */
export function zeroText(zero: Zero): string {
  return `${french(`${zeroLabel} :`)} ${zeroConditions(zero)}`;
}
