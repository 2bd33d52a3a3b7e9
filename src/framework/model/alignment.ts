/**
 * Aligning a course to the framework: which DigComp competences it teaches, at what level, and whether it is digital.
 * Pure and deterministic. The lexicon (alignment.data.json) gives points to words, more in the title than in the text;
 * points per competence become scores, points for and against « digital » decide whether the course is in the scope,
 * and the level is that of its subjects, moved by words such as « débutant » or « avancé ».
 */
import {
  type Alignable,
  type AlignedCompetence,
  type Alignment,
  type Band,
  bands,
  type CompetenceCode,
  type Framework,
} from '../model.ts';
import { declaredCertifications, declaredCompetences } from './declared.ts';
import { findTerms } from './lexicon.ts';
import { wordsOf } from './text.ts';

/** Part of the framework's version: to be raised with every change of what this file computes. */
export const alignmentAlgorithm = 1;

/** The parts of a course are not worth the same: the title says what it is about. */
const placeWeight = { title: 3, objective: 1.2, text: 1, subject: 1 } as const;
type Place = keyof typeof placeWeight;

/** A text counts as if it had about this many words, so that a long description is not more digital than a short one. */
const usualWords = 110;
/** Longest text that is read, in characters: what matters is said before, and the time per course stays bounded. */
const textLimit = 20_000;
const repetition = 0.25;
const maxRepetitions = 3;
const digitalFrom = 3.6;
/** A title that says nothing digital asks more of the text. */
const digitalFromTextAlone = 5;
/** Score = 1 - exp(-points / scale): a term of weight 3 in the title alone gives 0.78. */
const scoreScale = 6;
const listedFrom = 0.2;
const listedShare = 0.22;
const maxListed = 5;
const maxEvidence = 6;

interface Tally {
  /** Points that say digital (positive) and of another field (negative), apart for the title and the rest. */
  readonly digital: { title: number; rest: number };
  readonly other: { title: number; rest: number };
  readonly points: Map<CompetenceCode, number>;
  readonly evidence: Map<CompetenceCode, Map<string, number>>;
  /** Mean level of the subjects, each weighted by its points and by the square of its level. */
  levelSum: number;
  levelWeight: number;
  readonly shift: { title: number; rest: number };
}

const emptyTally = (): Tally => ({
  digital: { title: 0, rest: 0 },
  other: { title: 0, rest: 0 },
  points: new Map(),
  evidence: new Map(),
  levelSum: 0,
  levelWeight: 0,
  shift: { title: 0, rest: 0 },
});

function addCompetence(tally: Tally, code: CompetenceCode, points: number, evidence: string): void {
  tally.points.set(code, (tally.points.get(code) ?? 0) + points);
  const words = tally.evidence.get(code) ?? new Map<string, number>();
  words.set(evidence, (words.get(evidence) ?? 0) + points);
  tally.evidence.set(code, words);
}

/** Reads one text; returns its number of words. */
function readText(
  tally: Tally,
  text: string,
  place: Place,
  languages: ReadonlySet<string>,
  framework: Framework,
): number {
  const cut = text.length > textLimit ? text.slice(0, textLimit) : text;
  const words = wordsOf(cut);
  const factor = placeWeight[place] * (place === 'title' ? 1 : Math.min(1, usualWords / Math.max(1, words.length)));
  const side = place === 'title' ? 'title' : 'rest';
  const times = new Map<string, number>();
  for (const term of findTerms(words, framework.lexicon, languages)) {
    const seen = times.get(term.key) ?? 0;
    times.set(term.key, seen + 1);
    if (seen > maxRepetitions) continue;
    const weight = factor * (seen === 0 ? 1 : repetition);
    const evidence = cut.slice(term.start, term.end).toLowerCase().replace(/\s+/g, ' ');
    for (const sense of term.senses) {
      const digital = sense.digital * (side === 'title' ? (seen === 0 ? 1 : 0) : weight);
      tally[digital >= 0 ? 'digital' : 'other'][side] += Math.abs(digital);
      for (const [code, value] of sense.codes) addCompetence(tally, code, value * weight, evidence);
      if (sense.level !== null) {
        const main = Math.max(...sense.codes.map(([, value]) => value)) * weight;
        // The most demanding subject counts most: a course on a framework is no entry course for naming HTML.
        tally.levelSum += sense.level ** 3 * main;
        tally.levelWeight += sense.level ** 2 * main;
      }
      if (seen === 0) tally.shift[side] += sense.shift * (side === 'title' ? 1 : factor);
    }
  }
  return words.length;
}

/** Subject codes and known certifications, which a source states beside its text. */
function readCodes(tally: Tally, course: Alignable, framework: Framework): void {
  const { subjects } = framework;
  const formacode = (code: string, weight: number): void => {
    if (subjects.digitalDomains.some((domain) => code.startsWith(domain))) tally.digital.rest += weight;
    for (const competence of subjects.formacodes.find((one) => one.code === code)?.competences ?? []) {
      addCompetence(tally, competence, weight, `formacode ${code}`);
    }
  };
  for (const { scheme, code } of course.subjects) {
    if (code === null) continue;
    if (/formacode/i.test(scheme)) formacode(code, 3);
    else if (/nsf/i.test(scheme) && subjects.nsfPrefixes.some((prefix) => code.startsWith(prefix))) {
      tally.digital.rest += 2;
    } else if (/rome/i.test(scheme) && code.startsWith('M18')) tally.digital.rest += 2;
  }
  for (const { code } of declaredCertifications(course, framework)) {
    const certification = framework.certifications.get(code);
    if (certification?.digital === true) tally.digital.rest += 4;
    if (certification?.digital === false) tally.other.rest += 3;
    for (const one of certification?.digital === true ? certification.formacodes : []) formacode(one, 1.5);
  }
}

function isDigital(tally: Tally, words: number): boolean {
  const { digital, other } = tally;
  // A word of fashion in the title over a text that speaks of something else does not make a digital course.
  const emptyText = words >= 40 && digital.rest < 1;
  const points =
    Math.min(digital.title, 6) * (emptyText ? 1.4 : 2.2) +
    Math.min(digital.rest, 12) -
    Math.min(other.title, 4) * 1.3 -
    Math.min(other.rest, 7) * 0.5;
  return points >= (digital.title > 0 ? digitalFrom : digitalFromTextAlone);
}

function inferredCompetences(tally: Tally): AlignedCompetence[] {
  const best = Math.max(0, ...tally.points.values());
  return [...tally.points]
    .map(([code, points]) => ({ code, points, score: 1 - Math.exp(-points / scoreScale) }))
    .filter(({ points, score }) => score >= listedFrom && points >= best * listedShare)
    .sort((one, other) => other.points - one.points || one.code.localeCompare(other.code))
    .slice(0, maxListed)
    .map(({ code, score }) => ({
      code,
      score: Math.round(score * 1_000) / 1_000,
      evidence: [...(tally.evidence.get(code) ?? [])]
        .sort(([oneWord, one], [otherWord, other]) => other - one || oneWord.localeCompare(otherWord))
        .slice(0, maxEvidence)
        .map(([word]) => word),
      origin: 'inferred',
    }));
}

const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));

/** Words of a provider's own label, which only settles a tie between neighbours. */
const labels: readonly (readonly [RegExp, number])[] = [
  [/d[ée]butant|beginner|introduct|initiation|novice|basic|foundation|grand public/i, 0],
  [/interm[ée]dia|ind[ée]pendant|independent|undergraduate/i, 1],
  [/avanc|advanced|graduate|confirm/i, 2],
  [/expert|sp[ée]cialis/i, 3],
];
const tieWidth = 0.2;

function labelledBand(level: Alignable['level']): number | null {
  const found = level.label === null ? undefined : labels.find(([words]) => words.test(level.label ?? ''));
  if (found !== undefined) return found[1];
  return level.eqf === null ? null : level.eqf <= 4 ? 1 : level.eqf <= 6 ? 2 : 3;
}

function inferredLevel(tally: Tally, course: Alignable): Band {
  const subject = tally.levelWeight === 0 ? 1.6 : tally.levelSum / tally.levelWeight;
  const position = subject - 1 + clamp(tally.shift.title, 1) + clamp(tally.shift.rest * 0.3, 0.6);
  const rounded = Math.round(position);
  const labelled = labelledBand(course.level);
  const neighbour = position > rounded ? rounded + 1 : rounded - 1;
  const nearBorder = 0.5 - Math.abs(position - rounded) <= tieWidth;
  const index = nearBorder && labelled === neighbour ? neighbour : rounded;
  return bands[Math.max(0, Math.min(bands.length - 1, index))] ?? 'foundation';
}

/**
 * Declared competences come first, with score 1; words add inferred ones, with the words that made us say so. A course
 * in neither French nor English cannot be judged: digital and level are null and it keeps what its source declares.
 */
export function align(course: Alignable, framework: Framework): Alignment {
  const declared = declaredCompetences(course, framework);
  const result = {
    certifications: declaredCertifications(course, framework),
    threshold: framework.lexicon.threshold,
    frameworkVersion: framework.version,
  };
  const languages = new Set(course.languages.length === 0 ? ['fr'] : course.languages);
  if (!languages.has('fr') && !languages.has('en')) {
    return { ...result, digital: null, competences: declared.competences, level: null };
  }
  const tally = emptyTally();
  readText(tally, course.title, 'title', languages, framework);
  let words = readText(tally, course.description, 'text', languages, framework);
  words += readText(tally, course.objectives.join(' . '), 'objective', languages, framework);
  readText(tally, course.subjects.map((subject) => subject.label ?? '').join(' . '), 'subject', languages, framework);
  readCodes(tally, course, framework);
  if (declared.competences.length === 0 && !isDigital(tally, words)) {
    return { ...result, digital: false, competences: [], level: null };
  }
  const inferred = inferredCompetences(tally).filter(
    ({ code }) => !declared.competences.some((one) => one.code === code),
  );
  return {
    ...result,
    digital: true,
    competences: [...declared.competences, ...inferred],
    level: declared.level ?? inferredLevel(tally, course),
  };
}
