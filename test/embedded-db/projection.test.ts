import { Long } from 'bson';
import { expect } from 'chai';
import { type Doc, decodeFields, encode } from '../../src/embedded-db/bson-codec.ts';
import { compileFilter } from '../../src/embedded-db/matcher.ts';
import { compileProjection, type ProjectionOptions } from '../../src/embedded-db/projection.ts';
import { codeOf } from './error-code.ts';

function project(spec: Doc, doc: Doc, filter?: Doc, options: ProjectionOptions = {}): Doc {
  const projection = compileProjection(spec, { ...options, filter: filter && compileFilter(filter) });
  if (!projection) throw new Error('the specification is empty');
  const result = projection.project(doc);
  if (projection.fields) {
    const partial = projection.project(decodeFields(encode(doc), projection.fields));
    expect(JSON.stringify(partial), 'on the fields it says it needs').to.equal(JSON.stringify(result));
  }
  return result;
}

const DOC = {
  _id: 1,
  a: { b: 1, c: 2 },
  list: [1, 2, 3, 4],
  docs: [{ x: 1, y: 2 }, 5, { x: 3 }, [{ x: 7, y: 8 }]],
  z: 'z',
};

/** Compared as text, because the order of the fields counts. */
const CASES: [spec: Doc, doc: Doc, expected: Doc][] = [
  [{ z: 1 }, DOC, { _id: 1, z: 'z' }],
  [{ z: true, a: 1 }, DOC, { _id: 1, a: { b: 1, c: 2 }, z: 'z' }],
  [{ z: Long.ONE, _id: 0 }, DOC, { z: 'z' }],
  [{ _id: 1 }, DOC, { _id: 1 }],
  [{ _id: 0 }, { _id: 1, a: 1 }, { a: 1 }],
  [
    { _id: 1, a: 0 },
    { _id: 1, a: 1, b: 2 },
    { _id: 1, b: 2 },
  ],
  [{ missing: 1 }, DOC, { _id: 1 }],
  [{ 'a.c': 1 }, DOC, { _id: 1, a: { c: 2 } }],
  [{ a: { c: 1 } }, DOC, { _id: 1, a: { c: 2 } }],
  [{ 'a.c': 1, 'a.b': 1 }, DOC, { _id: 1, a: { b: 1, c: 2 } }],
  [{ 'z.q': 1 }, DOC, { _id: 1 }],
  [{ 'docs.x': 1 }, DOC, { _id: 1, docs: [{ x: 1 }, { x: 3 }, [{ x: 7 }]] }],
  [{ 'docs.x': 0, list: 0, a: 0, z: 0 }, DOC, { _id: 1, docs: [{ y: 2 }, 5, {}, [{ y: 8 }]] }],
  [{ 'a.b': 0, docs: 0, list: 0 }, DOC, { _id: 1, a: { c: 2 }, z: 'z' }],
  [{ 'z.q': 0, docs: 0, list: 0, a: 0 }, DOC, { _id: 1, z: 'z' }],
  [{ list: { $slice: 2 }, docs: 0, a: 0 }, DOC, { _id: 1, list: [1, 2], z: 'z' }],
  [{ list: { $slice: -2 }, z: 1 }, DOC, { _id: 1, list: [3, 4], z: 'z' }],
  [{ list: { $slice: [1, 2] }, z: 1 }, DOC, { _id: 1, list: [2, 3], z: 'z' }],
  [{ list: { $slice: [-3, 2] }, z: 1 }, DOC, { _id: 1, list: [2, 3], z: 'z' }],
  [{ list: { $slice: 0 }, z: 1 }, DOC, { _id: 1, list: [], z: 'z' }],
  [{ z: { $slice: 1 }, a: 1 }, DOC, { _id: 1, a: { b: 1, c: 2 }, z: 'z' }],
  [{ 'a.l': { $slice: 1 } }, { _id: 1, a: { l: [1, 2], m: 3 } }, { _id: 1, a: { l: [1], m: 3 } }],
  [{ docs: { $elemMatch: { x: 3 } } }, DOC, { _id: 1, docs: [{ x: 3 }] }],
  [{ docs: { $elemMatch: { x: 9 } } }, DOC, { _id: 1 }],
  [{ list: { $elemMatch: { $gt: 2 } }, z: 1 }, DOC, { _id: 1, z: 'z', list: [3] }],
  [{ sum: { $add: ['$a.b', '$a.c'] } }, DOC, { _id: 1, sum: 3 }],
  [{ z: 1, copy: '$z', text: 'literal' }, DOC, { _id: 1, z: 'z', copy: 'z', text: 'literal' }],
  [{ 'a.d': '$z' }, DOC, { _id: 1, a: { d: 'z' } }],
  [{ 'new.d': '$z' }, DOC, { _id: 1, new: { d: 'z' } }],
  [{ 'docs.q': '$z' }, { _id: 1, docs: [{ x: 1 }, 5], z: 'z' }, { _id: 1, docs: [{ q: 'z' }, { q: 'z' }] }],
  [{ q: '$missing' }, DOC, { _id: 1 }],
  [{ first: { $slice: ['$list', 1] } }, DOC, { _id: 1, first: [1] }],
  [{ _id: '$z' }, DOC, { _id: 'z' }],
  [{ constructor: 1 }, DOC, { _id: 1 }],
];

const POSITIONAL: [spec: Doc, doc: Doc, filter: Doc, expected: Doc][] = [
  [{ 'a.$': 1 }, { _id: 1, a: [1, 2, 3] }, { a: 2 }, { _id: 1, a: [2] }],
  [{ 'a.$': 1 }, { _id: 1, a: [{ b: 1 }, { b: 2, c: 3 }] }, { 'a.b': 2 }, { _id: 1, a: [{ b: 2, c: 3 }] }],
  [{ 'a.$': 1, z: 1 }, { _id: 1, z: 0, a: [1, 5] }, { a: { $elemMatch: { $gt: 1 } } }, { _id: 1, z: 0, a: [5] }],
  [{ 'x.a.$': 1 }, { _id: 1, x: { a: [1, 2], b: 1 } }, { 'x.a': 2 }, { _id: 1, x: { a: [2] } }],
  [{ 'a.$': 1 }, { _id: 1, a: [1, 2] }, { $and: [{ _id: 1 }, { a: 2 }] }, { _id: 1, a: [2] }],
];

const REFUSED: [spec: Doc, code: number][] = [
  [{ a: 1, b: 0 }, 31254],
  [{ a: 0, b: 1 }, 31253],
  [{ a: 0, b: '$c' }, 31253],
  [{ a: 1, 'a.b': 1 }, 31249],
  [{ 'a.b': 1, a: 1 }, 31250],
  [{ 'a..b': 1 }, 15998],
  [{ '': 1 }, 40352],
  [{ $a: 1 }, 16410],
  [{ a: {} }, 51270],
  [{ a: { $meta: 'textScore' } }, 40218],
  [{ a: { $meta: 'unknown' } }, 17308],
  [{ a: { $nothing: 1 } }, 168],
  [{ a: { $slice: 'x' } }, 31273],
  [{ a: { $slice: [1, 0] } }, 28724],
  [{ a: { $elemMatch: 1 } }, 31274],
  [{ 'a.b': { $elemMatch: {} } }, 31275],
  [{ 'a.$': 0 }, 31395],
  [{ 'a.$.b': 1 }, 16410],
  [{ 'a.$': 1, 'b.$': 1 }, 31276],
  [{ 'a.$': 1, b: { $elemMatch: {} } }, 31255],
  [{ b: { $elemMatch: {} }, 'a.$': 1 }, 31256],
  [{ 'q.$': 1 }, 51050],
  [{ a: '$$nothing' }, 17276],
];

describe('Projection of the embedded database', () => {
  for (const [spec, doc, expected] of CASES) {
    it(`${JSON.stringify(spec)} gives ${JSON.stringify(expected)}`, () => {
      expect(JSON.stringify(project(spec, doc))).to.equal(JSON.stringify(expected));
    });
  }

  for (const [spec, doc, filter, expected] of POSITIONAL) {
    it(`${JSON.stringify(spec)} after ${JSON.stringify(filter)} keeps the element that matched`, () => {
      expect(JSON.stringify(project(spec, doc, filter))).to.equal(JSON.stringify(expected));
    });
  }

  it('answers 51246 when the filter matched no element for the positional $', () => {
    expect(codeOf(() => project({ 'a.$': 1 }, { _id: 1, a: [1] }, { a: { $exists: true } }))).to.equal(51246);
  });

  for (const [spec, code] of REFUSED) {
    it(`refuses ${JSON.stringify(spec)} with ${code}`, () => {
      expect(codeOf(() => compileProjection(spec, { filter: compileFilter({ a: 1, b: 1 }) }))).to.equal(code);
    });
  }

  it('is none when it is empty', () => {
    expect(compileProjection({})).to.equal(undefined);
  });

  it('names the fields that it needs, or none when it keeps the others', () => {
    const fields = (spec: Doc): string[] | undefined => {
      const set = compileProjection(spec)?.fields;
      return set && [...set].sort();
    };
    expect(fields({ 'a.b': 1, x: { $add: ['$c.d', 1] } })).to.deep.equal(['_id', 'a', 'c']);
    expect(fields({ a: 0 })).to.equal(undefined);
    expect(fields({ x: '$$ROOT' })).to.equal(undefined);
  });

  it('computes fields named like those of Object without touching Object', () => {
    const spec = JSON.parse('{"__proto__": "$z", "constructor.prototype.polluted": "$z"}') as Doc;
    const result = project(spec, { _id: 1, z: 'x' });
    expect(Object.keys(result)).to.deep.equal(['_id', '__proto__', 'constructor']);
    expect(Object.getPrototypeOf(result)).to.equal(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });
});
