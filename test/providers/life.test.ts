import { expect } from 'chai';
import type { HarvestRun } from '../../src/harvest/model.ts';
import { noticeOf } from '../../src/providers/model/notice.ts';
import { nextRun, runRefusal } from '../../src/providers/model/schedule.ts';
import { mayBecome, type Notice, type SourceState, sourceStates } from '../../src/providers/model.ts';

const day = 86_400_000;
const at = (text: string) => new Date(text);

describe('the life of a source', () => {
  it('goes by the table of its states, and a closed one stays closed', () => {
    const table: Readonly<Record<SourceState, readonly SourceState[]>> = {
      draft: ['previewed', 'closed'],
      previewed: ['submitted', 'draft', 'closed'],
      submitted: ['approved', 'refused'],
      refused: ['draft', 'closed'],
      approved: ['active', 'closed'],
      active: ['paused', 'closed'],
      paused: ['active', 'closed'],
      closed: [],
    };
    for (const from of sourceStates) {
      for (const to of sourceStates) expect(mayBecome(from, to), `${from} to ${to}`).to.equal(table[from].includes(to));
    }
  });

  it('says the next run: the morning of the rhythm, in Paris, winter and summer', () => {
    const source = { state: 'active', rhythm: 'daily' } as const;
    const winter = nextRun(source, null, at('2026-11-28T10:00:00Z'));
    expect(winter?.toISOString()).to.equal('2026-11-29T04:12:00.000Z');
    const summer = nextRun(source, null, at('2026-07-01T10:00:00Z'));
    expect(summer?.toISOString()).to.equal('2026-07-02T03:12:00.000Z');
    const before = nextRun(source, null, at('2026-11-28T04:00:00Z'));
    expect(before?.toISOString()).to.equal('2026-11-28T04:12:00.000Z');
    const weekly = nextRun({ ...source, rhythm: 'weekly' }, at('2026-11-28T04:12:30Z'), at('2026-11-28T10:00:00Z'));
    expect(weekly?.toISOString()).to.equal('2026-12-05T04:12:00.000Z');
    const leftAlone = nextRun(source, null, at('2026-11-28T10:00:00Z'), at('2026-12-02T10:00:00Z'));
    expect(leftAlone?.toISOString()).to.equal('2026-12-03T04:12:00.000Z');
  });

  it('has no next run when it is paused, manual or not accepted', () => {
    const now = at('2026-11-28T10:00:00Z');
    expect(nextRun({ state: 'active', rhythm: 'manual' }, null, now)).to.equal(null);
    for (const state of sourceStates.filter((one) => one !== 'active')) {
      expect(nextRun({ state, rhythm: 'daily' }, null, now), state).to.equal(null);
    }
  });
});

describe('a run asked by hand', () => {
  const now = at('2026-11-28T10:00:00Z');
  const run = (status: HarvestRun['status'], minutesAgo: number, trigger: HarvestRun['trigger'] = 'manual') => ({
    status,
    trigger,
    queuedAt: new Date(now.getTime() - minutesAgo * 60_000),
    startedAt: status === 'queued' ? null : new Date(now.getTime() - minutesAgo * 60_000),
  });
  const active = { state: 'active', history: [] } as const;

  it('is refused with the reason in each state that is not harvested', () => {
    const words: Partial<Record<SourceState, RegExp>> = {
      draft: /pas encore envoyée/,
      previewed: /pas encore envoyée/,
      submitted: /attend d'être acceptée/,
      refused: /refusée : corrigez-la/,
      paused: /mise en pause par la plateforme/,
      closed: /fermée/,
    };
    for (const state of sourceStates) {
      const refusal = runRefusal({ state, history: [] }, [], now);
      const expected = words[state];
      if (expected === undefined) expect(refusal, state).to.equal(null);
      else expect(refusal, state).to.match(expected);
    }
    const own = [{ state: 'paused', at: now, reason: null, by: 'organisation' }] as const;
    expect(runRefusal({ state: 'paused', history: own }, [], now)).to.match(/reprenez-la/);
  });

  it('is refused while another goes on, since when', () => {
    expect(runRefusal(active, [run('running', 3, 'schedule')], now)).to.match(/en cours depuis 10.h.57/);
    expect(runRefusal(active, [run('queued', 1)], now)).to.match(/déjà demandée/);
  });

  it('is refused for ten minutes after the last one by hand, until when', () => {
    expect(runRefusal(active, [run('done', 4)], now)).to.match(/à 11.h.06\.$/);
    expect(runRefusal(active, [run('done', 10)], now)).to.equal(null);
    expect(runRefusal(active, [run('done', 4, 'schedule')], now), 'a scheduled one leaves it open').to.equal(null);
  });
});

describe('mails about runs', () => {
  const start = at('2026-11-01T04:20:00Z');
  /** One run a day; what is sent on each day. */
  function sent(choice: 'always' | 'on-error' | 'never', statuses: readonly HarvestRun['status'][]) {
    let notice: Notice | null = null;
    return statuses.map((status, index) => {
      const run = { id: `run-${index}`, status, endedAt: new Date(start.getTime() + index * day) };
      const answer = noticeOf(run, notice, choice);
      expect(noticeOf(run, answer.notice, choice).send, 'the same run again').to.equal(null);
      notice = answer.notice;
      return answer.send;
    });
  }
  const failing = Array.from({ length: 16 }, () => 'failed' as const);

  it('« seulement en cas d’erreur »: at the first failure, one reminder a week while it lasts, and when it is over', () => {
    const days = sent('on-error', ['done', ...failing, 'done', 'done']);
    const told = days.flatMap((send, index) => (send === null ? [] : [[index, send]]));
    expect(told).to.deep.equal([
      [1, 'error'],
      [8, 'reminder'],
      [15, 'reminder'],
      [17, 'recovery'],
    ]);
  });

  it('quarantined records, an incomplete listing and a held run are errors too', () => {
    for (const status of ['done-with-rejections', 'incomplete', 'held', 'failed'] as const) {
      expect(sent('on-error', [status]), status).to.deep.equal(['error']);
    }
  });

  it('« toujours »: after each run; « jamais »: never; a skipped run says nothing', () => {
    expect(sent('always', ['done', 'failed', 'failed', 'done'])).to.deep.equal([
      'report',
      'error',
      'reminder',
      'report',
    ]);
    expect(sent('never', ['done', 'failed', 'failed', 'done'])).to.deep.equal([null, null, null, null]);
    expect(sent('always', ['skipped'])).to.deep.equal([null]);
  });
});
