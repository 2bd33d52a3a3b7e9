import { isDoc, numberOf, shown, typeName } from '../bson-values.ts';
import { failedToParse, MongoError } from '../mongo-error.ts';
import { bind, compile, type Evaluate, type Scope } from './compile.ts';
import { truthy } from './numbers.ts';

/** A user's variable starts with a lower-case letter (`CURRENT` may be rebound on a server; not here). */
function checkName(name: unknown): string {
  if (typeof name !== 'string') throw failedToParse('a variable name must be a string');
  if (!/^[a-z\u0080-\uffff][\w\u0080-\uffff]*$/.test(name)) {
    throw failedToParse(`'${name}' starts with an invalid character for a user variable name`);
  }
  return name;
}

function documentOf(
  argument: unknown,
  operator: string,
  code: number,
  allowed: readonly string[],
): Readonly<Record<string, unknown>> {
  if (!isDoc(argument)) throw new MongoError(code, `${operator} only supports an object as its argument`);
  for (const key of Object.keys(argument)) {
    if (!allowed.includes(key)) throw failedToParse(`Unrecognized parameter to ${operator}: ${key}`);
  }
  return argument;
}

function part(spec: Readonly<Record<string, unknown>>, name: string, operator: string, code: number): unknown {
  if (!Object.hasOwn(spec, name)) throw new MongoError(code, `Missing '${name}' parameter to ${operator}`);
  return spec[name];
}

function compileLet(argument: unknown, scope: Scope): Evaluate {
  const spec = documentOf(argument, '$let', 16874, ['vars', 'in']);
  const vars = part(spec, 'vars', '$let', 16876);
  if (!isDoc(vars)) throw failedToParse('invalid parameter: expected an object (vars)');
  const body = part(spec, 'in', '$let', 16877);
  const names = Object.keys(vars).map(checkName);
  // Values see the scope outside: they do not see each other.
  const values = names.map((name) => compile(vars[name], scope));
  const inner = bind(scope, names);
  const result = compile(body, inner.scope);
  return (frame) => {
    const bound = values.map((value) => value(frame));
    inner.slots.forEach((slot, i) => {
      frame.slots[slot] = bound[i];
    });
    return result(frame);
  };
}

function arrayOrNull(value: unknown, operator: string, code: number): unknown[] | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) {
    throw new MongoError(code, `input to ${operator} must be an array not ${typeName(value)}`);
  }
  return value;
}

function compileMap(argument: unknown, scope: Scope): Evaluate {
  const spec = documentOf(argument, '$map', 16878, ['input', 'as', 'in']);
  const input = compile(part(spec, 'input', '$map', 16880), scope);
  const inner = bind(scope, [Object.hasOwn(spec, 'as') ? checkName(spec.as) : 'this']);
  const each = compile(part(spec, 'in', '$map', 16882), inner.scope);
  const slot = inner.slots[0] ?? 0;
  return (frame) => {
    const values = arrayOrNull(input(frame), '$map', 16883);
    if (values === null) return null;
    return values.map((value) => {
      frame.slots[slot] = value;
      return each(frame) ?? null;
    });
  };
}

function compileFilterOperator(argument: unknown, scope: Scope): Evaluate {
  const spec = documentOf(argument, '$filter', 28646, ['input', 'as', 'cond', 'limit']);
  const input = compile(part(spec, 'input', '$filter', 28648), scope);
  const inner = bind(scope, [Object.hasOwn(spec, 'as') ? checkName(spec.as) : 'this']);
  const test = compile(part(spec, 'cond', '$filter', 28650), inner.scope);
  const limit = Object.hasOwn(spec, 'limit') ? compile(spec.limit, scope) : undefined;
  const slot = inner.slots[0] ?? 0;
  return (frame) => {
    const values = arrayOrNull(input(frame), '$filter', 28651);
    if (values === null) return null;
    const wanted = limit?.(frame) ?? Number.POSITIVE_INFINITY;
    const most = numberOf(wanted) ?? 0;
    if (most <= 0) {
      throw new MongoError(327391, `$filter: limit must be greater than 0, found: ${shown(wanted)}`);
    }
    const kept: unknown[] = [];
    for (const value of values) {
      if (kept.length >= most) break;
      frame.slots[slot] = value;
      if (truthy(test(frame))) kept.push(value);
    }
    return kept;
  };
}

function compileReduce(argument: unknown, scope: Scope): Evaluate {
  const spec = documentOf(argument, '$reduce', 40075, ['input', 'initialValue', 'in']);
  const input = compile(part(spec, 'input', '$reduce', 40077), scope);
  const initial = compile(part(spec, 'initialValue', '$reduce', 40078), scope);
  const inner = bind(scope, ['this', 'value']);
  const step = compile(part(spec, 'in', '$reduce', 40079), inner.scope);
  const [current = 0, total = 1] = inner.slots;
  return (frame) => {
    const values = arrayOrNull(input(frame), '$reduce', 40080);
    if (values === null) return null;
    let result = initial(frame);
    for (const value of values) {
      frame.slots[current] = value;
      frame.slots[total] = result;
      result = step(frame);
    }
    return result;
  };
}

/** The operators that bind variables. */
export const BINDING_OPERATORS: readonly (readonly [string, (argument: unknown, scope: Scope) => Evaluate])[] = [
  ['$let', compileLet],
  ['$map', compileMap],
  ['$filter', compileFilterOperator],
  ['$reduce', compileReduce],
];
