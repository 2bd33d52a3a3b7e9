import { expect } from 'chai';
import { judgeHere, makeJudging } from '../../src/harvest/pipeline/judge-ahead.ts';
import { type Batch, type Entry, entryOf } from '../../src/harvest/pipeline/read.ts';

const entries = (...ids: string[]): Entry[] => ids.map((id) => entryOf(id, { id }, 'stamp'));

async function* one(batch: Batch): AsyncGenerator<Batch> {
  yield batch;
}

describe('judging ahead', () => {
  async function judgedWhileReading(outcomes: Parameters<ReturnType<typeof makeJudging>['learn']>[0]) {
    const judged: string[] = [];
    const judging = makeJudging(
      judgeHere(({ remoteId }) => {
        judged.push(remoteId);
        return { kind: 'out-of-scope', reason: remoteId };
      }),
    );
    judging.learn(outcomes);
    const batch = { entries: entries('a', 'b'), removed: [] };
    for await (const _ of judging.ahead(one(batch)));
    // What was begun ahead goes on by itself.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const ahead = [...judged];
    const answers = await judging.judge(batch.entries);
    return { ahead, judged, answers };
  }

  it('judges each record once, while the batch before is written, when records turn out to be new', async () => {
    const { ahead, judged, answers } = await judgedWhileReading(['created', 'created', 'unchanged']);
    expect([ahead, judged]).to.deep.equal([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(answers.map(({ judged: one }) => one.kind === 'out-of-scope' && one.reason)).to.deep.equal(['a', 'b']);
  });

  it('judges nothing ahead of an unchanged source', async () => {
    const { ahead, judged } = await judgedWhileReading(['unchanged', 'unchanged', 'updated']);
    expect([ahead, judged]).to.deep.equal([[], ['a', 'b']]);
  });

  it('a record left without an answer is never passed over', async () => {
    const judging = makeJudging(async (asked) => asked.slice(1).map(() => ({ kind: 'out-of-scope', reason: '' })));
    const failed = await judging.judge(entries('a', 'b')).catch((error: Error) => error.message);
    expect(failed).to.equal('the record b was not judged');
  });
});
