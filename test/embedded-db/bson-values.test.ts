import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  deserialize,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
} from 'bson';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkReadable,
  type Doc,
  decode,
  decodeFields,
  encode,
  moveIdFirst,
} from '../../src/embedded-db/bson-codec.ts';
import { compareValues, equalValues, identicalValues, typeName } from '../../src/embedded-db/bson-values.ts';
import { compileCollation } from '../../src/embedded-db/collation.ts';
import { encodeBound, encodeKey, indexFields, keysOf, typeBound, valueKey } from '../../src/embedded-db/index-keys.ts';
import { ValueMap } from '../../src/embedded-db/value-map.ts';
import { codeOf } from './error-code.ts';

const id = (hex: string): ObjectId => new ObjectId(hex.padStart(24, '0'));

/** One value per line, in MongoDB's order; values on one line are equal. */
const ORDERED: unknown[][] = [
  [new MinKey()],
  [undefined],
  [null],
  [Number.NaN, new Double(Number.NaN), Decimal128.fromString('NaN')],
  [Number.NEGATIVE_INFINITY],
  [new Double(-1e300)],
  [Long.MIN_VALUE, -(2 ** 63)],
  [Long.fromString('-9007199254740993')],
  [-(2 ** 53), Long.fromString('-9007199254740992')],
  [-1.5, Decimal128.fromString('-1.5')],
  [-1, new Int32(-1), new Double(-1), Long.fromNumber(-1), -1n],
  [0, -0, new Double(-0), Long.ZERO, Decimal128.fromString('0.00')],
  [0.1],
  [1, new Double(1), Decimal128.fromString('1.0')],
  [2],
  [10],
  [2 ** 53, Long.fromString('9007199254740992')],
  [Long.fromString('9007199254740993'), Decimal128.fromString('9007199254740993')],
  [2 ** 53 + 2, Long.fromString('9007199254740994')],
  [Long.MAX_VALUE],
  [2 ** 63],
  [1e300],
  [Number.POSITIVE_INFINITY],
  [''],
  ['\0'],
  ['\0a'],
  ['\u0001'],
  ['A'],
  ['a', new BSONSymbol('a')],
  ['a\0'],
  ['ab'],
  ['é'],
  ['\uffee'],
  ['😀'],
  [{}],
  [{ a: null }],
  [{ a: 1 }],
  [{ a: 1, b: 1 }],
  [{ a: 1, c: 0 }],
  [{ a: 2 }],
  [{ b: 1 }],
  [{ a: 'x' }],
  [[]],
  [[1]],
  [[1, 2]],
  [[2]],
  [['a']],
  [[[]]],
  [new Binary(Buffer.from([]), 0)],
  [new Binary(Buffer.from([255]), 0)],
  [new Binary(Buffer.from([0]), 5)],
  [new Binary(Buffer.from([0, 1]), 0)],
  [id('1')],
  [id('f1')],
  [false],
  [true],
  [new Date(-1)],
  [new Date(0)],
  [new Date(1_700_000_000_000)],
  [new Timestamp({ t: 1, i: 1 })],
  [new Timestamp({ t: 1, i: 2 })],
  [new Timestamp({ t: 4_000_000_000, i: 0 })],
  [new BSONRegExp('a', '')],
  [new BSONRegExp('a', 'i'), /a/i],
  [new BSONRegExp('b', '')],
  [new Code('a')],
  [new Code('a', { x: 1 })],
  [new MaxKey()],
];

const scalar = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.double().map((value) => new Double(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc.constantFrom(2 ** 53, -(2 ** 53), Long.fromString('9007199254740993'), Long.MAX_VALUE, Long.MIN_VALUE),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', '\u0001', 'a', '\u00ff') }),
  fc.boolean(),
  fc.constantFrom(null, undefined, new MinKey(), new MaxKey()),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => new Binary(bytes)),
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 3 }), tie('doc')),
  doc: fc.dictionary(fc.constantFrom('a', 'b', 'ab', '\u0001', '__proto__', 'constructor'), tie('value'), {
    maxKeys: 3,
  }),
})).value;

describe('BSON values of the embedded database', () => {
  describe('order', () => {
    it('is that of MongoDB for every pair of types, numbers comparing by value whatever their type', () => {
      ORDERED.forEach((left, i) => {
        ORDERED.forEach((right, j) => {
          for (const a of left) {
            for (const b of right) {
              expect(Math.sign(compareValues(a, b)), `${typeName(a)} against ${typeName(b)}`).to.equal(
                Math.sign(i - j),
              );
            }
          }
        });
      });
    });

    it('counts the order of the fields of an object', () => {
      expect(equalValues({ a: 1, b: 2 }, { b: 2, a: 1 })).to.equal(false);
      expect(equalValues({ a: 1, b: 2 }, { a: new Double(1), b: Long.fromNumber(2) })).to.equal(true);
    });

    it('tells decimals apart that are nearest to the same double', () => {
      expect(compareValues(Decimal128.fromString('0.1'), 0.1)).to.be.below(0);
      expect(compareValues(Decimal128.fromString('1E6000'), Number.POSITIVE_INFINITY)).to.be.below(0);
      expect(compareValues(Decimal128.fromString('1E6001'), Decimal128.fromString('1E6000'))).to.be.above(0);
    });

    it('is total: antisymmetric and transitive on random values', () => {
      fc.assert(
        fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
          expect(Math.sign(compareValues(a, b))).to.equal(-Math.sign(compareValues(b, a)) + 0);
          if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).to.be.at.most(0);
        }),
      );
    });

    it('tells stored values of different number types apart where an update asks whether anything changed', () => {
      expect(identicalValues({ a: [1] }, { a: [1] })).to.equal(true);
      expect(identicalValues(1, new Double(1))).to.equal(false);
      expect(identicalValues(new Double(1), new Double(1))).to.equal(true);
      expect(identicalValues(0, -0)).to.equal(false);
    });
  });

  describe('codec', () => {
    it('keeps every type and every number type through decoding and encoding', () => {
      const doc: Doc = Object.fromEntries(ORDERED.flat().map((value, i) => [`f${i}`, value]));
      const back = decode(encode(doc));
      for (const key of Object.keys(doc)) {
        const value =
          doc[key] instanceof RegExp
            ? new BSONRegExp('a', 'i')
            : typeof doc[key] === 'bigint'
              ? Long.fromBigInt(doc[key] as bigint)
              : doc[key];
        expect(identicalValues(back[key], value), `${key} ${typeName(value)}`).to.equal(true);
      }
    });

    it('writes what the official library writes and reads what it writes', () => {
      const doc = {
        _id: id('7'),
        text: 'Numérique au carré',
        int: 5,
        double: 1.5,
        one: new Double(1),
        long: Long.fromString('9007199254740993'),
        list: [1, 'a', { b: null }],
        date: new Date(5),
        yes: true,
        binary: new Binary(Buffer.from('abc')),
        regex: new BSONRegExp('^a', 'i'),
        stamp: new Timestamp({ t: 5, i: 6 }),
        decimal: Decimal128.fromString('1.50'),
      };
      const bytes = serialize(doc);
      expect(Buffer.compare(encode(doc), bytes)).to.equal(0);
      expect(Buffer.compare(encode(decode(bytes)), bytes)).to.equal(0);
      expect(deserialize(encode(decode(bytes)))).to.deep.equal(deserialize(bytes));
    });

    it('is not fooled by stored fields that look like types of the library', () => {
      const doc = { a: { _bsontype: 'ObjectId', id: 'x' }, ref: { $ref: 'c', $id: 1 } };
      expect(decode(encode(doc))).to.deep.equal(doc);
      expect(decode(encode(doc)).ref).to.deep.equal({ $ref: 'c', $id: 1 });
    });

    it('decodes only the fields asked for', () => {
      const bytes = serialize({ a: 1, b: 'x', ab: [1], c: { d: 1 } });
      expect(decodeFields(bytes, new Set(['ab', 'c', 'zz']))).to.deep.equal({ ab: [1], c: { d: 1 } });
    });

    it('moves _id first and leaves other documents untouched', () => {
      const late = serialize({ a: 1, _id: 2, b: 3 });
      expect(Object.keys(decode(moveIdFirst(late)))).to.deep.equal(['_id', 'a', 'b']);
      const first = serialize({ _id: 2, a: 1 });
      expect(moveIdFirst(first)).to.equal(first);
      const none = serialize({ a: { _id: 1 } });
      expect(moveIdFirst(none)).to.equal(none);
    });

    it('keeps __proto__ as a field and never as a prototype', () => {
      const bytes = serialize(JSON.parse('{"__proto__": {"polluted": 1}, "a": {"__proto__": 2}}'));
      const doc = decode(bytes);
      expect(Object.hasOwn(doc, '__proto__')).to.equal(true);
      expect((doc as { polluted?: unknown }).polluted).to.equal(undefined);
      expect(Buffer.compare(encode(doc), bytes)).to.equal(0);
      expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
    });

    it('answers 10334 above 16 MiB, 15 when too deep, 22 for bytes that are no document', () => {
      expect(codeOf(() => encode({ a: 'x'.repeat(17 * 1024 * 1024) }))).to.equal(10334);
      let deep: Doc = {};
      for (let i = 0; i < 300; i++) deep = { a: deep };
      expect(codeOf(() => encode(deep))).to.equal(15);
      expect(codeOf(() => decode(serialize(deep)))).to.equal(15);
      expect(codeOf(() => decode(Buffer.from([5, 0, 0, 0])))).to.equal(22);
      const bytes = serialize({ a: 'abc' });
      bytes[7] = 200;
      expect(codeOf(() => decode(bytes))).to.equal(22);
      expect(codeOf(() => encode({ 'a\0b': 1 }))).to.equal(2);
      expect(codeOf(() => encode({ a: new Date(Number.NaN) }))).to.equal(2);
    });

    it('tells what cannot be decoded without decoding it, whatever the bytes are', () => {
      let deep: Doc = {};
      for (let i = 0; i < 300; i++) deep = { a: deep };
      expect(codeOf(() => checkReadable(serialize(deep)))).to.equal(15);
      const one = { a: [1, 'x', { z: [{}] }], b: { c: new Date(0) }, d: /x/, e: new Code('f', { g: { h: 1 } }) };
      const whole = Buffer.from(serialize(one));
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 1, maxLength: 3 }), fc.nat(whole.length), (noise, at) => {
          const bytes = Buffer.from(whole);
          bytes.set(noise.subarray(0, bytes.length - at), at);
          expect(codeOf(() => checkReadable(bytes))).to.equal(codeOf(() => decode(bytes)));
        }),
        { numRuns: 5_000 },
      );
    });

    it('reads the fields that come after a name given twice', () => {
      const bytes = Buffer.from(serialize({ a: 1, b: 2, c: 3 }));
      bytes[bytes.indexOf('b')] = 'a'.charCodeAt(0);
      expect(decodeFields(bytes, new Set(['a', 'c']))).to.deep.equal({ a: 2, c: 3 });
    });

    it('never reads beyond its bytes, whatever they are', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (noise, at) => {
          const bytes = Buffer.from(serialize({ a: [1, 'x'], b: { c: new Date(0) }, d: /x/ }));
          noise.forEach((byte, i) => {
            if (at + i < bytes.length) bytes[at + i] = byte;
          });
          const code = codeOf(() => decode(bytes));
          expect([undefined, 2, 15, 22]).to.include(code);
        }),
      );
    });
  });

  describe('index keys', () => {
    const ascending = indexFields({ a: 1 });
    const descending = indexFields({ a: -1 });

    it('compare byte by byte in the order of the values, in both directions', () => {
      const check = (a: unknown, b: unknown): void => {
        const expected = Math.sign(compareValues(a, b));
        const up = Buffer.compare(encodeKey([a], ascending).bytes, encodeKey([b], ascending).bytes);
        const down = Buffer.compare(encodeKey([a], descending).bytes, encodeKey([b], descending).bytes);
        expect(up, `${typeName(a)} against ${typeName(b)}`).to.equal(expected);
        expect(down).to.equal(-expected + 0);
      };
      const exact = ORDERED.flat().filter((value) => !(value instanceof Decimal128));
      for (const a of exact) for (const b of exact) check(a, b);
      fc.assert(fc.property(anyValue, anyValue, check), { numRuns: 1000 });
    });

    it('order compound keys field by field', () => {
      const fields = indexFields({ a: 1, b: -1 });
      fc.assert(
        fc.property(anyValue, anyValue, anyValue, anyValue, (a, b, c, d) => {
          const expected = Math.sign(compareValues(a, c)) || -Math.sign(compareValues(b, d)) + 0;
          expect(Buffer.compare(encodeKey([a, b], fields).bytes, encodeKey([c, d], fields).bytes)).to.equal(expected);
        }),
        { numRuns: 500 },
      );
    });

    it('stay different when they are too long, and say that they are cut', () => {
      const long = 'x'.repeat(5000);
      const a = encodeKey([`${long}a`], ascending);
      const b = encodeKey([`${long}b`], ascending);
      expect(a.truncated).to.equal(true);
      expect(a.exact).to.equal(false);
      expect(a.bytes.length).to.equal(3900);
      expect(Buffer.compare(a.bytes, b.bytes)).to.not.equal(0);
      const bound = encodeBound([`${long}a`], ascending);
      expect(bound.truncated).to.equal(true);
      expect(a.bytes.subarray(0, bound.bytes.length)).to.deep.equal(bound.bytes);
      expect(encodeKey(['short'], ascending).exact).to.equal(true);
      expect(encodeKey([Decimal128.fromString('0.1')], ascending).exact).to.equal(false);
    });

    it('lie inside the range of their type', () => {
      for (const value of ORDERED.flat()) {
        for (const direction of [1, -1] as const) {
          const { bytes } = encodeKey([value], direction === 1 ? ascending : descending);
          const { low, high } = typeBound(value, direction);
          expect(Buffer.compare(bytes, low)).to.be.at.least(0);
          expect(Buffer.compare(bytes, high)).to.be.below(0);
        }
      }
    });

    it('refuse with 67 the kinds of index that the engine has not', () => {
      for (const key of [
        { a: 'text' },
        { a: '2dsphere' },
        { a: 'hashed' },
        { '$**': 1 },
        {},
        { a: 0 },
        { '': 1 },
        { 'a..b': 1 },
      ]) {
        expect(
          codeOf(() => indexFields(key)),
          JSON.stringify(key),
        ).to.equal(67);
      }
    });

    const EXTRACTED: [key: Doc, doc: Doc, values: unknown[][], multikey: boolean[]][] = [
      [{ a: 1 }, { a: 1 }, [[1]], [false]],
      [{ a: 1 }, {}, [[null]], [false]],
      [{ a: 1 }, { a: null }, [[null]], [false]],
      [{ a: 1 }, { a: [] }, [[undefined]], [true]],
      [{ a: 1 }, { a: [1, 2, 1, new Double(1)] }, [[1], [2]], [true]],
      [{ a: 1 }, { a: [[1, 2], 3] }, [[[1, 2]], [3]], [true]],
      [{ 'a.b': 1 }, { a: { b: 1 } }, [[1]], [false]],
      [{ 'a.b': 1 }, { a: 1 }, [[null]], [false]],
      [{ 'a.b': 1 }, { a: [] }, [[null]], [true]],
      [{ 'a.b': 1 }, { a: [{ b: 1 }, {}, { b: [2, 3] }, 5] }, [[1], [null], [2], [3]], [true]],
      [{ 'a.0': 1 }, { a: [7, 8] }, [[7]], [false]],
      [{ 'a.0.b': 1 }, { a: [{ b: 7 }, { b: 8 }] }, [[7]], [false]],
      [
        { a: 1, b: -1 },
        { a: [1, 2], b: 3 },
        [
          [1, 3],
          [2, 3],
        ],
        [true, false],
      ],
      [
        { 'a.b': 1, 'a.c': 1 },
        {
          a: [
            { b: 1, c: 2 },
            { b: 3, c: 4 },
          ],
        },
        [
          [1, 2],
          [3, 4],
        ],
        [true, true],
      ],
      [{ constructor: 1 }, {}, [[null]], [false]],
    ];
    for (const [key, doc, values, multikey] of EXTRACTED) {
      it(`of ${JSON.stringify(doc)} in ${JSON.stringify(key)} are ${JSON.stringify(values)}`, () => {
        const found = keysOf({ fields: indexFields(key) }, doc);
        expect(found.keys.map((entry) => entry.values)).to.deep.equal(values);
        expect(found.multikey).to.deep.equal(multikey);
      });
    }

    it('answer 171 for two arrays side by side, at any depth', () => {
      const fields = indexFields({ 'a.b': 1, 'a.c': 1 });
      expect(codeOf(() => keysOf({ fields }, { a: [{ b: [1], c: [2] }] }))).to.equal(171);
      expect(codeOf(() => keysOf({ fields: indexFields({ a: 1, b: 1 }) }, { a: [1], b: [2] }))).to.equal(171);
      expect(codeOf(() => keysOf({ fields: indexFields({ a: 1, b: 1 }) }, { a: [1], b: [] }))).to.equal(171);
    });

    it('leave out documents without the fields in a sparse index, but not those with null', () => {
      const sparse = { fields: indexFields({ a: 1, b: 1 }), sparse: true };
      expect(keysOf(sparse, { c: 1 }).keys).to.have.length(0);
      expect(keysOf(sparse, { a: null }).keys).to.have.length(1);
      expect(keysOf({ fields: indexFields({ 'a.b': 1 }), sparse: true }, { a: [{ b: 1 }, {}] }).keys).to.have.length(1);
    });

    it('of equal values are one key of a map, whatever their number type', () => {
      for (const line of ORDERED) for (const value of line) expect(valueKey(value)).to.equal(valueKey(line[0]));
      const map = new ValueMap<string>();
      map.set(1, 'one');
      expect(map.get(Long.ONE)).to.equal('one');
      expect(map.get(Decimal128.fromString('1.00'))).to.equal('one');
      const folded = new ValueMap<string>(compileCollation({ locale: 'fr', strength: 1 }));
      folded.set('Été', 'summer');
      expect(folded.get('ete')).to.equal('summer');
      expect(folded.get('hiver')).to.equal(undefined);
    });
  });

  describe('collation', () => {
    const compare = (spec: Doc, a: string, b: string): number =>
      Math.sign(compileCollation(spec)?.compare(a, b) ?? Number.NaN);
    const CASES: [spec: Doc, a: string, b: string, order: number][] = [
      [{ locale: 'fr' }, 'côté', 'coté', 1],
      [{ locale: 'fr_CA' }, 'cote', 'côté', -1],
      [{ locale: 'fr', strength: 1 }, 'Été', 'ete', 0],
      [{ locale: 'fr', strength: 2 }, 'Été', 'été', 0],
      [{ locale: 'fr', strength: 2 }, 'Été', 'ete', 1],
      [{ locale: 'fr', strength: 1, caseLevel: true }, 'été', 'ete', 0],
      [{ locale: 'fr', strength: 1, caseLevel: true }, 'Ete', 'ete', 1],
      [{ locale: 'fr', strength: 2, caseLevel: true }, 'Ete', 'ete', 1],
      [{ locale: 'en', strength: new Int32(3) }, 'a', 'A', -1],
      [{ locale: 'en', caseFirst: 'upper' }, 'a', 'A', 1],
      [{ locale: 'en', numericOrdering: true }, 'a10', 'a9', 1],
      [{ locale: 'en', alternate: 'shifted' }, 'a-b', 'ab', 0],
      [{ locale: 'en', strength: 5 }, 'a', 'a', 0],
    ];
    for (const [spec, a, b, order] of CASES) {
      it(`${JSON.stringify(spec)} puts "${a}" and "${b}" in the order ${order}`, () => {
        expect(compare(spec, a, b)).to.equal(order);
      });
    }
    it('is none for the simple locale', () => {
      expect(compileCollation({ locale: 'simple' })).to.equal(undefined);
      expect(compileCollation(undefined)).to.equal(undefined);
    });
    const REFUSED: [spec: Doc, code: number][] = [
      [{ strength: 1 }, 40414],
      [{ locale: 'xx_nowhere' }, 2],
      [{ locale: 'not a locale' }, 2],
      [{ locale: 5 }, 14],
      [{ locale: 'fr', strength: 9 }, 2],
      [{ locale: 'fr', strength: 4 }, 2],
      [{ locale: 'fr', backwards: true }, 2],
      [{ locale: 'fr', alternate: 'shifted', maxVariable: 'space' }, 2],
      [{ locale: 'fr', caseFirst: 'upper', strength: 1 }, 2],
      [{ locale: 'fr', colour: 1 }, 40415],
    ];
    for (const [spec, code] of REFUSED) {
      it(`${JSON.stringify(spec)} is refused with ${code}`, () => {
        expect(codeOf(() => compileCollation(spec))).to.equal(code);
      });
    }
  });
});
