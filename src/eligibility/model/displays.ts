/** The seven displays of a verdict (product 3.2): which one, its heading, and the same easy to read. */
import { decidingFacts } from './assess.ts';
import { isPersonal } from './paths.ts';
import type { Verdict } from './verdict.ts';

export const displays = [
  'oui',
  'oui-incomplet',
  'non-personne',
  'non-cours',
  'hors-perimetre',
  'peut-etre',
  'sans-reponse',
] as const;
export type Display = (typeof displays)[number];

export const headings = {
  oui: 'Vous êtes a priori éligible',
  'oui-incomplet': "Ce cours est finançable. Votre reste à payer n'est pas encore connu.",
  'non-personne': "Vous n'êtes pas éligible à ce financement",
  'non-cours': 'Ce financement ne concerne pas ce cours',
  'hors-perimetre': 'Ce simulateur ne traite pas votre situation',
  'peut-etre': 'Vous êtes peut-être éligible',
  'sans-reponse': 'Nous ne pouvons pas répondre',
} as const satisfies Readonly<Record<Display, string>>;
export type Heading = (typeof headings)[Display];

export const plainHeadings: Readonly<Record<Display, string>> = {
  oui: 'Vous pouvez sans doute payer ce cours avec votre CPF.',
  'oui-incomplet': 'Le CPF peut payer ce cours. Nous ne savons pas encore combien vous paierez.',
  'non-personne': 'Vous ne pouvez pas utiliser le CPF pour ce cours.',
  'non-cours': 'Le CPF ne paie pas ce cours.',
  'hors-perimetre': 'Ce site ne sait pas répondre pour vous.',
  'peut-etre': 'Il nous manque une réponse. Après, nous pourrons vous dire.',
  'sans-reponse': 'Il nous manque une information sur ce cours. Elle ne dépend pas de vous.',
};

/**
 * A refusal of the course or the provider gives the heading, and so does a fact of theirs that is missing: no answer of the
 * person would help. « éligible » never stands alone while something is missing (T13).
 * @param from `asked`: the person was (without, the course alone is judged); `supposed`: no course was chosen, and what is
 * neither refused nor outside is « peut-être »
 */
export function displayOf(
  verdict: Verdict,
  { asked, supposed }: { readonly asked: boolean; readonly supposed: boolean },
): Display {
  switch (verdict.cpf) {
    case 'hors_perimetre':
      return 'hors-perimetre';
    case 'non':
      return verdict.trace.some(({ finding }) => finding.result === 'not-met' && !finding.personal)
        ? 'non-cours'
        : 'non-personne';
    case 'indecidable':
      return decidingFacts(verdict.trace).every(isPersonal) ? 'peut-etre' : 'sans-reponse';
    case 'oui':
      if (supposed) return 'peut-etre';
      return verdict.manquants.length > 0 || !asked ? 'oui-incomplet' : 'oui';
  }
}
