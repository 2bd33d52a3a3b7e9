/** Aims for tests: a course that the account pays, changed where the test says; the person is left to the pages. */
import type { ProviderFacts } from '../../src/catalogue/model/provider-facts.ts';
import type { Aim, AimedAction, FindAim } from '../../src/eligibility/model/aim.ts';
import type { DossierInput } from '../../src/eligibility/model/dossier.ts';
import { type Changes, wireDossier } from './dossier.ts';

export const factDates = { register: '2026-11-16', provider: '2026-11-02', price: '2026-11-20' };

export function anAction(changes: Changes = {}, more: Partial<AimedAction> = {}): AimedAction {
  const { action, organisme } = wireDossier(changes) as DossierInput;
  return {
    title: 'Développeur web, Passerelle Web',
    href: '/catalogue',
    action,
    organisme: organisme ?? null,
    dates: factDates,
    sessionStart: null,
    ...more,
  };
}

export function anAim(changes: Changes = {}, more: Partial<Aim> = {}): Aim {
  return {
    ref: 'cours:7k2m9qzx',
    label: 'Développeur web, Passerelle Web',
    href: '/catalogue',
    actions: [anAction(changes)],
    supposed: null,
    whole: null,
    others: null,
    ...more,
  };
}

/** By the part of the reference after the colon. */
export function aimsFor(changes: Readonly<Record<string, Changes>>): FindAim {
  return async (ref) => {
    const found = changes[ref.replace(/^cours:/, '')];
    return found === undefined ? null : anAim(found, { ref });
  };
}

const verified = <Value>(value: Value) => ({
  value,
  proof: 'verified' as const,
  source: 'Preuve vue par un opérateur',
  date: '2026-11-02',
  until: '2027-11-01',
});

/** Everything proven, for one certification. */
export function provenProvider(siret: string, code: string): ProviderFacts {
  return {
    siret,
    demo: false,
    activityNumber: verified('84691234567'),
    declarationValid: verified(true),
    qualiopi: verified({ categories: ['AF'], from: '2026-01-01', to: '2027-12-31' }),
    delisted: verified(false),
    subcontracting: verified(false),
    certifications: [{ code, offer: verified(true), habilitation: verified('former' as const) }],
  };
}
