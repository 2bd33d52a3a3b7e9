import { type Doc, setOwn } from './bson-codec.ts';
import { isDoc } from './bson-values.ts';
import { MongoError } from './mongo-error.ts';

/** What a projection does with one field. */
export type Entry =
  | { readonly kind: 'include' }
  | { readonly kind: 'exclude' }
  /** A value computed from the whole document; `undefined` leaves the field out. */
  | { readonly kind: 'compute'; compute(root: Doc): unknown }
  /** A stored value changed in place (`$slice`). */
  | { readonly kind: 'change'; change(value: unknown): unknown }
  | { readonly kind: 'inside'; readonly tree: Tree };

/** The entries of one document by field name, in the order of the specification. */
export type Tree = Map<string, Entry>;

function collision(path: string): MongoError {
  return new MongoError(31250, `Path collision at ${path}`);
}

/** Adds an entry at a dotted path; 31249 and 31250 when it meets another one. */
export function addEntry(tree: Tree, path: string, entry: Entry): void {
  const parts = path.split('.');
  if (parts.includes(''))
    throw new MongoError(parts.length === 1 ? 40352 : 15998, 'FieldPath field names may not be empty strings.');
  let node = tree;
  parts.forEach((part, i) => {
    if (part.startsWith('$') && !/^\$(?:ref|id|db)$/.test(part)) {
      throw new MongoError(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField: ${part}`,
      );
    }
    const known = node.get(part);
    if (i === parts.length - 1) {
      if (known) throw collision(path);
      node.set(part, entry);
      return;
    }
    if (known && known.kind !== 'inside') {
      throw new MongoError(31249, `Path collision at ${path} remaining portion ${parts.slice(i + 1).join('.')}`);
    }
    const inside: Tree = known ? known.tree : new Map();
    if (!known) node.set(part, { kind: 'inside', tree: inside });
    node = inside;
  });
}

function computes(tree: Tree): boolean {
  for (const entry of tree.values()) {
    if (entry.kind === 'compute' || (entry.kind === 'inside' && computes(entry.tree))) return true;
  }
  return false;
}

function insideValue(
  value: unknown,
  tree: Tree,
  root: Doc,
  apply: (doc: Doc, tree: Tree, root: Doc) => Doc,
  keepScalars: boolean,
): unknown {
  if (isDoc(value)) return apply(value, tree, root);
  if (Array.isArray(value)) {
    const results: unknown[] = [];
    for (const element of value) {
      const result = insideValue(element, tree, root, apply, keepScalars);
      if (result !== undefined) results.push(result);
    }
    return results;
  }
  // A computed field makes the document that it needs, in place of whatever is there.
  if (computes(tree)) return apply({}, tree, root);
  return keepScalars ? value : undefined;
}

/** Only the fields of the tree, in the order of the document; then the computed ones, in the order of the specification. */
export function includeFields(doc: Doc, tree: Tree, root: Doc): Doc {
  const result: Doc = {};
  for (const key of Object.keys(doc)) {
    const entry = tree.get(key);
    if (!entry) continue;
    if (entry.kind === 'include') setOwn(result, key, doc[key]);
    else if (entry.kind === 'change') setOwn(result, key, entry.change(doc[key]));
    else if (entry.kind === 'inside') {
      const value = insideValue(doc[key], entry.tree, root, includeFields, false);
      if (value !== undefined) setOwn(result, key, value);
    }
  }
  addComputed(result, doc, tree, root, includeFields);
  return result;
}

function addComputed(
  result: Doc,
  doc: Doc,
  tree: Tree,
  root: Doc,
  apply: (doc: Doc, tree: Tree, root: Doc) => Doc,
): void {
  for (const [key, entry] of tree) {
    if (entry.kind === 'compute') {
      const value = entry.compute(root);
      if (value !== undefined) setOwn(result, key, value);
    } else if (entry.kind === 'inside' && !Object.hasOwn(doc, key) && computes(entry.tree)) {
      setOwn(result, key, apply({}, entry.tree, root));
    }
  }
}

/** All fields except those that the tree excludes; changes are made in place. */
export function excludeFields(doc: Doc, tree: Tree, root: Doc): Doc {
  const result: Doc = {};
  for (const key of Object.keys(doc)) {
    const entry = tree.get(key);
    if (!entry || entry.kind === 'include') setOwn(result, key, doc[key]);
    else if (entry.kind === 'change') setOwn(result, key, entry.change(doc[key]));
    else if (entry.kind === 'inside') setOwn(result, key, insideValue(doc[key], entry.tree, root, excludeFields, true));
  }
  addComputed(result, doc, tree, root, excludeFields);
  return result;
}

/** All fields, computed ones replaced where they stand or added at the end: `$addFields`. */
export function setFields(doc: Doc, tree: Tree, root: Doc): Doc {
  const result: Doc = {};
  for (const key of Object.keys(doc)) {
    const entry = tree.get(key);
    if (entry?.kind === 'compute') {
      const value = entry.compute(root);
      if (value !== undefined) setOwn(result, key, value);
    } else if (entry?.kind === 'inside') setOwn(result, key, insideValue(doc[key], entry.tree, root, setFields, true));
    else setOwn(result, key, doc[key]);
  }
  for (const [key, entry] of tree) {
    if (Object.hasOwn(doc, key)) continue;
    if (entry.kind === 'compute') {
      const value = entry.compute(root);
      if (value !== undefined) setOwn(result, key, value);
    } else if (entry.kind === 'inside') setOwn(result, key, setFields({}, entry.tree, root));
  }
  return result;
}
