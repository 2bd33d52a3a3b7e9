import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'chai';
import { funder, openFundingWorld } from '../builders/funding-world.ts';
import { testDatabase } from '../support/database.ts';

const bytesOf = async function* (text: string) {
  yield new TextEncoder().encode(text);
};

describe('a list whose process is killed', function () {
  this.timeout(120_000);

  it('goes on elsewhere: no line lost, none answered twice, one receipt each', async () => {
    const test = await testDatabase();
    const key = randomBytes(32);
    const world = await openFundingWorld({ uri: test.uri, key });
    try {
      const lines = 2_600;
      const text = Array.from({ length: lines }, (_, at) => (at % 100 === 0 ? 'RS6604' : '37674')).join('\n');
      const asked = { bytes: bytesOf(text), pasted: false, date: '2026-11-22', receipts: true };
      const id = await world.verdicts.lists.submit(funder, asked);
      const child = spawn(
        process.execPath,
        ['--import=tsx', 'test/support/answer-lists.ts', test.uri, key.toString('hex')],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let pieces = 0;
      for await (const told of child.stdout) {
        pieces += String(told).split('piece').length - 1;
        if (pieces >= 3) break;
      }
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const half = await world.verdicts.lists.state(funder, id);
      expect(half.answered).to.be.within(1, lines - 1);
      // The lock of the dead process ends by itself.
      await world.database.connection.collection('locks').updateMany({}, { $set: { until: new Date(0) } });
      await world.verdicts.lists.work();
      const answers = [];
      for await (const answer of await world.verdicts.lists.everyAnswer(funder, id)) answers.push(answer);
      expect(answers.map(({ line }) => line)).to.deep.equal(Array.from({ length: lines }, (_, at) => at + 1));
      const codes = answers.flatMap(({ receipt }) => receipt ?? []);
      expect(new Set(codes).size).to.equal(26);
      expect(await world.database.connection.collection('receipts').countDocuments({})).to.equal(26);
    } finally {
      await world.close();
      await test.drop();
    }
  });
});
