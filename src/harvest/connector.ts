/**
 * The connector contract: a connector says who it is, what configuration it needs, what a raw record looks like,
 * how to read a listing, and how one raw record becomes a course draft. Storage, retries, scheduling, hashing,
 * withdrawal and reporting are the pipeline's. See docs/connectors.md.
 *
 * @exemplary
 */
import type { z } from 'zod';
import type { CourseField } from '../catalogue/model/corrections.ts';
import type { CourseDraft } from '../catalogue/model.ts';
import type { GuardedHttp, Validators } from '../platform/http.ts';

export type { CourseDraft } from '../catalogue/model.ts';
export { draftOf } from '../catalogue/model.ts';
/** What `read` throws when the partner is at fault. */
export { SourceError } from '../errors.ts';
export type { Download, OpenOptions, Validators } from '../platform/http.ts';
export { isSecret, secret } from './model/secret.ts';

/** How a connector asks a partner: the guarded fetch of platform/http.ts, or what stands for it in a preview or a test. */
export type SourceHttp = GuardedHttp;

export interface SourceContext<Cursor> {
  /** 'changes' only when an earlier run gave `next`. */
  readonly mode: 'full' | 'changes';
  /** Resuming: the last checkpoint; starting 'changes': `next` of the last complete run. */
  readonly cursor?: Cursor;
  /** Those of the last complete run. */
  readonly validators?: Validators;
  readonly http: SourceHttp;
  readonly signal: AbortSignal;
}

/** The last item of a listing that was read to its end. Its presence is the only proof of completeness. */
export type End<Cursor> = {
  readonly kind: 'end';
  /** Total given by the source, at course grain; fewer seen makes the run incomplete. */
  readonly announced?: number;
  /** Where the next run in mode 'changes' starts; without it the next run is full. */
  readonly next?: Cursor;
  /** Only when the whole listing is one document. */
  readonly validators?: Validators;
} & (
  | { readonly covers: 'full'; readonly deletions: 'by-absence' | 'explicit' | 'none' }
  | { readonly covers: 'changes'; readonly deletions: 'explicit' | 'none' }
);

export type SourceItem<Cursor> =
  /** Already at course grain. */
  | { readonly kind: 'record'; readonly remoteId: string; readonly raw: unknown }
  /** The source says that it is gone. */
  | { readonly kind: 'removed'; readonly remoteId: string }
  /** All that was yielded before this may now be made durable. */
  | { readonly kind: 'checkpoint'; readonly cursor: Cursor }
  /** The partner answered "not modified": the whole listing stands; the only item. */
  | { readonly kind: 'unchanged' }
  | End<Cursor>;

export interface Problem {
  /** `E_…` rejects the record, `AV_…` is a warning; product words in docs/glossary.md. */
  readonly code: string;
  readonly field: string;
  readonly value: unknown;
  /** French. */
  readonly message: string;
}

export type Normalised =
  | { readonly kind: 'course'; readonly course: CourseDraft; readonly warnings?: readonly Problem[] }
  /** Valid but not a course; counted, not an error. */
  | { readonly kind: 'skip'; readonly reason: string }
  /**
   * A field that a course cannot do without is unreadable: the record is quarantined with these problems. `draft` is what
   * could be read all the same; without it nobody can correct the record in place.
   */
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[]; readonly draft?: CourseDraft };

export interface Connector<Config, Raw, Cursor> {
  /** Equals the folder name; stored in every course's provenance; never reused. */
  readonly id: string;
  /** Shown to a provider choosing a format. */
  readonly title: string;
  /** Raised when `normalise` changes its answer for an old record, so that unchanged records are read again. */
  readonly version: number;
  /** True only if `read` yields checkpoints. */
  readonly resumable: boolean;
  /** Validates, and draws the registration form; `secret()` marks a secret field. */
  readonly configSchema: z.ZodType<Config>;
  readonly exampleConfig: NoInfer<Config>;
  /** Strict on what we use, tolerant of the rest. */
  readonly recordSchema: z.ZodType<Raw>;
  /** A cursor survives deployments, so it is parsed, never trusted. */
  readonly cursorSchema: z.ZodType<Cursor>;
  /** The field of the course that a problem of this field of the partner is about; `*` is a place in a list. */
  readonly corrects?: Readonly<Record<string, CourseField>>;
  read(config: Config, context: SourceContext<Cursor>): AsyncIterable<SourceItem<Cursor>>;
  /** Pure, synchronous, no clock, no network. */
  normalise(raw: Raw): Normalised;
}

/** The only form the pipeline sees: configuration, records and cursors are parsed inside, never trusted outside. */
export interface AnyConnector {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly resumable: boolean;
  readonly configSchema: z.ZodType<unknown>;
  readonly exampleConfig: unknown;
  readonly corrects?: Readonly<Record<string, CourseField>>;
  /** @throws z.ZodError when the configuration or the cursor does not parse. */
  read(config: unknown, context: SourceContext<unknown>): AsyncIterable<SourceItem<unknown>>;
  /** Runs the record schema first: its refusals are `rejected` with one problem per field. */
  normalise(raw: unknown): Normalised;
}

export function defineConnector<Config, Raw, Cursor>(connector: Connector<Config, Raw, Cursor>): AnyConnector {
  return {
    id: connector.id,
    title: connector.title,
    version: connector.version,
    resumable: connector.resumable,
    configSchema: connector.configSchema,
    exampleConfig: connector.exampleConfig,
    ...(connector.corrects === undefined ? {} : { corrects: connector.corrects }),
    read(config, context) {
      const { cursor, ...rest } = context;
      return connector.read(connector.configSchema.parse(config), {
        ...rest,
        ...(cursor === undefined ? {} : { cursor: connector.cursorSchema.parse(cursor) }),
      });
    },
    normalise(raw) {
      const parsed = connector.recordSchema.safeParse(raw);
      if (!parsed.success)
        return { kind: 'rejected', problems: parsed.error.issues.map((issue) => problemOf(issue, raw)) };
      return connector.normalise(parsed.data);
    },
  };
}

/** One refusal of a schema, in the words that a provider reads. */
export function problemOf(issue: z.core.$ZodIssue, raw: unknown): Problem {
  const field = issue.path.map(String).join('.') || '(fiche)';
  const value = issue.path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined),
    raw,
  );
  if (value === undefined || value === null || value === '') {
    return {
      code: 'E_CHAMP_MANQUANT',
      field,
      value: null,
      message: `Le champ ${field} est obligatoire et il est vide.`,
    };
  }
  if (issue.code === 'too_big' && typeof value === 'string') {
    const message = `Le champ ${field} compte ${value.length} caractères, ${String(issue.maximum)} au plus.`;
    return { code: 'E_CHAMP_TROP_LONG', field, value: value.slice(0, 200), message };
  }
  const expected = issue.code === 'invalid_type' ? issue.expected : issue.message;
  const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const message = `Le champ ${field} contient « ${shown.slice(0, 120)} », nous attendons ${expected}.`;
  return { code: 'E_FORMAT_CHAMP', field, value: typeof value === 'string' ? value.slice(0, 200) : value, message };
}
