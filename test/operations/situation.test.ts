/** How a source and a job stand, from their runs and marks alone. */
import { expect } from 'chai';
import { type HarvestRun, noCounts } from '../../src/harvest/model.ts';
import { discoverJobs } from '../../src/jobs.ts';
import { type JobStanding, jobTroubleOf, situationOf } from '../../src/operations/model.ts';
import { figures, scheduleWords } from '../../src/operations/view-models/jobs.ts';
import type { Source } from '../../src/providers/model.ts';
import { sunsetSentence } from '../../src/providers/view-models/words.ts';
import { aProviderSource } from '../builders/sources.ts';

const at = (text: string) => new Date(text);
const old = at('2026-10-01T00:00:00Z');
/** Paris is one hour ahead: the job of the harvest starts at 4:12 UTC. */
const night = (day: number, minutes = 0) => new Date(Date.UTC(2026, 10, day, 4, 12 + minutes));

const source = (change: Partial<Source> = {}): Source => ({
  ...aProviderSource({ id: 'ecole', organisationId: 'ecole', at: old }),
  state: 'active',
  rhythm: 'daily',
  ...change,
});

let count = 0;
function run(change: Partial<HarvestRun>): HarvestRun {
  count += 1;
  const start = change.startedAt ?? night(22);
  return {
    ...{ id: `run-${count}`, sourceId: 'ecole', sourceTitle: 'École', trigger: 'schedule', status: 'done' },
    ...{ mode: 'full', queuedAt: start, startedAt: start, endedAt: new Date(start.getTime() + 60_000) },
    ...{ heartbeatAt: start, counters: { ...noCounts, received: 10, unchanged: 10 }, presentBefore: 10 },
    ...{ presentAfter: 10, notModified: false, announced: null, retries: 0, sunset: null, fault: null, causes: [] },
    ...{ warnings: [], held: null, decision: null, skippedFor: null },
    ...change,
  } as HarvestRun;
}
const fault = { kind: 'unreachable', message: 'Source injoignable', url: null };

describe('how a source stands (O13)', () => {
  it('O13 a source that did not run at its hour is news, with that hour', () => {
    const runs = [run({ startedAt: night(21) })];
    expect(situationOf(source(), runs, night(22, 30)).missedAt, 'half an hour late is the queue').to.equal(null);
    expect(situationOf(source(), runs, night(22, 120)).missedAt).to.deep.equal(night(22));
    expect(situationOf(source(), runs, night(25, 120)).missedAt, 'three days later').to.deep.equal(night(22));
    expect(situationOf(source({ rhythm: 'weekly' }), runs, night(25, 120)).missedAt).to.equal(null);
    expect(situationOf(source({ rhythm: 'weekly' }), runs, night(28, 120)).missedAt).to.deep.equal(night(28));
  });

  it('a run that waits or goes on, a pause, a manual rhythm and a server left alone are no missed hour', () => {
    const before = run({ startedAt: night(21) });
    const now = night(22, 120);
    const waiting = run({ status: 'queued', startedAt: null, queuedAt: night(22), endedAt: null });
    const found = situationOf(source(), [waiting, before], now);
    expect([found.missedAt, found.running?.id]).to.deep.equal([null, waiting.id]);
    expect(situationOf(source({ state: 'paused', stateSince: night(21, 60) }), [before], now).missedAt).to.equal(null);
    expect(situationOf(source({ rhythm: 'manual' }), [before], now).missedAt).to.equal(null);
    const failed = [21, 20, 19].map((day) => run({ startedAt: night(day), status: 'failed', fault }));
    const resting = situationOf(source(), failed, night(21, 120));
    expect([resting.missedAt, resting.resting?.failures]).to.deep.equal([null, 3]);
    expect(resting.failing?.since).to.deep.equal(night(19, 1));
  });

  it('a source that was never read is missed from the first hour after it became active', () => {
    const fresh = source({ stateSince: night(21, 60) });
    expect(situationOf(fresh, [], night(22, 30)).missedAt).to.equal(null);
    expect(situationOf(fresh, [], night(22, 90)).missedAt).to.deep.equal(night(22));
  });

  it('a held run asks for a decision until there is one, and only while it is the last', () => {
    const held = run({ status: 'held', held: { kind: 'losses', concerned: 40, of: 100 } });
    const decision = { kind: 'kept', by: "l'exploitant", at: night(22, 60), reason: '' } as const;
    expect(situationOf(source(), [held], night(22, 90)).held).to.equal(held);
    expect(situationOf(source(), [{ ...held, decision }], night(22, 90)).held).to.equal(null);
    expect(situationOf(source(), [run({ startedAt: night(23) }), held], night(23, 30)).held).to.equal(null);
    const skipped = run({ status: 'skipped', startedAt: night(23) });
    expect(situationOf(source(), [skipped, held], night(23, 30)).held, 'a skipped run says nothing').to.equal(held);
  });

  it('failures last from the first of the series; a success ends them', () => {
    const bad = (day: number) => run({ startedAt: night(day), status: day % 2 ? 'failed' : 'incomplete', fault });
    expect(
      situationOf(source(), [bad(22), bad(21), run({ startedAt: night(20) })], night(22, 9)).failing?.since,
    ).to.deep.equal(night(21, 1));
    expect(situationOf(source(), [run({ startedAt: night(22) }), bad(21)], night(22, 9)).failing).to.equal(null);
  });

  it('records in quarantine are those of the last run that judged any: « not modified » leaves them there', () => {
    const judged = run({
      startedAt: night(20),
      status: 'done-with-rejections',
      counters: { ...noCounts, received: 10, unchanged: 7, quarantined: 3 },
    });
    const same = run({ startedAt: night(21), notModified: true, counters: noCounts });
    expect(situationOf(source(), [same, judged], night(21, 9)).quarantine).to.deep.equal({ count: 3, run: judged });
    expect(situationOf(source(), [run({ startedAt: night(22) }), same, judged], night(22, 9)).quarantine).to.equal(
      null,
    );
  });
});

describe('the end that a source announces', () => {
  const end = at('2027-03-01T00:00:00Z');

  it('stays while the source is « not modified » or fails, and goes when an answer says nothing of it', () => {
    const told = run({ startedAt: night(20), sunset: end });
    const same = run({ startedAt: night(21), notModified: true });
    const failed = run({ startedAt: night(22), status: 'failed', fault });
    const said = (...runs: HarvestRun[]) => situationOf(source(), runs, night(22, 9)).sunset?.end ?? null;
    expect(said(told)).to.deep.equal(end);
    expect(said(failed, same, told)).to.deep.equal(end);
    expect(said(run({ startedAt: night(22) }), told)).to.equal(null);
    expect(situationOf(source({ state: 'paused' }), [told], night(22, 9)).sunset).to.equal(null);
  });

  it('is said on the page of its source', () => {
    const told = run({ startedAt: night(20), sunset: end });
    expect(sunsetSentence([told])?.replaceAll('\u00a0', ' ')).to.equal(
      "La source annonce la fin de ce format le 1er mars 2027. Vérifiez l'adresse et le format avant cette date.",
    );
    expect(sunsetSentence([run({})])).to.equal(null);
  });
});

describe('how a job stands', () => {
  const job = (change: Partial<JobStanding>): JobStanding => ({
    ...{ name: 'essai', title: 'Essai', schedule: '0 4 * * *', maxMinutes: 10 },
    ...{ lastStart: null, lastEnd: null, lastSuccess: null, lastError: null, runningSince: null },
    ...{ interruptedSince: null, nextStart: null, lateSince: null },
    ...change,
  });
  const now = night(22);
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const kind = (change: Partial<JobStanding>) => jobTroubleOf(job(change), now)?.kind ?? null;

  it('late, failed, interrupted, past its limit; nothing to say of one that works', () => {
    expect(kind({})).to.equal(null);
    expect(kind({ lateSince: ago(60) })).to.equal('late');
    expect(kind({ lastError: { at: ago(60), message: 'non' }, lateSince: ago(5) })).to.equal('failed');
    expect(kind({ interruptedSince: ago(60) })).to.equal('interrupted');
    expect(kind({ runningSince: ago(9), lastError: { at: ago(60), message: 'non' } })).to.equal(null);
    expect(kind({ runningSince: ago(11) })).to.equal('overtime');
  });

  it('schedules are said in French, those of every job of the platform too', async () => {
    const said = ['* * * * *', '*/5 * * * *', '40 * * * *', '5 0 * * *', '30 7 * * 1', '0 0 1 * *'].map(scheduleWords);
    expect(said.map((text) => text.replaceAll('\u00a0', ' '))).to.deep.equal([
      'toutes les minutes',
      'toutes les 5 minutes',
      'chaque heure, à la minute 40',
      'chaque jour à 0 h 05',
      'chaque lundi à 7 h 30',
      "selon l'horaire « 0 0 1 * * »",
    ]);
    for (const { name, schedule } of await discoverJobs()) {
      expect(scheduleWords(schedule), name).to.not.include("selon l'horaire");
    }
  });

  it('figures are named in French, those inside a figure too', () => {
    const said = figures({ reclaimed: 0, statuses: { done: 1200 }, off: true, autre: 'x' });
    expect(said.map((text) => text.replaceAll('\u00a0', ' '))).to.deep.equal([
      'collectes reprises : 0',
      'Réussi : 1 200',
      'désactivé : oui',
      'autre : x',
    ]);
  });
});
