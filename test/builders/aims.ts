/** Aims for tests: a course that the account pays, changed where the test says; the person is left to the pages. */
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
