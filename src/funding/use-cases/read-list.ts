/** A list as it arrives, pasted or sent: which columns it has, what must not be in it, and its lines one by one. */
import { AppError, SourceError } from '../../errors.ts';
import { type CsvRow, readCsvRows } from '../../platform/read-csv.ts';
import {
  type Cells,
  type Column,
  columnOf,
  isPersonalHeader,
  type LineTools,
  looksPersonal,
  noCells,
  personalRefusal,
  readLine,
} from '../model/list-line.ts';
import type { ListedLine } from '../store/lists.ts';

export interface ReadList {
  readonly lines: readonly ListedLine[];
  /** Titles of columns that are not ours: not read, not kept. */
  readonly ignored: readonly string[];
}

/** Far more than a line of five short cells. */
const longestRow = 20_000;
const mostColumns = 100;

const refused = (code: string, message: string, cause?: unknown) => new AppError('invalid', code, message, { cause });

/**
 * @param mostLines past it the whole list is refused
 * @throws AppError `invalid`, a French sentence for the field: nothing readable, no known column, a column of people, too
 * many lines, letters of no known encoding
 */
export async function readList(
  bytes: AsyncIterable<Uint8Array>,
  tools: LineTools,
  options: { readonly mostLines: number; readonly tooMany: string },
): Promise<ReadList> {
  const lines: ListedLine[] = [];
  let titles: readonly (Column | null)[] | null = null;
  let ignored: readonly string[] = [];
  try {
    for await (const row of readCsvRows(bytes, { maxRowSize: longestRow })) {
      if (titles === null) {
        const found = headerOf(row);
        titles = found.titles;
        ignored = found.ignored;
        if (found.isHeader) continue;
      }
      if (row.cells.every((cell) => cell.trim() === '')) continue;
      refusePersonalColumn(row, titles, ignored);
      if (lines.length === options.mostLines) throw refused('LISTE_TROP_LONGUE', options.tooMany);
      lines.push(readLine(row.line, cellsOf(row, titles), tools));
    }
  } catch (error) {
    if (error instanceof SourceError) throw refused('LISTE_ILLISIBLE', error.publicMessage, error);
    throw error;
  }
  if (lines.length === 0) throw refused('LISTE_VIDE', 'Cette liste ne contient aucune ligne.');
  return { lines, ignored };
}

interface Header {
  readonly isHeader: boolean;
  readonly titles: readonly (Column | null)[];
  readonly ignored: readonly string[];
}

/** The first row names the columns, or is the first line of a list of one bare column. */
function headerOf({ cells }: CsvRow): Header {
  if (cells.length > mostColumns) throw refused('LISTE_ILLISIBLE', `${mostColumns} colonnes au plus.`);
  const titles = cells.map(columnOf);
  const named = titles.filter((title) => title !== null);
  const personal = cells.find(isPersonalHeader);
  if (personal !== undefined && (cells.length > 1 || !looksPersonal(personal)))
    throw refused('COLONNE_PERSONNELLE', `La colonne « ${shown(personal)} » est refusée. ${personalRefusal}`);
  if (named.length === 0) {
    if (cells.filter((cell) => cell.trim() !== '').length <= 1)
      return { isHeader: false, titles: ['code'], ignored: [] };
    const message = 'La première ligne doit nommer les colonnes : code, siret, date, prix, reference.';
    throw refused('COLONNES_INCONNUES', message);
  }
  if (new Set(named).size < named.length)
    throw refused('COLONNES_INCONNUES', 'Une colonne est nommée deux fois sur la première ligne.');
  if (!named.includes('code') && !named.includes('siret'))
    throw refused('COLONNES_INCONNUES', 'Il manque une colonne code ou siret.');
  const ignored = cells.filter((cell, at) => titles[at] === null && cell.trim() !== '').map(shown);
  return { isHeader: true, titles, ignored };
}

/** A title may itself be a person: what is shown of it is short, and no address. */
const shown = (title: string): string => (looksPersonal(title) ? 'sans titre' : title.trim().slice(0, 40));

/** In a column of ours one line is refused; in another one, that the list should not have, the whole list is. */
function refusePersonalColumn({ cells, line }: CsvRow, titles: readonly (Column | null)[], ignored: readonly string[]) {
  const at = cells.findIndex((cell, index) => (titles[index] ?? null) === null && looksPersonal(cell));
  if (at === -1) return;
  const which = ignored.length === 1 ? `La colonne « ${ignored[0]} » est refusée` : 'Une colonne est refusée';
  throw refused('COLONNE_PERSONNELLE', `${which} (ligne ${line}). ${personalRefusal}`);
}

function cellsOf({ cells }: CsvRow, titles: readonly (Column | null)[]): Cells {
  const found = titles.flatMap((title, at) => (title === null ? [] : [[title, cells[at] ?? ''] as const]));
  return { ...noCells, ...Object.fromEntries(found) };
}
