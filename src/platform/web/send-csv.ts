/** A CSV as an answer. */
import type { Response } from 'express';
import { csvMark, csvRow, csvType } from '../write-csv.ts';

/** Rows are written as they come: a report may be larger than memory. */
export async function sendCsv(
  response: Response,
  name: string,
  header: readonly string[],
  pages: () => AsyncIterable<readonly (readonly string[])[]>,
): Promise<void> {
  response.attachment(name.replace(/[^\w.-]/g, '_')).type(csvType);
  response.write(csvMark + csvRow(header));
  for await (const rows of pages()) {
    if (response.destroyed) return;
    const hasRoom = rows.length === 0 || response.write(rows.map((row) => csvRow(row)).join(''));
    if (!hasRoom) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
  }
  response.end();
}
