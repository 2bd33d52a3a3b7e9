/** What a certification is found by, and in which order. */
import { wordsOf } from '../../model/text.ts';
import type { RegisterRecord } from '../model.ts';

type Searched = Omit<RegisterRecord, 'seen'>;

/** Digital before the others, active before ended. */
export function rankOf({ digital, active }: Pick<Searched, 'digital' | 'active'>): number {
  return (digital === true ? 0 : 2) + (active === false ? 1 : 0);
}

export const numberOf = ({ code }: Pick<Searched, 'code'>): number => Number(code.replace(/\D/g, ''));

/** The number, and the words of the title, the kind and the certifiers, folded and stemmed. */
export function searchWords({ code, title, shortType, certifiers }: Searched): string[] {
  const text = [title, shortType?.code ?? '', shortType?.label ?? '', ...certifiers.map(({ name }) => name)].join(' ');
  return [...new Set([code.toLowerCase(), code.replace(/\D/g, ''), ...wordsOf(text).map(({ stem }) => stem)])];
}

/** Words of a question, as `searchWords` writes them. */
export const askedWords = (text: string): string[] => [...new Set(wordsOf(text).map(({ stem }) => stem))].slice(0, 10);
