import { type Doc, setOwn } from '../bson-codec.ts';
import { getOwn, isDoc, typeName } from '../bson-values.ts';
import type { Collation } from '../collation.ts';
import { failedToParse, MongoError } from '../mongo-error.ts';
import { ARRAY_OPERATORS } from './arrays.ts';
import { BINDING_OPERATORS } from './bindings.ts';
import { compile, type Evaluate, type Scope } from './compile.ts';
import { CONVERSION_OPERATORS } from './conversions.ts';
import { DATE_OPERATORS } from './dates.ts';
import { NUMBER_OPERATORS, truthy } from './numbers.ts';
import { OBJECT_OPERATORS } from './objects.ts';
import { TEXT_OPERATORS } from './texts.ts';

/** What an operator may need besides its arguments. */
export interface OperatorContext {
  readonly collation: Collation | undefined;
  readonly now: Date;
}

/** An operator whose arguments are all evaluated first; `max` undefined: any number. */
export interface PositionalOperator {
  readonly min: number;
  readonly max?: number;
  apply(args: unknown[], context: OperatorContext): unknown;
}

/** An operator with named arguments, all evaluated first; a missing argument is `undefined`. */
export interface NamedOperator {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The argument that a value which is no document of arguments stands for (`{$year: '$date'}`). */
  readonly alone?: string;
  apply(args: Doc, context: OperatorContext, given: ReadonlySet<string>): unknown;
}

/** An operator that compiles its argument itself, because it evaluates parts of it later, or never. */
export type SpecialOperator = (argument: unknown, scope: Scope, operator: string) => Evaluate;

const POSITIONAL: ReadonlyMap<string, PositionalOperator> = new Map(
  Object.entries({ ...NUMBER_OPERATORS, ...ARRAY_OPERATORS.positional, ...TEXT_OPERATORS.positional }).concat(
    Object.entries({ ...CONVERSION_OPERATORS.positional, ...OBJECT_OPERATORS.positional }),
  ),
);

const NAMED: ReadonlyMap<string, NamedOperator> = new Map(
  Object.entries({ ...ARRAY_OPERATORS.named, ...TEXT_OPERATORS.named }).concat(
    Object.entries({ ...CONVERSION_OPERATORS.named, ...OBJECT_OPERATORS.named, ...DATE_OPERATORS }),
  ),
);

function listOf(argument: unknown): readonly unknown[] {
  return Array.isArray(argument) ? argument : [argument];
}

function wrongCount(operator: string, takes: string, given: number, code: number): MongoError {
  return new MongoError(code, `Expression ${operator} takes ${takes}. ${given} were passed in.`);
}

function compilePositional(name: string, operator: PositionalOperator, argument: unknown, scope: Scope): Evaluate {
  const { min, max } = operator;
  const list = listOf(argument);
  if (list.length < min || (max !== undefined && list.length > max)) {
    throw min === max
      ? wrongCount(name, `exactly ${min} arguments`, list.length, 16020)
      : wrongCount(name, `at least ${min} arguments, and at most ${max ?? 'any number'}`, list.length, 28667);
  }
  const args = list.map((item) => compile(item, scope));
  const [first, second] = args;
  if (args.length === 1 && first) return (frame) => operator.apply([first(frame)], scope);
  if (args.length === 2 && first && second) return (frame) => operator.apply([first(frame), second(frame)], scope);
  return (frame) =>
    operator.apply(
      args.map((arg) => arg(frame)),
      scope,
    );
}

function compileNamed(name: string, operator: NamedOperator, argument: unknown, scope: Scope): Evaluate {
  let spec: Doc;
  const looksNamed = isDoc(argument) && !Object.keys(argument).some((key) => key.startsWith('$'));
  if (looksNamed) spec = argument;
  else if (operator.alone !== undefined) {
    if (Array.isArray(argument) && argument.length !== 1) {
      throw wrongCount(name, 'exactly one argument if given an array', argument.length, 40536);
    }
    spec = { [operator.alone]: Array.isArray(argument) ? argument[0] : argument };
  } else throw failedToParse(`${name} requires an object as an argument, found: ${typeName(argument)}`);
  for (const key of Object.keys(spec)) {
    if (!operator.required.includes(key) && !operator.optional.includes(key)) {
      throw failedToParse(`Unrecognized argument to ${name}: ${key}`);
    }
  }
  for (const key of operator.required) {
    if (!Object.hasOwn(spec, key)) throw failedToParse(`Missing '${key}' parameter to ${name}`);
  }
  const given: ReadonlySet<string> = new Set(Object.keys(spec));
  const args = [...given].map((key): readonly [string, Evaluate] => [key, compile(spec[key], scope)]);
  return (frame) => {
    const values: Doc = {};
    for (const [key, evaluate] of args) values[key] = evaluate(frame);
    return operator.apply(values, scope, given);
  };
}

function compileAnd(argument: unknown, scope: Scope): Evaluate {
  const items = listOf(argument).map((item) => compile(item, scope));
  return (frame) => items.every((item) => truthy(item(frame)));
}

function compileOr(argument: unknown, scope: Scope): Evaluate {
  const items = listOf(argument).map((item) => compile(item, scope));
  return (frame) => items.some((item) => truthy(item(frame)));
}

function compileCond(argument: unknown, scope: Scope): Evaluate {
  let parts: readonly unknown[];
  if (Array.isArray(argument)) {
    if (argument.length !== 3) throw wrongCount('$cond', 'exactly 3 arguments', argument.length, 16020);
    parts = argument;
  } else if (isDoc(argument)) {
    for (const key of Object.keys(argument)) {
      if (key !== 'if' && key !== 'then' && key !== 'else') {
        throw new MongoError(17083, `Unrecognized parameter to $cond: ${key}`);
      }
    }
    if (!Object.hasOwn(argument, 'if')) throw new MongoError(17080, "Missing 'if' parameter to $cond");
    if (!Object.hasOwn(argument, 'then')) throw new MongoError(17081, "Missing 'then' parameter to $cond");
    if (!Object.hasOwn(argument, 'else')) throw new MongoError(17082, "Missing 'else' parameter to $cond");
    parts = [argument.if, argument.then, argument.else];
  } else throw wrongCount('$cond', 'exactly 3 arguments', 1, 16020);
  const [test, yes, no] = parts.map((part) => compile(part, scope)) as [Evaluate, Evaluate, Evaluate];
  return (frame) => (truthy(test(frame)) ? yes(frame) : no(frame));
}

function compileIfNull(argument: unknown, scope: Scope): Evaluate {
  const items = listOf(argument).map((item) => compile(item, scope));
  if (items.length < 2) {
    throw new MongoError(1257300, `$ifNull needs at least two arguments, had: ${items.length}`);
  }
  return (frame) => {
    let value: unknown;
    for (const item of items) {
      value = item(frame);
      if (value !== null && value !== undefined) return value;
    }
    return value;
  };
}

function compileSwitch(argument: unknown, scope: Scope): Evaluate {
  if (!isDoc(argument)) {
    throw new MongoError(40060, `$switch requires an object as an argument, found: ${typeName(argument)}`);
  }
  for (const key of Object.keys(argument)) {
    if (key !== 'branches' && key !== 'default')
      throw new MongoError(40067, `$switch found an unknown argument: ${key}`);
  }
  const list = getOwn(argument, 'branches');
  if (list !== undefined && !Array.isArray(list)) {
    throw new MongoError(40061, `$switch expected an array for 'branches', found: ${typeName(list)}`);
  }
  const branches = ((list ?? []) as unknown[]).map((branch): readonly [Evaluate, Evaluate] => {
    if (!isDoc(branch)) {
      throw new MongoError(40062, `$switch expected each branch to be an object, found: ${typeName(branch)}`);
    }
    for (const key of Object.keys(branch)) {
      if (key !== 'case' && key !== 'then') {
        throw new MongoError(40063, `$switch found an unknown argument to a branch: ${key}`);
      }
    }
    if (!Object.hasOwn(branch, 'case'))
      throw new MongoError(40064, "$switch requires each branch have a 'case' expression");
    if (!Object.hasOwn(branch, 'then'))
      throw new MongoError(40065, "$switch requires each branch have a 'then' expression.");
    return [compile(branch.case, scope), compile(branch.then, scope)];
  });
  if (branches.length === 0) throw new MongoError(40068, '$switch requires at least one branch.');
  const otherwise = Object.hasOwn(argument, 'default') ? compile(argument.default, scope) : undefined;
  return (frame) => {
    for (const [test, then] of branches) if (truthy(test(frame))) return then(frame);
    if (otherwise) return otherwise(frame);
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
}

function compileLiteral(argument: unknown): Evaluate {
  return () => argument;
}

/** `$getField` names its field with a constant, in which `$` has no meaning. */
function compileGetField(argument: unknown, scope: Scope): Evaluate {
  const named = isDoc(argument) && Object.hasOwn(argument, 'field');
  if (named && !Object.hasOwn(argument, 'input')) {
    throw new MongoError(3041703, "$getField requires 'input' to be specified");
  }
  const field = compile(named ? argument.field : argument, scope);
  const input = compile(named ? argument.input : '$$CURRENT', scope);
  return (frame) => {
    const name = field(frame);
    if (typeof name !== 'string') {
      throw new MongoError(3041704, `$getField requires 'field' to evaluate to type String, but got ${typeName(name)}`);
    }
    const value = input(frame);
    if (value === null || value === undefined) return value;
    return isDoc(value) ? getOwn(value, name) : undefined;
  };
}

function compileSetField(argument: unknown, scope: Scope, operator: string): Evaluate {
  if (!isDoc(argument)) throw new MongoError(4161100, `${operator} requires an object`);
  const names = operator === '$setField' ? ['field', 'input', 'value'] : ['field', 'input'];
  for (const name of names) {
    if (!Object.hasOwn(argument, name)) throw new MongoError(4161109, `${operator} requires '${name}' to be specified`);
  }
  for (const key of Object.keys(argument)) {
    if (!names.includes(key)) throw new MongoError(4161101, `${operator} found an unknown argument: ${key}`);
  }
  const field = compile(argument.field, scope);
  const input = compile(argument.input, scope);
  const value = operator === '$setField' ? compile(argument.value, scope) : (): undefined => undefined;
  return (frame) => {
    const name = field(frame);
    if (typeof name !== 'string') throw new MongoError(4161107, `${operator} requires 'field' to be a string`);
    const doc = input(frame);
    if (doc === null || doc === undefined) return null;
    if (!isDoc(doc)) throw new MongoError(4161105, `${operator} requires 'input' to evaluate to type Object`);
    const result: Doc = {};
    const next = value(frame);
    for (const key of Object.keys(doc)) if (key !== name || next !== undefined) setOwn(result, key, doc[key]);
    if (next !== undefined) setOwn(result, name, next);
    return result;
  };
}

const SPECIAL: ReadonlyMap<string, SpecialOperator> = new Map<string, SpecialOperator>([
  ['$and', compileAnd],
  ['$or', compileOr],
  ['$cond', compileCond],
  ['$ifNull', compileIfNull],
  ['$switch', compileSwitch],
  ['$literal', compileLiteral],
  ['$const', compileLiteral],
  ['$getField', compileGetField],
  ['$setField', compileSetField],
  ['$unsetField', compileSetField],
  ...BINDING_OPERATORS,
]);

/** Compiles `{operator: argument}`; 168 for an operator that the engine has not, 31264 for `$function`. */
export function compileOperator(operator: string, argument: unknown, scope: Scope): Evaluate {
  const special = SPECIAL.get(operator);
  if (special) return special(argument, scope, operator);
  const positional = POSITIONAL.get(operator);
  if (positional) return compilePositional(operator, positional, argument, scope);
  const named = NAMED.get(operator);
  if (named) return compileNamed(operator, named, argument, scope);
  if (operator === '$function') {
    throw new MongoError(31264, '$function not allowed: JavaScript is disabled in the embedded database');
  }
  throw new MongoError(168, `Unrecognized expression '${operator}'`);
}
