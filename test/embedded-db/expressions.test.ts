import { Binary, BSONRegExp, Decimal128, Double, Int32, Long, ObjectId, Timestamp } from 'bson';
import { expect } from 'chai';
import type { Doc } from '../../src/embedded-db/bson-codec.ts';
import { identicalValues } from '../../src/embedded-db/bson-values.ts';
import { compileCollation } from '../../src/embedded-db/collation.ts';
import { compileExpression } from '../../src/embedded-db/expressions/compile.ts';
import { codeOf } from './error-code.ts';

const MISSING = undefined;
// Entries, because an object literal with `then` looks like a promise.
const THEN = ['then', 1] as const;
const branch = (test: unknown, value: unknown): Doc =>
  Object.fromEntries([
    ['case', test],
    ['then', value],
  ]);
const date = new Date('2024-03-31T00:30:45.678Z');
const day = (text: string): Date => new Date(text);
const long = (value: number): Long => Long.fromNumber(value);
const double = (value: number): Double => new Double(value);

const DOC: Doc = {
  n: 5,
  d: 2.5,
  one: double(1),
  l: long(7),
  big: Long.fromString('9007199254740993'),
  s: 'Éa',
  nul: null,
  list: [3, 1, 2],
  docs: [{ k: 1, v: [1, 2] }, { k: 2 }, 5, { v: [3] }],
  o: { a: 1, b: { c: 2 } },
  date,
  oid: new ObjectId('65a0000000000000000000aa'),
  dec: Decimal128.fromString('1.5'),
};

/** `undefined` is a missing value. The types of numbers count. */
const GROUPS: Record<string, [expression: unknown, expected: unknown][]> = {
  'paths, literals and variables': [
    ['$n', 5],
    ['$one', double(1)],
    ['$nothing', MISSING],
    ['$o.b.c', 2],
    ['$n.x', MISSING],
    ['$docs.k', [1, 2]],
    ['$docs.v', [[1, 2], [3]]],
    ['$list.0', []],
    ['$constructor', MISSING],
    ['$__proto__.polluted', MISSING],
    ['text', 'text'],
    [5, 5],
    [{ $literal: '$n' }, '$n'],
    [
      ['$n', '$nothing'],
      [5, null],
    ],
    [{ a: '$n', b: '$nothing' }, { a: 5 }],
    ['$$ROOT.n', 5],
    ['$$CURRENT.n', 5],
    ['$$REMOVE', MISSING],
    ['$$v', 'given'],
    [{ $let: { vars: { x: '$n', y: 2 }, in: { $add: ['$$x', '$$y'] } } }, 7],
    [{ $let: { vars: { x: 1 }, in: { $let: { vars: { x: 2, y: '$$x' }, in: ['$$x', '$$y'] } } } }, [2, 1]],
    [{ $let: { vars: { x: '$o' }, in: '$$x.b.c' } }, 2],
  ],
  comparison: [
    [{ $eq: ['$nothing', null] }, false],
    [{ $eq: ['$nul', null] }, true],
    [{ $eq: ['$one', 1] }, true],
    [
      {
        $eq: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      },
      false,
    ],
    [
      {
        $eq: [
          [2, 1],
          [1, 2],
        ],
      },
      false,
    ],
    [{ $ne: ['$n', 5] }, false],
    [{ $gt: ['x', 5] }, true],
    [{ $gt: ['$big', 9007199254740992] }, true],
    [{ $lt: ['$nothing', null] }, true],
    [{ $gte: [5, double(5)] }, true],
    [
      {
        $lte: [
          [1, 2],
          [1, 3],
        ],
      },
      true,
    ],
    [{ $cmp: ['$oid', true] }, -1],
    [{ $cmp: ['b', 'a'] }, 1],
  ],
  logic: [
    [{ $and: [1, 'x', []] }, true],
    [{ $and: [1, 0] }, false],
    [{ $and: [] }, true],
    [{ $or: [null, '$nothing', 0, double(0)] }, false],
    [{ $or: [] }, false],
    [{ $not: ['$nul'] }, true],
    [{ $not: '$n' }, false],
    [{ $cond: ['$n', 'yes', 'no'] }, 'yes'],
    [{ $cond: Object.fromEntries([['if', '$nothing'], THEN, ['else', '$nothing']]) }, MISSING],
    [{ $cond: [true, 1, { $divide: [1, 0] }] }, 1],
    [{ $ifNull: ['$nothing', '$nul', 'x'] }, 'x'],
    [{ $ifNull: ['$nothing', '$nul'] }, null],
    [
      {
        $switch: {
          branches: [branch(false, 1), branch(true, 2)],
          default: 3,
        },
      },
      2,
    ],
    [{ $switch: { branches: [branch(false, 1)], default: 3 } }, 3],
  ],
  numbers: [
    [{ $add: ['$n', 1] }, 6],
    [{ $add: ['$n', long(1)] }, long(6)],
    [{ $add: ['$n', double(1)] }, double(6)],
    [{ $add: ['$big', 1] }, Long.fromString('9007199254740994')],
    [{ $add: [2147483647, 1] }, long(2147483648)],
    [{ $add: [Long.MAX_VALUE, 1] }, 2 ** 63],
    [{ $add: ['$n', null] }, null],
    [{ $add: ['$n', '$nothing'] }, null],
    [{ $add: [day('2024-01-01T00:00:00Z'), 1000] }, day('2024-01-01T00:00:01Z')],
    [{ $add: [] }, 0],
    [{ $subtract: ['$n', '$d'] }, 2.5],
    [{ $subtract: [day('2024-01-02T00:00:00Z'), day('2024-01-01T00:00:00Z')] }, long(86400000)],
    [{ $subtract: [day('2024-01-01T00:00:01Z'), 1000] }, day('2024-01-01T00:00:00Z')],
    [{ $multiply: ['$n', '$d'] }, 12.5],
    [{ $multiply: [65536, 65536] }, long(4294967296)],
    [{ $divide: [6, 3] }, double(2)],
    [{ $divide: ['$n', null] }, null],
    [{ $mod: [-5, 3] }, -2],
    [{ $mod: [5.5, 2] }, 1.5],
    [{ $mod: ['$l', 4] }, long(3)],
    [{ $abs: -5 }, 5],
    [{ $abs: '$nul' }, null],
    [{ $ceil: 1.2 }, double(2)],
    [{ $floor: '$n' }, 5],
    [{ $round: [2.5, 0] }, double(2)],
    [{ $round: [3.5] }, double(4)],
    [{ $round: [1.005, 2] }, double(1)],
    [{ $round: [1.015, 2] }, 1.01],
    [{ $round: [0.125, 2] }, 0.12],
    [{ $round: [-0.2] }, -0],
    [{ $round: [1234.5678, 2] }, 1234.57],
    [{ $round: [1250, -2] }, 1200],
    [{ $round: [1350, -2] }, 1400],
    [{ $trunc: [-1.7] }, double(-1)],
    [{ $trunc: [19.27, 1] }, 19.2],
    [{ $pow: [2, 10] }, 1024],
    [{ $pow: [2, 40] }, long(2 ** 40)],
    [{ $pow: [2, 0.5] }, Math.SQRT2],
    [{ $sqrt: 16 }, double(4)],
    [{ $exp: 0 }, double(1)],
    [{ $ln: 1 }, double(0)],
    [{ $log10: 1000 }, double(3)],
    [{ $log: [8, 2] }, double(3)],
    [{ $sum: '$list' }, 6],
    [{ $sum: ['$list', 5] }, 5],
    [{ $sum: ['$n', 'x', '$l'] }, long(12)],
    [{ $avg: '$list' }, double(2)],
    [{ $avg: [] }, null],
    [{ $min: '$list' }, 1],
    [{ $max: ['$n', null, 'x'] }, 'x'],
    [{ $bitAnd: [6, 3] }, 2],
    [{ $bitNot: 5 }, -6],
    [{ $sin: 0 }, double(0)],
    [{ $degreesToRadians: 180 }, Math.PI],
  ],
  arrays: [
    [{ $size: '$list' }, 3],
    [{ $arrayElemAt: ['$list', -1] }, 2],
    [{ $arrayElemAt: ['$list', 9] }, MISSING],
    [{ $arrayElemAt: ['$nul', 0] }, null],
    [{ $first: '$list' }, 3],
    [{ $last: '$list' }, 2],
    [{ $in: [double(1), '$list'] }, true],
    [{ $isArray: '$list' }, true],
    [{ $isArray: ['$n'] }, false],
    [{ $concatArrays: ['$list', [9]] }, [3, 1, 2, 9]],
    [{ $concatArrays: ['$list', '$nul'] }, null],
    [{ $slice: ['$list', 2] }, [3, 1]],
    [{ $slice: ['$list', -2] }, [1, 2]],
    [{ $slice: ['$list', 1, 1] }, [1]],
    [{ $reverseArray: '$list' }, [2, 1, 3]],
    [{ $range: [0, 6, 2] }, [0, 2, 4]],
    [{ $range: [3, 0, -1] }, [3, 2, 1]],
    [{ $indexOfArray: ['$list', 2] }, 2],
    [{ $indexOfArray: ['$list', 3, 1] }, -1],
    [{ $map: { input: '$list', as: 'x', in: { $multiply: ['$$x', 2] } } }, [6, 2, 4]],
    [{ $map: { input: '$list', in: '$$this' } }, [3, 1, 2]],
    [{ $map: { input: '$nul', in: 1 } }, null],
    [{ $map: { input: ['$nothing'], in: '$$this.x' } }, [null]],
    [{ $filter: { input: '$list', as: 'x', cond: { $gt: ['$$x', 1] } } }, [3, 2]],
    [{ $filter: { input: '$list', cond: { $gt: ['$$this', 1] }, limit: 1 } }, [3]],
    [{ $reduce: { input: '$list', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
    [
      {
        $map: {
          input: [1, 2],
          as: 'x',
          in: {
            $reduce: { input: [10, 20], initialValue: 0, in: { $add: ['$$value', { $multiply: ['$$this', '$$x'] }] } },
          },
        },
      },
      [30, 60],
    ],
    [{ $zip: { inputs: [[1, 2], ['a']] } }, [[1, 'a']]],
    [
      { $zip: { inputs: [[1, 2], ['a']], useLongestLength: true, defaults: [0, 'z'] } },
      [
        [1, 'a'],
        [2, 'z'],
      ],
    ],
    [{ $sortArray: { input: '$list', sortBy: -1 } }, [3, 2, 1]],
    [{ $sortArray: { input: [{ a: 2 }, { a: 1 }], sortBy: { a: 1 } } }, [{ a: 1 }, { a: 2 }]],
    [{ $firstN: { n: 2, input: '$list' } }, [3, 1]],
    [{ $maxN: { n: 2, input: '$list' } }, [3, 2]],
    [{ $setUnion: ['$list', [double(1), 9]] }, [1, 2, 3, 9]],
    [{ $setIntersection: ['$list', [2, 3, 4]] }, [2, 3]],
    [{ $setDifference: ['$list', [1]] }, [3, 2]],
    [{ $setEquals: ['$list', [1, 2, 3, 3]] }, true],
    [{ $setIsSubset: [[1], '$list'] }, true],
    [{ $anyElementTrue: [[0, 1]] }, true],
    [{ $allElementsTrue: [[0, 1]] }, false],
  ],
  documents: [
    [{ $mergeObjects: ['$o', { a: 9, z: 1 }, null] }, { a: 9, b: { c: 2 }, z: 1 }],
    [
      { $objectToArray: '$o' },
      [
        { k: 'a', v: 1 },
        { k: 'b', v: { c: 2 } },
      ],
    ],
    [
      {
        $arrayToObject: [
          [
            ['a', 1],
            ['b', 2],
          ],
        ],
      },
      { a: 1, b: 2 },
    ],
    [{ $arrayToObject: { $literal: [{ k: 'a', v: 1 }] } }, { a: 1 }],
    [{ $getField: 'n' }, 5],
    [{ $getField: { field: 'a', input: '$o' } }, 1],
    [{ $getField: { field: { $literal: '$x' }, input: { $literal: { $x: 1 } } } }, 1],
    [{ $setField: { field: 'a', input: '$o', value: 2 } }, { a: 2, b: { c: 2 } }],
    [{ $unsetField: { field: 'a', input: '$o' } }, { b: { c: 2 } }],
  ],
  texts: [
    [{ $concat: ['a', '$s'] }, 'aÉa'],
    [{ $concat: ['a', '$nothing'] }, null],
    [{ $toUpper: '$s' }, 'ÉA'],
    [{ $toLower: '$s' }, 'Éa'],
    [{ $toLower: '$nul' }, ''],
    [{ $strLenCP: '$s' }, 2],
    [{ $strLenBytes: '$s' }, 3],
    [{ $substrCP: ['$s', 1, 1] }, 'a'],
    [{ $substrBytes: ['$s', 0, 2] }, 'É'],
    [{ $substr: ['abc', 1, -1] }, 'bc'],
    [{ $indexOfCP: ['$s', 'a'] }, 1],
    [{ $indexOfBytes: ['$s', 'a'] }, 2],
    [{ $split: ['a-b-c', '-'] }, ['a', 'b', 'c']],
    [{ $trim: { input: '  x ' } }, 'x'],
    [{ $ltrim: { input: 'xxay', chars: 'x' } }, 'ay'],
    [{ $rtrim: { input: 'ayy', chars: 'y' } }, 'a'],
    [{ $strcasecmp: ['A', 'a'] }, 0],
    [{ $replaceOne: { input: 'a.b.c', find: '.', replacement: '-' } }, 'a-b.c'],
    [{ $replaceAll: { input: 'a.b.c', find: '.', replacement: '-' } }, 'a-b-c'],
    [{ $regexMatch: { input: 'Été', regex: 'été', options: 'i' } }, true],
    [{ $regexMatch: { input: '$nul', regex: 'x' } }, false],
    [
      { $regexFind: { input: '😀ab', regex: new BSONRegExp('a(b)(c)?') } },
      { match: 'ab', idx: 1, captures: ['b', null] },
    ],
    [{ $regexFind: { input: 'x', regex: 'y' } }, null],
    [
      { $regexFindAll: { input: 'a1b2', regex: '[0-9]' } },
      [
        { match: '1', idx: 1, captures: [] },
        { match: '2', idx: 3, captures: [] },
      ],
    ],
  ],
  conversions: [
    [{ $type: '$nothing' }, 'missing'],
    [{ $type: '$one' }, 'double'],
    [{ $type: '$l' }, 'long'],
    [{ $isNumber: '$dec' }, true],
    [{ $toInt: 2.9 }, 2],
    [{ $toInt: '12' }, 12],
    [{ $toInt: new Int32(3) }, 3],
    [{ $toLong: '$n' }, long(5)],
    [{ $toLong: '$date' }, long(date.getTime())],
    [{ $toDouble: '1.5e1' }, double(15)],
    [{ $toDouble: '$dec' }, 1.5],
    [{ $toString: '$n' }, '5'],
    [{ $toString: 1.5 }, '1.5'],
    [{ $toString: '$oid' }, '65a0000000000000000000aa'],
    [{ $toString: '$date' }, '2024-03-31T00:30:45.678Z'],
    [{ $toString: true }, 'true'],
    [{ $toBool: 'x' }, true],
    [{ $toBool: 0 }, false],
    [{ $toDate: long(0) }, new Date(0)],
    [{ $toDate: '2024-05-01' }, day('2024-05-01T00:00:00Z')],
    [{ $toDate: '$oid' }, new Date(0x65a00000 * 1000)],
    [{ $toObjectId: '65a0000000000000000000aa' }, DOC.oid],
    [{ $toDecimal: 5 }, Decimal128.fromString('5')],
    [{ $toInt: '$nul' }, null],
    [{ $convert: { input: 'x', to: 'int', onError: -1 } }, -1],
    [{ $convert: { input: null, to: 'int', onNull: 0 } }, 0],
    [{ $convert: { input: '5', to: 18 } }, long(5)],
    [{ $binarySize: new Binary(Buffer.from('abc')) }, 3],
  ],
  dates: [
    [{ $year: '$date' }, 2024],
    [{ $month: { date: '$date' } }, 3],
    [{ $dayOfMonth: { date: '$date', timezone: 'Europe/Paris' } }, 31],
    [{ $hour: { date: '$date', timezone: 'Europe/Paris' } }, 1],
    [{ $hour: { date: '$date', timezone: '+05:30' } }, 6],
    [{ $hour: { date: '$date', timezone: 'America/Argentina/Buenos_Aires' } }, 21],
    [{ $minute: '$date' }, 30],
    [{ $second: '$date' }, 45],
    [{ $millisecond: '$date' }, 678],
    [{ $dayOfYear: '$date' }, 91],
    [{ $dayOfWeek: '$date' }, 1],
    [{ $isoDayOfWeek: '$date' }, 7],
    [{ $week: '$date' }, 13],
    [{ $isoWeek: '$date' }, 13],
    [{ $isoWeek: day('2021-01-03T00:00:00Z') }, 53],
    [{ $isoWeekYear: day('2021-01-03T00:00:00Z') }, long(2020)],
    [{ $week: day('2023-01-01T00:00:00Z') }, 1],
    [{ $week: day('2024-01-01T00:00:00Z') }, 0],
    [{ $year: '$nul' }, null],
    [{ $year: '$oid' }, 2024],
    [{ $year: new Timestamp({ t: 0, i: 1 }) }, 1970],
    [
      { $dateToString: { date: '$date', format: '%Y-%m-%d %H:%M:%S.%L %j %u %w %U %V %G %z %%' } },
      '2024-03-31 00:30:45.678 091 7 1 13 13 2024 +0000 %',
    ],
    [{ $dateToString: { date: '$date', timezone: 'Europe/Paris', format: '%H:%M %z %Z' } }, '01:30 +0100 60'],
    [{ $dateToString: { date: '$date' } }, '2024-03-31T00:30:45.678Z'],
    [{ $dateToString: { date: '$nothing', onNull: 'none' } }, 'none'],
    [{ $dateFromString: { dateString: '2024-03-31T02:30:00', timezone: 'Europe/Paris' } }, day('2024-03-31T01:30:00Z')],
    [{ $dateFromString: { dateString: '31/03/2024', format: '%d/%m/%Y' } }, day('2024-03-31T00:00:00Z')],
    [{ $dateFromString: { dateString: 'nonsense', onError: 'bad' } }, 'bad'],
    [{ $dateFromParts: { year: 2024, month: 14, day: 1, hour: 12 } }, day('2025-02-01T12:00:00Z')],
    [{ $dateFromParts: { isoWeekYear: 2024, isoWeek: 1 } }, day('2024-01-01T00:00:00Z')],
    [{ $dateFromParts: { year: 2024, month: 7, timezone: 'Europe/Paris' } }, day('2024-06-30T22:00:00Z')],
    [
      { $dateToParts: { date: '$date' } },
      { year: 2024, month: 3, day: 31, hour: 0, minute: 30, second: 45, millisecond: 678 },
    ],
    [{ $dateAdd: { startDate: day('2024-01-31T00:00:00Z'), unit: 'month', amount: 1 } }, day('2024-02-29T00:00:00Z')],
    [
      { $dateAdd: { startDate: day('2024-03-30T11:00:00Z'), unit: 'day', amount: 1, timezone: 'Europe/Paris' } },
      day('2024-03-31T10:00:00Z'),
    ],
    [
      { $dateAdd: { startDate: day('2024-03-30T11:00:00Z'), unit: 'hour', amount: 24, timezone: 'Europe/Paris' } },
      day('2024-03-31T11:00:00Z'),
    ],
    [
      { $dateSubtract: { startDate: day('2024-02-29T00:00:00Z'), unit: 'year', amount: 1 } },
      day('2023-02-28T00:00:00Z'),
    ],
    [
      { $dateDiff: { startDate: day('2023-12-31T23:59:00Z'), endDate: day('2024-01-01T00:01:00Z'), unit: 'year' } },
      long(1),
    ],
    [
      { $dateDiff: { startDate: day('2024-01-06T00:00:00Z'), endDate: day('2024-01-07T00:00:00Z'), unit: 'week' } },
      long(1),
    ],
    [
      {
        $dateDiff: {
          startDate: day('2024-01-07T00:00:00Z'),
          endDate: day('2024-01-08T00:00:00Z'),
          unit: 'week',
          startOfWeek: 'Monday',
        },
      },
      long(1),
    ],
    [
      {
        $dateDiff: {
          startDate: day('2024-03-30T23:00:00Z'),
          endDate: day('2024-03-31T22:00:00Z'),
          unit: 'day',
          timezone: 'Europe/Paris',
        },
      },
      long(1),
    ],
    [
      {
        $dateDiff: {
          startDate: day('2024-03-31T00:30:00Z'),
          endDate: day('2024-03-31T01:30:00Z'),
          unit: 'hour',
          timezone: 'Europe/Paris',
        },
      },
      long(1),
    ],
    [{ $dateTrunc: { date: '$date', unit: 'month' } }, day('2024-03-01T00:00:00Z')],
    [{ $dateTrunc: { date: '$date', unit: 'day', timezone: 'Europe/Paris' } }, day('2024-03-30T23:00:00Z')],
    [{ $dateTrunc: { date: '$date', unit: 'week', startOfWeek: 'monday' } }, day('2024-03-25T00:00:00Z')],
    [{ $dateTrunc: { date: '$date', unit: 'week' } }, day('2024-03-31T00:00:00Z')],
    [{ $dateTrunc: { date: '$date', unit: 'minute', binSize: 15 } }, day('2024-03-31T00:30:00Z')],
    [{ $dateTrunc: { date: '$date', unit: 'quarter' } }, day('2024-01-01T00:00:00Z')],
    [{ $dateTrunc: { date: day('1999-05-01T00:00:00Z'), unit: 'year', binSize: 2 } }, day('1998-01-01T00:00:00Z')],
  ],
};

const REFUSED: [expression: unknown, code: number][] = [
  [{ $nothing: 1 }, 168],
  [{ $function: {} }, 31264],
  ['$$nothing', 17276],
  ['$', 16872],
  ['$a..b', 15998],
  ['$a.$b', 16410],
  [{ $add: [1], $sum: [1] }, 15983],
  [{ a: 1, $add: [1] }, 16410],
  [{ $eq: [1] }, 16020],
  [{ $slice: [[1]] }, 28667],
  [{ $add: ['x', 1] }, 14],
  [{ $add: ['$dec', 1] }, 14],
  [{ $sum: ['$dec'] }, 14],
  [{ $multiply: ['$dec', 2] }, 14],
  [{ $abs: '$dec' }, 14],
  [{ $subtract: ['x', 1] }, 14],
  [{ $multiply: ['x', 1] }, 14],
  [{ $divide: [1, 0] }, 2],
  [{ $divide: ['x', 1] }, 14],
  [{ $mod: [1, 0] }, 16610],
  [{ $mod: ['x', 1] }, 16611],
  [{ $add: ['$date', '$date'] }, 16612],
  [{ $abs: 'x' }, 28765],
  [{ $sqrt: -1 }, 28714],
  [{ $ln: 0 }, 28766],
  [{ $round: ['x'] }, 51081],
  [{ $size: 5 }, 17124],
  [{ $arrayElemAt: [5, 0] }, 28689],
  [{ $in: [1, 5] }, 40081],
  [{ $concatArrays: [5] }, 28664],
  [{ $range: [0, 5, 0] }, 34449],
  [{ $map: { input: 5, in: 1 } }, 16883],
  [{ $filter: { input: 5, cond: 1 } }, 28651],
  [{ $reduce: { input: 5, initialValue: 0, in: 1 } }, 40080],
  [{ $let: { vars: { X: 1 }, in: 1 } }, 9],
  [{ $switch: { branches: [branch(false, 1)] } }, 40066],
  [{ $switch: { branches: [] } }, 40068],
  [{ $cond: [1, 2] }, 16020],
  [{ $cond: Object.fromEntries([['if', 1], THEN]) }, 17082],
  [{ $concat: [5] }, 16702],
  [{ $toLower: ['$list'] }, 16007],
  [{ $strLenCP: 5 }, 34471],
  [{ $substrBytes: ['É', 1, 1] }, 28656],
  [{ $split: ['a', ''] }, 40087],
  [{ $trim: { input: 5 } }, 50699],
  [{ $trim: {} }, 9],
  [{ $regexMatch: { input: 5, regex: 'x' } }, 51104],
  [{ $regexMatch: { input: 'x', regex: '(' } }, 51091],
  [{ $mergeObjects: [5] }, 40400],
  [{ $objectToArray: 5 }, 40390],
  [{ $toInt: 'x' }, 241],
  [{ $toInt: 3e9 }, 241],
  [{ $toDate: 'x' }, 241],
  [{ $convert: { input: 1, to: 'nothing' } }, 2],
  [{ $year: 'x' }, 16006],
  [{ $year: { date: '$date', timezone: 'Nowhere/Else' } }, 40485],
  [{ $dateToString: { date: '$date', format: '%Q' } }, 18536],
  [{ $dateTrunc: { date: '$date', unit: 'age' } }, 9],
  [{ $dateFromParts: { month: 1 } }, 40516],
  [{ $dateFromString: { dateString: 'x' } }, 241],
  [{ $setUnion: [5] }, 17043],
];

const variables = { v: 'given' };

describe('Aggregation expressions of the embedded database', () => {
  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(group, () => {
      for (const [expression, expected] of cases) {
        it(`${JSON.stringify(expression)} is ${JSON.stringify(expected) ?? 'missing'}`, () => {
          const value = compileExpression(expression, { variables }).evaluate(DOC);
          expect(identicalValues(value, expected), `got ${JSON.stringify(value)}`).to.equal(true);
        });
      }
    });
  }

  describe('refusals', () => {
    for (const [expression, code] of REFUSED) {
      it(`${JSON.stringify(expression)} is refused with ${code}`, () => {
        expect(codeOf(() => compileExpression(expression).evaluate(DOC))).to.equal(code);
      });
    }
  });

  it('compares by the collation', () => {
    const collation = compileCollation({ locale: 'fr', strength: 1 });
    const value = (expression: unknown): unknown => compileExpression(expression, { collation }).evaluate({ a: 'Été' });
    expect(value({ $eq: ['$a', 'ete'] })).to.equal(true);
    expect(value({ $in: ['$a', ['ete']] })).to.equal(true);
    expect(value({ $setIntersection: [['$a'], ['ete']] })).to.deep.equal(['Été']);
  });

  it('has one clock for a whole command', () => {
    const now = new Date(5);
    expect(compileExpression('$$NOW', { now }).evaluate({})).to.equal(now);
  });
});
