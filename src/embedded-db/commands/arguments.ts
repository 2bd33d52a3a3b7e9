import { Long } from 'bson';
import { type Doc, encode } from '../bson-codec.ts';
import { getOwn, isDoc, numberOf, typeName } from '../bson-values.ts';
import type { Cursors } from '../cursors.ts';
import { failedToParse, MongoError, typeMismatch } from '../mongo-error.ts';
import type { Store } from '../store.ts';

/** What every command works on. */
export interface Engine {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly startedAt: Date;
  /** Tells this engine from whatever else may listen at its address. */
  readonly id: string;
}

export interface CommandContext {
  readonly engine: Engine;
  readonly store: Store;
  /** `$db` of the message. */
  readonly database: string;
  /** Name of the command as sent. */
  readonly name: string;
  readonly body: Doc;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly connectionId: number;
}

/** Answers one command with a document, or the bytes of one. */
export type Command = (context: CommandContext) => Doc | Buffer | Promise<Doc | Buffer>;

function wrongType(context: CommandContext, field: string, value: unknown, wanted: string): MongoError {
  return typeMismatch(
    `BSON field '${context.name}.${field}' is the wrong type '${typeName(value)}', expected type '${wanted}'`,
  );
}

/** The collection that a command names; 73 InvalidNamespace when it is no name. */
export function collectionName(context: CommandContext): string {
  const name = getOwn(context.body, context.name);
  if (typeof name !== 'string') {
    throw new MongoError(73, `collection name has invalid type ${typeName(name)}`);
  }
  if (name === '' || name.includes('\0')) {
    throw new MongoError(73, `Invalid namespace specified '${context.database}.${name}'`);
  }
  return name;
}

export function docArgument(context: CommandContext, field: string): Doc | undefined {
  const value = getOwn(context.body, field);
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw wrongType(context, field, value, 'object');
  return value;
}

export function numberArgument(context: CommandContext, field: string): number | undefined {
  const value = getOwn(context.body, field);
  if (value === undefined || value === null) return undefined;
  const number = numberOf(value);
  if (number === undefined || Number.isNaN(number)) throw wrongType(context, field, value, 'number');
  return Math.trunc(number);
}

/** A number that may not be negative; 51024 as MongoDB answers. */
export function countArgument(context: CommandContext, field: string): number | undefined {
  const number = numberArgument(context, field);
  if (number !== undefined && number < 0) {
    throw new MongoError(51024, `BSON field '${field}' value must be >= 0, actual value '${number}'`);
  }
  return number;
}

export function flagArgument(context: CommandContext, field: string): boolean {
  return truthy(getOwn(context.body, field));
}

export function truthy(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const number = numberOf(value);
  return number !== undefined && number !== 0;
}

/** An array of documents, from a document sequence or from the body; `undefined` when there is neither. */
export function docsArgument(context: CommandContext, field: string): Doc[] | undefined {
  const value = getOwn(context.body, field);
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(context, field, value, 'array');
  return value.map((item, at) => {
    if (!isDoc(item)) throw wrongType(context, `${field}.${at}`, item, 'object');
    return item;
  });
}

/** The documents of a write command as bytes. */
export function rawDocuments(context: CommandContext, field: string): readonly Buffer[] {
  const sequence = context.sequences.get(field);
  const documents = sequence ?? docsArgument(context, field)?.map((doc) => encode(doc, Number.POSITIVE_INFINITY));
  if (!documents) throw new MongoError(40414, `BSON field '${context.name}.${field}' is missing but a required field`);
  if (documents.length === 0 || documents.length > MAX_WRITE_BATCH) {
    throw new MongoError(
      16,
      `Write batch sizes must be between 1 and ${MAX_WRITE_BATCH}. Got ${documents.length} operations.`,
    );
  }
  return documents;
}

export const MAX_WRITE_BATCH = 100_000;

/** A required field of a statement inside a write command. */
export function required(doc: Doc, field: string, where: string): unknown {
  if (!Object.hasOwn(doc, field)) {
    throw new MongoError(40414, `BSON field '${where}.${field}' is missing but a required field`);
  }
  return doc[field];
}

export function optionalDoc(value: unknown, name: string): Doc | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value))
    throw typeMismatch(`BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'object'`);
  return value;
}

export function optionalDocs(value: unknown, name: string): Doc[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every(isDoc)) {
    throw typeMismatch(`BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'array' of objects`);
  }
  return value;
}

/** An update: a document, or a pipeline. */
export function updateArgument(value: unknown): Doc | Doc[] {
  if (isDoc(value)) return value;
  if (Array.isArray(value) && value.every(isDoc)) return value;
  throw failedToParse('Update argument must be either an object or an array');
}

/** The id of a cursor; 14 for a number of another type, which may have lost digits. */
export function longArgument(value: unknown, name: string): Long {
  if (value instanceof Long) return value;
  throw typeMismatch(`BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'long'`);
}
