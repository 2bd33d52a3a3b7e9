import { expect } from 'chai';
import { joinedFind, joinedRead, sharedRead } from '../../src/platform/joined-reads.ts';

describe('reads asked for at the same moment', () => {
  it('go out as one, each key once, and each gets its own answer', async () => {
    const asked: (readonly string[])[] = [];
    const read = joinedRead(async (keys) => {
      asked.push(keys);
      return new Map(keys.filter((key) => key !== 'x').map((key) => [key, key.toUpperCase()]));
    });
    // From turns of the loop of their own, as requests of several connections come.
    const later = new Promise((resolve) => setImmediate(() => resolve(read('c'))));
    expect(await Promise.all([read('a'), read('b'), read('a'), read('x')])).to.deep.equal(['A', 'B', 'A', undefined]);
    expect(await later).to.equal('C');
    expect(asked[0]?.slice(0, 3)).to.deep.equal(['a', 'b', 'x']);
  });

  it('keep nothing: what was written before a read was asked for is in its answer', async () => {
    let stored = 1;
    const read = joinedRead(async () => new Map([['a', stored]]));
    expect(await read('a')).to.equal(1);
    const before = read('a');
    stored = 2;
    expect(await before).to.equal(2);
    expect(await read('a')).to.equal(2);
  });

  it('fail each of those who asked, and only them', async () => {
    let failing = true;
    const read = joinedRead(async () => {
      if (failing) throw new Error('down');
      return new Map([['a', 1]]);
    });
    const failed = await Promise.allSettled([read('a'), read('b')]);
    expect(failed.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    failing = false;
    expect(await read('a')).to.equal(1);
  });

  it('find documents by a field, through arrays, in the order found', async () => {
    const stored = [
      { _id: 1, members: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] },
      { _id: 2, members: [{ id: 'b' }] },
      { _id: 3, members: [] },
    ];
    const find = joinedFind('members.id', async () => stored);
    const ids = async (key: string) => (await find(key)).map(({ _id }) => _id);
    expect(await Promise.all([ids('a'), ids('b'), ids('c')])).to.deep.equal([[1], [1, 2], []]);
  });

  it('a question asked by many is asked once, and each other question too', async () => {
    const asked: unknown[] = [];
    const read = sharedRead(async (register: string, on: string | null) => {
      asked.push([register, on]);
      return on === null ? null : { register, on };
    });
    const answers = await Promise.all([read('RS', '2026-11-28'), read('RS', null), read('RS', '2026-11-28')]);
    expect(answers).to.deep.equal([{ register: 'RS', on: '2026-11-28' }, null, { register: 'RS', on: '2026-11-28' }]);
    expect(asked).to.deep.equal([
      ['RS', '2026-11-28'],
      ['RS', null],
    ]);
  });
});
