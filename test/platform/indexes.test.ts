import { expect } from 'chai';
import type { Model } from 'mongoose';
import { ensureIndexesOf } from '../../src/platform/indexes.ts';

describe('indexes made at start', () => {
  function modelThat(...failures: readonly Error[]) {
    const left = [...failures];
    const tries = { count: 0 };
    const model = {
      createCollection: async () => {},
      syncIndexes: async () => {
        tries.count += 1;
        const failure = left.shift();
        if (failure !== undefined) throw failure;
      },
    };
    return { model: model as unknown as Pick<Model<object>, 'createCollection' | 'syncIndexes'>, tries };
  }
  const withCode = (code: number) => Object.assign(new Error('refused'), { code });

  it('are tried again when another process that starts is in the way', async () => {
    const { model, tries } = modelThat(withCode(117), new Error('deadlock detected'));
    await ensureIndexesOf(model);
    expect(tries.count).to.equal(3);
  });

  it('that the documents contradict stop the start at once; others are not tried for ever', async () => {
    const contradicted = modelThat(withCode(11000));
    const failed = await ensureIndexesOf(contradicted.model).catch((error: Error) => error);
    expect(failed).to.have.property('code', 11000);
    expect(contradicted.tries.count).to.equal(1);
    const endless = modelThat(...Array.from({ length: 9 }, () => withCode(112)));
    expect(await ensureIndexesOf(endless.model).catch(() => 'refused')).to.equal('refused');
    expect(endless.tries.count).to.equal(4);
  });
});
