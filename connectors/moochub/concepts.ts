/** Subjects, competences, levels and licences: concepts of an outside scheme, named in several languages. */
import type { CourseDraft } from '../../src/harvest/connector.ts';
import { plainText } from '../../src/harvest/parse/html.ts';
import type { Attributes, Concept } from './record.ts';

/** The schemes that the schema names, in the spelling of the common record. */
const schemes: readonly (readonly [RegExp, string])[] = [
  [/^digcomp\b/i, 'DigComp'],
  [/^esco\b/i, 'ESCO'],
  [/^greta\b/i, 'GRETA'],
  [/^isced-?f?\b/i, 'ISCED-F'],
  [/^o?efos\b/i, 'OEFOS'],
  [/^bird\b/i, 'BIRD'],
  [/^eqf\b/i, 'EQF'],
];

function schemeOf({ educationalFramework }: Concept): string {
  const written = plainText(educationalFramework);
  const known = schemes.find(([pattern]) => pattern.test(written));
  return known?.[1] ?? (written.slice(0, 40) || 'free');
}

/** In French, else in English, else the first. */
export function labelOf({ name }: Concept): string | null {
  if (typeof name === 'string') return plainText(name).slice(0, 300) || null;
  const names = name ?? [];
  const inLanguage = (tag: string) => names.find((one) => one.inLanguage?.toLowerCase().startsWith(tag));
  return plainText((inLanguage('fr') ?? inLanguage('en') ?? names[0])?.name).slice(0, 300) || null;
}

/** ESCO has no short code: its concept is its address. */
function codeOf(concept: Concept): string | null {
  const code = String(concept.shortCode ?? '').trim();
  if (code !== '') return code.slice(0, 80);
  const address = concept.targetUrl ?? concept.url ?? '';
  return schemeOf(concept) === 'ESCO' && address !== '' && address.length <= 80 ? address : null;
}

/** 1 to 8 on the scale of the scheme; a band without number is not a level. */
function scaleOf(level: Concept | null | undefined): number | null {
  const value = Number(String(level?.shortCode ?? '').trim() || 'none');
  return Number.isInteger(value) && value >= 1 && value <= 8 ? value : null;
}

export function competencesOf({ teaches }: Attributes): CourseDraft['competences'] {
  return (teaches ?? []).flatMap((concept) => {
    const [code, label] = [codeOf(concept), labelOf(concept)];
    if (code === null && label === null) return [];
    return [{ scheme: schemeOf(concept), code, label, level: scaleOf(concept.educationalLevel) }];
  });
}

export function subjectsOf({ educationalAlignment, keywords }: Attributes): CourseDraft['subjects'] {
  const aligned = (educationalAlignment ?? []).map((concept) => ({
    scheme: schemeOf(concept),
    code: codeOf(concept),
    label: labelOf(concept),
  }));
  const words = (keywords ?? []).map((word) => ({ scheme: 'free', code: null, label: plainText(word).slice(0, 300) }));
  return [...aligned, ...words].filter(({ code, label }) => code !== null || (label !== null && label !== ''));
}

export function levelOf({ educationalLevel }: Attributes): CourseDraft['level'] {
  const levels = educationalLevel ?? [];
  const label = levels.map(labelOf).find((name) => name !== null) ?? null;
  const european = levels.find((level) => schemeOf(level) === 'EQF');
  return { label: label?.slice(0, 200) ?? null, eqf: scaleOf(european) };
}

/** The content's licence, as an SPDX identifier where Creative Commons is recognised. */
export function licenceOf({ license, courseLicenses, licence }: Attributes): string | null {
  const [first] = [...(license ?? []), ...(courseLicenses ?? []), ...(licence ?? [])];
  if (first === undefined) return null;
  const written =
    typeof first === 'string' ? first : (first.identifier ?? first.id ?? first.url ?? first.contentUrl ?? first.name);
  const text = plainText(written).slice(0, 300);
  return text === '' ? null : (spdxOf(text) ?? text);
}

function spdxOf(text: string): string | null {
  if (/creativecommons\.org\/publicdomain\/zero/i.test(text)) return 'CC0-1.0';
  const match =
    /creativecommons\.org\/licenses\/(by(?:-(?:nc|nd|sa))*)\/(\d\.\d)/i.exec(text) ??
    /^CC[ -](BY(?:-(?:NC|ND|SA))*)[ -](\d\.\d)$/i.exec(text);
  return match === null ? null : `CC-${match[1]?.toUpperCase()}-${match[2]}`;
}
