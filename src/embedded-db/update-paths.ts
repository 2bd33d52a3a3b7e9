import { type Doc, setOwn } from './bson-codec.ts';
import { getOwn, isDoc, typeName } from './bson-values.ts';
import { badValue, MongoError } from './mongo-error.ts';
import { isArrayIndex } from './paths.ts';

/** One part of the path of an update. */
export type Step =
  | { readonly kind: 'name'; readonly name: string }
  /** `$`: the element that the filter matched. */
  | { readonly kind: 'matched' }
  /** `$[]` and `$[identifier]`: the elements that pass. */
  | { readonly kind: 'each'; readonly shown: string; readonly passes: ((element: unknown) => boolean) | undefined };

/** What an update of one document may refer to. */
export interface UpdateContext {
  /** The document as it was. */
  readonly original: Doc;
  readonly insert: boolean;
  position(): number | undefined;
}

/**
 * The new value of a field; `undefined` removes it, the same reference means no change. `missing` tells a field that
 * is not there.
 */
export type Change = (value: unknown, context: UpdateContext) => unknown;

/** A change and what it does where its path does not exist. */
export interface Target {
  readonly path: string;
  readonly steps: readonly Step[];
  readonly change: Change;
  /** Whether missing documents on the way are created; otherwise nothing is changed. */
  readonly creates: boolean;
}

const LARGEST_PADDING = 1_500_000;

function replaceKey(doc: Doc, key: string, value: unknown): Doc {
  const copy: Doc = {};
  for (const name of Object.keys(doc)) {
    if (name !== key) setOwn(copy, name, doc[name]);
    else if (value !== undefined) setOwn(copy, key, value);
  }
  if (value !== undefined && !Object.hasOwn(doc, key)) setOwn(copy, key, value);
  return copy;
}

function build(target: Target, at: number, context: UpdateContext): unknown {
  if (at === target.steps.length) return target.change(undefined, context);
  const step = target.steps[at] as Step;
  if (step.kind !== 'name') {
    throw badValue(`The path '${shownPath(target, at)}' must exist in the document in order to apply array updates.`);
  }
  const value = build(target, at + 1, context);
  if (value === undefined) return undefined;
  const doc: Doc = {};
  setOwn(doc, step.name, value);
  return doc;
}

function shownPath(target: Target, count: number): string {
  return target.path.split('.').slice(0, count).join('.');
}

function notViable(target: Target, at: number, name: string, value: unknown): MongoError {
  return new MongoError(
    28,
    `Cannot create field '${name}' in element {${shownPath(target, at).split('.').at(-1)}: ${typeName(value)}}`,
  );
}

function changeElement(
  list: readonly unknown[],
  index: number,
  target: Target,
  at: number,
  context: UpdateContext,
): unknown {
  const old = list[index];
  if (index >= list.length) {
    const value = target.creates ? build(target, at, context) : undefined;
    if (value === undefined) return list;
    if (index - list.length > LARGEST_PADDING) {
      throw new MongoError(
        34,
        `can't backfill more than ${LARGEST_PADDING} elements at '${shownPath(target, at - 1)}'`,
      );
    }
    const copy = list.slice();
    while (copy.length < index) copy.push(null);
    copy.push(value);
    return copy;
  }
  // Removing an element leaves null in its place.
  const value = applyAt(old, target, at, context) ?? null;
  if (value === old) return list;
  const copy = list.slice();
  copy[index] = value;
  return copy;
}

function changeEach(
  list: readonly unknown[],
  step: Step & { kind: 'each' },
  target: Target,
  at: number,
  context: UpdateContext,
): unknown {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const element = list[i];
    if (step.passes && !step.passes(element)) continue;
    const value = applyAt(element, target, at, context) ?? null;
    if (value === element) continue;
    copy ??= list.slice();
    copy[i] = value;
  }
  return copy ?? list;
}

function applyAt(value: unknown, target: Target, at: number, context: UpdateContext): unknown {
  if (at === target.steps.length) return target.change(value, context);
  const step = target.steps[at] as Step;
  if (step.kind === 'each') {
    if (!Array.isArray(value)) {
      throw badValue(`Cannot apply array updates to non-array element ${shownPath(target, at)}: ${typeName(value)}`);
    }
    return changeEach(value, step, target, at + 1, context);
  }
  let name: string;
  if (step.kind === 'name') name = step.name;
  else {
    const position = context.position();
    if (position === undefined) throw badValue('The positional operator did not find the match needed from the query.');
    name = String(position);
  }
  if (Array.isArray(value)) {
    if (isArrayIndex(name)) return changeElement(value, Number(name), target, at + 1, context);
    if (target.creates) throw notViable(target, at, name, value);
    return value;
  }
  if (!isDoc(value)) {
    if (target.creates) throw notViable(target, at, name, value);
    return value;
  }
  if (!Object.hasOwn(value, name)) {
    const rest = target.steps[at + 1];
    if (rest?.kind === 'each') {
      throw badValue(
        `The path '${shownPath(target, at + 1)}' must exist in the document in order to apply array updates.`,
      );
    }
    const created = target.creates ? build(target, at + 1, context) : undefined;
    return created === undefined ? value : replaceKey(value, name, created);
  }
  const old = getOwn(value, name);
  const next = applyAt(old, target, at + 1, context);
  return next === old ? value : replaceKey(value, name, next);
}

/** The document after one change; the same object when nothing changed. Nothing that is given is modified. */
export function applyTarget(doc: Doc, target: Target, context: UpdateContext): Doc {
  return applyAt(doc, target, 0, context) as Doc;
}

/**
 * Reads the path of an update. `passes` gives the condition of an array filter by its identifier.
 * 56 for an empty name, 52 for a name that starts with `$`.
 */
export function parseSteps(path: string, passes: (identifier: string) => (element: unknown) => boolean): Step[] {
  if (path === '') throw new MongoError(56, 'An empty update path is not valid.');
  return path.split('.').map((part, i): Step => {
    if (part === '') {
      throw new MongoError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
    }
    if (!part.startsWith('$')) return { kind: 'name', name: part };
    if (i === 0 && (part === '$' || part.startsWith('$['))) {
      throw badValue(
        `Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '${path}'`,
      );
    }
    if (part === '$') return { kind: 'matched' };
    const identifier = /^\$\[(.*)\]$/.exec(part)?.[1];
    if (identifier !== undefined) {
      return { kind: 'each', shown: part, passes: identifier === '' ? undefined : passes(identifier) };
    }
    // References are data whose names start with $.
    if (/^\$(?:id|ref|db)$/.test(part)) return { kind: 'name', name: part };
    throw new MongoError(
      52,
      `The dollar ($) prefixed field '${part}' in '${path}' is not allowed in the context of an update.`,
    );
  });
}
