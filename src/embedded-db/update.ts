import { type Doc, setOwn } from './bson-codec.ts';
import { equalValues, getOwn, identicalValues, isDoc, typeName } from './bson-values.ts';
import type { Collation } from './collation.ts';
import { type CompiledFilter, compileFilter } from './matcher.ts';
import { isReference, isRegex } from './matcher-operators.ts';
import { badValue, failedToParse, MongoError } from './mongo-error.ts';
import { UPDATE_OPERATORS } from './update-operators.ts';
import { applyTarget, parseSteps, type Target, type UpdateContext } from './update-paths.ts';
import { compilePipelineUpdate } from './update-pipeline.ts';

export interface UpdateOptions {
  readonly arrayFilters?: readonly Doc[] | undefined;
  readonly collation?: Collation | undefined;
  /** The command's `let`. */
  readonly variables?: Doc | undefined;
  /** The query's filter, which the positional `$` refers to. */
  readonly filter?: CompiledFilter | undefined;
  readonly now?: Date | undefined;
}

export interface CompiledUpdate {
  readonly kind: 'operators' | 'replacement' | 'pipeline';
  /** The top-level fields that it reads or changes; `undefined`: any. */
  readonly fields: ReadonlySet<string> | undefined;
  /** The document after the update; the same object, and `changed` false, when nothing changed. `insert`: an upsert. */
  apply(doc: Doc, insert?: boolean): { doc: Doc; changed: boolean };
}

/** Array filters by their identifier; each must be used by some path. */
class ArrayFilters {
  readonly #filters = new Map<string, CompiledFilter>();
  readonly #used = new Set<string>();

  constructor(specs: readonly Doc[], options: UpdateOptions) {
    for (const spec of specs) {
      const name = identifierOf(spec);
      if (name === undefined)
        throw failedToParse('Cannot use an expression without a top-level field name in arrayFilters');
      if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
        throw badValue(
          `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
        );
      }
      if (this.#filters.has(name))
        throw failedToParse(`Found multiple array filters with the same top-level field name ${name}`);
      this.#filters.set(name, compileFilter(spec, { collation: options.collation, variables: options.variables }));
    }
  }

  test(name: string, path: string): (element: unknown) => boolean {
    const filter = this.#filters.get(name);
    if (!filter) throw badValue(`No array filter found for identifier '${name}' in path '${path}'`);
    this.#used.add(name);
    return (element) => filter.matches({ [name]: element });
  }

  checkAllUsed(): void {
    for (const name of this.#filters.keys()) {
      if (!this.#used.has(name))
        throw failedToParse(`The array filter for identifier '${name}' was not used in the update`);
    }
  }
}

function identifierOf(spec: Doc): string | undefined {
  let name: string | undefined;
  for (const key of Object.keys(spec)) {
    const inner = spec[key];
    const found =
      key === '$and' || key === '$or' || key === '$nor'
        ? (Array.isArray(inner) ? inner : []).filter(isDoc).map(identifierOf)
        : [key.startsWith('$') ? undefined : key.split('.')[0]];
    for (const one of found) {
      if (one === undefined) continue;
      if (name !== undefined && name !== one) {
        throw failedToParse(
          `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${name}' and '${one}'`,
        );
      }
      name = one;
    }
  }
  return name;
}

/** Numbers in order of value and before names, names in binary order: the order in which a server applies the paths. */
function comparePaths(a: Target, b: Target): number {
  const left = a.path.split('.');
  const right = b.path.split('.');
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    const digits = /^\d+$/;
    if (digits.test(x) && digits.test(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function checkConflicts(targets: readonly Target[]): void {
  const paths = targets.map(({ path }) => path).sort();
  const all = new Set<string>();
  for (const path of paths) {
    if (all.has(path)) throw conflict(path, path);
    all.add(path);
  }
  for (const path of paths) {
    for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      if (all.has(path.slice(0, dot))) throw conflict(path, path.slice(0, dot));
    }
  }
}

function conflict(path: string, at: string): MongoError {
  return new MongoError(40, `Updating the path '${path}' would create a conflict at '${at}'`);
}

/** The value at a plain path through documents only; 2 when an array is in the way. */
function renamedValue(doc: Doc, path: string): unknown {
  let value: unknown = doc;
  for (const part of path.split('.')) {
    if (Array.isArray(value))
      throw badValue(`The source field cannot be an array element, '${path}' in doc has an array field`);
    if (!isDoc(value)) return undefined;
    value = getOwn(value, part);
  }
  return value;
}

function renameTargets(from: string, to: unknown, filters: ArrayFilters): Target[] {
  if (typeof to !== 'string') throw badValue(`The 'to' field for $rename must be a string: ${from}: ${typeName(to)}`);
  if (from === to) throw badValue(`The source and target field for $rename must differ: ${from}`);
  const read = (path: string, which: string): Target['steps'] => {
    const steps = parseSteps(path, (name) => filters.test(name, path));
    if (steps.some(({ kind }) => kind !== 'name'))
      throw badValue(`The ${which} field for $rename may not be dynamic: ${path}`);
    return steps;
  };
  return [
    { path: from, steps: read(from, 'source'), creates: false, change: () => undefined },
    {
      path: to,
      steps: read(to, 'destination'),
      creates: true,
      change: (value, { original }) => {
        const moved = renamedValue(original, from);
        return moved === undefined || (value !== undefined && identicalValues(value, moved)) ? value : moved;
      },
    },
  ];
}

function readTargets(update: Doc, options: UpdateOptions): Target[] {
  const filters = new ArrayFilters(options.arrayFilters ?? [], options);
  const now = options.now ?? new Date();
  const targets: Target[] = [];
  for (const name of Object.keys(update)) {
    const operator = UPDATE_OPERATORS.get(name);
    if (!operator && name !== '$rename') {
      throw failedToParse(
        `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    const fields = update[name];
    if (!isDoc(fields)) {
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${typeName(fields)}}`,
      );
    }
    for (const path of Object.keys(fields)) {
      if (operator) {
        targets.push({
          path,
          steps: parseSteps(path, (identifier) => filters.test(identifier, path)),
          creates: operator.creates,
          change: operator.make(fields[path], path, { collation: options.collation, now }),
        });
      } else targets.push(...renameTargets(path, fields[path], filters));
    }
  }
  filters.checkAllUsed();
  checkConflicts(targets);
  return targets.sort(comparePaths);
}

function checkId(before: Doc, after: Doc, insert: boolean): void {
  const old = getOwn(before, '_id');
  const next = getOwn(after, '_id');
  // An upsert may still choose its _id, unless the filter has chosen it.
  if (insert && old === undefined) return;
  if (old !== undefined && !equalValues(old, next)) {
    throw new MongoError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
}

function fieldsOf(targets: readonly Target[], filter: CompiledFilter | undefined): ReadonlySet<string> | undefined {
  const fields = new Set(['_id', ...targets.map(({ path }) => path.split('.', 1)[0] as string)]);
  if (!targets.some(({ steps }) => steps.some(({ kind }) => kind === 'matched'))) return fields;
  // The filter is asked again which element it matched.
  return filter?.fields && new Set([...fields, ...filter.fields]);
}

function compileOperators(update: Doc, options: UpdateOptions): CompiledUpdate {
  const targets = readTargets(update, options);
  return {
    kind: 'operators',
    fields: fieldsOf(targets, options.filter),
    apply: (doc, insert = false) => {
      let position: { found: number | undefined } | undefined;
      const context: UpdateContext = {
        original: doc,
        insert,
        position: () => {
          position ??= { found: insert ? undefined : options.filter?.positionOf(doc) };
          return position.found;
        },
      };
      let next = doc;
      for (const target of targets) next = applyTarget(next, target, context);
      if (next !== doc) checkId(doc, next, insert);
      return { doc: next, changed: next !== doc };
    },
  };
}

function withId(doc: Doc, id: unknown): Doc {
  const result: Doc = { _id: id };
  for (const key of Object.keys(doc)) if (key !== '_id') setOwn(result, key, doc[key]);
  return result;
}

function replaced(before: Doc, after: Doc): { doc: Doc; changed: boolean } {
  const old = getOwn(before, '_id');
  const given = getOwn(after, '_id');
  if (given !== undefined && old !== undefined && !equalValues(old, given)) {
    throw new MongoError(66, "After applying the update, the (immutable) field '_id' was found to have been altered");
  }
  const id = old === undefined ? given : old;
  const next = id === undefined ? after : withId(after, id);
  return identicalValues(before, next) ? { doc: before, changed: false } : { doc: next, changed: true };
}

function compileReplacement(replacement: Doc): CompiledUpdate {
  for (const key of Object.keys(replacement)) {
    if (key.startsWith('$')) {
      throw new MongoError(
        52,
        `The dollar ($) prefixed field '${key}' in '${key}' is not allowed in the context of an update's replacement document.`,
      );
    }
  }
  return { kind: 'replacement', fields: undefined, apply: (doc) => replaced(doc, replacement) };
}

/**
 * Compiles an update: operators, a replacement or a pipeline. 9 for an unknown operator, 40 for conflicting paths,
 * 66 when `_id` would change, 2 and 14 for values that an operator cannot take.
 */
export function compileUpdate(update: Doc | readonly Doc[], options: UpdateOptions = {}): CompiledUpdate {
  if (Array.isArray(update)) {
    if (options.arrayFilters && options.arrayFilters.length > 0) {
      throw failedToParse('arrayFilters may not be specified for pipeline-style updates');
    }
    const transform = compilePipelineUpdate(update, options);
    return { kind: 'pipeline', fields: undefined, apply: (doc) => replaced(doc, transform(doc)) };
  }
  const doc = update as Doc;
  if (Object.keys(doc)[0]?.startsWith('$')) return compileOperators(doc, options);
  if (options.arrayFilters && options.arrayFilters.length > 0) {
    throw failedToParse('arrayFilters may not be specified for replacement-style updates');
  }
  return compileReplacement(doc);
}

function gatherEqualities(filter: Doc, found: Map<string, unknown>): void {
  const add = (path: string, value: unknown): void => {
    for (const known of found.keys()) {
      if (known === path) throw new MongoError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
      if (known.startsWith(`${path}.`) || path.startsWith(`${known}.`)) {
        throw new MongoError(54, `cannot infer query fields to set, both paths '${known}' and '${path}' are matched`);
      }
    }
    found.set(path, value);
  };
  for (const key of Object.keys(filter)) {
    const value = filter[key];
    if (key === '$and' || (key === '$or' && Array.isArray(value) && value.length === 1)) {
      for (const clause of Array.isArray(value) ? value : []) if (isDoc(clause)) gatherEqualities(clause, found);
    } else if (key.startsWith('$') || isRegex(value)) continue;
    else if (isDoc(value) && Object.keys(value)[0]?.startsWith('$') && !isReference(value)) {
      if (Object.hasOwn(value, '$eq')) add(key, value.$eq);
      else if (
        Object.hasOwn(value, '$in') &&
        Array.isArray(value.$in) &&
        value.$in.length === 1 &&
        !isRegex(value.$in[0])
      ) {
        add(key, value.$in[0]);
      } else if (Object.hasOwn(value, '$all') && Array.isArray(value.$all) && value.$all.length === 1) {
        const [only] = value.$all as unknown[];
        if (!isRegex(only) && !(isDoc(only) && Object.hasOwn(only, '$elemMatch'))) add(key, only);
      }
    } else add(key, value);
  }
}

/**
 * The document that an upsert inserts: the equalities of the filter (only `_id` for a replacement), then the update.
 * `makeId` is called when neither gives an `_id`. 54 when the filter gives a path twice, 53 for an `_id` that cannot be.
 */
export function upsertDocument(filter: Doc, update: CompiledUpdate, makeId: () => unknown): Doc {
  const equalities = new Map<string, unknown>();
  gatherEqualities(filter, equalities);
  let base: Doc = {};
  const context: UpdateContext = { original: base, insert: true, position: () => undefined };
  for (const [path, value] of equalities) {
    if (update.kind === 'replacement' && path !== '_id') continue;
    const steps = path.split('.').map((name) => ({ kind: 'name', name }) as const);
    base = applyTarget(
      base,
      { path, steps, creates: true, change: () => (value === undefined ? null : value) },
      context,
    );
  }
  const { doc } = update.apply(base, true);
  const given = getOwn(doc, '_id');
  const id = given === undefined ? makeId() : given;
  if (Array.isArray(id) || isRegex(id)) throw new MongoError(53, `The '_id' value cannot be of type ${typeName(id)}`);
  return withId(doc, id);
}
