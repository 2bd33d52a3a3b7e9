/** Which mail a finished run gives: the choice of the organisation, and one reminder a week while an error lasts (P10). */
import type { HarvestRun } from '../../harvest/model.ts';
import type { MailChoice, Notice } from '../model.ts';

export type NoticeKind = 'report' | 'error' | 'reminder' | 'recovery';

const reminderMs = 7 * 24 * 3_600_000;

/** Anything but a complete reading without a quarantined record. */
export function isError({ status }: Pick<HarvestRun, 'status'>): boolean {
  return status !== 'done';
}

/**
 * What to send for this run, and what to remember. A run seen before, one that goes on and one that was skipped change
 * nothing: `notice` is then the one that came in.
 */
export function noticeOf(
  run: Pick<HarvestRun, 'id' | 'status' | 'endedAt'>,
  before: Notice | null,
  choice: MailChoice,
): { readonly send: NoticeKind | null; readonly notice: Notice | null } {
  const { endedAt } = run;
  if (endedAt === null || run.status === 'skipped' || before?.runId === run.id) return { send: null, notice: before };
  if (!isError(run)) {
    const wasTold = before !== null && before.errorSince !== null && before.toldAt !== null;
    const send = choice === 'always' ? 'report' : choice === 'on-error' && wasTold ? 'recovery' : null;
    return { send, notice: { runId: run.id, errorSince: null, toldAt: null } };
  }
  const errorSince = before?.errorSince ?? endedAt;
  const toldAt = before?.errorSince == null ? null : before.toldAt;
  const kind = toldAt === null ? 'error' : 'reminder';
  const due = choice === 'always' || toldAt === null || endedAt.getTime() - toldAt.getTime() >= reminderMs;
  const send = choice === 'never' || !due ? null : kind;
  return { send, notice: { runId: run.id, errorSince, toldAt: send === null ? toldAt : endedAt } };
}
