/**
 * Reads that are asked for at the same moment go to the database as one command: when many people open pages at once, each
 * costs a share of a command. Nothing is kept: a read sees every write that ended before it was asked for.
 */
import DataLoader from 'dataloader';

/** In one command. */
const most = 100;

/** @param read answers what it found, by key; `undefined` for the others */
export function joinedRead<Value>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | undefined> {
  const loader = new DataLoader<string, Value | undefined>(
    async (keys) => {
      const found = await read([...new Set(keys)]);
      return keys.map((key) => found.get(key));
    },
    // The next turn of the loop: by then every request that came in this one has asked.
    { cache: false, maxBatchSize: most, batchScheduleFn: (send) => setImmediate(send) },
  );
  return (key) => loader.load(key);
}

/**
 * The same question, asked by many at the same moment, is asked once. They all get the same answer: it must not be changed.
 * A question is plain JSON.
 */
export function sharedRead<Question extends readonly (string | number | null)[], Value>(
  ask: (...question: Question) => Promise<Value>,
): (...question: Question) => Promise<Value> {
  const read = joinedRead(
    async (keys) =>
      new Map(await Promise.all(keys.map(async (key) => [key, { value: await ask(...JSON.parse(key)) }] as const))),
  );
  return async (...question) => {
    const answered = await read(JSON.stringify(question));
    if (answered === undefined) throw new TypeError('a question was left without an answer');
    return answered.value;
  };
}

/** The values at a path of names, each element of an array on the way. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((each) => valuesAt(each, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return [value];
  return typeof value === 'object' && value !== null ? valuesAt(Reflect.get(value, name), rest) : [];
}

/**
 * The documents whose field `path` is, or holds, the key asked for, in the order found. Two who ask for the same key get the
 * same objects: they must not be changed.
 *
 * @param find every document that has one of the keys there
 */
export function joinedFind<Document>(
  path: string,
  find: (keys: readonly string[]) => Promise<readonly Document[]>,
): (key: string) => Promise<readonly Document[]> {
  const names = path.split('.');
  const read = joinedRead(async (keys) => {
    const byKey = new Map<string, Document[]>(keys.map((key) => [key, []]));
    for (const document of await find(keys))
      for (const value of new Set(valuesAt(document, names))) byKey.get(String(value))?.push(document);
    return byKey;
  });
  return async (key) => (await read(key)) ?? [];
}
