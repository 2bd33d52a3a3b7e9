/**
 * An error that a client of the engine must see as MongoDB's own: `code` and `codeName` are those of a MongoDB server,
 * `extra` is merged into the reply (`keyPattern` and `keyValue` of a duplicate key, for example).
 */
export class MongoError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: number, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'MongoError';
    this.code = code;
    this.codeName = CODE_NAMES.get(code) ?? `Location${code}`;
    this.extra = extra;
  }
}

/** Codes that have a name; a MongoDB server calls every other one `Location<code>`. */
const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'BadValue'],
  [6, 'HostUnreachable'],
  [8, 'UnknownError'],
  [9, 'FailedToParse'],
  [14, 'TypeMismatch'],
  [15, 'Overflow'],
  [20, 'IllegalOperation'],
  [22, 'InvalidBSON'],
  [26, 'NamespaceNotFound'],
  [27, 'IndexNotFound'],
  [28, 'PathNotViable'],
  [34, 'CannotBackfillArray'],
  [40, 'ConflictingUpdateOperators'],
  [43, 'CursorNotFound'],
  [48, 'NamespaceExists'],
  [50, 'MaxTimeMSExpired'],
  [52, 'DollarPrefixedFieldName'],
  [53, 'InvalidIdField'],
  [54, 'NotSingleValueField'],
  [56, 'EmptyFieldName'],
  [57, 'DottedFieldName'],
  [59, 'CommandNotFound'],
  [66, 'ImmutableField'],
  [67, 'CannotCreateIndex'],
  [72, 'InvalidOptions'],
  [73, 'InvalidNamespace'],
  [85, 'IndexOptionsConflict'],
  [86, 'IndexKeySpecsConflict'],
  [115, 'CommandNotSupported'],
  [123, 'NotAReplicaSet'],
  [146, 'ExceededMemoryLimit'],
  [168, 'InvalidPipelineOperator'],
  [171, 'CannotIndexParallelArrays'],
  [197, 'InvalidIndexSpecificationOption'],
  [241, 'ConversionFailure'],
  [263, 'OperationNotSupportedInTransaction'],
  [291, 'NoQueryExecutionPlans'],
  [10334, 'BSONObjectTooLarge'],
  [11000, 'DuplicateKey'],
  [40324, 'Location40324'],
  [40414, 'IDLFailedToParse'],
  [40415, 'IDLUnknownField'],
]);

/** 2 BadValue: an argument that a server of MongoDB would not accept. */
export function badValue(message: string): MongoError {
  return new MongoError(2, message);
}

/** 9 FailedToParse: a request whose shape is wrong. */
export function failedToParse(message: string): MongoError {
  return new MongoError(9, message);
}

/** 14 TypeMismatch: a value of the wrong BSON type. */
export function typeMismatch(message: string): MongoError {
  return new MongoError(14, message);
}

/** 14 TypeMismatch for a Decimal128, which this engine stores and compares but does not compute with. */
export function decimalArithmetic(operator: string): MongoError {
  return typeMismatch(`${operator}: the embedded database stores Decimal128 values but does not compute with them`);
}

/**
 * 11000 DuplicateKey with everything clients read: the text, `keyPattern` (the index's fields) and `keyValue`
 * (the refused values). `shown` is the text between the braces of `dup key`.
 */
export function duplicateKey(
  namespace: string,
  index: string,
  keyPattern: Readonly<Record<string, unknown>>,
  keyValue: Readonly<Record<string, unknown>>,
  shown: string,
): MongoError {
  return new MongoError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: ${index} dup key: { ${shown} }`,
    { keyPattern, keyValue },
  );
}
