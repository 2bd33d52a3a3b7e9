import { ObjectId } from 'bson';
import { type Doc, decode, fieldReader } from './bson-codec.ts';
import { isDoc, regexOf } from './bson-values.ts';
import type { Collation } from './collation.ts';
import { compileExpression } from './expressions/compile.ts';
import { truthy } from './expressions/numbers.ts';
import {
  bitTest,
  equality,
  inequality,
  inList,
  isReference,
  isRegex,
  modTest,
  regexTest,
  sizeTest,
  typeTest,
} from './matcher-operators.ts';
import { badValue, MongoError } from './mongo-error.ts';
import { anyAtPath, type Hit } from './paths.ts';

export interface FilterOptions {
  readonly collation?: Collation | undefined;
  /** The command's `let`. */
  readonly variables?: Doc | undefined;
  readonly now?: Date | undefined;
}

/** One condition that every match fulfils, for the planner. */
export interface Condition {
  readonly path: string;
  /** `$eq`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$exists`, `$type`, `$regex`, `$size`, `$mod`, `$all`, `$elemMatch`, `$bits...`. */
  readonly op: string;
  /** As written; for `$regex` a regular expression, whichever way it was given. */
  readonly value: unknown;
}

export interface CompiledFilter {
  matches(doc: Doc): boolean;
  /** The same on BSON bytes, decoding only the top-level fields that the filter reads. */
  matchesRaw(bytes: Uint8Array): boolean;
  /** The top-level fields that it reads; `undefined`: the whole document. */
  readonly fields: ReadonlySet<string> | undefined;
  readonly conditions: readonly Condition[];
  /** Whether it is nothing but `conditions`, all of them equalities with plain values other than null. */
  readonly isEqualities: boolean;
  readonly isAlwaysTrue: boolean;
  /** For a document that matches: the index of the array element that did, for the positional `$`. */
  positionOf(doc: Doc): number | undefined;
  readonly collation: Collation | undefined;
}

type DocTest = (doc: Doc, hit: Hit | undefined) => boolean;
type ElementTest = (value: unknown, hit: Hit | undefined) => boolean;

/** What is gathered while a filter is read. */
interface Reading {
  readonly options: FilterOptions;
  readonly fields: Set<string>;
  readonly needs: { whole: boolean };
  readonly conditions: Condition[];
  /** Conditions are only worth noting where all of them must hold. */
  readonly conjunctive: boolean;
}

/** A test of one field; `not` holds when the tests inside do not all hold. */
type FieldTest =
  | {
      readonly kind: 'leaf';
      readonly test: ElementTest /** Whether an array passes by one of its elements. */;
      readonly intoArray: boolean;
    }
  | { readonly kind: 'not'; readonly tests: readonly FieldTest[] };

function holdsAtPath(field: FieldTest, doc: Doc, parts: readonly string[], hit: Hit | undefined): boolean {
  if (field.kind === 'leaf') return anyAtPath(doc, parts, field.test, field.intoArray, hit);
  return !field.tests.every((inner) => holdsAtPath(inner, doc, parts, undefined));
}

function holdsForValue(field: FieldTest, value: unknown): boolean {
  if (field.kind === 'leaf') return field.test(value, undefined);
  return !field.tests.every((inner) => holdsForValue(inner, value));
}

const GEO = new Set(['$geoWithin', '$geoIntersects', '$within']);

function refuseOperator(name: string): MongoError {
  if (name === '$near' || name === '$nearSphere' || name === '$geoNear') {
    return new MongoError(291, `error processing query: unable to find index for ${name} query`);
  }
  if (GEO.has(name)) return badValue(`the embedded database does not support the operator ${name}`);
  return badValue(`unknown operator: ${name}`);
}

function isOperatorDoc(value: unknown): value is Doc {
  if (!isDoc(value)) return false;
  const [first] = Object.keys(value);
  return first?.startsWith('$') === true && !isReference(value);
}

function leaf(test: ElementTest, intoArray = true): FieldTest {
  return { kind: 'leaf', test, intoArray };
}

function negated(...tests: FieldTest[]): FieldTest {
  return { kind: 'not', tests };
}

function regexLeaf(value: unknown): FieldTest {
  const { pattern, options } = regexOf(value);
  return leaf(regexTest(pattern, options));
}

/** `$regex` with the `$options` beside it. */
function regexArgument(spec: Doc): { pattern: string; options: string } {
  if (!Object.hasOwn(spec, '$regex')) throw badValue('$options needs a $regex');
  const value = spec.$regex;
  const given = Object.hasOwn(spec, '$options') ? spec.$options : undefined;
  if (given !== undefined && typeof given !== 'string') throw badValue('$options has to be a string');
  if (typeof value === 'string') return { pattern: value, options: given ?? '' };
  if (!isRegex(value)) throw badValue('$regex has to be a string');
  const regex = regexOf(value);
  if (given !== undefined && regex.options !== '') {
    throw new MongoError(51075, 'options set in both $regex and $options');
  }
  return { pattern: regex.pattern, options: given ?? regex.options };
}

function elemMatch(argument: unknown, path: string, reading: Reading): FieldTest {
  if (!isDoc(argument)) throw badValue('$elemMatch needs an Object');
  const [first] = Object.keys(argument);
  const onValues =
    first?.startsWith('$') === true &&
    !isReference(argument) &&
    !['$and', '$or', '$nor', '$expr', '$where', '$text'].includes(first);
  if (onValues) {
    const tests = fieldTests(argument, path, { ...reading, conjunctive: false });
    return elementLeaf((element) => tests.every((field) => holdsForValue(field, element)));
  }
  const inner = compileDoc(argument, { ...reading, fields: new Set(), conjunctive: false }, false);
  return elementLeaf((element) => {
    if (isDoc(element)) return inner(element, undefined);
    // An array in an array is matched as the document of its indexes.
    return Array.isArray(element) && inner({ ...element }, undefined);
  });
}

function elementLeaf(test: (element: unknown) => boolean): FieldTest {
  return leaf((value, hit) => {
    if (!Array.isArray(value)) return false;
    const index = value.findIndex(test);
    if (index >= 0 && hit) hit.index = index;
    return index >= 0;
  }, false);
}

function not(argument: unknown, path: string, reading: Reading): FieldTest {
  if (isRegex(argument)) return negated(regexLeaf(argument));
  if (!isDoc(argument)) throw badValue('$not needs a regex or a document');
  if (Object.keys(argument).length === 0) throw badValue('$not cannot be empty');
  return negated(...fieldTests(argument, path, { ...reading, conjunctive: false }));
}

/** The conditions of `$all`, each of which some element must fulfil. */
function all(argument: unknown, path: string, reading: Reading): FieldTest[] {
  if (!Array.isArray(argument)) throw badValue('$all needs an array');
  if (argument.length === 0) return [leaf(() => false)];
  const isElemMatch = (value: unknown): value is Doc => isDoc(value) && Object.keys(value)[0] === '$elemMatch';
  const elements = isElemMatch(argument[0]);
  return argument.map((value) => {
    if (elements) {
      if (!isElemMatch(value)) throw badValue('$all/$elemMatch has to be consistent');
      return elemMatch(value.$elemMatch, path, reading);
    }
    if (isOperatorDoc(value)) throw badValue('no $ expressions in $all');
    return isRegex(value) ? regexLeaf(value) : leaf(equality(value, reading.options.collation));
  });
}

/** The tests of one operator on a field; several must all hold. */
function operatorTests(name: string, spec: Doc, path: string, reading: Reading): FieldTest[] {
  const argument = spec[name];
  const order = reading.options.collation;
  switch (name) {
    case '$eq':
      if (argument === undefined) throw badValue('cannot compare to undefined');
      return [leaf(equality(argument, order))];
    case '$ne':
      if (isRegex(argument)) throw badValue("Can't have regex as arg to $ne.");
      return [negated(leaf(equality(argument, order)))];
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return [leaf(inequality(name, argument, order, path))];
    case '$in':
      return [leaf(inList(argument, order, '$in'))];
    case '$nin':
      return [negated(leaf(inList(argument, order, '$nin')))];
    case '$exists': {
      const present = leaf((value) => value !== undefined, false);
      return [truthy(argument) ? present : negated(present)];
    }
    case '$type':
      return [leaf(typeTest(argument))];
    case '$regex': {
      const { pattern, options } = regexArgument(spec);
      return [leaf(regexTest(pattern, options))];
    }
    case '$options':
      regexArgument(spec);
      return [];
    case '$mod':
      return [leaf(modTest(argument))];
    case '$size':
      return [leaf(sizeTest(argument), false)];
    case '$bitsAllSet':
    case '$bitsAnySet':
    case '$bitsAllClear':
    case '$bitsAnyClear':
      return [leaf(bitTest(name, argument))];
    case '$elemMatch':
      return [elemMatch(argument, path, reading)];
    case '$all':
      return all(argument, path, reading);
    case '$not':
      return [not(argument, path, reading)];
    default:
      throw refuseOperator(name);
  }
}

const NOTED = new Set([
  '$eq',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$exists',
  '$type',
  '$size',
  '$mod',
  '$all',
  '$elemMatch',
]);

function note(reading: Reading, path: string, op: string, spec: Doc): void {
  if (!reading.conjunctive) return;
  if (op === '$regex') reading.conditions.push({ path, op, value: regexArgument(spec) });
  else if (NOTED.has(op) || op.startsWith('$bits')) reading.conditions.push({ path, op, value: spec[op] });
}

/** The tests of `{$gt: 1, $lt: 5}`; each goes over the path on its own, as different elements may pass each. */
function fieldTests(spec: Doc, path: string, reading: Reading): FieldTest[] {
  return Object.keys(spec).flatMap((name) => {
    if (!name.startsWith('$')) throw badValue(`unknown operator: ${name}`);
    const tests = operatorTests(name, spec, path, reading);
    note(reading, path, name, spec);
    return tests;
  });
}

function compileField(path: string, wanted: unknown, reading: Reading): DocTest {
  const parts = path.split('.');
  reading.fields.add(parts[0] as string);
  let tests: FieldTest[];
  if (isOperatorDoc(wanted)) tests = fieldTests(wanted, path, reading);
  else if (isRegex(wanted)) {
    tests = [regexLeaf(wanted)];
    if (reading.conjunctive) reading.conditions.push({ path, op: '$regex', value: regexOf(wanted) });
  } else {
    if (wanted === undefined) throw badValue('cannot compare to undefined');
    tests = [leaf(equality(wanted, reading.options.collation))];
    if (reading.conjunctive) reading.conditions.push({ path, op: '$eq', value: wanted });
  }
  const [only] = tests;
  if (tests.length === 1 && only) return (doc, hit) => holdsAtPath(only, doc, parts, hit);
  return (doc, hit) => tests.every((field) => holdsAtPath(field, doc, parts, hit));
}

function clauses(name: string, argument: unknown, reading: Reading, top: boolean): DocTest[] {
  if (!Array.isArray(argument) || argument.length === 0) throw badValue(`${name} must be a nonempty array`);
  const conjunctive = reading.conjunctive && name === '$and';
  return argument.map((clause) => {
    if (!isDoc(clause)) throw badValue('$or/$and/$nor entries need to be full objects');
    return compileDoc(clause, { ...reading, conjunctive }, top);
  });
}

function compileTopOperator(name: string, argument: unknown, reading: Reading, top: boolean): DocTest | undefined {
  switch (name) {
    case '$and': {
      const tests = clauses(name, argument, reading, top);
      return (doc, hit) => tests.every((test) => test(doc, hit));
    }
    case '$or': {
      const tests = clauses(name, argument, reading, top);
      return (doc, hit) => tests.some((test) => test(doc, hit));
    }
    case '$nor': {
      const tests = clauses(name, argument, reading, top);
      return (doc) => !tests.some((test) => test(doc, undefined));
    }
    case '$expr': {
      if (!top) throw badValue('$expr can only be applied to the top-level document');
      const { evaluate, fields } = compileExpression(argument, reading.options);
      if (fields) for (const field of fields) reading.fields.add(field);
      else reading.needs.whole = true;
      return (doc) => truthy(evaluate(doc));
    }
    case '$comment':
      return undefined;
    case '$where':
      throw new MongoError(6108304, 'no globalScriptEngine in $where parsing');
    case '$text':
      throw new MongoError(27, 'text index required for $text query');
    default:
      if (!top && (name === '$ref' || name === '$id' || name === '$db')) return compileField(name, argument, reading);
      throw badValue(
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

/** Compiles the conditions of one document of a filter; `top` is false inside `$elemMatch`. */
function compileDoc(spec: Doc, reading: Reading, top: boolean): DocTest {
  const tests: DocTest[] = [];
  for (const key of Object.keys(spec)) {
    const operator = key.startsWith('$') && !/^\$(?:ref|id|db)\./.test(key);
    const test = operator ? compileTopOperator(key, spec[key], reading, top) : compileField(key, spec[key], reading);
    if (test) tests.push(test);
  }
  const [first, second] = tests;
  if (!first) return () => true;
  if (!second) return first;
  if (tests.length === 2) return (doc, hit) => first(doc, hit) && second(doc, hit);
  return (doc, hit) => tests.every((test) => test(doc, hit));
}

/** A value that is equal to itself alone, whatever the collection holds: not null, which a missing field is equal to. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isNaN(value);
  return ['string', 'boolean'].includes(typeof value) || value instanceof Date || value instanceof ObjectId;
}

function isEquality(wanted: unknown): boolean {
  if (!isOperatorDoc(wanted)) return isPlain(wanted);
  return Object.entries(wanted).every(([name, value]) =>
    name === '$in' ? Array.isArray(value) && value.every(isPlain) : name === '$eq' && isPlain(value),
  );
}

/**
 * Compiles a filter of MongoDB's query language. Refuses with the codes of a server: 2 for unknown operators and bad
 * arguments, 27 for `$text`, 291 for `$near`, 6108304 for `$where`, 17276 for an undefined variable.
 */
export function compileFilter(filter: Doc, options: FilterOptions = {}): CompiledFilter {
  const reading: Reading = { options, fields: new Set(), needs: { whole: false }, conditions: [], conjunctive: true };
  const test = compileDoc(filter, reading, true);
  const fields = reading.needs.whole ? undefined : reading.fields;
  const read = fields ? fieldReader(fields) : decode;
  return {
    matches: (doc) => test(doc, undefined),
    matchesRaw: (bytes) => test(read(bytes), undefined),
    fields,
    conditions: reading.conditions,
    isEqualities: Object.entries(filter).every(([key, wanted]) => !key.startsWith('$') && isEquality(wanted)),
    isAlwaysTrue: Object.keys(filter).every((key) => key === '$comment'),
    positionOf: (doc) => {
      const hit: Hit = { index: undefined };
      return test(doc, hit) ? hit.index : undefined;
    },
    collation: options.collation,
  };
}
