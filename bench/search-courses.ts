/**
 * Courses and queries for the search bench, seeded: titles of 8 to 11 words, descriptions of 60 to 180, common words and a
 * long tail of rare ones, 15 % in English, values spread over every facet.
 */
import { cpfAnswers } from '../src/catalogue/model/cpf.ts';
import type { FacetName, IndexedCourse, SearchQuery } from '../src/catalogue/search/course-index.ts';
import { fold } from '../src/catalogue/search/french.ts';

export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const frenchWords =
  'apprendre atelier bureau calcul chantier client code collecte compte conception contenu création démarche document droit écran échange écriture équipe étude exercice fichier formation gestion graphique image information internet journal langage lecture logiciel machine message méthode mobile modèle montage mot niveau organisation outil page parcours personne photo pratique présentation production programme projet protection publication question recherche réglage réseau résultat réunion sauvegarde sécurité serveur service site son sujet support système tableau tableur tâche technique texte traitement travail usage utilisateur variable vidéo ville visite web'.split(
    ' ',
  );
const englishWords =
  'account analysis article basic build business change cloud code computer content course create data design develop device digital document email explain file graph guide image improve internet language learn lesson level manage method model network online page people practice present privacy problem process program project protect question research result safe search secure share skill software spreadsheet store student study system table task teach team tool topic understand video web work write'.split(
    ' ',
  );
/** Each in about 20 % of the courses. */
const commonWords = ['numérique', 'données', 'entreprise', 'débutant', 'communication'];
const syllables =
  'ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga gi go la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo tion ment eur age'.split(
    ' ',
  );
const tailSize = 30_000;
const providers = 60;
const languages = ['fr', 'en', 'de', 'es', 'it', 'pt'];
const levels = ['foundation', 'intermediate', 'advanced', 'highly-specialised'];
const accesses = ['free-for-all', 'content-free', 'funded-for-job-seekers', 'paid', 'unknown'];
const competences = ['1.1', '1.2', '1.3', '2.1', '2.2', '2.3', '2.4', '3.1', '3.2', '3.3', '4.1', '4.2', '5.1', '5.2'];

export interface Corpus {
  readonly courses: readonly IndexedCourse[];
  /** `count` queries of each class. */
  queries(name: QueryClass, count: number): readonly SearchQuery[];
}

export const queryClasses = {
  a: 'a rare word',
  b: 'a common word (about 20 % of courses), every facet',
  c: 'two words, three filters, every facet',
  d: 'a mistyped word',
  e: 'suggestions of a prefix',
  f: 'filters and every facet, without words',
} as const;
export type QueryClass = keyof typeof queryClasses;

export const allFacets: readonly FacetName[] = ['provider', 'language', 'level', 'access', 'cpf', 'competence'];

export function makeCorpus(count: number, seed = 20_261_122): Corpus {
  const random = randomOf(seed);
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)] as Item;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const several = <Item>(times: number, draw: () => Item) => Array.from({ length: times }, draw);

  const tail = several(tailSize, () => several(between(3, 5), () => pick(syllables)).join(''));
  // Squared: the first words of the tail come back in many courses, most in a few.
  const tailWord = () => tail[Math.floor(random() ** 2 * tailSize)] as string;
  /** In how many courses each word of the tail is. */
  const inCourses = new Map<string, number>();

  function course(n: number): IndexedCourse {
    const isEnglish = random() < 0.15;
    const words = isEnglish ? englishWords : frenchWords;
    const common = commonWords.filter(() => random() < 0.2);
    const title = [...several(between(7, 10), () => pick(words)), tailWord()];
    const text = several(between(60, 180), () => (random() < 0.3 ? tailWord() : pick(words)));
    text.splice(5, 0, ...common);
    for (const word of new Set([...title, ...text])) inCourses.set(word, (inCourses.get(word) ?? 0) + 1);
    const provider = `Organisme ${between(1, providers)}`;
    const level = pick(levels);
    const access = pick(accesses);
    const codes = [...new Set(several(between(1, 4), () => pick(competences)))];
    const start = random() < 0.2 ? null : new Date(Date.UTC(2026, between(0, 24), between(1, 28)));
    const end = start === null ? null : new Date(start.getTime() + between(5, 90) * 86_400_000);
    const language = isEnglish ? 'en' : random() < 0.9 ? 'fr' : pick(languages);
    return {
      id: String(n).padStart(8, '0'),
      updatedAt: new Date(Date.UTC(2026, 0, 1) + n),
      language,
      title: title.join(' '),
      description: `${text.join(' ')}.`,
      labels: {
        provider,
        level: `niveau ${level}`,
        competences: codes.map((code) => `compétence ${code}`),
        access: access === 'free-for-all' ? 'gratuit' : null,
      },
      facets: {
        provider: [provider],
        language: [language],
        level: [level],
        access: [access],
        cpf: [pick(cpfAnswers)],
        competence: codes,
      },
      runs: [{ start, end, enrolmentStart: null, enrolmentEnd: null, state: pick(['open', 'coming', 'unknown']) }],
      hours: random() < 0.3 ? null : between(2, 400),
      places: [],
    };
  }

  const courses = Array.from({ length: count }, (_, n) => course(n));
  const rare = [...inCourses].flatMap(([word, times]) => (times <= 5 && word.length > 5 ? word : []));
  const known = [...inCourses].flatMap(([word, times]) => (times >= 3 && word.length >= 8 ? word : []));
  const starts = [...new Set(frenchWords.map((word) => fold(word).slice(0, 3)))];

  /** One letter left out, or two neighbours swapped. */
  function mistyped(word: string): string {
    const at = between(2, word.length - 3);
    if (random() < 0.5) return word.slice(0, at) + word.slice(at + 1);
    return word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
  }

  function query(name: QueryClass): SearchQuery {
    const browse: SearchQuery = { q: '', filters: {}, sort: 'relevance', page: 1, facets: allFacets };
    const filters = {
      language: ['fr'],
      level: [pick(levels), pick(levels)],
      access: [pick(accesses), pick(accesses)],
    };
    switch (name) {
      case 'a':
        return { ...browse, q: pick(rare) };
      case 'b':
        return { ...browse, q: pick(commonWords) };
      case 'c':
        return { ...browse, q: `${pick(frenchWords)} ${pick(commonWords)}`, filters };
      case 'd':
        return { ...browse, q: mistyped(pick(known)) };
      case 'e':
        return { ...browse, q: pick(starts) };
      case 'f':
        return { ...browse, filters };
    }
  }

  return { courses, queries: (name, times) => several(times, () => query(name)) };
}
