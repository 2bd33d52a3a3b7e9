import type { Doc } from './bson-codec.ts';
import { getOwn, isDoc } from './bson-values.ts';

/** Where a filter found its match: the index in the outermost array that it went through, for the positional `$`. */
export interface Hit {
  index: number | undefined;
}

/** Tests one value; `undefined` is a missing field. */
export type ValueTest = (value: unknown, hit: Hit | undefined) => boolean;

const ARRAY_INDEX = /^(?:0|[1-9]\d*)$/;

/** Whether a part of a path can be an index of an array. */
export function isArrayIndex(part: string): boolean {
  return ARRAY_INDEX.test(part);
}

function found(hit: Hit | undefined, index: number): true {
  // The outermost array is the last to say so.
  if (hit) hit.index = index;
  return true;
}

function testLeaf(value: unknown, test: ValueTest, intoArray: boolean, hit: Hit | undefined): boolean {
  if (intoArray && Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (test(value[i], hit)) return found(hit, i);
  }
  return test(value, hit);
}

function testInArray(
  list: readonly unknown[],
  parts: readonly string[],
  at: number,
  test: ValueTest,
  intoArray: boolean,
  hit: Hit | undefined,
): boolean {
  const part = parts[at] as string;
  const position = isArrayIndex(part) ? Number(part) : -1;
  for (let i = 0; i < list.length; i++) {
    const element = list[i];
    if (isDoc(element) && testInside(element, parts, at, test, intoArray, hit)) return found(hit, i);
    if (i !== position) continue;
    if (at === parts.length - 1) {
      if (test(element, hit)) return found(hit, i);
    } else if (Array.isArray(element)) {
      const next = parts[at + 1] as string;
      if (isArrayIndex(next) && testAt(element[Number(next)], parts, at + 1, test, intoArray, hit))
        return found(hit, i);
      if (!isArrayIndex(next) && testInArray(element, parts, at + 1, test, intoArray, hit)) return found(hit, i);
    } else if (isDoc(element) && testInside(element, parts, at + 1, test, intoArray, hit)) return found(hit, i);
  }
  return false;
}

/** Goes on from the value of part `at`. */
function testAt(
  value: unknown,
  parts: readonly string[],
  at: number,
  test: ValueTest,
  intoArray: boolean,
  hit: Hit | undefined,
): boolean {
  if (at === parts.length - 1) return testLeaf(value, test, intoArray, hit);
  if (Array.isArray(value)) return testInArray(value, parts, at + 1, test, intoArray, hit);
  if (isDoc(value)) return testInside(value, parts, at + 1, test, intoArray, hit);
  return test(undefined, hit);
}

function testInside(
  doc: Doc,
  parts: readonly string[],
  at: number,
  test: ValueTest,
  intoArray: boolean,
  hit: Hit | undefined,
): boolean {
  return testAt(getOwn(doc, parts[at] as string), parts, at, test, intoArray, hit);
}

/**
 * Whether a path of a document leads to a value that passes: through arrays as MongoDB's queries go, that is into the
 * documents of an array and, for a numeric part, to the element at that index. `intoArray`: a last array passes when
 * an element or the array itself does.
 */
export function anyAtPath(
  doc: Doc,
  parts: readonly string[],
  test: ValueTest,
  intoArray: boolean,
  hit: Hit | undefined,
): boolean {
  return testInside(doc, parts, 0, test, intoArray, hit);
}
