/**
 * CSV that people open in a spreadsheet: `;`, CRLF, a byte order mark so that accents are read, and no cell that a
 * spreadsheet would take for a formula (B18).
 */

export const csvType = 'text/csv; charset=utf-8';
export const csvMark = '\uFEFF';

/** A text that begins like this is computed by spreadsheets, also after white space or a quote mark of ours. */
const formula = /^[\s'"]*[=+\-@\t\r|%]/;
const special = /[";\r\n\t]/;

/** One row with its end. A number as text keeps its sign: only what is not a plain number is neutralised. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(';')}\r\n`;
}

function csvCell(text: string): string {
  const safe = formula.test(text) && !/^-?\d+(?:[.,]\d+)?$/.test(text) ? `'${text}` : text;
  return special.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
