import { type Doc, setOwn } from '../bson-codec.ts';
import { isDoc, typeName } from '../bson-values.ts';
import { MongoError } from '../mongo-error.ts';
import { isNullish } from './numbers.ts';
import type { NamedOperator, PositionalOperator } from './operators.ts';

/** One document from several; later fields win but keep the place of the first. Null and missing are skipped. */
export function mergeObjects(args: readonly unknown[]): Doc {
  const result: Doc = {};
  for (const doc of args) {
    if (isNullish(doc)) continue;
    if (!isDoc(doc)) {
      throw new MongoError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(doc)}`);
    }
    for (const key of Object.keys(doc)) setOwn(result, key, doc[key]);
  }
  return result;
}

function objectToArray([doc]: unknown[]): unknown {
  if (isNullish(doc)) return null;
  if (!isDoc(doc)) throw new MongoError(40390, `$objectToArray requires a document input, found: ${typeName(doc)}`);
  return Object.keys(doc).map((key) => ({ k: key, v: doc[key] }));
}

/** Documents. */
export const OBJECT_OPERATORS: {
  readonly positional: Readonly<Record<string, PositionalOperator>>;
  readonly named: Readonly<Record<string, NamedOperator>>;
} = {
  positional: {
    $mergeObjects: {
      min: 0,
      apply: (args) => mergeObjects(args.length === 1 && Array.isArray(args[0]) ? args[0] : args),
    },
    $objectToArray: { min: 1, max: 1, apply: objectToArray },
  },
  named: {},
};
