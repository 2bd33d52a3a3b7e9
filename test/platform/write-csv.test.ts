import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvRow } from '../../src/platform/write-csv.ts';

const read = (row: string): string[] => parse(row, { delimiter: ';' })[0] as unknown as string[];

describe('a row of CSV', () => {
  it('reads back as it was, whatever the cells hold', () => {
    const cell = fc.string().map((text) => `x${text}`);
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 8 }), (cells) => {
        expect(read(csvRow(cells))).to.deep.equal(cells);
      }),
    );
  });

  it('holds no formula', () => {
    for (const text of ['=1+1', '+33', '@SUM(A1)', '-2+3', '\t=1', ' =cmd|x', '\r=1', '%0A', '|calc', '"=1', "'=1"])
      expect(read(csvRow(['a', text]))[1], text).to.equal(`'${text}`);
  });

  it('leaves a plain number and an ordinary text alone', () => {
    expect(csvRow(['-12,5', '3', 'A-04 : La certification', ''])).to.equal('-12,5;3;A-04 : La certification;\r\n');
  });
});
