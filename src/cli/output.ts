/**
 * How commands print: words and tables for people on stdout, one JSON value with `--json`, errors on stderr. The exit code
 * is 0 only on success.
 */
import { AppError, exitCodeOf, SourceError } from '../errors.ts';

export interface Printer {
  readonly json: boolean;
  /** One thing: the value with `--json`, else the lines. */
  thing(value: unknown, lines: readonly string[]): void;
  /** A list: `{"items":[…],"total"}` with `--json`, else a table, or the sentence when it is empty. */
  list<Item>(items: readonly Item[], columns: readonly Column<Item>[], empty: string, total?: number): void;
  /** Progress, on stderr, never with `--json`. */
  progress(text: string): void;
}

export interface Column<Item> {
  readonly title: string;
  readonly of: (item: Item) => string;
}

export function makePrinter(json: boolean): Printer {
  const out = (text: string) => process.stdout.write(`${text}\n`);
  return {
    json,
    thing(value, lines) {
      out(json ? JSON.stringify(value, null, 2) : lines.join('\n'));
    },
    list(items, columns, empty, total = items.length) {
      if (json) return out(JSON.stringify({ items, total }, null, 2));
      if (items.length === 0) return out(empty);
      const rows = [columns.map(({ title }) => title), ...items.map((item) => columns.map(({ of }) => of(item)))];
      const widths = columns.map((_column, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
      for (const row of rows)
        out(
          row
            .map((cell, at) => cell.padEnd(widths[at] ?? 0))
            .join('  ')
            .trimEnd(),
        );
    },
    progress(text) {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** Says what went wrong and what to do; an unknown error keeps its stack, since only a developer can act on it. */
export function printFailure(error: unknown, json: boolean): number {
  const { code, message, exit } = failureOf(error);
  process.stderr.write(json ? `${JSON.stringify({ error: { code, message } })}\n` : `Erreur (${code}) : ${message}\n`);
  return exit;
}

/** The outcome of the last write is known only when the database itself refused it. */
const databaseFailures = {
  refused: {
    code: 'BASE_EN_FERMETURE',
    message:
      "La base de données s'arrêtait : la dernière demande n'a pas été faite. Ce qui était confirmé est gardé. Relancez la commande.",
  },
  cut: {
    code: 'BASE_COUPEE',
    message:
      'La base de données a cessé de répondre pendant la commande. Ce qui était confirmé est gardé ; la dernière écriture est peut-être faite, peut-être pas. Vérifiez que la base répond, puis relancez la commande.',
  },
  full: {
    code: 'DISQUE_PLEIN',
    message:
      "Le disque des données est plein : la dernière écriture n'a pas été faite, ou pas en entier. Ce qui était confirmé est gardé. Libérez de la place, puis relancez la commande.",
  },
  away: {
    code: 'BASE_INJOIGNABLE',
    message:
      'La base de données ne répond pas : la dernière demande ne lui est pas parvenue. Démarrez-la, ou vérifiez MONGODB_URI, puis relancez la commande.',
  },
} as const;

/** By the name and the code that the driver gives: the command line imports no database. */
function databaseFailureOf(error: unknown): keyof typeof databaseFailures | null {
  if (!(error instanceof Error)) return null;
  // ShutdownInProgress, InterruptedAtShutdown.
  if ('code' in error && (error.code === 91 || error.code === 11600)) return 'refused';
  // OutOfDiskSpace.
  if ('code' in error && error.code === 14031) return 'full';
  if (/^Mongo(ose)?ServerSelectionError$/.test(error.name)) return 'away';
  if (/^Mongo(Network|NetworkTimeout|PoolCleared)/.test(error.name)) return 'cut';
  return databaseFailureOf(error.cause);
}

/** What is printed of an error: a sentence that says what to do, where there is one. */
export function failureOf(error: unknown): { code: string; message: string; exit: number } {
  if (error instanceof AppError)
    return { code: error.code, message: error.publicMessage, exit: exitCodeOf[error.kind] };
  if (error instanceof SourceError)
    return { code: error.kind, message: error.publicMessage, exit: exitCodeOf.unavailable };
  const database = databaseFailureOf(error);
  if (database !== null) return { ...databaseFailures[database], exit: exitCodeOf.unavailable };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'UNEXPECTED', message, exit: 1 };
}
