/** When a source is read: the next time of its rhythm, and whether a person may ask for a run now. */
import { activeStatuses, type HarvestRun } from '../../harvest/model.ts';
import { clock, longDate } from '../../platform/web/format.ts';
import { authorOf, isDue, type Source } from '../model.ts';

/** When the job `harvest` starts, every day, in Paris. */
export const harvestTime = { hour: 5, minute: 12 } as const;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Days looked ahead: longer than the longest rhythm. */
const farthest = 40;

const parisHour = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', hour: '2-digit', hourCycle: 'h23' });

/** Paris is one or two hours ahead of UTC. */
function harvestOf(day: Date): Date {
  const { hour, minute } = harvestTime;
  const winter = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), hour - 1, minute);
  const late = Number(parisHour.format(new Date(winter))) - hour;
  return new Date(winter - late * hourMs);
}

/**
 * The next scheduled run; null when nothing is scheduled (paused, manual…).
 * @param lastStart of the last run that was not skipped
 * @param notBefore while the server of the source is left alone
 */
export function nextRun(
  source: Pick<Source, 'state' | 'rhythm'>,
  lastStart: Date | null,
  now: Date,
  notBefore: Date | null = null,
): Date | null {
  const from = Math.max(now.getTime(), notBefore?.getTime() ?? 0);
  for (let days = -1; days < farthest; days += 1) {
    const start = harvestOf(new Date(from + days * dayMs));
    if (start.getTime() > from && isDue(source, lastStart, start)) return start;
  }
  return null;
}

/** When the source is read next, for a person whose answer waits for that. */
export interface NextReading extends Pick<Source, 'state' | 'rhythm'> {
  /** null when nothing is scheduled. */
  readonly at: Date | null;
  /** A run is asked for or goes on: it may have met the record already. */
  readonly isActive: boolean;
  /** Its server keeps failing: `at` is later than the rhythm says. */
  readonly leftAlone: boolean;
  /** How this person asks for a run at once: of an own source, or again as an operator; null when none may be asked for. */
  readonly launch: { readonly sourceId: string } | { readonly runId: string } | null;
}

/** Between the starts of two runs asked by hand: a partner's server and ours are spared. */
export const pauseMinutes = 10;

/** Null when a run may be asked for; else why not, and until when it is known. French. */
export function runRefusal(
  source: Pick<Source, 'state' | 'history'>,
  runs: readonly Pick<HarvestRun, 'status' | 'queuedAt' | 'startedAt' | 'trigger'>[],
  now: Date,
): string | null {
  switch (source.state) {
    case 'draft':
    case 'previewed':
      return "Cette source n'est pas encore envoyée : elle sera collectée après son acceptation.";
    case 'refused':
      return 'Cette source a été refusée : corrigez-la et renvoyez-la.';
    case 'submitted':
      return "Cette source attend d'être acceptée. Nous vous écrirons dès que c'est fait.";
    case 'paused':
      return authorOf(source) === 'organisation'
        ? 'Cette source est en pause : reprenez-la pour lancer une collecte.'
        : "Cette source a été mise en pause par la plateforme. Elle sera collectée quand la plateforme l'aura reprise.";
    case 'closed':
      return 'Cette source est fermée.';
    default:
  }
  const active = runs.find(({ status }) => activeStatuses.includes(status));
  if (active !== undefined) {
    const since = active.startedAt ?? active.queuedAt;
    return active.status === 'queued'
      ? `Une collecte est déjà demandée, depuis ${clock(since)}. Attendez sa fin.`
      : `Une collecte est en cours depuis ${clock(since)}. Attendez sa fin.`;
  }
  const last = runs.find(({ status, trigger }) => status !== 'skipped' && trigger === 'manual');
  const again = last === undefined ? null : new Date(last.queuedAt.getTime() + pauseMinutes * 60_000);
  if (again === null || again <= now) return null;
  return `La dernière collecte lancée à la main date de moins de ${pauseMinutes} minutes. Vous pourrez en lancer une autre le ${longDate(again)} à ${clock(again)}.`;
}
