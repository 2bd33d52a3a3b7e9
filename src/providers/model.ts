/** A provider's source (one catalogue of one provider) and its life. */
import type { HarvestSource } from '../harvest/model.ts';

export const sourceStates = [
  'draft',
  'previewed',
  'submitted',
  'refused',
  'approved',
  'active',
  'paused',
  'closed',
] as const;
export type SourceState = (typeof sourceStates)[number];

export const rhythms = ['manual', 'daily', 'weekly', 'monthly'] as const;
export type Rhythm = (typeof rhythms)[number];

export interface Source extends HarvestSource {
  readonly state: SourceState;
  /** Since when, and why, in French; null for a state that explains itself. */
  readonly stateSince: Date;
  readonly stateReason: string | null;
  readonly rhythm: Rhythm;
  /** The public site of the catalogue. */
  readonly homepage: string;
  /** Licence of the metadata, or null when the partner does not state one. */
  readonly licence: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const allowed: Readonly<Record<SourceState, readonly SourceState[]>> = {
  draft: ['previewed', 'closed'],
  previewed: ['submitted', 'draft', 'closed'],
  submitted: ['approved', 'refused'],
  refused: ['draft', 'closed'],
  approved: ['active', 'closed'],
  active: ['paused', 'closed'],
  paused: ['active', 'closed'],
  closed: [],
};

export function mayBecome(from: SourceState, to: SourceState): boolean {
  return allowed[from].includes(to);
}

const hour = 3_600_000;
/** A little less than the rhythm: a daily run that started a minute late yesterday is due at its time today. */
const longest: Readonly<Record<Exclude<Rhythm, 'manual'>, number>> = {
  daily: 23 * hour,
  weekly: (7 * 24 - 1) * hour,
  monthly: (30 * 24 - 1) * hour,
};

/** @param lastStart start of the last run that was not skipped, or null */
export function isDue(source: Pick<Source, 'state' | 'rhythm'>, lastStart: Date | null, now: Date): boolean {
  if (source.state !== 'active' || source.rhythm === 'manual') return false;
  return lastStart === null || now.getTime() - lastStart.getTime() >= longest[source.rhythm];
}
