/**
 * A process to be killed, or asked to end: serves a data directory and, as `write`, runs writers on it and prints one line for every
 * write that was acknowledged.
 */
import { writeSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

const [dataDir = '', what = 'serve', round = '0'] = process.argv.slice(2);
const engine = await startEmbeddedDatabase({ dataDir });

/** Straight to the pipe: a killed process loses what it still buffers. */
const say = (line: string): void => void writeSync(1, `${line}\n`);

if (what === 'write') {
  const client = await MongoClient.connect(engine.uri('kill'));
  const c = client.db().collection<{ _id: string; slug: string; tags: string[]; n: number; filler: string }>('docs');
  await c.createIndexes([{ key: { slug: 1 }, unique: true }, { key: { tags: 1, n: -1 } }, { key: { n: 1 } }]);
  say('ready');
  const make = (id: string, n: number) => ({
    _id: id,
    slug: `slug-${id}`,
    tags: [`t${n % 7}`, `u${n % 3}`],
    n,
    filler: 'x'.repeat(n % 900),
  });
  const insertOnes = async (who: string): Promise<never> => {
    for (let n = 0; ; n++) {
      const id = `${round}-${who}-${n}`;
      await c.insertOne(make(id, n));
      say(`have ${id}`);
    }
  };
  const insertManys = async (who: string): Promise<never> => {
    for (let n = 0; ; n += 20) {
      const docs = Array.from({ length: 20 }, (_, i) => make(`${round}-${who}-${n + i}`, n + i));
      await c.insertMany(docs);
      for (const { _id } of docs) say(`have ${_id}`);
    }
  };
  const updateOnes = async (who: string): Promise<never> => {
    const id = `${round}-${who}`;
    await c.insertOne(make(id, 0));
    for (let n = 1; ; n++) {
      await c.updateOne({ _id: id }, { $set: { tags: [`t${n % 7}`, `v${n}`] }, $inc: { n: 1 } });
      say(`count ${id} ${n}`);
    }
  };
  await Promise.all([
    insertOnes('a'),
    insertOnes('b'),
    insertOnes('c'),
    insertManys('d'),
    insertManys('e'),
    updateOnes('f'),
    updateOnes('g'),
    updateOnes('h'),
  ]);
} else {
  process.once('SIGTERM', () => void engine.close().then(() => process.exit()));
  say('ready');
  // The engine's thread does not keep the process alive.
  setInterval(() => undefined, 60_000);
}
