/** Proofs about schools (product P22): entered from a file, one line a fact; read back with their state. */
import { AppError } from '../../errors.ts';
import { isoDay } from '../../platform/web/format.ts';
import type { ProviderFacts } from '../model/provider-facts.ts';
import {
  type FactCells,
  type FactLine,
  factColumns,
  type LineContext,
  noFacts,
  readFactLine,
} from '../model/provider-facts-line.ts';
import type { ProviderFactsStore } from '../store/provider-facts.ts';
import type { Assessing } from './assessing.ts';

export interface FactsImport {
  readonly taken: number;
  readonly providers: number;
  readonly refused: number;
  /** The first `mostRefusals` of them, by line of the file. */
  readonly refusals: readonly { readonly line: number; readonly problems: readonly string[] }[];
}

export interface ProviderFactsUseCases {
  /**
   * Wrong lines are refused one by one, the others are taken; the courses of these schools are assessed again.
   * @throws AppError `invalid` when the first line is no header with the columns; SourceError for a file that cannot be read
   */
  import(rows: AsyncIterable<{ readonly line: number; readonly cells: readonly string[] }>): Promise<FactsImport>;
  /** null: nothing is known of it. */
  show(siret: string): Promise<ProviderFacts | null>;
  /** What is known of fictional schools does not outlive the demonstration. */
  eraseDemo(): Promise<void>;
}

export const mostRefusals = 1_000;
/** Schools whose lines are held in memory before they are written. */
const heldSchools = 500;
const required = ['siret', 'fait', 'valeur', 'preuve', 'source', 'date'] as const;

export function makeProviderFacts(parts: {
  readonly store: Pick<ProviderFactsStore, 'bySirets' | 'save' | 'removeDemo'>;
  readonly assessing: Pick<Assessing, 'forget'>;
  readonly siretOf: LineContext['siretOf'];
  now(): Date;
}): ProviderFactsUseCases {
  const { store, assessing, siretOf, now } = parts;

  async function write(held: ReadonlyMap<string, readonly FactLine[]>): Promise<void> {
    const sirets = [...held.keys()];
    const known = await store.bySirets(sirets);
    const next = [...held].map(([siret, lines]) =>
      lines.reduce<ProviderFacts>((facts, line) => line.apply(facts), known.get(siret) ?? noFacts(siret)),
    );
    await store.save(next);
    await assessing.forget(sirets);
  }

  return {
    async import(rows) {
      const context = { siretOf, today: isoDay(now()) };
      const schools = new Set<string>();
      const refusals: { line: number; problems: readonly string[] }[] = [];
      let held = new Map<string, FactLine[]>();
      let header: readonly string[] | null = null;
      let taken = 0;
      let refused = 0;
      for await (const { line, cells } of rows) {
        if (header === null) {
          header = headerOf(cells);
          continue;
        }
        const reading = readFactLine(cellsOf(header, cells), context);
        if (!reading.ok) {
          refused += 1;
          if (refusals.length < mostRefusals) refusals.push({ line, problems: reading.problems });
          continue;
        }
        taken += 1;
        const { siret } = reading.line;
        schools.add(siret);
        held.set(siret, [...(held.get(siret) ?? []), reading.line]);
        if (held.size < heldSchools) continue;
        await write(held);
        held = new Map();
      }
      if (held.size > 0) await write(held);
      return { taken, providers: schools.size, refused, refusals };
    },

    async show(siret) {
      return (await store.bySirets([siret])).get(siret) ?? null;
    },

    eraseDemo: () => store.removeDemo(),
  };
}

function headerOf(cells: readonly string[]): readonly string[] {
  const header = cells.map((cell) => cell.trim().toLowerCase());
  const missing = required.filter((column) => !header.includes(column));
  if (missing.length === 0) return header;
  const message = `La première ligne doit nommer les colonnes ${factColumns.join(';')}. Il manque : ${missing.join(', ')}.`;
  throw new AppError('invalid', 'FACTS_HEADER', message);
}

function cellsOf(header: readonly string[], cells: readonly string[]): FactCells {
  return Object.fromEntries(factColumns.map((column) => [column, cells[header.indexOf(column)] ?? ''])) as Record<
    keyof FactCells,
    string
  >;
}
