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

/** When the members of the organisation get a mail about a run. */
export const mailChoices = ['always', 'on-error', 'never'] as const;
export type MailChoice = (typeof mailChoices)[number];

export const publishings = ['live', 'review'] as const;

/** Who made a change, as a function: a page names nobody. The person is in the audit trail. */
export type Author = 'organisation' | 'operator' | 'platform';

export interface StateChange {
  readonly state: SourceState;
  readonly at: Date;
  /** French. */
  readonly reason: string | null;
  readonly by: Author;
}

/** What the mails about runs have already said: model/notice.ts. */
export interface Notice {
  /** The last run that was looked at. */
  readonly runId: string;
  /** The runs fail since; null while they go well. */
  readonly errorSince: Date | null;
  /** The last mail about that error. */
  readonly toldAt: Date | null;
}

export interface Source extends HarvestSource {
  /** Whose it is; null for the partners the platform knows, and for most of the demonstration. */
  readonly organisationId: string | null;
  readonly state: SourceState;
  /** Since when, and why, in French; null for a state that explains itself. */
  readonly stateSince: Date;
  readonly stateReason: string | null;
  /** Oldest first, at most the last `keptChanges`. */
  readonly history: readonly StateChange[];
  readonly rhythm: Rhythm;
  readonly mails: MailChoice;
  readonly notice: Notice | null;
  /** Secret settings by name, each sealed by platform/secrets.ts; they are not in `config`. */
  readonly sealed: Readonly<Record<string, string>>;
  /** The uploaded catalogue that answers in place of an address, until it is replaced; null for an address. */
  readonly file: { readonly id: string; readonly name: string; readonly bytes: number; readonly at: Date } | null;
  /** The public site of the catalogue. */
  readonly homepage: string;
  /** Licence of the metadata, or null when the partner does not state one. */
  readonly licence: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const keptChanges = 50;

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

/** Not sent yet: everything about it may change. */
export function isDraft({ state }: Pick<Source, 'state'>): boolean {
  return state === 'draft' || state === 'previewed' || state === 'refused';
}

/** An operator has said yes: it may be harvested, or may be again. */
export function isAccepted({ state }: Pick<Source, 'state'>): boolean {
  return state === 'approved' || state === 'active' || state === 'paused';
}

/** Of the state it is in. */
export function authorOf({ history }: Pick<Source, 'history'>): Author | null {
  return history.at(-1)?.by ?? null;
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
