import { BSONValue } from 'bson';
import { type Doc, setOwn } from '../bson-codec.ts';
import { getOwn, isDoc } from '../bson-values.ts';
import type { Collation } from '../collation.ts';
import { failedToParse, MongoError } from '../mongo-error.ts';
import { compileOperator } from './operators.ts';

/** What an expression is evaluated on: the document, and the values of the variables bound so far. */
export interface Frame {
  readonly root: unknown;
  readonly slots: unknown[];
}

/** `undefined` is a missing value. */
export type Evaluate = (frame: Frame) => unknown;

/** What the compiler knows while it reads an expression. */
export interface Scope {
  /** Variables with a value known now (`let` of a command, variables of a `$lookup`). */
  readonly variables: Doc;
  readonly collation: Collation | undefined;
  readonly now: Date;
  /** Slots of the variables bound by `$let`, `$map`, `$filter`, `$reduce`. */
  readonly slots: ReadonlyMap<string, number>;
  /** Top-level fields read so far, and whether the whole document is. */
  readonly reads: { fields: Set<string>; whole: boolean };
}

export interface ExpressionOptions {
  readonly variables?: Doc | undefined;
  readonly collation?: Collation | undefined;
  readonly now?: Date | undefined;
}

export interface CompiledExpression {
  /** The value for a document; `undefined` when it is missing. */
  evaluate(doc: unknown): unknown;
  /** The top-level fields it reads; `undefined` for the whole document. */
  readonly fields: ReadonlySet<string> | undefined;
}

/** Compiles an aggregation expression; 168 for an unknown operator, 17276 for an undefined variable. */
export function compileExpression(expression: unknown, options: ExpressionOptions = {}): CompiledExpression {
  const scope: Scope = {
    variables: options.variables ?? {},
    collation: options.collation,
    now: options.now ?? new Date(),
    slots: new Map(),
    reads: { fields: new Set(), whole: false },
  };
  const evaluate = compile(expression, scope);
  return {
    evaluate: (doc) => evaluate({ root: doc, slots: [] }),
    fields: scope.reads.whole ? undefined : scope.reads.fields,
  };
}

/** The scope inside an operator that binds variables, and the slots they got. */
export function bind(scope: Scope, names: readonly string[]): { scope: Scope; slots: number[] } {
  const slots = new Map(scope.slots);
  // Two bindings may hide the same name: numbering by depth alone would make them share a slot.
  let next = slots.size === 0 ? 0 : Math.max(...slots.values()) + 1;
  const taken = names.map((name) => {
    slots.set(name, next);
    return next++;
  });
  return { scope: { ...scope, slots }, slots: taken };
}

/** Follows a path as expressions do: through arrays element by element, leaving out elements without the field. */
export function pathValue(value: unknown, parts: readonly string[], from: number): unknown {
  let current = value;
  for (let i = from; i < parts.length; i++) {
    if (isDoc(current)) current = getOwn(current, parts[i] as string);
    else if (Array.isArray(current)) {
      const results: unknown[] = [];
      for (const element of current) {
        if (!isDoc(element) && !Array.isArray(element)) continue;
        const result = pathValue(element, parts, i);
        if (result !== undefined) results.push(result);
      }
      return results;
    } else return undefined;
  }
  return current;
}

function checkedParts(path: string): string[] {
  const parts = path.split('.');
  for (const part of parts) {
    if (part === '') throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
    if (part.startsWith('$')) throw new MongoError(16410, `FieldPath field names may not start with '$': ${part}`);
    if (part.includes('\0')) throw new MongoError(16411, 'FieldPath field names may not contain null characters');
  }
  return parts;
}

function compileFieldPath(path: string, scope: Scope): Evaluate {
  const parts = checkedParts(path);
  const [first = ''] = parts;
  scope.reads.fields.add(first);
  if (parts.length === 1) {
    return ({ root }) => (isDoc(root) ? getOwn(root, first) : undefined);
  }
  return ({ root }) => pathValue(root, parts, 0);
}

function compileVariable(reference: string, scope: Scope): Evaluate {
  const [name = '', ...rest] = reference.split('.');
  const parts = rest.length === 0 ? rest : checkedParts(rest.join('.'));
  if (name === '') throw failedToParse('empty variable names are not allowed');
  if (!/^[\p{L}\u0080-\uffff][\w\u0080-\uffff]*$/u.test(name)) {
    throw failedToParse(`'${name}' contains an invalid character for a variable name`);
  }
  const slot = scope.slots.get(name);
  if (slot !== undefined) {
    return parts.length === 0 ? ({ slots }) => slots[slot] : ({ slots }) => pathValue(slots[slot], parts, 0);
  }
  switch (name) {
    case 'ROOT':
    case 'CURRENT':
      if (parts[0] === undefined) scope.reads.whole = true;
      else scope.reads.fields.add(parts[0]);
      return ({ root }) => pathValue(root, parts, 0);
    case 'REMOVE':
      return () => undefined;
    case 'NOW':
      return () => (parts.length === 0 ? scope.now : undefined);
  }
  if (Object.hasOwn(scope.variables, name)) {
    const value = pathValue(scope.variables[name], parts, 0);
    return () => value;
  }
  throw new MongoError(17276, `Use of undefined variable: ${name}`);
}

/** The operator of `{$op: ...}`, `undefined` for a document of expressions; 15983 when it mixes both. */
export function operatorOf(expression: Doc): string | undefined {
  const keys = Object.keys(expression);
  const [first] = keys;
  if (first === undefined || !first.startsWith('$')) {
    const wrong = keys.find((key) => key.startsWith('$'));
    if (wrong !== undefined) {
      throw new MongoError(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField: ${wrong}`,
      );
    }
    return undefined;
  }
  if (keys.length > 1) {
    throw new MongoError(
      15983,
      `An object representing an expression must have exactly one field: { ${keys.join(': ..., ')}: ... }`,
    );
  }
  return first;
}

/** Compiles one expression inside a scope. */
export function compile(expression: unknown, scope: Scope): Evaluate {
  if (typeof expression === 'string') {
    if (expression.startsWith('$$')) return compileVariable(expression.slice(2), scope);
    if (expression.startsWith('$')) {
      if (expression === '$') throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
      return compileFieldPath(expression.slice(1), scope);
    }
    return () => expression;
  }
  if (Array.isArray(expression)) {
    const items = expression.map((item) => compile(item, scope));
    return (frame) =>
      items.map((item) => {
        const value = item(frame);
        return value === undefined ? null : value;
      });
  }
  if (expression === null || typeof expression !== 'object' || expression instanceof BSONValue || !isDoc(expression)) {
    return () => expression;
  }
  const operator = operatorOf(expression);
  if (operator !== undefined) return compileOperator(operator, expression[operator], scope);
  const fields = Object.keys(expression).map((key): readonly [string, Evaluate] => {
    if (key.includes('.'))
      throw new MongoError(
        16412,
        `FieldPath field names may not contain '.'. Consider using $getField or $setField: ${key}`,
      );
    return [key, compile(expression[key], scope)];
  });
  return (frame) => {
    const result: Doc = {};
    for (const [key, evaluate] of fields) {
      const value = evaluate(frame);
      if (value !== undefined) setOwn(result, key, value);
    }
    return result;
  };
}
