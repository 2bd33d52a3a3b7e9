import { excludesMissing } from './bounds.ts';
import { compareValues, equalValues, isDoc, typeOrder } from './bson-values.ts';
import type { Index } from './catalogue.ts';
import type { Collation } from './collation.ts';
import type { Condition } from './matcher.ts';

/**
 * Whether every document that satisfies the conditions satisfies the filter of a partial index, as far as can be seen
 * without trying: a false answer only costs the use of the index.
 */
export function implies(conditions: readonly Condition[], index: Index, collation: Collation | undefined): boolean {
  const wanted = index.partial?.conditions;
  if (!wanted || !isConjunction(index.partialFilter) || collation !== undefined) return false;
  return wanted.every((needed) => {
    const same = conditions.filter(({ path }) => path === needed.path);
    return same.some((given) => impliesOne(given, needed));
  });
}

/** Whether the conditions say all that the filter says. */
function isConjunction(filter: unknown): boolean {
  if (!isDoc(filter)) return false;
  return Object.entries(filter).every(([name, value]) => {
    if (name === '$and') return Array.isArray(value) && value.every(isConjunction);
    if (name.startsWith('$')) return false;
    return !isDoc(value) || !Object.keys(value).some((operator) => operator === '$not' || operator === '$nor');
  });
}

function impliesOne(given: Condition, needed: Condition): boolean {
  if (given.op === needed.op && equalValues(given.value, needed.value)) return true;
  if (needed.op === '$exists') return needed.value !== false && needed.value !== 0 && excludesMissing(given);
  if (given.op === '$in' && Array.isArray(given.value)) {
    return given.value.length > 0 && given.value.every((value) => impliesOne({ ...given, op: '$eq', value }, needed));
  }
  if (needed.op === '$in' && Array.isArray(needed.value)) {
    return given.op === '$eq' && needed.value.some((value) => equalValues(value, given.value));
  }
  if (needed.op === '$type') {
    return given.op === '$eq' && needed.value === 'string' && typeof given.value === 'string';
  }
  const bound = needed.op;
  if (bound !== '$gt' && bound !== '$gte' && bound !== '$lt' && bound !== '$lte') return false;
  if (given.value === null || Array.isArray(given.value) || typeOrder(given.value) !== typeOrder(needed.value))
    return false;
  const order = compareValues(given.value, needed.value);
  const upwards = bound === '$gt' || bound === '$gte';
  const strict = bound === '$gt' || bound === '$lt';
  if (given.op === '$eq' || given.op === '$gte' || given.op === '$gt') {
    if (upwards && (order > 0 || (order === 0 && (!strict || given.op === '$gt')))) return true;
  }
  if (given.op === '$eq' || given.op === '$lte' || given.op === '$lt') {
    if (!upwards && (order < 0 || (order === 0 && (!strict || given.op === '$lt')))) return true;
  }
  return false;
}
