/** Answers as a spreadsheet opens them. */
import { csvMark, csvRow } from '../../platform/write-csv.ts';
import { csvCells, csvColumns, type ListAnswer } from '../model/list-answer.ts';
import { sentencesUnder } from '../model/receipt.ts';

/** Answers, then the sentences that stand under every verdict (F17), each in the column of reasons of a row without line. */
export async function* csvOf(
  answers: AsyncIterable<ListAnswer> | Iterable<ListAnswer>,
  date: string,
  register: string | null,
): AsyncGenerator<string, void, undefined> {
  yield `${csvMark}${csvRow(csvColumns)}`;
  for await (const answer of answers) yield csvRow(csvCells(answer));
  const at = csvColumns.indexOf('raison');
  for (const sentence of sentencesUnder(date, register))
    yield csvRow(csvColumns.map((_name, column) => (column === at ? sentence : '')));
}
