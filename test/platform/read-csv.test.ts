import { expect } from 'chai';
import { SourceError } from '../../src/errors.ts';
import { type CsvOptions, type CsvRow, readCsvRows } from '../../src/platform/read-csv.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(source: string | Uint8Array, options: CsvOptions = {}, size = 65_536): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  const bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source;
  for await (const row of readCsvRows(pieces(bytes, size), options)) rows.push(row);
  return rows;
}
const cells = async (...given: Parameters<typeof read>) => (await read(...given)).map((row) => row.cells);

async function refusal(source: string | Uint8Array, options: CsvOptions = {}): Promise<string> {
  try {
    await read(source, options);
  } catch (error) {
    if (error instanceof SourceError) return `${error.kind}: ${error.publicMessage}`;
    throw error;
  }
  return 'was read to its end';
}

describe('streamed CSV', () => {
  it('reads quotes, doubled quotes, line ends inside a cell, and says on which line a row ends', async () => {
    const rows = await read('a;b\r\n"x ""y""; z";"two\nlines"\r\n\r\n1;\r\n');
    expect(rows).to.deep.equal([
      { line: 1, cells: ['a', 'b'] },
      { line: 3, cells: ['x "y"; z', 'two\nlines'] },
      { line: 5, cells: ['1', ''] },
    ]);
  });

  it('finds the delimiter in the first line, outside quotes', async () => {
    expect(await cells('a,b,c\n1,2;5,3\n')).to.deep.equal([
      ['a', 'b', 'c'],
      ['1', '2;5', '3'],
    ]);
    expect(await cells('"a,b,c"\td\n')).to.deep.equal([['a,b,c', 'd']]);
    expect(await cells('a|b\n')).to.deep.equal([['a', 'b']]);
    expect(await cells('a,b\n', { delimiter: ';' })).to.deep.equal([['a,b']]);
  });

  it('reads UTF-8 with and without mark, UTF-16 with a mark and Windows-1252, wherever the pieces are cut', async () => {
    const text = 'titre;prix\nÉté à 5 € déjà;2\n';
    const wanted = [
      ['titre', 'prix'],
      ['Été à 5 € déjà', '2'],
    ];
    const windows = Buffer.from(text.replace('€', '\x80'), 'latin1');
    for (const size of [1, 2, 3, 7, 1_000]) {
      expect(await cells(Buffer.from(text), {}, size), `UTF-8 by ${size}`).to.deep.equal(wanted);
      expect(await cells(Buffer.from(`\uFEFF${text}`), {}, size), `with a mark by ${size}`).to.deep.equal(wanted);
      expect(await cells(Buffer.from(`\uFEFF${text}`, 'utf16le'), {}, size), `UTF-16 by ${size}`).to.deep.equal(wanted);
      expect(await cells(windows, {}, size), `Windows-1252 by ${size}`).to.deep.equal(wanted);
    }
  });

  it('reads a file that ends on a letter of Windows-1252', async () => {
    expect(await cells(Buffer.from('a\nété', 'latin1'))).to.deep.equal([['a'], ['été']]);
    expect(await cells(Buffer.from([0xe9]))).to.deep.equal([['é']]);
  });

  it('refuses letters of two encodings', async () => {
    const mixed = Buffer.concat([Buffer.from('été\n'), Buffer.from('été\n', 'latin1')]);
    const start = 'malformed: Des caractères sont illisibles ;';
    expect(await refusal(mixed)).to.equal(`${start} le fichier n'annonce pas d'encodage, nous l'avons lu en UTF-8.`);
    const marked = Buffer.concat([Buffer.from('\uFEFF'), mixed]);
    expect(await refusal(marked)).to.equal(`${start} le fichier annonce UTF-8.`);
  });

  it('refuses an empty file', async () => {
    expect(await refusal('')).to.equal('malformed: Le fichier CSV est vide.');
    expect(await refusal('\uFEFF \n')).to.equal('malformed: Le fichier CSV est vide.');
  });

  it('refuses a quote that is never closed, and a row without end, with their line', async () => {
    expect(await refusal('a;b\n1;"cut')).to.equal(
      'malformed: Le fichier CSV est coupé, ou un guillemet n’est pas fermé (ligne 2).',
    );
    const endless = await refusal(`a;b\n"${'x'.repeat(5_000)}`, { maxRowSize: 1_000 });
    expect(endless).to.match(/^too-large: Une ligne dépasse 1000 caractères \(ligne \d\)/);
  });

  it('takes a quote inside a bare cell as text, and rows of any length', async () => {
    expect(await cells('a;b\n12" wide;x\n1\n1;2;3\n')).to.deep.equal([
      ['a', 'b'],
      ['12" wide', 'x'],
      ['1'],
      ['1', '2', '3'],
    ]);
  });

  it('passes the failure of its source on', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a;b\n1;2\n');
      throw new SourceError('unreachable', 'coupé');
    }
    let failure: unknown;
    try {
      for await (const _row of readCsvRows(failing()));
    } catch (error) {
      failure = error;
    }
    expect(failure).to.be.instanceOf(SourceError);
  });

  it('closes its source when the reader stops early', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from('a;b\n');
      } finally {
        closed = true;
      }
    }
    for await (const _row of readCsvRows(endless())) break;
    await new Promise((done) => setImmediate(done));
    expect(closed).to.equal(true);
  });
});
