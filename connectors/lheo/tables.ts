/** Code tables of LHÉO 2.0 to 2.3. */
import type { CourseDraft } from '../../src/harvest/connector.ts';

/** `modalites-enseignement`. */
export const modalities: ReadonlyMap<string, CourseDraft['modality']> = new Map([
  ['0', 'onsite'],
  ['1', 'blended'],
  ['2', 'remote'],
]);

/** `etat-recrutement`: open, closed, suspended. */
export const recruitmentStates: ReadonlyMap<string, CourseDraft['sessions'][number]['state']> = new Map([
  ['1', 'open'],
  ['2', 'closed'],
  ['3', 'closed'],
]);

/**
 * `code-niveau-*`: 1 to 8 are the levels of 1969, numbered the other way round; 11 to 18 (LHÉO 2.3) are the national framework
 * of 2019, whose numbers are those of the European one. 0 is « non communiqué ».
 */
export const levels: ReadonlyMap<string, CourseDraft['level']> = new Map([
  ['1', { label: 'sans niveau spécifique', eqf: null }],
  ['2', { label: 'niveau VI', eqf: null }],
  ['3', { label: 'niveau V bis', eqf: null }],
  ['4', { label: 'niveau V (CAP, BEP)', eqf: 3 }],
  ['5', { label: 'niveau IV (bac)', eqf: 4 }],
  ['6', { label: 'niveau III (BTS, DUT)', eqf: 5 }],
  ['7', { label: 'niveau II (licence, maîtrise)', eqf: 6 }],
  ['8', { label: 'niveau I (supérieur à la maîtrise)', eqf: 7 }],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((level): [string, CourseDraft['level']] => [
    String(10 + level),
    { label: `niveau ${level}`, eqf: level },
  ]),
]);
