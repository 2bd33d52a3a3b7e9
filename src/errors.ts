/**
 * The few error classes of the platform. Expected alternatives are values; an exception stops the work.
 * One table maps `kind` to an HTTP status, one to a CLI exit code.
 */

export type AppErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-many'
  | 'unavailable';

export class AppError extends Error {
  readonly kind: AppErrorKind;
  /** Stable and machine-readable; added when somebody must act on it. */
  readonly code: string;
  /** French, safe to show to anybody. */
  readonly publicMessage: string;
  readonly details: unknown;

  constructor(
    kind: AppErrorKind,
    code: string,
    publicMessage: string,
    options: { details?: unknown; cause?: unknown } = {},
  ) {
    super(`${code}: ${publicMessage}`, { cause: options.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.code = code;
    this.publicMessage = publicMessage;
    this.details = options.details;
  }
}

export const httpStatusOf: Readonly<Record<AppErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  /** `details.until`: a Date, when the person may come back. */
  'too-many': 429,
  unavailable: 503,
};

export const exitCodeOf: Readonly<Record<AppErrorKind, number>> = {
  invalid: 2,
  unauthenticated: 3,
  forbidden: 3,
  'not-found': 4,
  conflict: 5,
  'too-many': 6,
  unavailable: 6,
};

/**
 * unreachable: no answer at all; refused: the answer or the address says no; too-large: a cap was passed;
 * malformed: not readable as announced, or cut; changed: readable, but no longer the format we know; timed-out.
 */
export type SourceErrorKind = 'unreachable' | 'refused' | 'too-large' | 'malformed' | 'changed' | 'timed-out';

/** A partner's fault. Thrown by `platform/http`, the readers and the connectors; caught once, in the pipeline. */
export class SourceError extends Error {
  readonly kind: SourceErrorKind;
  /** Stable, with a page of its own, as the codes of records (`E_ENCODAGE`); undefined for faults that have none. */
  readonly code: string | undefined;
  /** French; what a provider reads in the run report. */
  readonly publicMessage: string;
  readonly retryable: boolean;
  readonly url: string | undefined;
  readonly httpStatus: number | undefined;
  /** Seconds the partner asked us to wait, from `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: SourceErrorKind,
    publicMessage: string,
    options: {
      code?: string;
      retryable?: boolean;
      url?: string;
      httpStatus?: number;
      retryAfter?: number;
      cause?: unknown;
    } = {},
  ) {
    super(publicMessage, { cause: options.cause });
    this.name = 'SourceError';
    this.kind = kind;
    this.code = options.code;
    this.publicMessage = publicMessage;
    this.retryable = options.retryable ?? false;
    this.url = options.url;
    this.httpStatus = options.httpStatus;
    this.retryAfter = options.retryAfter;
  }
}
