/** Courses of 200 invented schools, always the same for the same number, as a harvest writes them. */
import { type CourseDraft, unknownDraft } from '../src/catalogue/model.ts';
import type { CourseStore } from '../src/catalogue/store.ts';

export const codes = ['RNCP37674', 'RNCP37873', 'RS6604', 'RS7423', 'RS5568', 'RNCP35419', 'RNCP99999'];

function draftOf(at: number): CourseDraft {
  const code = at % 3 === 0 ? codes[at % codes.length] : undefined;
  const siret = siretOf(at % 200);
  return {
    ...unknownDraft,
    title: `Cours ${at}`,
    url: `https://partenaire.example/${at}`,
    description: 'Un cours décrit en quelques phrases, comme les catalogues le font. '.repeat(20),
    provider: { name: `École ${at % 200}`, url: null, siret, activityNumber: '52440999901' },
    price: { amount: 100_000 + at, currency: 'EUR', taxIncluded: true },
    certificate: { type: code === undefined ? 'attestation' : 'registered', free: null, included: true, price: null },
    exam: { exists: false, included: null, price: null },
    certifications: code === undefined ? [] : [{ kind: code.startsWith('RS') ? 'RS' : 'RNCP', code }],
  };
}

/** Of an invented school: 14 digits with their check digit. */
export function siretOf(school: number): string {
  const body = String(9_000_000_000_000 + school);
  const sum = [...body].reduce((total, digit, at) => {
    const doubled = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  // The last of 14 digits is not doubled; the first is.
  return `${body}${(10 - (sum % 10)) % 10}`;
}

export async function writeCourses(courses: CourseStore, count: number, now: Date): Promise<void> {
  for (let at = 0; at < count; at += 500) {
    const writes = Array.from({ length: Math.min(500, count - at) }, (_value, index) => {
      const draft = draftOf(at + index);
      const certifications = draft.certifications.map(({ code }) => ({ code, known: true }));
      const alignment = {
        digital: true,
        competences: [],
        level: null,
        certifications,
        threshold: 0.5,
        frameworkVersion: 'bench',
      };
      return {
        outcome: 'created' as const,
        remoteId: `r${at + index}`,
        known: null,
        draft,
        alignment,
        harvestedAt: now,
      };
    });
    await courses.write(
      { source: { id: 'bench', title: 'Bench', demo: false }, runId: 'run', origin: 'harvest', now: now },
      writes,
    );
  }
  await courses.publishWaiting('bench', now);
}
