import { Binary, BSONRegExp, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Doc, encode } from '../../src/embedded-db/bson-codec.ts';
import { compileCollation } from '../../src/embedded-db/collation.ts';
import { compileFilter, type FilterOptions } from '../../src/embedded-db/matcher.ts';
import { codeOf } from './error-code.ts';

const oid = new ObjectId('0123456789abcdef01234567');

function matches(filter: Doc, doc: Doc, options: FilterOptions = {}): boolean {
  const compiled = compileFilter(filter, options);
  const result = compiled.matches(doc);
  expect(compiled.matchesRaw(encode(doc)), 'partial decoding').to.equal(result);
  return result;
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof RegExp
      ? String(inner)
      : typeof inner === 'number' && !Number.isFinite(inner)
        ? String(inner)
        : inner,
  );

type Case = [filter: Doc, doc: Doc, expected: boolean];

const GROUPS: Record<string, Case[]> = {
  equality: [
    [{}, { a: 1 }, true],
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: new Double(1) }, true],
    [{ a: 1 }, { a: Long.ONE }, true],
    [{ a: 1 }, { a: Decimal128.fromString('1.0') }, true],
    [{ a: new Double(1) }, { a: 1 }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: 1 }, { a: true }, false],
    [{ a: 1 }, {}, false],
    [{ a: 'x' }, { a: 'x' }, true],
    [{ a: oid }, { a: new ObjectId(oid.toHexString()) }, true],
    [{ a: new Date(5) }, { a: new Date(5) }, true],
    [{ a: Number.NaN }, { a: Number.NaN }, true],
    [{ a: 0 }, { a: -0 }, true],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 2 } }, true],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, false],
    [{ a: { b: 1 } }, { a: { b: 1, c: 2 } }, false],
    [{ a: { $eq: 5 } }, { a: 5 }, true],
    [{ a: { $eq: { $eq: 1 } } }, { a: 5 }, false],
    [{ a: Long.fromString('9007199254740993') }, { a: 9007199254740992 }, false],
    [{ a: { $ref: 'c', $id: 1 } }, { a: { $ref: 'c', $id: 1 } }, true],
    [{ 'a.$id': 1 }, { a: { $ref: 'c', $id: 1 } }, true],
  ],
  'null and missing': [
    [{ a: null }, { a: null }, true],
    [{ a: null }, {}, true],
    [{ a: null }, { a: 0 }, false],
    [{ a: null }, { a: [] }, false],
    [{ a: null }, { a: [1, null] }, true],
    [{ 'a.b': null }, {}, true],
    [{ 'a.b': null }, { a: 1 }, true],
    [{ 'a.b': null }, { a: {} }, true],
    [{ 'a.b': null }, { a: [] }, false],
    [{ 'a.b': null }, { a: [1, 2] }, false],
    [{ 'a.b': null }, { a: [{ b: 1 }] }, false],
    [{ 'a.b': null }, { a: [{ b: 1 }, {}] }, true],
    [{ a: { $ne: null } }, { a: 0 }, true],
    [{ a: { $ne: null } }, {}, false],
    [{ a: { $gte: null } }, {}, true],
    [{ a: { $gt: null } }, { a: null }, false],
    [{ a: { $in: [null] } }, {}, true],
    [{ a: { $nin: [null] } }, {}, false],
    [{ a: { $exists: false } }, { a: null }, false],
  ],
  arrays: [
    [{ a: 2 }, { a: [1, 2] }, true],
    [{ a: [1, 2] }, { a: [1, 2] }, true],
    [{ a: [1, 2] }, { a: [2, 1] }, false],
    [{ a: [1, 2] }, { a: [[1, 2], 3] }, true],
    [{ a: [] }, { a: [] }, true],
    [{ a: 1 }, { a: [[1]] }, false],
    [{ 'a.0': 1 }, { a: [1, 2] }, true],
    [{ 'a.1': 1 }, { a: [1, 2] }, false],
    [{ 'a.0': 1 }, { a: [{ 0: 1 }] }, true],
    [{ 'a.0.b': 1 }, { a: [{ b: 1 }, { b: 2 }] }, true],
    [{ 'a.1.b': 1 }, { a: [{ b: 1 }, { b: 2 }] }, false],
    [{ 'a.b': 2 }, { a: [{ b: 1 }, { b: 2 }] }, true],
    [{ 'a.b.c': 3 }, { a: [{ b: [{ c: 1 }, { c: 3 }] }] }, true],
    [{ 'a.b': 1 }, { a: [[{ b: 1 }]] }, false],
    [{ 'a.0.b': 1 }, { a: [[{ b: 1 }]] }, true],
    [{ a: { $gt: 1, $lt: 2 } }, { a: [0, 5] }, true],
    [{ a: { $elemMatch: { $gt: 1, $lt: 2 } } }, { a: [0, 5] }, false],
    [{ 'a.length': 2 }, { a: [1, 2] }, false],
    [{ length: 0 }, {}, false],
  ],
  comparison: [
    [{ a: { $gt: 1 } }, { a: 2 }, true],
    [{ a: { $gt: 1 } }, { a: 1 }, false],
    [{ a: { $gte: 1 } }, { a: new Double(1) }, true],
    [{ a: { $lt: 2 } }, { a: Long.ONE }, true],
    [{ a: { $lte: 2 } }, { a: '1' }, false],
    [{ a: { $lt: 2 } }, { a: Number.NaN }, false],
    [{ a: { $lte: Number.NaN } }, { a: Number.NaN }, true],
    [{ a: { $gt: Number.NaN } }, { a: 1 }, false],
    [{ a: { $gt: 'a' } }, { a: 'b' }, true],
    [{ a: { $gt: 'a' } }, { a: 5 }, false],
    [{ a: { $lt: true } }, { a: false }, true],
    [{ a: { $gt: new Date(0) } }, { a: new Date(1) }, true],
    [{ a: { $gt: new Date(0) } }, { a: new Timestamp({ t: 1, i: 1 }) }, false],
    [{ a: { $gt: oid } }, { a: new ObjectId('f'.repeat(24)) }, true],
    [{ a: { $gt: [1] } }, { a: [1, 0] }, true],
    [{ a: { $gt: { b: 1 } } }, { a: { b: 2 } }, true],
    [{ a: { $gt: new MinKey() } }, { a: 'x' }, true],
    [{ a: { $lt: new MaxKey() } }, { a: 'x' }, true],
    [{ a: { $lt: new MaxKey() } }, {}, false],
    [{ a: { $gt: Long.fromString('9007199254740992') } }, { a: Long.fromString('9007199254740993') }, true],
    [{ a: { $gt: 9007199254740992 } }, { a: Long.fromString('9007199254740993') }, true],
    [{ a: { $gt: 1 } }, {}, false],
    [{ a: { $ne: 1 } }, { a: 2 }, true],
    [{ a: { $ne: 1 } }, { a: [1, 2] }, false],
    [{ a: { $ne: 1 } }, {}, true],
  ],
  lists: [
    [{ a: { $in: [1, 'x'] } }, { a: new Double(1) }, true],
    [{ a: { $in: [1, 'x'] } }, { a: [5, 'x'] }, true],
    [{ a: { $in: [] } }, { a: 1 }, false],
    [{ a: { $in: [/^x/] } }, { a: 'xy' }, true],
    [{ a: { $in: [[1]] } }, { a: [1] }, true],
    [{ a: { $in: [{ b: 1 }] } }, { a: { b: new Double(1) } }, true],
    [{ a: { $nin: [1] } }, { a: 2 }, true],
    [{ a: { $nin: [1] } }, { a: [1, 2] }, false],
    [{ a: { $nin: [1] } }, {}, true],
    [{ a: { $nin: [/^x/] } }, { a: 'xy' }, false],
    [{ a: { $all: [1, 2] } }, { a: [2, 1, 3] }, true],
    [{ a: { $all: [1, 2] } }, { a: [1] }, false],
    [{ a: { $all: [1] } }, { a: 1 }, true],
    [{ a: { $all: [] } }, { a: [] }, false],
    [{ a: { $all: [[1, 2]] } }, { a: [1, 2] }, true],
    [{ a: { $all: [/^x/, 'y'] } }, { a: ['xa', 'y'] }, true],
    [{ a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 2 } }] } }, { a: [{ b: 1 }, { b: 2 }] }, true],
    [{ a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 3 } }] } }, { a: [{ b: 1 }, { b: 2 }] }, false],
    [{ a: { $size: 2 } }, { a: [1, 2] }, true],
    [{ a: { $size: new Double(0) } }, { a: [] }, true],
    [{ a: { $size: 2 } }, { a: [[1, 2]] }, false],
    [{ a: { $size: 1 } }, { a: 1 }, false],
  ],
  elemMatch: [
    [
      { a: { $elemMatch: { b: 1, c: 2 } } },
      {
        a: [
          { b: 1, c: 3 },
          { b: 1, c: 2 },
        ],
      },
      true,
    ],
    [
      { a: { $elemMatch: { b: 1, c: 2 } } },
      {
        a: [
          { b: 1, c: 3 },
          { b: 2, c: 2 },
        ],
      },
      false,
    ],
    [{ a: { $elemMatch: { b: 1 } } }, { a: { b: 1 } }, false],
    [{ a: { $elemMatch: { $gte: 2, $lt: 4 } } }, { a: [1, 3] }, true],
    [{ a: { $elemMatch: { $gt: 1 } } }, { a: [[2]] }, false],
    [{ a: { $elemMatch: { $elemMatch: { $gt: 1 } } } }, { a: [[2]] }, true],
    [{ a: { $elemMatch: { 0: 2 } } }, { a: [[2]] }, true],
    [{ a: { $elemMatch: { $in: ['x'] } } }, { a: ['x'] }, true],
    [{ a: { $elemMatch: { $not: { $gt: 1 } } } }, { a: [5, 0] }, true],
    [{ a: { $elemMatch: { $ne: 1 } } }, { a: [1, 1] }, false],
    [{ a: { $elemMatch: { $or: [{ b: 1 }, { c: 1 }] } } }, { a: [{ c: 1 }] }, true],
    [{ a: { $elemMatch: { $id: 5 } } }, { a: [{ $ref: 'c', $id: 5 }] }, true],
    [{ a: { $elemMatch: { $id: 6 } } }, { a: [{ $ref: 'c', $id: 5 }] }, false],
    [{ 'a.b': { $elemMatch: { c: 1 } } }, { a: [{ b: [{ c: 1 }] }] }, true],
    [{ a: { $elemMatch: {} } }, { a: [{}] }, true],
    [{ a: { $not: { $elemMatch: { b: 1 } } } }, { a: [{ b: 2 }] }, true],
  ],
  logic: [
    [{ $and: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 }, true],
    [{ $or: [{ a: 1 }, { b: 2 }] }, { b: 2 }, true],
    [{ $or: [{ a: 1 }, { b: 2 }] }, {}, false],
    [{ $nor: [{ a: 1 }, { b: 2 }] }, {}, true],
    [{ $nor: [{ a: 1 }, { b: 2 }] }, { a: 1 }, false],
    [{ a: { $not: { $gt: 1 } } }, { a: 1 }, true],
    [{ a: { $not: { $gt: 1 } } }, {}, true],
    [{ a: { $not: { $gt: 1, $lt: 5 } } }, { a: 7 }, true],
    [{ a: { $not: { $gt: 1, $lt: 5 } } }, { a: 3 }, false],
    [{ a: { $not: /^x/ } }, { a: 'y' }, true],
    [{ a: { $not: /^x/ } }, { a: ['y', 'x'] }, false],
    [{ a: { $not: { $regex: '^x' } } }, { a: 'xy' }, false],
    [{ a: { $not: { $not: { $eq: 1 } } } }, { a: 1 }, true],
    [{ a: { $not: { $exists: true } } }, {}, true],
    [{ $comment: 'why', a: 1 }, { a: 1 }, true],
  ],
  'existence and type': [
    [{ a: { $exists: true } }, { a: null }, true],
    [{ a: { $exists: true } }, {}, false],
    [{ a: { $exists: 1 } }, { a: [] }, true],
    [{ a: { $exists: 0 } }, {}, true],
    [{ 'a.b': { $exists: false } }, { a: [] }, true],
    [{ 'a.b': { $exists: true } }, { a: [{}, { b: 1 }] }, true],
    [{ toString: { $exists: true } }, {}, false],
    [{ 'constructor.name': { $exists: true } }, {}, false],
    [{ a: { $type: 'double' } }, { a: new Double(1) }, true],
    [{ a: { $type: 'double' } }, { a: 1.5 }, true],
    [{ a: { $type: 'double' } }, { a: 1 }, false],
    [{ a: { $type: 'int' } }, { a: 1 }, true],
    [{ a: { $type: 'long' } }, { a: Long.ONE }, true],
    [{ a: { $type: 'decimal' } }, { a: Decimal128.fromString('1') }, true],
    [{ a: { $type: 'number' } }, { a: Long.ONE }, true],
    [{ a: { $type: 'number' } }, { a: '1' }, false],
    [{ a: { $type: 2 } }, { a: 'x' }, true],
    [{ a: { $type: ['string', 'null'] } }, { a: null }, true],
    [{ a: { $type: 'null' } }, {}, false],
    [{ a: { $type: 'array' } }, { a: [] }, true],
    [{ a: { $type: 'string' } }, { a: [1, 'x'] }, true],
    [{ a: { $type: 'object' } }, { a: {} }, true],
    [{ a: { $type: 'objectId' } }, { a: oid }, true],
    [{ a: { $type: 'date' } }, { a: new Date() }, true],
    [{ a: { $type: 'timestamp' } }, { a: new Timestamp({ t: 1, i: 1 }) }, true],
    [{ a: { $type: 'regex' } }, { a: new BSONRegExp('x') }, true],
    [{ a: { $type: 'binData' } }, { a: new Binary(Buffer.from('x')) }, true],
    [{ a: { $type: 'bool' } }, { a: false }, true],
    [{ a: { $type: 'minKey' } }, { a: new MinKey() }, true],
    [{ a: { $type: -1 } }, { a: new MinKey() }, true],
    [{ a: { $type: 127 } }, { a: new MaxKey() }, true],
  ],
  'regular expressions': [
    [{ a: /num/i }, { a: 'Formation NUMÉRIQUE' }, true],
    [{ a: /NUMÉ/i }, { a: 'numérique' }, true],
    [{ a: { $regex: '^for', $options: 'i' } }, { a: 'Formation' }, true],
    [{ a: { $options: 'i', $regex: '^for' } }, { a: 'Formation' }, true],
    [{ a: { $regex: new BSONRegExp('^for', 'i') } }, { a: 'Formation' }, true],
    [{ a: { $regex: /x/, $options: 'i' } }, { a: 'X' }, true],
    [{ a: /x/ }, { a: ['y', 'x'] }, true],
    [{ a: /x/ }, { a: 5 }, false],
    [{ a: /x/i }, { a: new BSONRegExp('x', 'i') }, true],
    [{ a: { $eq: new BSONRegExp('x') } }, { a: 'x' }, false],
    [{ a: { $regex: '^b', $options: 'm' } }, { a: 'a\nb' }, true],
    [{ a: { $regex: 'a.b' } }, { a: 'a\nb' }, false],
    [{ a: { $regex: 'a.b', $options: 's' } }, { a: 'a\nb' }, true],
    [{ a: { $regex: 'a.b' } }, { a: 'a\u2028b' }, true],
    [{ a: { $regex: 'a b # comment', $options: 'x' } }, { a: 'ab' }, true],
    [{ a: { $regex: 'b$' } }, { a: 'ab\n' }, true],
    [{ a: { $regex: 'b\\z' } }, { a: 'ab\n' }, false],
    [{ a: { $regex: '(?i)FORM' } }, { a: 'formation' }, true],
    [{ a: { $regex: '\\Qa.b\\E' } }, { a: 'axb' }, false],
    [{ a: { $regex: '[[:digit:]]+' } }, { a: 'a1' }, true],
    [{ a: { $regex: 'a\\-b\\_c\\/' } }, { a: 'a-b_c/' }, true],
    [{ a: { $regex: 'a{,3}]' } }, { a: 'a{,3}]' }, true],
    [{ a: { $regex: '\\s' } }, { a: 'a\u00a0b' }, false],
    [{ a: { $regex: '^.$' } }, { a: '😀' }, true],
    [{ a: { $regex: '[]a]' } }, { a: ']' }, true],
  ],
  'numbers and bits': [
    [{ a: { $mod: [4, 1] } }, { a: 5 }, true],
    [{ a: { $mod: [4, 1] } }, { a: 5.9 }, true],
    [{ a: { $mod: [4, -1] } }, { a: -5 }, true],
    [{ a: { $mod: [4, 0] } }, { a: '4' }, false],
    [{ a: { $mod: [4, 0] } }, { a: [1, 8] }, true],
    [{ a: { $mod: [4, 0] } }, { a: Number.NaN }, false],
    [{ a: { $mod: [10, 3] } }, { a: Long.fromString('9007199254740993') }, true],
    [{ a: { $bitsAllSet: 5 } }, { a: 7 }, true],
    [{ a: { $bitsAllSet: 5 } }, { a: 4 }, false],
    [{ a: { $bitsAllSet: [0, 2] } }, { a: new Double(5) }, true],
    [{ a: { $bitsAnySet: 5 } }, { a: 4 }, true],
    [{ a: { $bitsAnySet: [] } }, { a: 4 }, false],
    [{ a: { $bitsAllClear: 5 } }, { a: 8 }, true],
    [{ a: { $bitsAnyClear: 5 } }, { a: 4 }, true],
    [{ a: { $bitsAnyClear: 5 } }, { a: 5 }, false],
    [{ a: { $bitsAllSet: [200] } }, { a: -1 }, true],
    [{ a: { $bitsAllSet: [63] } }, { a: Long.MIN_VALUE }, true],
    [{ a: { $bitsAllSet: 1 } }, { a: 1.5 }, false],
    [{ a: { $bitsAllSet: 1 } }, { a: 'x' }, false],
    [{ a: { $bitsAllSet: new Binary(Buffer.from([0, 1])) } }, { a: 256 }, true],
    [{ a: { $bitsAllSet: [8] } }, { a: new Binary(Buffer.from([0, 1])) }, true],
    [{ a: { $bitsAllClear: [9, 100] } }, { a: new Binary(Buffer.from([0, 1])) }, true],
  ],
  expressions: [
    [{ $expr: { $gt: ['$a', '$b'] } }, { a: 2, b: 1 }, true],
    [{ $expr: { $eq: ['$a', null] } }, {}, false],
    [{ $expr: { $eq: [{ $add: ['$a', Long.ONE] }, 3] } }, { a: 2 }, true],
    [{ $expr: { $in: ['x', '$a'] } }, { a: ['x'] }, true],
    [{ $expr: '$a' }, { a: 0 }, false],
    [{ $expr: { $eq: ['$$ROOT.a', 1] } }, { a: 1 }, true],
    [{ $and: [{ $expr: { $lt: ['$a', 5] } }] }, { a: 1 }, true],
    [{ $expr: { $eq: ['$constructor', null] } }, {}, false],
  ],
};

const REFUSED: [filter: Doc, code: number][] = [
  [{ $where: 'true' }, 6108304],
  [{ $text: { $search: 'x' } }, 27],
  [{ a: { $near: [0, 0] } }, 291],
  [{ a: { $nearSphere: [0, 0] } }, 291],
  [{ a: { $geoWithin: {} } }, 2],
  [{ a: { $geoIntersects: {} } }, 2],
  [{ $jsonSchema: {} }, 2],
  [{ $unknown: 1 }, 2],
  [{ a: { $unknown: 1 } }, 2],
  [{ a: { $gt: 1, b: 1 } }, 2],
  [{ $and: [] }, 2],
  [{ $and: {} }, 2],
  [{ $or: [1] }, 2],
  [{ a: { $in: 1 } }, 2],
  [{ a: { $in: [{ $gt: 1 }] } }, 2],
  [{ a: { $nin: 1 } }, 2],
  [{ a: { $gt: /x/ } }, 2],
  [{ a: { $ne: /x/ } }, 2],
  [{ a: { $not: 1 } }, 2],
  [{ a: { $not: {} } }, 2],
  [{ a: { $elemMatch: 1 } }, 2],
  [{ a: { $elemMatch: { $expr: 1 } } }, 2],
  [{ a: { $all: 1 } }, 2],
  [{ a: { $all: [{ $gt: 1 }] } }, 2],
  [{ a: { $all: [{ $elemMatch: {} }, 1] } }, 2],
  [{ a: { $size: -1 } }, 2],
  [{ a: { $size: 1.5 } }, 2],
  [{ a: { $size: 'x' } }, 2],
  [{ a: { $eq: 1, $comment: 'why' } }, 2],
  [{ a: { $type: 'nothing' } }, 2],
  [{ a: { $type: 0 } }, 2],
  [{ a: { $type: 99 } }, 2],
  [{ a: { $type: [] } }, 9],
  [{ a: { $mod: 1 } }, 2],
  [{ a: { $mod: [1] } }, 2],
  [{ a: { $mod: [1, 2, 3] } }, 2],
  [{ a: { $mod: [0, 1] } }, 2],
  [{ a: { $mod: ['x', 1] } }, 2],
  [{ a: { $regex: 5 } }, 2],
  [{ a: { $regex: '(' } }, 51091],
  [{ a: { $regex: '\\yx' } }, 51091],
  [{ a: { $regex: 'x', $options: 'z' } }, 51108],
  [{ a: { $regex: /x/i, $options: 'm' } }, 51075],
  [{ a: { $options: 'i' } }, 2],
  [{ a: { $bitsAllSet: -1 } }, 9],
  [{ a: { $bitsAllSet: 1.5 } }, 9],
  [{ a: { $bitsAllSet: [-1] } }, 2],
  [{ a: { $bitsAllSet: 'x' } }, 2],
  [{ $expr: { $nothing: 1 } }, 168],
  [{ $expr: { $function: {} } }, 31264],
  [{ $expr: '$$nothing' }, 17276],
];

describe('Query matcher of the embedded database', () => {
  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(group, () => {
      for (const [filter, doc, expected] of cases) {
        it(`${show(filter)} ${expected ? 'finds' : 'does not find'} ${show(doc)}`, () => {
          expect(matches(filter, doc)).to.equal(expected);
        });
      }
    });
  }

  describe('refusals', () => {
    for (const [filter, code] of REFUSED) {
      it(`${show(filter)} is refused with ${code}`, () => {
        expect(codeOf(() => compileFilter(filter))).to.equal(code);
      });
    }
  });

  it('compares strings by the collation of the query, at any depth', () => {
    const collation = compileCollation({ locale: 'fr', strength: 1 });
    expect(matches({ a: 'ete' }, { a: 'Été' }, { collation })).to.equal(true);
    expect(matches({ a: { $in: ['x', 'ETE'] } }, { a: 'été' }, { collation })).to.equal(true);
    expect(matches({ a: { b: 'ete' } }, { a: { b: 'Été' } }, { collation })).to.equal(true);
    expect(matches({ a: { $gt: 'eta' } }, { a: 'Été' }, { collation })).to.equal(true);
    expect(matches({ a: { $all: ['ete'] } }, { a: ['Été'] }, { collation })).to.equal(true);
    expect(matches({ $expr: { $eq: ['$a', 'ete'] } }, { a: 'Été' }, { collation })).to.equal(true);
    expect(matches({ a: /ete/ }, { a: 'Été' }, { collation })).to.equal(false);
  });

  it('gives $expr the variables of the command', () => {
    const variables = { wanted: 5, range: { low: 1 } };
    expect(matches({ $expr: { $eq: ['$a', '$$wanted'] } }, { a: 5 }, { variables })).to.equal(true);
    expect(matches({ $expr: { $gt: ['$a', '$$range.low'] } }, { a: 5 }, { variables })).to.equal(true);
  });

  it('names the top-level fields that it reads, or none when it needs the whole document', () => {
    const fields = (filter: Doc): string[] | undefined => {
      const set = compileFilter(filter).fields;
      return set && [...set].sort();
    };
    expect(fields({ 'a.b': 1, $or: [{ c: 1 }, { 'd.e': { $elemMatch: { f: 1 } } }] })).to.deep.equal(['a', 'c', 'd']);
    expect(fields({ $expr: { $eq: ['$a.b', { $let: { vars: { x: '$c' }, in: '$$x.y' } }] } })).to.deep.equal([
      'a',
      'c',
    ]);
    expect(fields({ $expr: { $eq: ['$$ROOT', 1] } })).to.equal(undefined);
  });

  it('gives the planner the conditions that every match fulfils, and no other', () => {
    const { conditions } = compileFilter({
      a: 1,
      b: { $gt: 1, $lte: 5 },
      $and: [{ c: { $in: [1, 2] } }, { $and: [{ d: /^x/i }] }],
      $or: [{ e: 1 }, { f: 1 }],
      g: { $not: { $gt: 1 } },
      h: { $ne: 1 },
      $nor: [{ i: 1 }],
      j: { $elemMatch: { k: 1 } },
    });
    expect(conditions).to.deep.equal([
      { path: 'a', op: '$eq', value: 1 },
      { path: 'b', op: '$gt', value: 1 },
      { path: 'b', op: '$lte', value: 5 },
      { path: 'c', op: '$in', value: [1, 2] },
      { path: 'd', op: '$regex', value: { pattern: '^x', options: 'i' } },
      { path: 'j', op: '$elemMatch', value: { k: 1 } },
    ]);
  });

  const POSITIONS: [filter: Doc, doc: Doc, position: number | undefined][] = [
    [{ a: 2 }, { a: [1, 2, 2] }, 1],
    [{ 'a.b': 2 }, { a: [{ b: 1 }, { b: 2 }] }, 1],
    [{ 'a.b': 2 }, { a: [{ b: [5] }, { b: [1, 2] }] }, 1],
    [{ a: { $elemMatch: { b: 2, c: 3 } } }, { a: [{ b: 2 }, { b: 2, c: 3 }] }, 1],
    [{ 'x.a': { $gt: 1 } }, { x: { a: [0, 5] } }, 1],
    [{ $and: [{ _id: 1 }, { a: 2 }] }, { _id: 1, a: [1, 2] }, 1],
    [{ $or: [{ a: 9 }, { b: 2 }] }, { a: [1], b: [1, 2] }, 1],
    [{ a: { $in: [3, 4] } }, { a: [1, 2, 4] }, 2],
    [{ _id: 1 }, { _id: 1, a: [1] }, undefined],
  ];
  for (const [filter, doc, position] of POSITIONS) {
    it(`finds position ${position} for ${show(filter)} in ${show(doc)}`, () => {
      expect(compileFilter(filter).positionOf(doc)).to.equal(position);
    });
  }

  it('gives the same answer on bytes as on documents, for any filter and document', () => {
    const field = fc.constantFrom('a', 'b', 'a.b', 'a.0', '__proto__', 'constructor.prototype');
    const leaf = fc.constantFrom<unknown>(
      null,
      0,
      1,
      'x',
      true,
      [],
      [1],
      { b: 1 },
      { $gt: 0 },
      { $exists: true },
      { $in: [1, null] },
    );
    const value = fc.constantFrom<unknown>(null, 0, 1, 'x', [], [1, { b: 1 }], { b: [0] }, { 0: 1 });
    fc.assert(
      fc.property(
        fc.dictionary(field, leaf, { maxKeys: 3 }),
        fc.dictionary(field, value, { maxKeys: 4 }),
        (filter, doc) => {
          matches({ ...filter }, { ...doc });
        },
      ),
      { numRuns: 500 },
    );
  });
});
