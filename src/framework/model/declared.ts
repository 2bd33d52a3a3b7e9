/** What a source itself says of its course: competences of DigComp or Pix, certifications. */
import type { Alignable, AlignedCertification, AlignedCompetence, Band, CompetenceCode, Framework } from '../model.ts';
import { parseCertificationCode } from './certification.ts';
import { foldedTitle } from './text.ts';

type DeclaredCompetence = Alignable['competences'][number];

/** « DigComp 2.2 » names a version, not competence 2.2. */
const frameworkVersion = /dig\s*comp(?:\s*(?:version|v)?\s*\d\.\d)?/gi;
const codeInText = /(?<![\d.])([1-5]\.[1-6])(?![\d.]*\d)/;

function codeOf(text: string | null): string | null {
  return text === null ? null : (codeInText.exec(text.replace(frameworkVersion, ' '))?.[1] ?? null);
}

function titleOf(label: string | null): string {
  return foldedTitle((label ?? '').replace(frameworkVersion, ' ').replace(codeInText, ' '));
}

/** DigComp codes meant by one declaration; empty when it is of another framework. */
function codesOf(declared: DeclaredCompetence, framework: Framework): readonly CompetenceCode[] {
  const title = titleOf(declared.label);
  const byTitle = framework.digcompTitles.get(title);
  if (/\b(pix|crcn)\b/i.test(declared.scheme)) {
    const code = codeOf(declared.code) ?? codeOf(declared.label);
    const ofPix = framework.pix.competences.find((one) => one.code === code)?.digcomp ?? framework.pixTitles.get(title);
    return ofPix ?? (byTitle === undefined ? [] : [byTitle]);
  }
  if (/dig\s*comp/i.test(declared.scheme)) {
    const code = codeOf(declared.code) ?? codeOf(declared.label);
    const known = framework.competences.some((one) => one.code === code) ? code : null;
    const answer = known ?? byTitle;
    return answer === undefined || answer === null ? [] : [answer];
  }
  // Another framework: only a whole title counts, and « Programming » alone is a word, not a title.
  return byTitle !== undefined && title.includes(' ') ? [byTitle] : [];
}

export interface Declared {
  readonly competences: readonly AlignedCompetence[];
  /** Band of the highest declared level; null when none is. */
  readonly level: Band | null;
}

export function declaredCompetences(course: Alignable, framework: Framework): Declared {
  const found = new Map<CompetenceCode, AlignedCompetence>();
  let highest = 0;
  for (const declared of course.competences) {
    for (const code of codesOf(declared, framework)) {
      highest = Math.max(highest, declared.level ?? 0);
      const evidence = [[declared.scheme, declared.code, declared.label].filter((part) => part !== null).join(' ')];
      if (!found.has(code)) found.set(code, { code, score: 1, evidence, origin: 'declared' });
    }
  }
  const level = framework.levels.find((one) => one.level === highest)?.band ?? null;
  return { competences: [...found.values()], level };
}

/** RNCP and RS numbers as the register writes them; the kind settles a bare number. Never invented from words. */
export function declaredCertifications(course: Alignable, framework: Framework): AlignedCertification[] {
  const codes = new Set<string>();
  for (const { kind, code } of course.certifications) {
    if (kind !== 'RNCP' && kind !== 'RS') continue;
    const reading = parseCertificationCode(code);
    if (reading.kind === 'code') codes.add(reading.code);
    if (reading.kind === 'ambiguous') codes.add(reading.candidates[kind === 'RNCP' ? 0 : 1]);
  }
  return [...codes].map((code) => ({ code, known: framework.certifications.has(code) }));
}
