import type { Doc } from './bson-codec.ts';
import { isDoc, isNumeric, numberOf, shown, typeName } from './bson-values.ts';
import type { Collation } from './collation.ts';
import { compileExpression, type ExpressionOptions, operatorOf } from './expressions/compile.ts';
import { type CompiledFilter, compileFilter } from './matcher.ts';
import { MongoError } from './mongo-error.ts';
import { addEntry, type Entry, excludeFields, includeFields, setFields, type Tree } from './projection-tree.ts';

export interface ProjectionOptions extends ExpressionOptions {
  /** The query's filter, which the positional `$` refers to. */
  readonly filter?: CompiledFilter | undefined;
  readonly collation?: Collation | undefined;
  /** `$project` has neither `$slice`, `$elemMatch` nor positional `$` of find: there they are expressions or errors. */
  readonly stage?: boolean | undefined;
}

export interface CompiledProjection {
  project(doc: Doc): Doc;
  /** The top-level fields that it reads; `undefined`: all. */
  readonly fields: ReadonlySet<string> | undefined;
}

interface Reading {
  readonly options: ProjectionOptions;
  readonly tree: Tree;
  /** Top-level fields read by expressions, and whether one reads the whole document. */
  readonly reads: Set<string>;
  whole: boolean;
  /** Whether fields are named to be kept or to be left out, and the field that decided it. */
  mode: 'include' | 'exclude' | undefined;
  id: boolean | undefined;
  positional: boolean;
  /** Where the filter matched in the document being projected; projecting is synchronous. */
  position: number | undefined;
  elemMatch: boolean;
  find: boolean;
}

function setMode(reading: Reading, mode: 'include' | 'exclude', path: string): void {
  if (reading.mode !== undefined && reading.mode !== mode) {
    throw mode === 'include'
      ? new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
      : new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
  }
  reading.mode = mode;
}

function addComputed(reading: Reading, path: string, expression: unknown): void {
  const { evaluate, fields } = compileExpression(expression, reading.options);
  if (fields) for (const field of fields) reading.reads.add(field);
  else reading.whole = true;
  setMode(reading, 'include', path);
  addEntry(reading.tree, path, { kind: 'compute', compute: evaluate });
}

function integer(value: unknown): number {
  const number = numberOf(value);
  if (number === undefined || Number.isNaN(number))
    throw new MongoError(31273, '$slice only supports numbers and [skip, limit] arrays');
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(number)));
}

/** `$slice` of find: a count from the start or, negative, the end; or `[skip, limit]`. */
function sliceChange(argument: unknown): (value: unknown) => unknown {
  let cut: (list: unknown[]) => unknown[];
  if (Array.isArray(argument)) {
    if (argument.length !== 2) throw new MongoError(31272, '$slice array argument should be of form [skip, limit]');
    const skip = integer(argument[0]);
    const limit = integer(argument[1]);
    if (limit <= 0) throw new MongoError(28724, 'First argument to $slice must be an array, but is of type: int');
    cut = (list) => {
      const start = skip < 0 ? Math.max(0, list.length + skip) : skip;
      return list.slice(start, start + limit);
    };
  } else {
    const count = integer(argument);
    cut = (list) => (count < 0 ? list.slice(count) : list.slice(0, count));
  }
  return (value) => (Array.isArray(value) ? cut(value) : value);
}

function addElemMatch(reading: Reading, path: string, argument: unknown): void {
  if (!isDoc(argument))
    throw new MongoError(31274, `elemMatch: Invalid argument, object required, but got ${typeName(argument)}`);
  if (path.includes('.')) throw new MongoError(31275, 'Cannot use $elemMatch projection on a nested field');
  if (reading.positional) throw new MongoError(31255, 'Cannot specify positional operator and $elemMatch');
  reading.elemMatch = true;
  const filter = compileFilter({ list: { $elemMatch: argument } }, reading.options);
  setMode(reading, 'include', path);
  reading.reads.add(path);
  addEntry(reading.tree, path, {
    kind: 'compute',
    compute: (root) => {
      const list = Object.hasOwn(root, path) ? root[path] : undefined;
      const at = Array.isArray(list) ? filter.positionOf({ list }) : undefined;
      return at === undefined || !Array.isArray(list) ? undefined : [list[at]];
    },
  });
}

function addPositional(reading: Reading, path: string, value: unknown): void {
  const target = path.slice(0, -2);
  if (target.split('.').includes('$')) {
    throw new MongoError(31394, "As of 4.4, it's illegal to specify positional operator in the middle of a path.");
  }
  if (isDoc(value) || typeof value === 'string')
    throw new MongoError(31271, 'positional projection cannot be used with an expression or sub object');
  if (!flagOf(value)) throw new MongoError(31395, 'positional projection cannot be used with exclusion');
  if (reading.positional) throw new MongoError(31276, 'Cannot specify more than one positional projection per query.');
  if (reading.elemMatch) throw new MongoError(31256, 'Cannot specify positional operator and $elemMatch');
  const { filter } = reading.options;
  const [top = ''] = target.split('.');
  if (!filter?.fields || ![...filter.fields].includes(top)) {
    throw new MongoError(
      51050,
      "Projections with a positional operator require a matching field in the query's filter",
    );
  }
  reading.positional = true;
  setMode(reading, 'include', path);
  addEntry(reading.tree, target, {
    kind: 'change',
    change: (list) => (Array.isArray(list) ? takePosition(reading, list) : list),
  });
}

function takePosition(reading: Reading, list: readonly unknown[]): unknown[] {
  const at = reading.position;
  if (at === undefined) {
    throw new MongoError(
      51246,
      "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
    );
  }
  if (at >= list.length)
    throw new MongoError(
      51247,
      "Executor error during find command :: caused by :: positional operator '.$' element mismatch",
    );
  return [list[at]];
}

/** Whether a number or boolean asks for a field; `undefined` for any other value. */
function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return isNumeric(value) ? numberOf(value) !== 0 : undefined;
}

function addOperator(reading: Reading, path: string, operator: string, spec: Doc): void {
  const argument = spec[operator];
  if (operator === '$meta') {
    throw argument === 'textScore'
      ? new MongoError(40218, 'query requires text score metadata, but it is not available')
      : new MongoError(17308, `Unsupported argument to $meta: ${shown(argument)}`);
  }
  if (reading.find && operator === '$elemMatch') {
    addElemMatch(reading, path, argument);
    return;
  }
  const findSlice = !Array.isArray(argument) || (argument.length === 2 && isNumeric(argument[0]));
  if (reading.find && operator === '$slice' && findSlice) {
    addEntry(reading.tree, path, { kind: 'change', change: sliceChange(argument) });
    return;
  }
  addComputed(reading, path, spec);
}

function read(reading: Reading, path: string, value: unknown): void {
  if (reading.find && path.endsWith('.$')) {
    addPositional(reading, path, value);
    return;
  }
  const flag = flagOf(value);
  if (flag !== undefined) {
    if (path === '_id') {
      reading.id = flag;
      if (reading.tree.has('_id')) throw new MongoError(31250, 'Path collision at _id');
    } else {
      setMode(reading, flag ? 'include' : 'exclude', path);
      addEntry(reading.tree, path, { kind: flag ? 'include' : 'exclude' });
    }
    return;
  }
  if (isDoc(value)) {
    const operator = operatorOf(value);
    if (operator !== undefined) {
      addOperator(reading, path, operator, value);
      return;
    }
    const names = Object.keys(value);
    if (names.length === 0)
      throw new MongoError(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
    for (const name of names) {
      if (name.includes('.') && !reading.find)
        throw new MongoError(40183, `FieldPath field names may not contain '.': ${name}`);
      read(reading, `${path}.${name}`, value[name]);
    }
    return;
  }
  addComputed(reading, path, value);
}

const INCLUDE: Entry = { kind: 'include' };
const EXCLUDE: Entry = { kind: 'exclude' };

/**
 * Compiles a projection; `undefined` for `{}`. Included fields come in the order of the document, computed ones after
 * them. 31253 and 31254 for mixed inclusion and exclusion, 31249 and 31250 for paths that collide.
 */
export function compileProjection(spec: Doc, options: ProjectionOptions = {}): CompiledProjection | undefined {
  const paths = Object.keys(spec);
  if (paths.length === 0) return undefined;
  const reading: Reading = {
    options,
    tree: new Map(),
    reads: new Set(),
    whole: false,
    mode: undefined,
    id: undefined,
    positional: false,
    position: undefined,
    elemMatch: false,
    find: !options.stage,
  };
  for (const path of paths) read(reading, path, spec[path]);
  const { tree } = reading;
  // `{_id: 1}` keeps the _id alone, `{_id: 0}` all the rest.
  const mode = reading.mode ?? (reading.id === true ? 'include' : 'exclude');
  if (mode === 'include' ? reading.id !== false && !tree.has('_id') : reading.id === false) {
    tree.set('_id', mode === 'include' ? INCLUDE : EXCLUDE);
  }
  if (reading.id === true && reading.mode === 'exclude' && options.stage) {
    throw new MongoError(31253, 'Cannot do inclusion on field _id in exclusion projection');
  }
  const apply = mode === 'include' ? includeFields : excludeFields;
  const { filter } = options;
  let fields: Set<string> | undefined;
  if (mode === 'include' && !reading.whole) {
    fields = new Set(reading.reads);
    for (const [name, entry] of tree) if (entry.kind !== 'compute') fields.add(name);
    if (reading.positional) {
      if (filter?.fields) for (const name of filter.fields) fields.add(name);
      else fields = undefined;
    }
  }
  return {
    fields,
    project: (doc) => {
      if (reading.positional) reading.position = filter?.positionOf(doc);
      return apply(doc, tree, doc);
    },
  };
}

/** Compiles `$addFields` (and `$set`): stored fields stay, computed ones replace them where they stand. */
export function compileAddFields(spec: unknown, stage: string, options: ExpressionOptions): CompiledProjection {
  if (!isDoc(spec))
    throw new MongoError(40272, `${stage} specification stage must be an object, got ${typeName(spec)}`);
  const tree: Tree = new Map();
  const reads = new Set<string>();
  let whole = false;
  const readField = (path: string, value: unknown): void => {
    if (isDoc(value) && Object.keys(value).length > 0 && operatorOf(value) === undefined) {
      for (const name of Object.keys(value)) {
        if (name.includes('.')) throw new MongoError(40183, `FieldPath field names may not contain '.': ${name}`);
        readField(`${path}.${name}`, value[name]);
      }
      return;
    }
    const { evaluate, fields } = compileExpression(value, options);
    if (fields) for (const field of fields) reads.add(field);
    else whole = true;
    addEntry(tree, path, { kind: 'compute', compute: evaluate });
  };
  const paths = Object.keys(spec);
  if (paths.length === 0)
    throw new MongoError(40177, `Invalid ${stage} :: caused by :: specification must have at least one field`);
  for (const path of paths) readField(path, spec[path]);
  for (const name of tree.keys()) reads.add(name);
  return { fields: whole ? undefined : reads, project: (doc) => setFields(doc, tree, doc) };
}

/** Compiles `$unset`: one path or several. */
export function compileUnset(spec: unknown): CompiledProjection {
  const paths = Array.isArray(spec) ? spec : [spec];
  if (paths.length === 0)
    throw new MongoError(31119, '$unset specification must be a string or an array with at least one field');
  const tree: Tree = new Map();
  for (const path of paths) {
    if (typeof path !== 'string') throw new MongoError(31002, '$unset specification must be a string or an array');
    addEntry(tree, path, EXCLUDE);
  }
  return { fields: undefined, project: (doc) => excludeFields(doc, tree, doc) };
}
