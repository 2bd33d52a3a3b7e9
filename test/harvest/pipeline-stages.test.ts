/** The stages of the pipeline that need nothing but an array. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SourceError } from '../../src/errors.ts';
import type { SourceItem } from '../../src/harvest/connector.ts';
import { everyRecordCountedOnce } from '../../src/harvest/model.ts';
import { canonicalJson } from '../../src/harvest/pipeline/fingerprint.ts';
import { keptProblem, makeCount, makeTally } from '../../src/harvest/pipeline/outcome.ts';
import { type Batch, cutBatches, readToEnd, sharedBy } from '../../src/harvest/pipeline/read.ts';
import { isMassGain, isMassLoss } from '../../src/harvest/pipeline/retire.ts';
import { faultOf, gainsFault, lossesFault, sentenceOf, shortFault, timeLimit } from '../../src/harvest/words.ts';
import { readAhead } from '../../src/platform/read-ahead.ts';
import { checkpoint, end, type Item, record, records, removedItem, unchanged } from '../support/harvest-world.ts';

async function* given<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const never = new AbortController().signal;
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const read = (...items: readonly Item[]) => readToEnd(given<SourceItem<unknown>>(...items), never);
const cut = (items: readonly Item[], size = { records: 3, characters: 1_000_000 }) =>
  all(cutBatches(given<SourceItem<unknown>>(...items), 'stamp', () => size));
const shape = (batches: readonly Batch[]) =>
  batches.map(({ entries, removed, cursor, closing }) => [
    entries.map(({ remoteId }) => remoteId).join(''),
    removed.join(''),
    cursor?.value ?? closing?.kind,
  ]);

describe('pipeline stages', () => {
  it('reading ends at the closing item, and a listing without one was cut', async () => {
    expect(await all(read(...records('a'), end(), ...records('b')))).to.have.length(2);
    expect(await failure(all(read(...records('a'))))).to.be.instanceOf(SourceError);
    expect(await failure(all(read()))).to.be.instanceOf(SourceError);
    expect(await failure(all(read(...records('a'), unchanged)))).to.be.instanceOf(SourceError);
  });

  it('reading stops at once when asked to, even if the source hangs', async () => {
    const stop = new AbortController();
    const hanging = async function* (): AsyncGenerator<Item> {
      yield* records('a');
      await new Promise(() => {});
    };
    setTimeout(() => stop.abort(timeLimit(1)), 10);
    expect(await failure(all(readToEnd(hanging(), stop.signal)))).to.have.property('kind', 'time-limit');
  });

  it('batches are cut at checkpoints, at their size, and at the end', async () => {
    expect(shape(await cut([...records('a', 'b', 'c', 'd'), checkpoint(1), ...records('e'), end()]))).to.deep.equal([
      ['abc', '', undefined],
      ['d', '', 1],
      ['e', '', 'end'],
    ]);
    expect(shape(await cut([...records('a', 'b'), end()], { records: 10, characters: 15 }))).to.deep.equal([
      ['a', '', undefined],
      ['b', '', undefined],
      ['', '', 'end'],
    ]);
  });

  it('runs that execute at once share the records and the characters of a batch', async () => {
    const whole = { records: 500, characters: 8_000_000 };
    expect(sharedBy(1, whole)).to.deep.equal(whole);
    expect(sharedBy(10, whole)).to.deep.equal({ records: 50, characters: 800_000 });
    expect(sharedBy(100, whole)).to.deep.equal({ records: 20, characters: 80_000 });
    expect(sharedBy(3, { records: 5, characters: 100 })).to.deep.equal({ records: 5, characters: 33 });
  });

  it('a batch is cut at the size of that moment', async () => {
    let most = 4;
    const items = given<SourceItem<unknown>>(...records('a', 'b', 'c', 'd', 'e', 'f', 'g'), end());
    const sizes: number[] = [];
    for await (const batch of cutBatches(items, 'stamp', () => ({ records: most, characters: 1_000_000 }))) {
      sizes.push(batch.entries.length);
      most = 2;
    }
    expect(sizes).to.deep.equal([4, 2, 1]);
  });

  it('a record given after its declared deletion is not deleted', async () => {
    expect(shape(await cut([removedItem('a'), removedItem('b'), record('a'), end()]))).to.deep.equal([
      ['a', 'b', 'end'],
    ]);
  });

  it('reads one batch ahead and no more, and tells a fault when its turn comes', async () => {
    let asked = 0;
    const source = async function* () {
      for (;;) {
        asked += 1;
        if (asked === 4) throw new Error('fault');
        yield asked;
      }
    };
    const got: number[] = [];
    const fault = await failure(
      (async () => {
        for await (const value of readAhead(source())) {
          got.push(value);
          await new Promise((resolve) => setImmediate(resolve));
          expect(asked).to.be.at.most(value + 1);
        }
      })(),
    );
    expect(got).to.deep.equal([1, 2, 3]);
    expect(fault).to.have.property('message', 'fault');
  });

  it('the same record has the same identity whatever the order of its fields, and another one otherwise', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).to.equal(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson([1, 2])).to.not.equal(canonicalJson([2, 1]));
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).to.equal('{"__proto__":1}');
  });

  it('every record added to the counts is counted once', () => {
    const outcomes = fc.constantFrom(
      'created',
      'updated',
      'unchanged',
      'restored',
      'outOfScope',
      'quarantined',
      'repeated',
    );
    fc.assert(
      fc.property(fc.array(outcomes), (list) => {
        const count = makeCount();
        for (const outcome of list) count.add(outcome);
        expect(everyRecordCountedOnce(count.value())).to.equal(true);
        expect(count.value().received).to.equal(list.length);
      }),
    );
  });

  it('causes are counted by code and field, whatever the place in a list, and bounded in number and length', () => {
    const tally = makeTally([]);
    const problem = (field: string) =>
      keptProblem({ code: 'E_DATE_ILLISIBLE', field, value: { a: 'x'.repeat(5_000) }, message: 'm' });
    tally.add('r1', [problem('sessions.0.start'), problem('sessions.12.start')]);
    for (let at = 0; at < 1_000; at += 1) tally.add('r', [problem(`field${at}x`)]);
    const causes = tally.causes();
    expect(causes[0]).to.include({ count: 2 });
    expect(causes[0]?.example.value).to.have.length(200);
    expect(causes).to.have.length(200);
  });

  it('the guards hold from just above 20 % and just above double', () => {
    const guards = { lossShare: 0.2, gainFactor: 2, gainFloor: 50 };
    const baseline = { present: 10, shown: 10, waiting: 0 };
    expect([isMassLoss(2, baseline, guards), isMassLoss(3, baseline, guards)]).to.deep.equal([false, true]);
    expect(isMassLoss(0, { present: 0, shown: 0, waiting: 0 }, guards)).to.equal(false);
    expect([isMassGain(50, 50, guards), isMassGain(51, 50, guards), isMassGain(500, 49, guards)]).to.deep.equal([
      false,
      true,
      false,
    ]);
  });

  it('names each fault of a partner in the words of the report, once', () => {
    const message = (error: unknown) => faultOf(error).message;
    expect(message(new SourceError('unreachable', 'Source injoignable (503)'))).to.equal('Source injoignable (503)');
    expect(message(new SourceError('malformed', 'La source a répondu une page web.'))).to.equal(
      'Réponse illisible : La source a répondu une page web',
    );
    expect(message(new SourceError('changed', 'La liste manque.'))).to.equal(
      'Le format de la source a changé : La liste manque',
    );
    expect(message(new TypeError('x'))).to.equal('Une erreur de la plateforme a interrompu la collecte');
    expect(shortFault(100, 40).message).to.equal('La source a annoncé 100 fiches et en a donné 40');
    expect(lossesFault(30, 100).message).to.contain('retirerait 30 cours sur 100 (30 %)');
    expect(gainsFault(51, 50).message).to.contain('ajouterait 51 cours à une source qui en compte 50');
  });

  it('a run says what it did and what it did not', () => {
    const run = {
      status: 'incomplete',
      fault: { kind: 'malformed', message: "La source s'est interrompue", url: null },
    };
    expect(sentenceOf(run as never)).to.equal("La source s'est interrompue. Aucun cours absent n'a été retiré.");
    expect(sentenceOf({ ...run, status: 'failed' } as never)).to.equal(
      "La source s'est interrompue. Rien n'a été modifié.",
    );
  });
});
