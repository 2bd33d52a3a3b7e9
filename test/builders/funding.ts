/** What registers and proofs say of a course, for tests: everything known and in order, changed where the test says. */
import type { FundingFacts } from '../../src/catalogue/model/dossier.ts';
import type { Fact, ProviderFacts } from '../../src/catalogue/model/provider-facts.ts';
import type { CourseDraft } from '../../src/catalogue/model.ts';
import type { RegisterRecord } from '../../src/framework/registry/model.ts';
import { aCourse, euros } from './course.ts';

/** The day of `testNow`. */
export const today = '2026-11-22';
export const siret = '99900001100018';

export function aRecord(changes: Partial<RegisterRecord> = {}): RegisterRecord {
  return {
    code: 'RNCP37674',
    register: 'RNCP',
    title: 'Développeur web et web mobile',
    shortType: null,
    level: 5,
    active: true,
    endOfRegistration: '2028-09-01',
    lastDelivery: null,
    effectiveFrom: null,
    decidedOn: null,
    registration: null,
    recordState: null,
    blocks: [],
    rome: [],
    nsf: [],
    formacodes: [],
    certifiers: [],
    hasPartners: true,
    replacedBy: [],
    replaces: [],
    digital: true,
    seen: { from: '2026-08-16', to: '2026-11-20' },
    ...changes,
  };
}

export const rsRecord = (changes: Partial<RegisterRecord> = {}): RegisterRecord =>
  aRecord({
    code: 'RS6604',
    register: 'RS',
    title: 'Exploiter la blockchain',
    level: null,
    endOfRegistration: '2029-04-26',
    ...changes,
  });

export function seen<Value>(value: Value, changes: Partial<Fact<Value>> = {}): Fact<Value> {
  return {
    value,
    proof: 'verified',
    source: 'Liste publique des organismes de formation',
    date: '2026-11-02',
    until: null,
    ...changes,
  };
}

export function someFacts(changes: Partial<ProviderFacts> = {}): ProviderFacts {
  return {
    siret,
    demo: false,
    activityNumber: seen('52440999901'),
    declarationValid: seen(true),
    qualiopi: seen({ categories: ['AF'], from: '2025-03-01', to: '2028-02-29' }),
    delisted: seen(false),
    subcontracting: seen(false, { proof: 'declared' }),
    certifications: [{ code: 'RNCP37674', offer: seen(true), habilitation: seen('former') }],
    ...changes,
  };
}

/** Every fact allows. */
export function fundingFacts(changes: Partial<FundingFacts> = {}): FundingFacts {
  const certification = changes.certification === undefined ? aRecord() : changes.certification;
  return {
    code: certification?.code ?? 'RNCP37674',
    certification,
    habilitation: 'former',
    offer: true,
    provider: someFacts(),
    ...changes,
  };
}

/** Prepares RNCP37674 for 4 800 €, everything included; a test varies what it is about. */
export function aFundedCourse(draft: Partial<CourseDraft> = {}, codes: readonly string[] = ['RNCP37674']) {
  const course = aCourse({
    id: 'fwndab1e',
    providerId: siret,
    draft: {
      provider: { name: 'La Fabrique du Clic', url: null, siret, activityNumber: '52440999901' },
      price: euros(4800),
      contentFree: false,
      certificate: { type: 'registered', free: null, included: true, price: null },
      exam: { exists: true, included: true, price: null },
      certifications: codes.map((code) => ({
        kind: code.startsWith('RS') ? ('RS' as const) : ('RNCP' as const),
        code,
      })),
      totalHours: 910,
      ...draft,
    },
  });
  return {
    ...course,
    alignment: { ...course.alignment, certifications: codes.map((code) => ({ code, known: true })) },
  };
}
