/** What a person corrected of a course, over what its source gives (N9): shown wherever the page says where a value comes from. */

import { listed, shortDate } from '../../platform/web/format.ts';

/** What may be corrected; identifiers, the source and states of a record are not among them. */
export const courseFields = [
  'title',
  'description',
  'url',
  'provider',
  'siret',
  'activityNumber',
  'price',
  'certificate',
  'exam',
  'certifications',
  'sessions',
  'languages',
  'modality',
  'hours',
  'weeklyHours',
  'weeks',
  'objectives',
  'prerequisites',
  'equipment',
  'assessment',
  'accessibility',
] as const;
export type CourseField = (typeof courseFields)[number];

export function isCourseField(name: string): name is CourseField {
  return (courseFields as readonly string[]).includes(name);
}

/** A correction that is published. */
export interface CourseCorrection {
  readonly field: CourseField;
  /** Who, as a function. */
  readonly by: 'provider' | 'operator';
  readonly at: Date;
}

/** In a sentence, after « Corrigé : ». */
export const correctedNames: Readonly<Record<CourseField, string>> = {
  title: 'titre',
  description: 'présentation',
  url: 'adresse',
  provider: "nom de l'organisme",
  siret: 'SIRET',
  activityNumber: "numéro de déclaration d'activité",
  price: 'prix du cours',
  certificate: 'prix du certificat',
  exam: "prix de l'examen",
  certifications: 'certifications',
  sessions: 'sessions',
  languages: 'langues',
  modality: 'lieu',
  hours: 'durée totale',
  weeklyHours: 'travail par semaine',
  weeks: 'durée en semaines',
  objectives: 'objectifs',
  prerequisites: 'prérequis',
  equipment: 'matériel',
  assessment: 'évaluation',
  accessibility: 'accessibilité',
};

export const correctedBy: Readonly<Record<CourseCorrection['by'], string>> = {
  provider: "par l'organisme",
  operator: 'par la plateforme',
};

/** What a person corrected is no reading of the source (T46): « Corrigé par l'organisme le 28/11/2026 : prix du cours. » */
export function correctedSentences({
  corrections = [],
}: {
  readonly corrections?: readonly CourseCorrection[];
}): string[] {
  const said = (by: CourseCorrection['by']) => {
    const own = corrections.filter((one) => one.by === by);
    const last = own.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
    if (last === undefined) return [];
    const fields = listed(own.map(({ field }) => correctedNames[field]));
    return [`Corrigé ${correctedBy[by]} le ${shortDate(last.at)} : ${fields}.`];
  };
  return [...said('provider'), ...said('operator')];
}
