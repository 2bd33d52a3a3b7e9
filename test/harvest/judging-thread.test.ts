/** Records judged in a thread of their own: the same answers as here, and a thread that dies or never ends. */
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import moochub from '../../connectors/moochub/index.ts';
import { loadFramework } from '../../src/framework/data.ts';
import { align } from '../../src/framework/model/alignment.ts';
import type { Patch } from '../../src/harvest/model/patch.ts';
import { type JudgeWork, judge } from '../../src/harvest/pipeline/judge.ts';
import { entryOf } from '../../src/harvest/pipeline/read.ts';
import { type JudgingThread, makeJudgingThread } from '../../src/harvest/start-judging.ts';
import { startWorker } from '../../src/platform/worker.ts';

const course = (id: string, name: string) => ({
  // Added by the reader.
  reading: { url: 'https://campus.example/courses', workloadUnit: null },
  type: 'courses',
  id,
  attributes: {
    name,
    url: `https://campus.example/cours/${id}`,
    abstract: 'Apprendre à programmer avec Python : variables, boucles, fonctions, fichiers.',
    inLanguage: ['fr'],
    languages: ['fr'],
    description: 'Apprendre à programmer avec Python.',
    publisher: { name: 'Campus', url: 'https://campus.example/' },
    moocProvider: { name: 'Campus', url: 'https://campus.example/' },
    courseMode: ['online'],
  },
});

const patch: Patch = {
  ...{ sourceId: 'campus', remoteId: 'r0', field: 'title', version: 1, revision: 1 },
  ...{ source: { text: 'Python', readable: true }, value: 'Python, premiers pas', by: 'provider', why: 'Plus clair.' },
  ...{ at: new Date('2026-11-20T10:00:00Z'), appliedAt: null, ended: null, undoneAt: null, past: [] },
  seen: { value: { text: 'Python', readable: true }, at: new Date('2026-11-19T10:00:00Z') },
};

function workOf(connector: string, ...raws: readonly object[]): JudgeWork {
  const records = raws.map((raw, at) => entryOf(`r${at}`, raw, 'stamp'));
  return { connector, runId: 'run', sourceId: 'campus', records };
}

describe('the judging thread', function () {
  this.timeout(30_000);
  let thread: JudgingThread;
  let started: number;

  function open(options: { lostMs?: number; startThread?: typeof startWorker } = {}) {
    started = 0;
    const { startThread = startWorker, ...rest } = options;
    thread = makeJudgingThread({
      data: { logLevel: 'silent', enabledConnectors: ['moochub'] },
      startThread: (...args) => {
        started += 1;
        return startThread(...args);
      },
      ...rest,
    });
  }

  afterEach(() => thread.close());

  it('answers what this thread would, in the order asked, corrections with their dates', async () => {
    open();
    const raw = workOf('moochub', course('a', 'Python'), { nothing: true }, course('b', 'Cuisine bretonne'));
    const work = { ...raw, records: raw.records.map((one, at) => (at === 0 ? { ...one, patches: [patch] } : one)) };
    const framework = loadFramework();
    const here = work.records.map((record) =>
      judge(record, {
        connector: moochub,
        align: (draft) => align({ ...draft, provider: draft.provider.name }, framework),
        onError: (error) => {
          throw error;
        },
      }),
    );
    expect(await thread.judge(work)).to.deep.equal(here);
    expect(here.map(({ kind }) => kind)).to.deep.equal(['course', 'rejected', 'course']);
  });

  it('fails those records that bring it down, and judges the others in a new thread', async () => {
    open();
    const bad = thread.judge(workOf('inconnu', course('a', 'Python'))).catch((error: Error) => error.message);
    const good = thread.judge(workOf('moochub', course('a', 'Python')));
    expect(await bad).to.equal('the connector inconnu is not here');
    expect((await good).map(({ kind }) => kind)).to.deep.equal(['course']);
    expect(started).to.equal(2);
  });

  it('gives up records that never end, instead of holding their run for ever', async () => {
    open({ lostMs: 50, startThread: () => new Worker('setInterval(() => {}, 1_000)', { eval: true }) });
    const ended = await thread.judge(workOf('moochub', course('a', 'Python'))).catch((error: Error) => error.message);
    expect(ended).to.equal('the judging thread did not answer');
  });
});
