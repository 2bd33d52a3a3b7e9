import { expect } from 'chai';
import { remembered } from '../../src/platform/remembered.ts';
import { errorOf } from '../support/error-of.ts';

describe('remembered reads', () => {
  it('are read once for each key until their time is over', async () => {
    let at = 0;
    const asked: string[] = [];
    const read = remembered(
      async (key) => {
        asked.push(key);
        return `${key}${asked.length}`;
      },
      1_000,
      () => at,
    );
    expect(await Promise.all([read('a'), read('a'), read('b'), read()])).to.deep.equal(['a1', 'a1', 'b2', '3']);
    at = 999;
    expect(await read('a')).to.equal('a1');
    at = 1_000;
    expect(await read('a')).to.equal('a4');
    expect(asked).to.deep.equal(['a', 'b', '', 'a']);
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

  it('of many keys do not fill the memory', async () => {
    let reads = 0;
    const read = remembered(async () => {
      reads += 1;
      return reads;
    }, 1_000_000);
    for (let key = 0; key < 1_001; key += 1) await read(String(key));
    await read('0');
    expect(reads).to.equal(1_002);
  });
});
