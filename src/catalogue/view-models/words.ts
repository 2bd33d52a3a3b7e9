/** Words for the values a course holds: languages, levels, modes, effort. Unknown is said, never blank. */
import { type Band, bands } from '../../framework/model.ts';
import { count, duration, listed } from '../../platform/web/format.ts';
import type { CourseDraft } from '../model.ts';

export const unsaid = "non communiqué par l'organisme";

const languageNames = new Intl.DisplayNames(['fr'], { type: 'language', fallback: 'none' });

/** « Français », « Anglais »; a code that has no name is shown as it is. */
export function languageName(code: string): string {
  if (code === 'und') return 'Langue non communiquée';
  const name = /^[a-z]{2,3}$/.test(code) ? languageNames.of(code) : undefined;
  return name === undefined ? code : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

export function languagesText(codes: readonly string[]): string {
  return codes.length === 0 ? unsaid : listed(codes.map(languageName));
}

export type BandTitles = readonly { readonly band: Band; readonly fr: string }[];

export function levelName(value: string, titles: BandTitles): string {
  const band = bands.find((one) => one === value);
  if (band === undefined) return 'Niveau non communiqué';
  return titles.find((title) => title.band === band)?.fr ?? band;
}

export function modalityText(modality: CourseDraft['modality']): { icon: string; text: string } | null {
  switch (modality) {
    case 'remote':
      return { icon: 'ecran', text: 'À distance' };
    case 'blended':
      return { icon: 'lieu', text: 'À distance et sur place' };
    case 'onsite':
      return { icon: 'lieu', text: 'Sur place' };
    case 'unknown':
      return null;
  }
}

/** « 70 h », « 6 h par semaine pendant 10 semaines », the source's own words, or null. */
export function effortText(draft: CourseDraft): string | null {
  const weeks = draft.durationWeeks === null ? null : weeksText(draft.durationWeeks);
  if (draft.totalHours !== null) {
    return [duration(draft.totalHours * 60), weeks === null ? '' : `sur ${weeks}`].filter(Boolean).join(' ');
  }
  if (draft.effortMinutesPerWeek !== null) {
    const weekly = `${duration(draft.effortMinutesPerWeek)} par semaine`;
    return weeks === null ? weekly : `${weekly} pendant ${weeks}`;
  }
  return weeks ?? draft.effortText ?? draft.durationText;
}

function weeksText(weeks: number): string {
  const rounded = Math.round(weeks * 10) / 10;
  return count(rounded, 'semaine');
}

/** « Bac + 2 » of a European level, 3 to 8. */
const diplomas: Readonly<Record<number, string>> = {
  3: 'CAP',
  4: 'bac',
  5: 'bac + 2',
  6: 'licence',
  7: 'master',
  8: 'doctorat',
};

export function diplomaLevel(level: number): string {
  const name = diplomas[level];
  return name === undefined ? `niveau ${level}` : `niveau ${level} (${name})`;
}
