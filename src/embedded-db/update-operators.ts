import { Decimal128, Timestamp } from 'bson';
import { arithmetic, integerFrom, integerOf, longFrom } from './arithmetic.ts';
import {
  compareValues,
  equalValues,
  getOwn,
  identicalValues,
  isDoc,
  isNumeric,
  numberOf,
  shown,
  typeName,
} from './bson-values.ts';
import type { Collation } from './collation.ts';
import { compileFilter } from './matcher.ts';
import { isRegex } from './matcher-operators.ts';
import { badValue, decimalArithmetic, failedToParse, typeMismatch } from './mongo-error.ts';
import { compileSort } from './sort.ts';
import type { Change, UpdateContext } from './update-paths.ts';

export interface OperatorOptions {
  readonly collation: Collation | undefined;
  readonly now: Date;
}

/** Makes the change of one operator on one field from its argument. */
type Operator = (argument: unknown, path: string, options: OperatorOptions) => Change;

function idOf(context: UpdateContext): string {
  const id = getOwn(context.original, '_id');
  return `{_id: ${shown(id)}}`;
}

function unlessIdentical(value: unknown, next: unknown): unknown {
  return value !== undefined && identicalValues(value, next) ? value : next;
}

/** `undefined` cannot be written: it is how a change removes a field. BSON undefined becomes null. */
function storable(value: unknown): unknown {
  return value === undefined ? null : value;
}

function set(argument: unknown): Change {
  const wanted = storable(argument);
  return (value) => unlessIdentical(value, wanted);
}

function setOnInsert(argument: unknown): Change {
  const wanted = storable(argument);
  return (value, context) => (context.insert ? unlessIdentical(value, wanted) : value);
}

function number(operator: '$inc' | '$mul', argument: unknown, path: string): Change {
  const verb = operator === '$inc' ? 'increment' : 'multiply';
  if (!isNumeric(argument))
    throw typeMismatch(`Cannot ${verb} with non-numeric argument: {${path}: ${typeName(argument)}}`);
  if (argument instanceof Decimal128) throw decimalArithmetic(operator);
  return (value, context) => {
    if (value === undefined) {
      return operator === '$inc' ? argument : arithmetic('multiply', 0, argument, operator);
    }
    if (!isNumeric(value)) {
      throw typeMismatch(
        `Cannot apply ${operator} to a value of non-numeric type. ${idOf(context)} has the field '${path.split('.').at(-1)}' of non-numeric type ${typeName(value)}`,
      );
    }
    const next = arithmetic(operator === '$inc' ? 'add' : 'multiply', value, argument, operator, () => {
      throw badValue(
        `Failed to apply ${operator} operations to current value ((NumberLong)${shown(value)}) for document ${idOf(context)}`,
      );
    });
    return unlessIdentical(value, next);
  };
}

function extreme(sign: 1 | -1, argument: unknown, collation: Collation | undefined): Change {
  const wanted = storable(argument);
  return (value) => (value === undefined || compareValues(wanted, value, collation) * sign > 0 ? wanted : value);
}

function currentDate(argument: unknown, path: string, { now }: OperatorOptions): Change {
  let type = 'date';
  if (isDoc(argument)) {
    for (const key of Object.keys(argument)) {
      if (key !== '$type') throw badValue(`Unrecognized $currentDate option: ${key}`);
    }
    type = shown(argument.$type);
    if (type !== 'date' && type !== 'timestamp') {
      throw badValue(
        `The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}`,
      );
    }
  } else if (typeof argument !== 'boolean') {
    throw badValue(
      `${typeName(argument)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}) for '${path}'.`,
    );
  }
  if (type === 'date') return (value) => unlessIdentical(value, now);
  return () => new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
}

function bit(argument: unknown, path: string): Change {
  if (!isDoc(argument) || Object.keys(argument).length === 0) {
    throw badValue(
      `The $bit modifier is not compatible with a ${typeName(argument)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  const steps = Object.keys(argument).map((name): ((value: bigint) => bigint) => {
    const operand = integerOf(argument[name]);
    if (operand === undefined) {
      throw badValue(
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(argument[name])}' is not supported here: {${name}}`,
      );
    }
    if (name === 'and') return (value) => value & operand;
    if (name === 'or') return (value) => value | operand;
    if (name === 'xor') return (value) => value ^ operand;
    throw badValue(
      `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${path}}`,
    );
  });
  const narrowOperands = Object.values(argument).every((value) => typeName(value) === 'int');
  return (value, context) => {
    const start = value === undefined ? 0n : integerOf(value);
    if (start === undefined) {
      throw badValue(
        `Cannot apply $bit to a value of non-integral type.${idOf(context)} has the field ${path} of non-integer type ${typeName(value)}`,
      );
    }
    const result = steps.reduce((bits, step) => step(bits), start);
    const narrow = narrowOperands && (value === undefined || typeName(value) === 'int');
    return unlessIdentical(value, narrow ? integerFrom(result, true) : longFrom(result));
  };
}

function arrayOf(value: unknown, path: string, context: UpdateContext): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    throw badValue(
      `The field '${path}' must be an array but is of type ${typeName(value)} in document ${idOf(context)}`,
    );
  }
  return value;
}

function integer(argument: unknown, name: string): number {
  const value = numberOf(argument);
  if (value === undefined || !Number.isInteger(value)) {
    throw badValue(`The value for ${name} must be an integer value but was given type: ${typeName(argument)}`);
  }
  return value;
}

/** The order of `$sort` in `$push`: of whole elements or, with a document, of their fields. */
function elementOrder(argument: unknown, collation: Collation | undefined): (a: unknown, b: unknown) => number {
  if (isDoc(argument)) {
    const sort = compileSort(argument, collation);
    if (!sort) throw badValue('The $sort pattern is empty when it should be a set of fields.');
    return (a, b) => sort.compare(isDoc(a) ? a : {}, isDoc(b) ? b : {});
  }
  const direction = numberOf(argument);
  if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
  return (a, b) => direction * compareValues(a, b, collation);
}

const PUSH_CLAUSES = new Set(['$each', '$slice', '$sort', '$position']);

function push(argument: unknown, path: string, { collation }: OperatorOptions): Change {
  if (!isDoc(argument) || !Object.hasOwn(argument, '$each')) {
    const added = storable(argument);
    return (value, context) => [...arrayOf(value, path, context), added];
  }
  for (const name of Object.keys(argument))
    if (!PUSH_CLAUSES.has(name)) throw badValue(`Unrecognized clause in $push: ${name}`);
  const { $each: each } = argument;
  if (!Array.isArray(each))
    throw badValue(`The argument to $each in $push must be an array but it was of type: ${typeName(each)}`);
  const added = each.map(storable);
  const position = Object.hasOwn(argument, '$position') ? integer(argument.$position, '$position') : undefined;
  const slice = Object.hasOwn(argument, '$slice') ? integer(argument.$slice, '$slice') : undefined;
  const order = Object.hasOwn(argument, '$sort') ? elementOrder(argument.$sort, collation) : undefined;
  return (value, context) => {
    const list = arrayOf(value, path, context);
    const at = position === undefined ? list.length : position < 0 ? Math.max(0, list.length + position) : position;
    let next = [...list.slice(0, at), ...added, ...list.slice(at)];
    if (order) next.sort(order);
    if (slice !== undefined) next = slice < 0 ? next.slice(slice) : next.slice(0, slice);
    return unlessIdentical(value, next);
  };
}

function addToSet(argument: unknown, path: string, { collation }: OperatorOptions): Change {
  let candidates: unknown[] = [storable(argument)];
  if (isDoc(argument) && Object.keys(argument)[0] === '$each') {
    const { $each: each } = argument;
    if (!Array.isArray(each)) {
      throw typeMismatch(`The argument to $each in $addToSet must be an array but it was of type ${typeName(each)}`);
    }
    const other = Object.keys(argument)[1];
    if (other !== undefined) throw badValue(`Found unexpected fields after $each in $addToSet: ${other}`);
    candidates = each.map(storable);
  }
  return (value, context) => {
    if (value !== undefined && !Array.isArray(value)) {
      throw badValue(
        `Cannot apply $addToSet to non-array field. Field named '${path}' has non-array type ${typeName(value)}`,
      );
    }
    const list = arrayOf(value, path, context);
    const added: unknown[] = [];
    for (const candidate of candidates) {
      const known = (one: unknown): boolean => equalValues(one, candidate, collation);
      if (!list.some(known) && !added.some(known)) added.push(candidate);
    }
    return added.length === 0 && value !== undefined ? value : [...list, ...added];
  };
}

function pop(argument: unknown, path: string): Change {
  const end = numberOf(argument);
  if (end !== 1 && end !== -1) throw failedToParse(`$pop expects 1 or -1, found: ${typeName(argument)}`);
  return (value) => {
    if (value === undefined) return value;
    if (!Array.isArray(value))
      throw typeMismatch(`Path '${path}' contains an element of non-array type '${typeName(value)}'`);
    if (value.length === 0) return value;
    return end === 1 ? value.slice(0, -1) : value.slice(1);
  };
}

function removal(operator: string, isRemoved: (element: unknown) => boolean): Change {
  return (value) => {
    if (value === undefined) return value;
    if (!Array.isArray(value)) throw badValue(`Cannot apply ${operator} to a non-array value`);
    const kept = value.filter((element) => !isRemoved(element));
    return kept.length === value.length ? value : kept;
  };
}

function pull(argument: unknown, _path: string, options: OperatorOptions): Change {
  if (isDoc(argument)) {
    const onValues =
      Object.keys(argument)[0]?.startsWith('$') === true && !/^\$(?:and|or|nor)$/.test(Object.keys(argument)[0] ?? '');
    if (onValues) {
      const filter = compileFilter({ list: { $elemMatch: argument } }, options);
      return removal('$pull', (element) => filter.matches({ list: [element] }));
    }
    const filter = compileFilter(argument, options);
    return removal('$pull', (element) => isDoc(element) && filter.matches(element));
  }
  if (isRegex(argument)) {
    const filter = compileFilter({ element: argument }, options);
    return removal('$pull', (element) => !Array.isArray(element) && filter.matches({ element }));
  }
  return removal('$pull', (element) => equalValues(element, argument, options.collation));
}

function pullAll(argument: unknown, _path: string, { collation }: OperatorOptions): Change {
  if (!Array.isArray(argument))
    throw badValue(`$pullAll requires an array argument but was given a ${typeName(argument)}`);
  return removal('$pullAll', (element) => argument.some((one) => equalValues(one, element, collation)));
}

/** The operators that change one field, and whether they create it. `$rename` has two fields and is not among them. */
export const UPDATE_OPERATORS: ReadonlyMap<string, { readonly make: Operator; readonly creates: boolean }> = new Map<
  string,
  { make: Operator; creates: boolean }
>([
  ['$set', { make: set, creates: true }],
  ['$setOnInsert', { make: setOnInsert, creates: true }],
  ['$unset', { make: () => () => undefined, creates: false }],
  ['$inc', { make: (argument, path) => number('$inc', argument, path), creates: true }],
  ['$mul', { make: (argument, path) => number('$mul', argument, path), creates: true }],
  ['$min', { make: (argument, _path, { collation }) => extreme(-1, argument, collation), creates: true }],
  ['$max', { make: (argument, _path, { collation }) => extreme(1, argument, collation), creates: true }],
  ['$currentDate', { make: currentDate, creates: true }],
  ['$bit', { make: bit, creates: true }],
  ['$push', { make: push, creates: true }],
  ['$addToSet', { make: addToSet, creates: true }],
  ['$pop', { make: pop, creates: false }],
  ['$pull', { make: pull, creates: false }],
  ['$pullAll', { make: pullAll, creates: false }],
]);
