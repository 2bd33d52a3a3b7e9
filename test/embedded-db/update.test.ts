import { BSONRegExp, Decimal128, Double, Long, Timestamp } from 'bson';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Doc, encode } from '../../src/embedded-db/bson-codec.ts';
import { identicalValues, typeName } from '../../src/embedded-db/bson-values.ts';
import { compileCollation } from '../../src/embedded-db/collation.ts';
import { compileFilter } from '../../src/embedded-db/matcher.ts';
import { compileUpdate, type UpdateOptions, upsertDocument } from '../../src/embedded-db/update.ts';
import { codeOf } from './error-code.ts';

const now = new Date('2026-01-02T03:04:05.678Z');

interface Extra {
  filter?: Doc;
  arrayFilters?: Doc[];
  variables?: Doc;
  collation?: Doc;
  insert?: boolean;
}

function update(spec: Doc | Doc[], doc: Doc, extra: Extra = {}): { doc: Doc; changed: boolean } {
  const options: UpdateOptions = {
    arrayFilters: extra.arrayFilters,
    variables: extra.variables,
    collation: compileCollation(extra.collation),
    filter: extra.filter && compileFilter(extra.filter),
    now,
  };
  const before = encode(doc);
  const result = compileUpdate(spec, options).apply(doc, extra.insert);
  expect(Buffer.compare(before, encode(doc)), 'the given document is not modified').to.equal(0);
  expect(result.changed).to.equal(Buffer.compare(before, encode(result.doc)) !== 0);
  return result;
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (inner instanceof RegExp ? String(inner) : inner));

/** `[update, before, after, extra]`; the same document twice: nothing changes. Types and the order of fields count. */
type Case = [spec: Doc | Doc[], before: Doc, after: Doc, extra?: Extra];

const GROUPS: Record<string, Case[]> = {
  '$set and $unset': [
    [{ $set: { a: 1 } }, {}, { a: 1 }],
    [{ $set: { a: 1 } }, { a: 1 }, { a: 1 }],
    [{ $set: { a: new Double(1) } }, { a: 1 }, { a: new Double(1) }],
    [{ $set: { b: 1, a: 2 } }, { z: 0 }, { z: 0, a: 2, b: 1 }],
    [{ $set: { 'l.10': 'x', 'l.9': 'y' } }, { l: { 1: 0 } }, { l: { 1: 0, 9: 'y', 10: 'x' } }],
    [{ $set: { 'a.b.c': 1 } }, {}, { a: { b: { c: 1 } } }],
    [{ $set: { 'a.b': 1 } }, { a: { c: 2 }, d: 3 }, { a: { c: 2, b: 1 }, d: 3 }],
    [{ $set: { 'a.0': 9 } }, { a: [1, 2] }, { a: [9, 2] }],
    [{ $set: { 'a.3': 9 } }, { a: [1] }, { a: [1, null, null, 9] }],
    [{ $set: { 'a.1.b': 9 } }, { a: [1] }, { a: [1, { b: 9 }] }],
    [{ $set: { 'a.0': 9 } }, {}, { a: { 0: 9 } }],
    [{ $set: { a: null } }, {}, { a: null }],
    [{ $set: { 'ref.$id': 2 } }, { ref: { $ref: 'c', $id: 1 } }, { ref: { $ref: 'c', $id: 2 } }],
    [{ $set: { _id: new Double(1) } }, { _id: 1 }, { _id: new Double(1) }],
    [{ $set: {} }, { a: 1 }, { a: 1 }],
    [{ $unset: { a: '' } }, { a: 1, b: 2 }, { b: 2 }],
    [{ $unset: { 'a.b': 1, 'x.y.z': 1 } }, { a: { b: 1 } }, { a: {} }],
    [{ $unset: { 'a.0': 1 } }, { a: [1, 2] }, { a: [null, 2] }],
    [{ $unset: { 'a.0': 1 } }, { a: [null, 2] }, { a: [null, 2] }],
    [{ $unset: { 'a.b': 1 } }, { a: 5 }, { a: 5 }],
    [{ $unset: { 'a.9': 1 } }, { a: [1] }, { a: [1] }],
    [{ $setOnInsert: { a: 1 } }, { b: 1 }, { b: 1 }],
    [{ $setOnInsert: { a: 1 }, $set: { b: 2 } }, {}, { a: 1, b: 2 }, { insert: true }],
  ],
  '$inc and $mul': [
    [{ $inc: { a: 1 } }, { a: 1 }, { a: 2 }],
    [{ $inc: { a: 1 } }, {}, { a: 1 }],
    [{ $inc: { a: -0.5 } }, { a: 1 }, { a: 0.5 }],
    [{ $inc: { a: 0.5 } }, { a: 0.5 }, { a: new Double(1) }],
    [{ $inc: { a: new Double(1) } }, { a: 1 }, { a: new Double(2) }],
    [{ $inc: { a: 1 } }, { a: new Double(1) }, { a: new Double(2) }],
    [{ $inc: { a: 1 } }, { a: 2147483647 }, { a: Long.fromNumber(2147483648) }],
    [{ $inc: { a: -1 } }, { a: -2147483648 }, { a: Long.fromNumber(-2147483649) }],
    [{ $inc: { a: 1 } }, { a: Long.ONE }, { a: Long.fromNumber(2) }],
    [{ $inc: { a: Long.ONE } }, { a: 1 }, { a: Long.fromNumber(2) }],
    [{ $inc: { a: 1 } }, { a: Long.fromString('9007199254740993') }, { a: Long.fromString('9007199254740994') }],
    [{ $inc: { a: 0 } }, { a: 5 }, { a: 5 }],
    [{ $inc: { 'a.b': 2 } }, { a: { b: 1 } }, { a: { b: 3 } }],
    [{ $inc: { 'a.1': 2 } }, { a: [1, 1] }, { a: [1, 3] }],
    [{ $mul: { a: 3 } }, { a: 2 }, { a: 6 }],
    [{ $mul: { a: 3 } }, {}, { a: 0 }],
    [{ $mul: { a: Long.fromNumber(3) } }, {}, { a: Long.ZERO }],
    [{ $mul: { a: 1.5 } }, {}, { a: new Double(0) }],
    [{ $mul: { a: 1.5 } }, { a: 2 }, { a: new Double(3) }],
    [{ $mul: { a: 65536 } }, { a: 65536 }, { a: Long.fromNumber(4294967296) }],
    [{ $mul: { a: 0 } }, { a: -5 }, { a: 0 }],
  ],
  '$min, $max, $currentDate and $bit': [
    [{ $min: { a: 1 } }, { a: 2 }, { a: 1 }],
    [{ $min: { a: 3 } }, { a: 2 }, { a: 2 }],
    [{ $min: { a: 3 } }, {}, { a: 3 }],
    [{ $min: { a: 'x' } }, { a: 2 }, { a: 2 }],
    [{ $max: { a: 'x' } }, { a: 2 }, { a: 'x' }],
    [{ $max: { a: new Double(2) } }, { a: 2 }, { a: 2 }],
    [{ $max: { a: null } }, { a: 2 }, { a: 2 }],
    [{ $max: { a: new Date(5) } }, { a: new Date(1) }, { a: new Date(5) }],
    [{ $currentDate: { a: true } }, {}, { a: now }],
    [{ $currentDate: { a: { $type: 'date' } } }, {}, { a: now }],
    [{ $currentDate: { a: { $type: 'timestamp' } } }, {}, { a: new Timestamp({ t: 1767323045, i: 1 }) }],
    [{ $bit: { a: { and: 6 } } }, { a: 5 }, { a: 4 }],
    [{ $bit: { a: { or: 6 } } }, { a: 5 }, { a: 7 }],
    [{ $bit: { a: { xor: 6 } } }, { a: 5 }, { a: 3 }],
    [{ $bit: { a: { or: 6 } } }, {}, { a: 6 }],
    [{ $bit: { a: { and: Long.fromNumber(6) } } }, { a: 5 }, { a: Long.fromNumber(4) }],
    [{ $bit: { a: { and: 6, or: 1 } } }, { a: 5 }, { a: 5 }],
  ],
  $rename: [
    [{ $rename: { a: 'b' } }, { a: 1, c: 2 }, { c: 2, b: 1 }],
    [{ $rename: { a: 'c' } }, { a: 1, c: 2 }, { c: 1 }],
    [{ $rename: { a: 'b.c' } }, { a: 1 }, { b: { c: 1 } }],
    [{ $rename: { 'a.b': 'c' } }, { a: { b: 1 } }, { a: {}, c: 1 }],
    [{ $rename: { x: 'y' } }, { a: 1 }, { a: 1 }],
  ],
  '$push, $addToSet and $pop': [
    [{ $push: { a: 1 } }, { a: [0] }, { a: [0, 1] }],
    [{ $push: { a: 1 } }, {}, { a: [1] }],
    [{ $push: { a: [1, 2] } }, { a: [] }, { a: [[1, 2]] }],
    [{ $push: { a: { $each: [1, 2] } } }, { a: [0] }, { a: [0, 1, 2] }],
    [{ $push: { a: { $each: [] } } }, {}, { a: [] }],
    [{ $push: { a: { $each: [] } } }, { a: [1] }, { a: [1] }],
    [{ $push: { a: { $each: [8, 9], $position: 1 } } }, { a: [1, 2] }, { a: [1, 8, 9, 2] }],
    [{ $push: { a: { $each: [9], $position: -1 } } }, { a: [1, 2] }, { a: [1, 9, 2] }],
    [{ $push: { a: { $each: [3], $slice: 2 } } }, { a: [1, 2] }, { a: [1, 2] }],
    [{ $push: { a: { $each: [3], $slice: -2 } } }, { a: [1, 2] }, { a: [2, 3] }],
    [{ $push: { a: { $each: [3], $slice: 0 } } }, { a: [1, 2] }, { a: [] }],
    [{ $push: { a: { $each: [2], $sort: -1 } } }, { a: [1, 3] }, { a: [3, 2, 1] }],
    [
      { $push: { a: { $each: [{ b: 2 }], $sort: { b: 1 }, $slice: 2 } } },
      { a: [{ b: 3 }, { b: 1 }] },
      { a: [{ b: 1 }, { b: 2 }] },
    ],
    [{ $addToSet: { a: 1 } }, { a: [new Double(1)] }, { a: [new Double(1)] }],
    [{ $addToSet: { a: 2 } }, { a: [1] }, { a: [1, 2] }],
    [
      { $addToSet: { a: { b: 1, c: 2 } } },
      { a: [{ c: 2, b: 1 }] },
      {
        a: [
          { c: 2, b: 1 },
          { b: 1, c: 2 },
        ],
      },
    ],
    [{ $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1] }, { a: [1, 2] }],
    [{ $addToSet: { a: { $each: [] } } }, {}, { a: [] }],
    [{ $addToSet: { a: 'ETE' } }, { a: ['été'] }, { a: ['été'] }, { collation: { locale: 'fr', strength: 1 } }],
    [{ $pop: { a: 1 } }, { a: [1, 2] }, { a: [1] }],
    [{ $pop: { a: -1 } }, { a: [1, 2] }, { a: [2] }],
    [{ $pop: { a: 1 } }, { a: [] }, { a: [] }],
    [{ $pop: { a: 1 } }, {}, {}],
  ],
  '$pull and $pullAll': [
    [{ $pull: { a: 1 } }, { a: [1, 2, new Double(1)] }, { a: [2] }],
    [{ $pull: { a: { $gt: 1 } } }, { a: [1, 2, 3] }, { a: [1] }],
    [{ $pull: { a: { $in: [1, 3] } } }, { a: [1, 2, 3] }, { a: [2] }],
    [{ $pull: { a: { b: 1 } } }, { a: [{ b: 1, c: 2 }, { b: 2 }, 5] }, { a: [{ b: 2 }, 5] }],
    [{ $pull: { a: { b: { $gte: 2 } } } }, { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }] }],
    [{ $pull: { a: { $or: [{ b: 1 }, { c: 1 }] } } }, { a: [{ b: 1 }, { c: 1 }, { d: 1 }] }, { a: [{ d: 1 }] }],
    [{ $pull: { a: [1, 2] } }, { a: [[1, 2], 1] }, { a: [1] }],
    [{ $pull: { a: new BSONRegExp('^x') } }, { a: ['xa', 'y'] }, { a: ['y'] }],
    [{ $pull: { a: null } }, { a: [null, 1] }, { a: [1] }],
    [{ $pull: { a: 9 } }, { a: [1] }, { a: [1] }],
    [{ $pull: { a: 9 } }, {}, {}],
    [{ $pull: { 'a.b': 1 } }, { a: { b: [1, 2] } }, { a: { b: [2] } }],
    [{ $pullAll: { a: [1, { b: 1 }] } }, { a: [1, { b: 1 }, { b: 1, c: 1 }] }, { a: [{ b: 1, c: 1 }] }],
  ],
  'positional operators': [
    [{ $set: { 'a.$': 9 } }, { a: [1, 2, 2] }, { a: [1, 9, 2] }, { filter: { a: 2 } }],
    [
      { $set: { 'a.$.c': 9 } },
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ b: 1 }, { b: 2, c: 9 }] },
      { filter: { 'a.b': 2 } },
    ],
    [{ $inc: { 'x.a.$': 1 } }, { x: { a: [1, 2] } }, { x: { a: [1, 3] } }, { filter: { 'x.a': 2 } }],
    [
      { $set: { 'a.$.c': 9 } },
      { a: [{ b: [{ d: 1 }] }, { b: [{ d: 2 }] }] },
      { a: [{ b: [{ d: 1 }] }, { b: [{ d: 2 }], c: 9 }] },
      { filter: { 'a.b.d': 2 } },
    ],
    [{ $set: { 'a.$': 9 } }, { k: 1, a: [1, 2] }, { k: 1, a: [1, 9] }, { filter: { $and: [{ k: 1 }, { a: 2 }] } }],
    [{ $set: { 'a.$[]': 0 } }, { a: [1, 2] }, { a: [0, 0] }],
    [{ $set: { 'a.$[].b': 0 } }, { a: [{ b: 1 }, { c: 1 }] }, { a: [{ b: 0 }, { c: 1, b: 0 }] }],
    [{ $inc: { 'a.$[].b.$[]': 1 } }, { a: [{ b: [1] }, { b: [2, 3] }] }, { a: [{ b: [2] }, { b: [3, 4] }] }],
    [{ $set: { 'a.$[x]': 0 } }, { a: [1, 5, 9] }, { a: [1, 0, 0] }, { arrayFilters: [{ x: { $gte: 5 } }] }],
    [
      { $set: { 'a.$[x].ok': true } },
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ b: 1 }, { b: 2, ok: true }] },
      { arrayFilters: [{ 'x.b': 2 }] },
    ],
    [
      { $unset: { 'a.$[x].b': 1 } },
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ b: 1 }, {}] },
      { arrayFilters: [{ 'x.b': { $gt: 1 } }] },
    ],
    [
      { $set: { 'a.$[x].b.$[y]': 0 } },
      {
        a: [
          { k: 1, b: [1, 2] },
          { k: 2, b: [1, 2] },
        ],
      },
      {
        a: [
          { k: 1, b: [1, 2] },
          { k: 2, b: [1, 0] },
        ],
      },
      { arrayFilters: [{ 'x.k': 2 }, { y: 2 }] },
    ],
    [
      { $set: { 'a.$[x].z': 1 } },
      { a: [{ b: 1 }, { c: 1 }, {}] },
      { a: [{ b: 1, z: 1 }, { c: 1, z: 1 }, {}] },
      { arrayFilters: [{ $or: [{ 'x.b': 1 }, { 'x.c': 1 }] }] },
    ],
    [
      { $push: { 'a.$[x].l': 1 } },
      { a: [{ k: 1 }, { k: 2, l: [0] }] },
      { a: [{ k: 1 }, { k: 2, l: [0, 1] }] },
      { arrayFilters: [{ 'x.k': 2 }] },
    ],
  ],
  replacement: [
    [{ b: 2 }, { _id: 1, a: 1 }, { _id: 1, b: 2 }],
    [
      { b: 2, _id: 1 },
      { _id: 1, a: 1 },
      { _id: 1, b: 2 },
    ],
    [{ a: 1 }, { _id: 1, a: 1 }, { _id: 1, a: 1 }],
    [{ a: new Double(1) }, { _id: 1, a: 1 }, { _id: 1, a: new Double(1) }],
    [{}, { _id: 1, a: 1 }, { _id: 1 }],
  ],
  pipeline: [
    [[{ $set: { b: { $add: ['$a', 1] } } }], { _id: 1, a: 1 }, { _id: 1, a: 1, b: 2 }],
    [[{ $unset: 'a' }], { _id: 1, a: 1, b: 2 }, { _id: 1, b: 2 }],
    [[{ $project: { b: 1 } }], { _id: 1, a: 1, b: 2 }, { _id: 1, b: 2 }],
    [[{ $replaceWith: '$x' }], { _id: 1, x: { y: 2 } }, { _id: 1, y: 2 }],
    [
      [{ $replaceRoot: { newRoot: { $mergeObjects: ['$$ROOT', { k: 1 }] } } }],
      { _id: 1, a: 1 },
      { _id: 1, a: 1, k: 1 },
    ],
    [[{ $set: { a: '$$v' } }], { _id: 1 }, { _id: 1, a: 5 }, { variables: { v: 5 } }],
    [[{ $set: { a: '$$NOW' } }], { _id: 1 }, { _id: 1, a: now }],
    [[{ $set: { a: 1 } }], { _id: 1, a: 1 }, { _id: 1, a: 1 }],
    [[{ $addFields: { 'l.x': 1 } }], { _id: 1, l: [{}, { y: 2 }] }, { _id: 1, l: [{ x: 1 }, { y: 2, x: 1 }] }],
    [[], { _id: 1 }, { _id: 1 }],
  ],
};

/** Refused when the update is compiled or when it is applied to the document. */
const REFUSED: [spec: Doc | Doc[], doc: Doc, code: number, extra?: Extra][] = [
  [{ $nothing: { a: 1 } }, {}, 9],
  [{ $set: { a: 1 }, b: 1 }, {}, 9],
  [{ $set: 5 }, {}, 9],
  [{ a: 1, $set: { b: 1 } }, {}, 52],
  [{ $set: { a: 1 }, $inc: { a: 1 } }, {}, 40],
  [{ $set: { a: 1, 'a.b': 1 } }, {}, 40],
  [{ $set: { 'a.b.c': 1 }, $unset: { a: 1 } }, {}, 40],
  [{ $rename: { a: 'b' }, $set: { b: 1 } }, {}, 40],
  [{ $set: { _id: 2 } }, { _id: 1 }, 66],
  [{ $unset: { _id: 1 } }, { _id: 1 }, 66],
  [{ $inc: { _id: 1 } }, { _id: 1 }, 66],
  [{ $set: { '_id.a': 2 } }, { _id: { a: 1 } }, 66],
  [{ $rename: { _id: 'x' } }, { _id: 1 }, 66],
  [{ _id: 2 }, { _id: 1 }, 66],
  [[{ $set: { _id: 2 } }], { _id: 1 }, 66],
  [{ $set: { '': 1 } }, {}, 56],
  [{ $set: { 'a.': 1 } }, {}, 56],
  [{ $set: { $a: 1 } }, {}, 52],
  [{ $set: { 'a.$b': 1 } }, {}, 52],
  [{ $set: { 'a.b': 1 } }, { a: 5 }, 28],
  [{ $set: { 'a.b': 1 } }, { a: null }, 28],
  [{ $set: { 'a.b': 1 } }, { a: [] }, 28],
  [{ $set: { 'a.2000000': 1 } }, { a: [] }, 34],
  [{ $inc: { a: 'x' } }, {}, 14],
  [{ $inc: { a: 1 } }, { a: 'x' }, 14],
  [{ $inc: { a: 1 } }, { a: null }, 14],
  [{ $inc: { a: 1 } }, { a: Long.MAX_VALUE }, 2],
  [{ $mul: { a: 2 } }, { a: Long.MAX_VALUE }, 2],
  [{ $mul: { a: true } }, {}, 14],
  [{ $inc: { a: Decimal128.fromString('1') } }, {}, 14],
  [{ $inc: { a: 1 } }, { a: Decimal128.fromString('1') }, 14],
  [{ $currentDate: { a: 5 } }, {}, 2],
  [{ $currentDate: { a: { $type: 'day' } } }, {}, 2],
  [{ $bit: { a: 5 } }, {}, 2],
  [{ $bit: { a: { and: 1.5 } } }, {}, 2],
  [{ $bit: { a: { not: 1 } } }, {}, 2],
  [{ $bit: { a: { and: 1 } } }, { a: 'x' }, 2],
  [{ $bit: { a: { and: 1 } } }, { a: 1.5 }, 2],
  [{ $rename: { a: 'a' } }, {}, 2],
  [{ $rename: { a: 5 } }, {}, 2],
  [{ $rename: { 'a.$': 'b' } }, {}, 2],
  [{ $rename: { 'a.0': 'b' } }, { a: [1] }, 2],
  [{ $push: { a: 1 } }, { a: 5 }, 2],
  [{ $push: { a: { $each: 1 } } }, {}, 2],
  [{ $push: { a: { $each: [], $nothing: 1 } } }, {}, 2],
  [{ $push: { a: { $each: [], $slice: 'x' } } }, {}, 2],
  [{ $push: { a: { $each: [], $sort: 2 } } }, {}, 2],
  [{ $addToSet: { a: 1 } }, { a: 5 }, 2],
  [{ $addToSet: { a: { $each: 1 } } }, {}, 14],
  [{ $pop: { a: 2 } }, {}, 9],
  [{ $pop: { a: 1 } }, { a: 5 }, 14],
  [{ $pull: { a: 1 } }, { a: 5 }, 2],
  [{ $pull: { a: { $nothing: 1 } } }, { a: [] }, 2],
  [{ $pullAll: { a: 1 } }, {}, 2],
  [{ $set: { 'a.$': 1 } }, { a: [1] }, 2, { filter: { _id: 1 } }],
  [{ $set: { 'a.$[]': 1 } }, { a: 5 }, 2],
  [{ $set: { 'a.$[]': 1 } }, {}, 2],
  [{ $set: { 'a.$[x]': 1 } }, { a: [] }, 2],
  [{ $set: { 'a.$[x]': 1 } }, { a: [] }, 9, { arrayFilters: [{ x: 1 }, { y: 1 }] }],
  [{ $set: { 'a.$[x]': 1 } }, { a: [] }, 9, { arrayFilters: [{ x: 1 }, { x: 2 }] }],
  [{ $set: { 'a.$[x]': 1 } }, { a: [] }, 9, { arrayFilters: [{ x: 1, y: 1 }] }],
  [{ $set: { 'a.$[x]': 1 } }, { a: [] }, 9, { arrayFilters: [{}] }],
  [{ $set: { 'a.$[X]': 1 } }, { a: [] }, 2, { arrayFilters: [{ X: 1 }] }],
  [{ b: 1 }, {}, 9, { arrayFilters: [{ x: 1 }] }],
  [[{ $set: { a: 1 } }], {}, 9, { arrayFilters: [{ x: 1 }] }],
  [[{ $match: { a: 1 } }], {}, 72],
  [[{ $set: { a: '$$nothing' } }], {}, 17276],
  [[{ $replaceWith: '$a' }], { a: 1 }, 40228],
];

const UPSERTS: [filter: Doc, spec: Doc | Doc[], expected: Doc][] = [
  [{ a: 1, b: { $eq: 2 }, c: { $gt: 3 } }, { $set: { d: 4 } }, { _id: 'new', a: 1, b: 2, d: 4 }],
  [{ _id: 7 }, { $set: { a: 1 } }, { _id: 7, a: 1 }],
  [
    { 'a.b': 1, $and: [{ c: 2 }, { d: { $in: [3] } }] },
    { $inc: { n: 1 } },
    { _id: 'new', a: { b: 1 }, c: 2, d: 3, n: 1 },
  ],
  [{ $or: [{ a: 1 }] }, { $set: { b: 1 } }, { _id: 'new', a: 1, b: 1 }],
  [{ $or: [{ a: 1 }, { a: 2 }] }, { $set: { b: 1 } }, { _id: 'new', b: 1 }],
  [{ a: { $all: [1] } }, { $set: { b: 1 } }, { _id: 'new', a: 1, b: 1 }],
  [{ a: new BSONRegExp('x') }, { $set: { b: 1 } }, { _id: 'new', b: 1 }],
  [{ a: 1 }, { $setOnInsert: { s: 1 }, $unset: { a: 1 } }, { _id: 'new', s: 1 }],
  [{ a: 1, _id: 5 }, { b: 2 }, { _id: 5, b: 2 }],
  [{ a: 1 }, { b: 2, _id: 9 }, { _id: 9, b: 2 }],
  [{ a: 1 }, { b: 2 }, { _id: 'new', b: 2 }],
  [{ a: 1 }, [{ $set: { b: { $add: ['$a', 1] } } }], { _id: 'new', a: 1, b: 2 }],
  [{ a: 1 }, { $set: { _id: 3 } }, { _id: 3, a: 1 }],
  [{ a: [1, 2] }, { $push: { a: 3 } }, { _id: 'new', a: [1, 2, 3] }],
];

describe('Update of the embedded database', () => {
  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(group, () => {
      for (const [spec, before, after, extra] of cases) {
        it(`${show(spec)} makes ${show(after)} of ${show(before)}${extra ? ` with ${show(extra)}` : ''}`, () => {
          const result = update(spec, before, extra);
          expect(identicalValues(result.doc, after), `got ${show(result.doc)}`).to.equal(true);
          expect(result.changed).to.equal(!identicalValues(before, after));
        });
      }
    });
  }

  describe('refusals', () => {
    for (const [spec, doc, code, extra] of REFUSED) {
      it(`${show(spec)} on ${show(doc)}${extra ? ` with ${show(extra)}` : ''} is refused with ${code}`, () => {
        expect(codeOf(() => update(spec, doc, extra))).to.equal(code);
      });
    }
  });

  describe('upsert', () => {
    for (const [filter, spec, expected] of UPSERTS) {
      it(`${show(spec)} for ${show(filter)} inserts ${show(expected)}`, () => {
        const doc = upsertDocument(filter, compileUpdate(spec, { filter: compileFilter(filter) }), () => 'new');
        expect(identicalValues(doc, expected), `got ${show(doc)}`).to.equal(true);
      });
    }

    it('refuses a path given twice with 54, another _id than the filter’s with 66, an _id that cannot be with 53', () => {
      const upsert = (filter: Doc, spec: Doc): number | undefined =>
        codeOf(() => upsertDocument(filter, compileUpdate(spec), () => 1));
      expect(upsert({ $and: [{ a: 1 }, { a: 2 }] }, { $set: { b: 1 } })).to.equal(54);
      expect(upsert({ a: { b: 1 }, 'a.c': 1 }, { $set: { b: 1 } })).to.equal(54);
      expect(upsert({ _id: 1 }, { $set: { _id: 2 } })).to.equal(66);
      expect(upsert({ _id: 1 }, { _id: 2 })).to.equal(66);
      expect(upsert({}, { $set: { _id: [1] } })).to.equal(53);
      expect(upsert({ a: 1 }, { $set: { 'b.$': 1 } })).to.equal(2);
    });
  });

  it('never walks into what objects inherit, for any path', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    const part = fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'polluted',
      '0',
    );
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
    const operator = fc.constantFrom('$set', '$inc', '$push', '$unset', '$max', '$addToSet', '$rename', '$setOnInsert');
    fc.assert(
      fc.property(operator, path, fc.boolean(), (name, at, insert) => {
        const fields = Object.fromEntries([[at, name === '$rename' ? 'constructor.prototype.polluted' : 1]]);
        try {
          const { doc } = compileUpdate({ [name]: fields }).apply(
            JSON.parse('{"_id": 1, "a": {"__proto__": {}}}') as Doc,
            insert,
          );
          encode(doc);
          expect(Object.getPrototypeOf(doc)).to.equal(Object.prototype);
        } catch (error) {
          expect((error as { code?: unknown }).code).to.be.a('number');
        }
      }),
      { numRuns: 500 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).to.deep.equal(before);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });

  it('stores a field called __proto__ like any other', () => {
    const { doc } = compileUpdate({ $set: JSON.parse('{"__proto__.x": 1}') as Doc }).apply({ _id: 1 });
    expect(Object.keys(doc)).to.deep.equal(['_id', '__proto__']);
    expect(typeName((doc as { x?: unknown }).x)).to.equal('missing');
  });
});
