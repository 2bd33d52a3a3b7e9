import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { remembered } from '../../src/platform/remembered.ts';
import { errorOf } from '../support/error-of.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('remembered reads', () => {
  it('are read once for each key until their time is over', async () => {
    let at = 0;
    const asked: string[] = [];
    const read = remembered(
      async (key: string, part: number | null = null) => {
        asked.push(key);
        return `${key}${part ?? ''}${asked.length}`;
      },
      1_000,
      () => at,
    );
    expect(await Promise.all([read('a'), read('a'), read('b'), read('a', 7)])).to.deep.equal(['a1', 'a1', 'b2', 'a73']);
    at = 499;
    expect(await read('a')).to.equal('a1');
    at = 1_000;
    expect(await read('a')).to.equal('a4');
    expect(asked).to.deep.equal(['a', 'b', 'a', 'a']);
  });

  it('past half of their time are read again by one who asks, and nobody waits', async () => {
    let at = 0;
    const reads: ((answer: string) => void)[] = [];
    const read = remembered(
      () => new Promise<string>((resolve) => reads.push(resolve)),
      1_000,
      () => at,
    );
    const first = read();
    reads[0]?.('old');
    await first;
    at = 500;
    expect(await Promise.all([read(), read()])).to.deep.equal(['old', 'old']);
    expect(reads).to.have.lengthOf(2);
    reads[1]?.('new');
    await nextTurn();
    expect(await read()).to.equal('new');
    // As old as its question: not as its answer.
    at = 1_499;
    expect(await read()).to.equal('new');
    expect(reads).to.have.lengthOf(3);
    at = 1_500;
    const last = read();
    reads[3]?.('last');
    reads[2]?.('late');
    await nextTurn();
    expect([await last, await read()]).to.deep.equal(['last', 'last']);
  });

  it('that are read again and fail stay until their time is over, and are tried again', async () => {
    let at = 0;
    let reads = 0;
    const read = remembered(
      async () => {
        reads += 1;
        if (reads > 1) throw new Error('away');
        return 'old';
      },
      1_000,
      () => at,
    );
    await read();
    at = 999;
    expect([await read(), await nextTurn(), await read(), reads]).to.deep.equal(['old', undefined, 'old', 3]);
    at = 1_000;
    expect(await errorOf(read())).to.have.property('message', 'away');
  });

  it('that fail are read again', async () => {
    let failing = true;
    const read = remembered(async () => {
      if (failing) throw new Error('away');
      return 1;
    }, 1_000);
    expect(await errorOf(read())).to.have.property('message', 'away');
    failing = false;
    expect(await read()).to.equal(1);
  });

  it('of many questions do not fill the memory: the oldest go first', async () => {
    const asked: number[] = [];
    const read = remembered(async (key: number) => asked.push(key), 1_000_000);
    for (let key = 0; key < 1_001; key += 1) await read(key);
    await read(1_000);
    await read(1);
    expect(asked).to.have.lengthOf(1_001);
    await read(0);
    expect(asked).to.have.lengthOf(1_002);
  });

  it('whose time is over are let go of when the next question comes', async () => {
    let at = 0;
    const read = remembered(
      async (key: string) => ({ key }),
      1_000,
      () => at,
    );
    const answers = [new WeakRef(await read('a')), new WeakRef(await read('b'))];
    at = 1_000;
    await read('c');
    // A reference that was read in this turn of the loop stays until its end.
    await nextTurn();
    collectGarbage();
    expect(answers.map((answer) => answer.deref())).to.deep.equal([undefined, undefined]);
  });
});
