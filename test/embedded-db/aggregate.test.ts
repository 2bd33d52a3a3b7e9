import { Decimal128, Double, Long, ObjectId } from 'bson';
import { expect } from 'chai';
import { compilePipeline, type PipelineContext } from '../../src/embedded-db/aggregate.ts';
import { type Doc, decodeFields, encode } from '../../src/embedded-db/bson-codec.ts';
import { compileCollation } from '../../src/embedded-db/collation.ts';
import { compileFilter } from '../../src/embedded-db/matcher.ts';
import { codeOf } from './error-code.ts';

const show = (value: unknown): string => JSON.stringify(value);
const long = (value: number): Long => Long.fromNumber(value);

const COURSES: Doc[] = [
  { _id: 1, title: 'HTML', level: 1, price: 100, tags: ['web', 'code'], city: 'Lyon' },
  { _id: 2, title: 'CSS', level: 1, price: 150, tags: ['web'], city: 'Paris' },
  { _id: 3, title: 'SQL', level: 2, price: 300, tags: [], city: 'Lyon' },
  { _id: 4, title: 'Rust', level: 3, price: 900, city: null },
];

const CITIES: Doc[] = [
  { _id: 'Lyon', region: 'ARA', names: ['Lyon', 'Lugdunum'] },
  { _id: 'Paris', region: 'IDF', names: ['Paris', 'Lutèce'] },
  { _id: 'nowhere' },
];

/** Filters given to the other collection, to see what an index could serve. */
const asked: Doc[] = [];

const context: PipelineContext = {
  find: (from, filter, { variables, collation }) => {
    asked.push(filter);
    const compiled = compileFilter(filter, { variables, collation });
    return from === 'cities' ? CITIES.filter(compiled.matches) : [];
  },
};

function run(stages: Doc[], docs: Doc[] = COURSES, extra: PipelineContext = {}): Doc[] {
  const pipeline = compilePipeline(stages, { ...context, ...extra });
  const result = [...pipeline.runAll(docs)];
  const { head, fields } = pipeline;
  if (fields && !head.sort) {
    const filter = compileFilter(head.filter, extra);
    const partial = docs.filter((doc) => filter.matches(doc)).map((doc) => decodeFields(encode(doc), fields));
    const kept = partial.slice(head.skip ?? 0, head.limit === undefined ? undefined : (head.skip ?? 0) + head.limit);
    expect(show([...pipeline.run(kept)]), 'on the fields it says it needs').to.equal(show(result));
  }
  return result;
}

const GROUPS: Record<string, [stages: Doc[], expected: Doc[], docs?: Doc[]][]> = {
  'one document at a time': [
    [
      [{ $match: { level: 1 } }, { $project: { title: 1, _id: 0 } }],
      [{ title: 'HTML' }, { title: 'CSS' }],
    ],
    [[{ $project: { t: { $toLower: '$title' } } }, { $limit: 1 }], [{ _id: 1, t: 'html' }]],
    [
      [{ $limit: 1 }, { $set: { price: { $add: ['$price', 1] }, x: 1 } }],
      [{ _id: 1, title: 'HTML', level: 1, price: 101, tags: ['web', 'code'], city: 'Lyon', x: 1 }],
    ],
    [[{ $limit: 1 }, { $unset: ['tags', 'city', 'level'] }], [{ _id: 1, title: 'HTML', price: 100 }]],
    [[{ $limit: 1 }, { $addFields: { 'a.b': '$level' } }, { $project: { a: 1 } }], [{ _id: 1, a: { b: 1 } }]],
    [[{ $replaceRoot: { newRoot: { n: '$_id' } } }, { $skip: 3 }], [{ n: 4 }]],
    [[{ $replaceWith: { $mergeObjects: [{ k: 1 }, { n: '$_id' }] } }, { $limit: 1 }], [{ k: 1, n: 1 }]],
    [[{ $project: { tags: { $slice: ['$tags', 1] } } }, { $limit: 1 }], [{ _id: 1, tags: ['web'] }]],
    [[{ $limit: 2 }, { $skip: 1 }, { $project: { _id: 1 } }], [{ _id: 2 }]],
    [
      [{ $match: { $expr: { $gt: ['$price', 200] } } }, { $match: { level: 2 } }, { $project: { _id: 1 } }],
      [{ _id: 3 }],
    ],
  ],
  'order and counting': [
    [[{ $sort: { price: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }], [{ _id: 4 }]],
    [
      [{ $sort: { level: 1, price: -1 } }, { $project: { _id: 1 } }],
      [{ _id: 2 }, { _id: 1 }, { _id: 3 }, { _id: 4 }],
    ],
    [
      [{ $sort: { price: 1 } }, { $skip: 1 }, { $limit: 2 }, { $project: { _id: 1 } }],
      [{ _id: 2 }, { _id: 3 }],
    ],
    [[{ $project: { price: 1 } }, { $sort: { price: -1 } }, { $limit: 1 }], [{ _id: 4, price: 900 }]],
    [[{ $count: 'n' }], [{ n: 4 }]],
    [[{ $match: { level: 9 } }, { $count: 'n' }], []],
    [[{ $match: { level: 1 } }, { $group: { _id: 1, n: { $sum: 1 } } }], [{ _id: 1, n: 2 }]],
    [[{ $sortByCount: '$level' }, { $limit: 1 }], [{ _id: 1, count: 2 }]],
    [
      [{ $unwind: '$tags' }, { $sortByCount: '$tags' }],
      [
        { _id: 'web', count: 2 },
        { _id: 'code', count: 1 },
      ],
    ],
  ],
  $group: [
    [
      [
        {
          $group: {
            _id: '$level',
            n: { $sum: 1 },
            total: { $sum: '$price' },
            mean: { $avg: '$price' },
            low: { $min: '$price' },
            high: { $max: '$price' },
          },
        },
        { $sort: { _id: 1 } },
        { $limit: 1 },
      ],
      [{ _id: 1, n: 2, total: 250, mean: 125, low: 100, high: 150 }],
    ],
    [
      [{ $group: { _id: null, titles: { $push: '$title' }, levels: { $addToSet: '$level' }, n: { $count: {} } } }],
      [{ _id: null, titles: ['HTML', 'CSS', 'SQL', 'Rust'], levels: [1, 2, 3], n: 4 }],
    ],
    [[{ $group: { _id: null, f: { $first: '$title' }, l: { $last: '$city' } } }], [{ _id: null, f: 'HTML', l: null }]],
    [[{ $group: { _id: { l: '$level', q: '$nothing' } } }, { $limit: 1 }], [{ _id: { l: 1 } }]],
    [[{ $group: { _id: '$a', n: { $sum: 1 } } }], [{ _id: null, n: 3 }], [{ a: null }, {}, { a: null }]],
    [
      [{ $group: { _id: '$a' } }],
      [{ _id: 1 }, { _id: '1' }],
      [{ a: 1 }, { a: new Double(1) }, { a: Long.ONE }, { a: '1' }],
    ],
    [
      [{ $group: { _id: '$a' } }],
      [{ _id: { x: 1, y: 2 } }, { _id: { y: 2, x: 1 } }],
      [{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }],
    ],
    [[{ $group: { _id: null, s: { $sum: '$a' } } }], [{ _id: null, s: 3 }], [{ a: 1 }, { a: 'x' }, { a: 2 }, {}]],
    [[{ $group: { _id: null, a: { $avg: '$a' }, m: { $max: '$a' } } }], [{ _id: null, a: null, m: 'x' }], [{ a: 'x' }]],
    [
      [{ $group: { _id: null, p: { $stdDevPop: '$a' }, s: { $stdDevSamp: '$a' } } }],
      [{ _id: null, p: 1, s: Math.SQRT2 }],
      [{ a: 1 }, { a: 3 }],
    ],
    [
      [{ $group: { _id: null, m: { $mergeObjects: '$o' } } }],
      [{ _id: null, m: { a: 2, b: 1 } }],
      [{ o: { a: 1, b: 1 } }, { o: { a: 2 } }, {}],
    ],
    [
      [
        {
          $group: {
            _id: null,
            f: { $firstN: { input: '$a', n: 2 } },
            l: { $lastN: { input: '$a', n: 1 } },
            m: { $maxN: { input: '$a', n: 2 } },
            s: { $minN: { input: '$a', n: 1 } },
          },
        },
      ],
      [{ _id: null, f: [2, 1], l: [3], m: [3, 2], s: [1] }],
      [{ a: 2 }, { a: 1 }, { a: 3 }],
    ],
    [
      [
        {
          $group: {
            _id: null,
            t: { $top: { output: '$b', sortBy: { a: -1 } } },
            n: { $bottomN: { n: 2, output: '$b', sortBy: { a: -1 } } },
          },
        },
      ],
      [{ _id: null, t: 'z', n: ['x', 'y'] }],
      [
        { a: 2, b: 'x' },
        { a: 1, b: 'y' },
        { a: 3, b: 'z' },
      ],
    ],
    [[{ $group: { _id: null, p: { $push: { l: '$a', q: '$nothing' } } } }], [{ _id: null, p: [{ l: 1 }] }], [{ a: 1 }]],
  ],
  $bucket: [
    [
      [{ $bucket: { groupBy: '$price', boundaries: [0, 150, 500], default: 'more' } }],
      [
        { _id: 0, count: 1 },
        { _id: 150, count: 2 },
        { _id: 'more', count: 1 },
      ],
    ],
    [
      [{ $bucket: { groupBy: '$price', boundaries: [0, 1000], output: { n: { $sum: 1 }, t: { $push: '$title' } } } }],
      [{ _id: 0, n: 4, t: ['HTML', 'CSS', 'SQL', 'Rust'] }],
    ],
  ],
  $unwind: [
    [
      [{ $unwind: '$tags' }, { $project: { tags: 1 } }],
      [
        { _id: 1, tags: 'web' },
        { _id: 1, tags: 'code' },
        { _id: 2, tags: 'web' },
      ],
    ],
    [
      [
        { $unwind: { path: '$tags', preserveNullAndEmptyArrays: true } },
        { $match: { _id: { $gt: 2 } } },
        { $project: { tags: 1 } },
      ],
      [{ _id: 3 }, { _id: 4 }],
    ],
    [
      [{ $unwind: { path: '$a', includeArrayIndex: 'i' } }],
      [
        { a: 5, i: long(0) },
        { a: 6, i: long(1) },
        { a: 7, i: null },
      ],
      [{ a: [5, 6] }, { a: 7 }, { a: null }],
    ],
    [[{ $unwind: '$a.b' }], [{ a: { c: 1, b: 1 } }, { a: { c: 1, b: 2 } }], [{ a: { c: 1, b: [1, 2] } }]],
    [[{ $unwind: '$a' }, { $unwind: '$a.b' }], [{ a: { b: 1 } }, { a: { b: 2 } }], [{ a: [{ b: [1] }, { b: [2] }] }]],
  ],
  $facet: [
    [
      [
        { $match: { level: { $lt: 3 } } },
        {
          $facet: {
            byLevel: [{ $sortByCount: '$level' }],
            cheap: [
              { $match: { price: { $lt: 200 } } },
              { $sort: { price: -1 } },
              { $limit: 1 },
              { $project: { title: 1 } },
            ],
            total: [{ $count: 'n' }],
            none: [{ $match: { level: 9 } }],
          },
        },
      ],
      [
        {
          byLevel: [
            { _id: 1, count: 2 },
            { _id: 2, count: 1 },
          ],
          cheap: [{ _id: 2, title: 'CSS' }],
          total: [{ n: 3 }],
          none: [],
        },
      ],
    ],
  ],
  $lookup: [
    [
      [
        { $match: { _id: 1 } },
        { $lookup: { from: 'cities', localField: 'city', foreignField: '_id', as: 'c' } },
        { $project: { c: 1 } },
      ],
      [{ _id: 1, c: [CITIES[0] as Doc] }],
    ],
    [
      [
        { $match: { _id: 1 } },
        { $lookup: { from: 'cities', localField: 'city', foreignField: 'names', as: 'x.c' } },
        { $project: { 'x.c._id': 1 } },
      ],
      [{ _id: 1, x: { c: [{ _id: 'Lyon' }] } }],
    ],
    [
      [
        { $match: { _id: 4 } },
        { $lookup: { from: 'cities', localField: 'city', foreignField: 'region', as: 'c' } },
        { $project: { 'c._id': 1 } },
      ],
      [{ _id: 4, c: [{ _id: 'nowhere' }] }],
    ],
    [
      [
        { $match: { _id: 4 } },
        { $lookup: { from: 'cities', localField: 'missing', foreignField: 'region', as: 'c' } },
        { $project: { 'c._id': 1 } },
      ],
      [{ _id: 4, c: [{ _id: 'nowhere' }] }],
    ],
    [
      [{ $lookup: { from: 'cities', localField: 'l', foreignField: '_id', as: 'c' } }, { $project: { 'c._id': 1 } }],
      [{ _id: 1, c: [{ _id: 'Lyon' }, { _id: 'Paris' }] }],
      [{ _id: 1, l: ['Paris', 'Lyon'] }],
    ],
    [
      [
        { $match: { _id: 2 } },
        {
          $lookup: {
            from: 'cities',
            let: { where: '$city' },
            pipeline: [{ $match: { $expr: { $eq: ['$_id', '$$where'] } } }, { $project: { region: 1, _id: 0 } }],
            as: 'c',
          },
        },
        { $project: { c: 1 } },
      ],
      [{ _id: 2, c: [{ region: 'IDF' }] }],
    ],
    [
      [
        { $match: { _id: 2 } },
        {
          $lookup: {
            from: 'cities',
            localField: 'city',
            foreignField: '_id',
            let: { t: '$title' },
            pipeline: [{ $project: { _id: 0, t: '$$t' } }],
            as: 'c',
          },
        },
        { $project: { c: 1 } },
      ],
      [{ _id: 2, c: [{ t: 'CSS' }] }],
    ],
    [
      [
        {
          $lookup: {
            from: 'cities',
            pipeline: [{ $sort: { _id: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }],
            as: 'c',
          },
        },
        { $limit: 1 },
        { $project: { c: 1 } },
      ],
      [{ _id: 1, c: [{ _id: 'nowhere' }] }],
    ],
    [
      [
        { $limit: 1 },
        { $lookup: { from: 'none', localField: 'city', foreignField: '_id', as: 'c' } },
        { $project: { c: 1 } },
      ],
      [{ _id: 1, c: [] }],
    ],
  ],
};

const REFUSED: [stages: Doc[], code: number, docs?: Doc[]][] = [
  [[{ $nothing: 1 }], 40324],
  [[{ $search: {} }], 40324],
  [[{ $vectorSearch: {} }], 40324],
  [[{ $listLocalSessions: {} }], 40324],
  [[{ $changeStream: {} }], 40573],
  [[{ $geoNear: {} }], 27],
  [[{ $match: { $text: { $search: 'x' } } }], 27],
  [[{}], 40323],
  [[{ $match: {}, $limit: 1 }], 40323],
  [[5 as unknown as Doc], 14],
  [[{ $match: 5 }], 15959],
  [[{ $match: { a: { $nothing: 1 } } }], 2],
  [[{ $project: {} }], 51272],
  [[{ $project: 5 }], 15969],
  [[{ $project: { a: { $nothing: 1 } } }], 168],
  [[{ $project: { a: { $elemMatch: {} } } }], 168],
  [[{ $project: { a: 1, b: 0 } }], 31254],
  [[{ $addFields: 5 }], 40272],
  [[{ $set: {} }], 40177],
  [[{ $unset: [] }], 31119],
  [[{ $unset: 5 }], 31002],
  [[{ $sort: {} }], 15976],
  [[{ $sort: 5 }], 15973],
  [[{ $sort: { a: 5 } }], 15975],
  [[{ $limit: 0 }], 15958],
  [[{ $limit: -1 }], 2107201],
  [[{ $skip: -1 }], 5107200],
  [[{ $skip: 'x' }], 5107200],
  [[{ $count: '' }], 40157],
  [[{ $count: '$a' }], 40158],
  [[{ $count: 'a.b' }], 40160],
  [[{ $group: { n: { $sum: 1 } } }], 15955],
  [[{ $group: 5 }], 15947],
  [[{ $group: { _id: 1, a: 5 } }], 40234],
  [[{ $group: { _id: 1, a: { $sum: 1, $avg: 1 } } }], 40238],
  [[{ $group: { _id: 1, a: { $nothing: 1 } } }], 15952],
  [[{ $group: { _id: 1, a: { $accumulator: {} } } }], 15952],
  [[{ $group: { _id: 1, 'a.b': { $sum: 1 } } }], 40235],
  [[{ $group: { _id: 1, $a: { $sum: 1 } } }], 40236],
  [[{ $group: { _id: null, s: { $sum: '$a' } } }], 14, [{ a: Decimal128.fromString('1') }]],
  [[{ $group: { _id: null, s: { $avg: '$a' } } }], 14, [{ a: Decimal128.fromString('1') }]],
  [[{ $group: { _id: null, s: { $sum: '$$nothing' } } }], 17276],
  [[{ $sortByCount: 'x' }], 40148],
  [[{ $sortByCount: 5 }], 40149],
  [[{ $bucket: 5 }], 40201],
  [[{ $bucket: { groupBy: '$a' } }], 40198],
  [[{ $bucket: { groupBy: 'a', boundaries: [1, 2] } }], 40202],
  [[{ $bucket: { groupBy: '$a', boundaries: [1] } }], 40192],
  [[{ $bucket: { groupBy: '$a', boundaries: [2, 1] } }], 40194],
  [[{ $bucket: { groupBy: '$a', boundaries: [1, 'x'] } }], 40193],
  [[{ $bucket: { groupBy: '$a', boundaries: [1, 5], default: 2 } }], 40199],
  [[{ $bucket: { groupBy: '$a', boundaries: [1, 5] } }], 40066, [{ a: 9 }]],
  [[{ $unwind: 'a' }], 28818],
  [[{ $unwind: 5 }], 15981],
  [[{ $unwind: {} }], 28812],
  [[{ $unwind: { path: '$a', nothing: 1 } }], 28811],
  [[{ $unwind: { path: '$a', includeArrayIndex: '$i' } }], 28822],
  [[{ $sample: {} }], 28749],
  [[{ $sample: { size: 0 } }], 28747],
  [[{ $replaceRoot: {} }], 40231],
  [[{ $replaceWith: '$title' }], 40228],
  [[{ $facet: {} }], 40169],
  [[{ $facet: { a: 5 } }], 40170],
  [[{ $facet: { a: [{ $facet: { b: [] } }] } }], 40600],
  [[{ $facet: { a: [{ $out: 'x' }] } }], 40600],
  [[{ $lookup: { as: 'c' } }], 9],
  [[{ $lookup: { from: 'cities' } }], 9],
  [[{ $lookup: { from: 'cities', as: 'c' } }], 9],
  [[{ $lookup: { from: 'cities', as: 'c', localField: 'a' } }], 9],
  [[{ $lookup: { from: 'cities', as: 'c', pipeline: [{ $nothing: 1 }] } }], 40324],
  [[{ $lookup: { from: 'cities', as: 'c', pipeline: [{ $out: 'x' }] } }], 51047],
  [[{ $lookup: { from: 'cities', as: 'c', nothing: 1, pipeline: [] } }], 9],
  [[{ $out: 'x' }, { $limit: 1 }], 40601],
  [[{ $out: 5 }], 16990],
  [[{ $merge: 5 }], 51182],
  [[{ $merge: {} }], 40414],
  [[{ $merge: { into: 'x', nothing: 1 } }], 40415],
  [[{ $merge: { into: 'x', on: [] } }], 51187],
  [[{ $merge: { into: 'x', whenMatched: 'nothing' } }], 2],
  [[{ $merge: { into: 'x', whenNotMatched: 'nothing' } }], 2],
  [[{ $merge: { into: 'x', whenMatched: [{ $match: {} }] } }], 72],
];

describe('Aggregation of the embedded database', () => {
  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(group, () => {
      for (const [stages, expected, docs] of cases) {
        it(`${show(stages)} gives ${show(expected)}`, () => {
          expect(show(run(stages, docs))).to.equal(show(expected));
        });
      }
    });
  }

  describe('refusals', () => {
    for (const [stages, code, docs] of REFUSED) {
      it(`${show(stages)} is refused with ${code}`, () => {
        expect(codeOf(() => run(stages, docs))).to.equal(code);
      });
    }
  });

  it('hands the leading stages to the planner in the order of a find, and keeps what no find does', () => {
    const head = (stages: Doc[]): unknown => compilePipeline(stages).head;
    expect(
      head([{ $match: { a: 1 } }, { $match: { b: 2 } }, { $sort: { c: 1 } }, { $skip: 2 }, { $limit: 3 }]),
    ).to.deep.equal({
      filter: { $and: [{ a: 1 }, { b: 2 }] },
      sort: { c: 1 },
      skip: 2,
      limit: 3,
    });
    expect(head([{ $limit: 3 }, { $skip: 2 }])).to.deep.equal({ filter: {}, limit: 3 });
    expect(head([{ $skip: 1 }, { $sort: { a: 1 } }])).to.deep.equal({ filter: {}, skip: 1 });
    expect(head([{ $project: { a: 1 } }, { $match: { a: 1 } }])).to.deep.equal({ filter: {} });
  });

  it('names the fields that the rest needs, none when documents come out whole', () => {
    const fields = (stages: Doc[]): string[] | undefined => {
      const set = compilePipeline(stages, context).fields;
      return set && [...set].sort();
    };
    expect(fields([{ $match: { z: 1 } }, { $group: { _id: '$a.b', s: { $sum: '$c' } } }])).to.deep.equal(['a', 'c']);
    expect(
      fields([{ $set: { x: '$d' } }, { $match: { e: 1 } }, { $sort: { f: 1 } }, { $project: { x: 1 } }]),
    ).to.deep.equal(['_id', 'd', 'e', 'f', 'x']);
    expect(fields([{ $match: { a: 1 } }])).to.equal(undefined);
    expect(
      fields([{ $facet: { a: [{ $match: { p: 1 } }, { $count: 'n' }], b: [{ $sortByCount: '$q' }] } }]),
    ).to.deep.equal(['p', 'q']);
    expect(fields([{ $facet: { a: [{ $limit: 1 }] } }])).to.equal(undefined);
    expect(fields([{ $group: { _id: null, all: { $push: '$$ROOT' } } }])).to.equal(undefined);
  });

  it('knows when only a count is asked for', () => {
    const counted = (stages: Doc[]): unknown => compilePipeline(stages).counted?.(5);
    expect(counted([{ $match: { a: 1 } }, { $group: { _id: 1, n: { $sum: 1 } } }])).to.deep.equal([{ _id: 1, n: 5 }]);
    expect(counted([{ $count: 'n' }])).to.deep.equal([{ n: 5 }]);
    expect(counted([{ $group: { _id: '$a', n: { $sum: 1 } } }])).to.equal(undefined);
    expect(counted([{ $group: { _id: 1, n: { $sum: '$a' } } }])).to.equal(undefined);
    expect(compilePipeline([{ $count: 'n' }]).counted?.(0)).to.deep.equal([]);
  });

  it('reads no more documents than it needs', () => {
    let read = 0;
    function* endless(): Generator<Doc> {
      for (;;) yield { _id: read++, a: 1 };
    }
    const stages = [{ $match: { a: 1 } }, { $set: { b: 1 } }, { $unwind: '$a' }, { $limit: 3 }];
    expect([...compilePipeline(stages).runAll(endless())]).to.have.length(3);
    expect(read).to.equal(3);
  });

  it('asks the other collection of a $lookup by equality, which an index can serve', () => {
    asked.length = 0;
    run([
      { $match: { _id: 1 } },
      {
        $lookup: {
          from: 'cities',
          localField: 'city',
          foreignField: '_id',
          pipeline: [{ $match: { region: 'ARA' } }],
          as: 'c',
        },
      },
    ]);
    expect(asked[0]).to.deep.equal({ $and: [{ _id: { $eq: 'Lyon' } }, { region: 'ARA' }] });
  });

  it('runs the pipeline of a $lookup that refers to nothing of the document once', () => {
    asked.length = 0;
    run([{ $lookup: { from: 'cities', pipeline: [], as: 'c' } }]);
    expect(asked).to.have.length(1);
  });

  it('samples without repetition, and everything when it is asked for more than there is', () => {
    const ids = run([{ $sample: { size: 3 } }]).map(({ _id }) => _id);
    expect(new Set(ids).size).to.equal(3);
    expect(run([{ $sample: { size: 10 } }]).map(({ _id }) => _id)).to.have.members([1, 2, 3, 4]);
  });

  it('groups, sorts and matches by the collation, and reads the variables of the command', () => {
    const collation = compileCollation({ locale: 'fr', strength: 1 });
    const docs = [{ a: 'Été' }, { a: 'ete' }, { a: 'hiver' }];
    expect(run([{ $group: { _id: '$a', n: { $sum: 1 } } }], docs, { collation })).to.deep.equal([
      { _id: 'Été', n: 2 },
      { _id: 'hiver', n: 1 },
    ]);
    expect(run([{ $match: { a: 'ETE' } }], docs, { collation })).to.have.length(2);
    expect(run([{ $set: { b: '$$x' } }, { $limit: 1 }], docs, { variables: { x: 5 } })).to.deep.equal([
      { a: 'Été', b: 5 },
    ]);
  });

  it('keeps the types of numbers in sums', () => {
    const sum = (...values: unknown[]): unknown =>
      run(
        [{ $group: { _id: null, s: { $sum: '$a' } } }],
        values.map((a) => ({ a })),
      )[0]?.s;
    expect(sum(1, 2)).to.equal(3);
    expect(sum(1, Long.ONE)).to.deep.equal(long(2));
    expect(sum(2147483647, 1)).to.deep.equal(long(2147483648));
    expect(sum(1, new Double(1))).to.deep.equal(new Double(2));
    expect(sum(0.5, 0.5)).to.deep.equal(new Double(1));
    expect(sum(Long.fromString('9007199254740993'), 1)).to.deep.equal(Long.fromString('9007199254740994'));
  });

  describe('$out and $merge', () => {
    const output = (stage: Doc): ReturnType<typeof compilePipeline>['output'] =>
      compilePipeline([{ $match: {} }, stage]).output;

    it('say where the results go', () => {
      expect(output({ $out: 'x' })).to.deep.equal({ kind: 'out', collection: 'x' });
      expect(output({ $out: { db: 'd', coll: 'x' } })).to.deep.equal({ kind: 'out', database: 'd', collection: 'x' });
      expect(output({ $merge: { into: { db: 'd', coll: 'x' }, on: 'k' } })).to.include({
        kind: 'merge',
        database: 'd',
        collection: 'x',
      });
    });

    const CASES: [options: Doc, existing: Doc | undefined, incoming: Doc, result: unknown][] = [
      [{}, undefined, { _id: 1, a: 1 }, { insert: { _id: 1, a: 1 } }],
      [{}, { _id: 1, b: 2 }, { _id: 1, a: 1 }, { replace: { _id: 1, b: 2, a: 1 } }],
      [{ whenMatched: 'replace' }, { _id: 1, b: 2 }, { _id: 1, a: 1 }, { replace: { _id: 1, a: 1 } }],
      [{ whenMatched: 'keepExisting' }, { _id: 1, b: 2 }, { _id: 1, a: 1 }, undefined],
      [
        { whenMatched: [{ $set: { n: { $add: ['$n', '$$new.n'] } } }] },
        { _id: 1, n: 2 },
        { _id: 1, n: 3 },
        { replace: { _id: 1, n: 5 } },
      ],
      [
        { let: { k: '$n' }, whenMatched: [{ $set: { n: '$$k' } }] },
        { _id: 1, n: 2 },
        { _id: 1, n: 3 },
        { replace: { _id: 1, n: 3 } },
      ],
      [{ whenNotMatched: 'discard' }, undefined, { _id: 1 }, undefined],
    ];
    for (const [options, existing, incoming, result] of CASES) {
      it(`$merge ${show(options)} of ${show(incoming)} into ${show(existing) ?? 'nothing'} gives ${show(result) ?? 'nothing'}`, () => {
        const target = output({ $merge: { into: 'x', ...options } });
        if (target?.kind !== 'merge') throw new Error('no $merge');
        expect(target.merge(existing, incoming)).to.deep.equal(result);
      });
    }

    it('$merge refuses as it is asked to, and results without the fields to merge on', () => {
      const target = (options: Doc): Extract<ReturnType<typeof output>, { kind: 'merge' }> => {
        const found = output({ $merge: { into: 'x', ...options } });
        if (found?.kind !== 'merge') throw new Error('no $merge');
        return found;
      };
      expect(codeOf(() => target({ whenMatched: 'fail' }).merge({ _id: 1 }, { _id: 1 }))).to.equal(11000);
      expect(codeOf(() => target({ whenNotMatched: 'fail' }).merge(undefined, { _id: 1 }))).to.equal(13113);
      expect(codeOf(() => target({ whenMatched: 'replace' }).merge({ _id: 1 }, { _id: 2 }))).to.equal(66);
      expect(target({ on: ['a', 'b.c'] }).filterFor({ a: 1, b: { c: 2 } })).to.deep.equal({
        a: { $eq: 1 },
        'b.c': { $eq: 2 },
      });
      expect(codeOf(() => target({ on: 'a' }).filterFor({ a: null }))).to.equal(51132);
    });
  });

  it('never reaches what objects inherit', () => {
    const id = new ObjectId();
    const [doc] = run(
      [{ $group: { _id: '$__proto__', constructor: { $sum: 1 }, toString: { $push: '$constructor' } } }],
      [{ _id: id }],
    );
    expect(doc).to.deep.equal({ _id: null, constructor: 1, toString: [] });
    const lookup = [
      { $lookup: { from: 'cities', localField: 'constructor', foreignField: '__proto__', as: '__proto__.polluted' } },
      { $limit: 1 },
    ];
    expect(Object.keys(run(lookup, [{ _id: 1 }])[0] ?? {})).to.deep.equal(['_id', '__proto__']);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });
});
