import { Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Doc, encode } from '../../src/embedded-db/bson-codec.ts';
import { compileCollation } from '../../src/embedded-db/collation.ts';
import { compileSort, sortBy } from '../../src/embedded-db/sort.ts';
import { codeOf } from './error-code.ts';

function sorted(docs: readonly Doc[], spec: Doc, options: { collation?: Doc; limit?: number } = {}): unknown[] {
  const sort = compileSort(spec, compileCollation(options.collation));
  if (!sort) throw new Error('the specification is empty');
  for (const doc of docs) expect(sort.compareKeys(sort.keyOf(doc), sort.keyOfRaw(encode(doc)))).to.equal(0);
  return sortBy(docs, sort.keyOf, sort.compareKeys, options.limit).map((doc) => doc._id);
}

const CASES: [name: string, docs: Doc[], spec: Doc, ids: unknown[]][] = [
  [
    'numbers by value, whatever their type',
    [
      { _id: 1, a: 3 },
      { _id: 2, a: Long.fromNumber(1) },
      { _id: 3, a: new Double(2) },
      { _id: 4, a: Decimal128.fromString('1.5') },
    ],
    { a: 1 },
    [2, 4, 3, 1],
  ],
  [
    'types in the order of MongoDB',
    [
      { _id: 'max', a: new MaxKey() },
      { _id: 'stamp', a: new Timestamp({ t: 1, i: 1 }) },
      { _id: 'date', a: new Date(0) },
      { _id: 'bool', a: false },
      { _id: 'oid', a: new ObjectId() },
      { _id: 'object', a: {} },
      { _id: 'string', a: '' },
      { _id: 'number', a: 0 },
      { _id: 'null', a: null },
      { _id: 'empty', a: [] },
      { _id: 'min', a: new MinKey() },
    ],
    { a: 1 },
    ['min', 'empty', 'null', 'number', 'string', 'object', 'oid', 'bool', 'date', 'stamp', 'max'],
  ],
  ['missing like null', [{ _id: 1, a: 1 }, { _id: 2 }, { _id: 3, a: null }], { a: 1 }, [2, 3, 1]],
  [
    'the smallest element of an array upwards',
    [
      { _id: 1, a: [5, 1] },
      { _id: 2, a: [2] },
      { _id: 3, a: 3 },
    ],
    { a: 1 },
    [1, 2, 3],
  ],
  [
    'the largest element of an array downwards',
    [
      { _id: 1, a: [5, 1] },
      { _id: 2, a: [2] },
      { _id: 3, a: 3 },
    ],
    { a: -1 },
    [1, 3, 2],
  ],
  [
    'through the documents of an array',
    [
      { _id: 1, a: [{ b: 5 }, { b: 2 }] },
      { _id: 2, a: [{ b: 3 }] },
    ],
    { 'a.b': 1 },
    [1, 2],
  ],
  [
    'by several fields in turn',
    [
      { _id: 1, a: 1, b: 1 },
      { _id: 2, a: 1, b: 2 },
      { _id: 3, a: 0, b: 0 },
    ],
    { a: 1, b: -1 },
    [3, 2, 1],
  ],
  [
    'by an index of an array',
    [
      { _id: 1, a: [1, 9] },
      { _id: 2, a: [5, 2] },
    ],
    { 'a.1': 1 },
    [2, 1],
  ],
  [
    'equal keys as they came',
    [
      { _id: 3, a: 1 },
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
    ],
    { a: -1 },
    [3, 1, 2],
  ],
  ['nothing inherited', [{ _id: 1 }, { _id: 2, toString: 'a' }], { toString: -1 }, [2, 1]],
];

describe('Sort of the embedded database', () => {
  for (const [name, docs, spec, ids] of CASES) {
    it(`puts ${name}`, () => {
      expect(sorted(docs, spec)).to.deep.equal(ids);
    });
  }

  it('follows the collation', () => {
    const docs = [
      { _id: 1, a: 'z' },
      { _id: 2, a: 'Été' },
      { _id: 3, a: 'ete' },
    ];
    expect(sorted(docs, { a: 1 })).to.deep.equal([3, 1, 2]);
    expect(sorted(docs, { a: 1 }, { collation: { locale: 'fr', strength: 1 } })).to.deep.equal([2, 3, 1]);
  });

  const REFUSED: [spec: Doc, code: number][] = [
    [{ a: 2 }, 15975],
    [{ a: 'x' }, 15974],
    [{ a: { $meta: 'textScore' } }, 40218],
    [{ a: { b: 1 } }, 15975],
    [{ 'a..b': 1 }, 15998],
    [{ $a: 1 }, 16410],
    [{ '': 1 }, 40352],
    [Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, 1])), 2],
  ];
  for (const [spec, code] of REFUSED) {
    it(`refuses ${JSON.stringify(spec).slice(0, 60)} with ${code}`, () => {
      expect(codeOf(() => compileSort(spec))).to.equal(code);
    });
  }

  it('refuses documents whose sort fields go through different arrays with 2', () => {
    expect(codeOf(() => sorted([{ _id: 1, a: [1], b: [2] }], { a: 1, b: 1 }))).to.equal(2);
  });

  it('with a limit gives the start of the full order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        (values, limit) => {
          const docs = values.map((a, _id) => ({ _id, a }));
          const sort = compileSort({ a: 1 });
          if (!sort) throw new Error('no sort');
          const all = sortBy(docs, sort.keyOf, sort.compareKeys).map(({ _id }) => _id);
          const some = sortBy(docs, sort.keyOf, sort.compareKeys, limit).map(({ _id }) => _id);
          expect(some).to.deep.equal(all.slice(0, limit));
        },
      ),
      { numRuns: 30 },
    );
  });
});
