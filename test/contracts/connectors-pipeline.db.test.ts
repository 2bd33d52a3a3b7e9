/** Contract point 10: through the pipeline, a sample read twice in one run counts every record once and once as repeated. */
import { expect } from 'chai';
import type { SourceItem } from '../../src/harvest/connector.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { allOf, casesIn, fixturesOf, readCase } from '../support/connector-cases.ts';
import { aSource, type Item, makeWorld, type World } from '../support/harvest-world.ts';

const connectors = await discoverConnectors();

/** The same record with another content. */
function varied(raw: unknown): unknown {
  return { ...(raw as object), fieldAddedByTheTest: 'another content' };
}

describe('connectors through the pipeline', () => {
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  for (const [id, connector] of connectors) {
    const sample = casesIn(fixturesOf(id), connector).find(({ name }) => name === 'sample');
    if (sample === undefined) throw new Error(`connectors/${id}/fixtures has no sample`);

    const read = async () => {
      const items = await allOf(readCase(connector, sample).items);
      const given = items.filter((item) => item.kind === 'record');
      // A sample may itself show a record given on two pages.
      const records = [...new Map(given.map((item) => [item.remoteId, item])).values()];
      const last = items.at(-1);
      if (last?.kind !== 'end') throw new Error('the sample has no end');
      const { announced: _announced, ...closing } = last;
      return { records, closing };
    };
    /** The items of the sample, in the connector's own hands for all but reading. */
    const replaying = (items: readonly SourceItem<unknown>[]) => ({
      ...connector,
      configSchema: connector.configSchema,
      async *read() {
        yield* items;
      },
    });
    const source = aSource({ connector: id, config: sample.config as Record<string, unknown> });

    it(`${id}: the sample read twice counts every record once, and once as repeated`, async () => {
      const { records, closing } = await read();
      const once = await world.run([], { source, connector: replaying([...records, closing]) });
      await world.empty();
      const run = await world.run([], { source, connector: replaying([...records, ...records, closing]) });
      const { received, repeated, ...judged } = run.counters;
      expect(received).to.equal(records.length * 2);
      expect(repeated).to.equal(records.length);
      const { received: _received, repeated: _repeated, ...judgedOnce } = once.counters;
      expect(judged).to.deep.equal(judgedOnce);
      expect(judged.created, 'the sample holds a course').to.be.above(0);
    });

    it(`${id}: with one field changed the second is quarantined`, async () => {
      const { records, closing } = await read();
      const first = records[0];
      if (first === undefined) throw new Error('the sample has no record');
      const changed: Item = { kind: 'record', remoteId: first.remoteId, raw: varied(first.raw) };
      const before = await world.run([], { source, connector: replaying([...records, closing]) });
      await world.empty();
      const run = await world.run([], { source, connector: replaying([...records, changed, closing]) });
      expect(run.counters.quarantined).to.equal(before.counters.quarantined + 1);
      expect(run.causes.map(({ code }) => code)).to.include('E_DOUBLON_CONTRADICTOIRE');
      expect(run.counters.created).to.equal(before.counters.created);
    });
  }
});
