import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { SourceItem } from '../../src/harvest/connector.ts';
import { readToEnd } from '../../src/harvest/pipeline/read.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('the read stage', () => {
  it('keeps no record that it has handed on, however long the listing', async () => {
    const handedOn: WeakRef<object>[] = [];
    async function* listing(): AsyncGenerator<SourceItem<unknown>> {
      for (let n = 0; n < 50; n += 1) {
        const raw = { title: `Cours ${n}` };
        handedOn.push(new WeakRef(raw));
        yield { kind: 'record', remoteId: String(n), raw };
      }
      // A turn of the event loop: a weak reference holds its target until the current one ends.
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      yield { kind: 'end', covers: 'full', deletions: 'none' };
    }
    let alive = Number.NaN;
    for await (const item of readToEnd(listing(), new AbortController().signal)) {
      if (item.kind === 'end') alive = handedOn.filter((record) => record.deref() !== undefined).length;
    }
    // The last one or two may still stand in a frame of the reading.
    expect(alive).to.be.below(3);
  });

  it('stops waiting for a source that hangs as soon as it is told to', async () => {
    async function* hanging(): AsyncGenerator<SourceItem<unknown>> {
      yield { kind: 'record', remoteId: '1', raw: {} };
      await new Promise(() => {});
    }
    const stop = new AbortController();
    const reason = new Error('told to stop');
    let received = 0;
    let failure: unknown;
    try {
      for await (const item of readToEnd(hanging(), stop.signal)) {
        if (item.kind === 'record') received += 1;
        setImmediate(() => stop.abort(reason));
      }
    } catch (error) {
      failure = error;
    }
    expect([received, failure]).to.deep.equal([1, reason]);
  });
});
