/** Runs that wait for their turn, and share the thread in which they execute. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { makeLocalQueue } from '../../src/harvest/execute.ts';
import { judge } from '../../src/harvest/pipeline/judge.ts';
import {
  aSource,
  end,
  type Item,
  listingConnector,
  makeWorld,
  numbered,
  type World,
} from '../support/harvest-world.ts';

describe('runs in one thread', function () {
  this.timeout(60_000);
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  /** Harvests as many sources of 200 records; @returns the sizes of their batches. */
  async function batchesOf(sources: number, concurrency: number): Promise<number[]> {
    const sizes: number[] = [];
    let begun = 0;
    let allHaveBegun = () => {};
    const together = new Promise<void>((resolve) => {
      allHaveBegun = resolve;
    });
    async function* listing(): AsyncGenerator<Item> {
      begun += 1;
      const from = begun * 1000;
      if (begun === Math.min(sources, concurrency)) allHaveBegun();
      await together;
      yield* numbered(200, from);
      yield end();
    }
    const connector = listingConnector(listing);
    const tools = world.tools({ settings: { batch: { records: 80, characters: 1_000_000 } } }, connector);
    const queue = makeLocalQueue({
      tools: {
        ...tools,
        judgeElsewhere: async ({ records }) => {
          sizes.push(records.length);
          return records.map((one) => judge(one, { connector, align: tools.align, onError: () => {} }));
        },
      },
      connectors: new Map([['test', connector]]),
      concurrency,
    });
    const runs = await Promise.all(
      Array.from({ length: sources }, async (_, at) => {
        const source = aSource({ id: `partenaire-${at}` });
        const asked = { id: randomUUID(), sourceId: source.id, sourceTitle: source.title, now: world.now() };
        const { id } = await world.store.runs.request({ ...asked, trigger: 'manual', everything: false });
        return queue.add(id, source);
      }),
    );
    await queue.close();
    expect(runs.map((run) => run?.counters.created)).to.deep.equal(runs.map(() => 200));
    return sizes;
  }

  it('one alone has whole batches, four at once a quarter each, and those that wait take nothing', async () => {
    expect(Math.max(...(await batchesOf(1, 4)))).to.equal(80);
    await world.empty();
    const shared = await batchesOf(4, 4);
    expect(shared.slice(0, 4)).to.deep.equal([20, 20, 20, 20]);
    await world.empty();
    expect(Math.max(...(await batchesOf(3, 1)))).to.equal(80);
  });
});
