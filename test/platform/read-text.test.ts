import { expect } from 'chai';
import fc from 'fast-check';
import { SourceError } from '../../src/errors.ts';
import { charsetOfContentType, decodeText, peekByte } from '../../src/platform/read-text.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(bytes: Uint8Array, charset: string, size = 3): Promise<string> {
  let text = '';
  for await (const part of decodeText(pieces(bytes, size), charset)) text += part;
  return text;
}

async function refusal(bytes: Uint8Array, charset: string, size?: number): Promise<string> {
  try {
    await decode(bytes, charset, size);
  } catch (error) {
    if (error instanceof SourceError && error.kind === 'malformed' && error.code === 'E_ENCODAGE') {
      return error.publicMessage;
    }
    throw error;
  }
  throw new Error('was decoded');
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('bytes to text', () => {
  it('B15 keeps every letter wherever the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 5 }), async (text, size) => {
        const expected = text.replace(/^\uFEFF/, '');
        expect(await decode(utf8(text), 'utf-8', size)).to.equal(expected);
      }),
    ));

  it('decodes Windows-1252 under its name and under the one of ISO-8859-1, euro sign and curly quotes included', async () => {
    const bytes = Buffer.from([0x4c, 0x92, 0xe9, 0x74, 0xe9, 0x20, 0x3a, 0x20, 0x35, 0x20, 0x80]);
    for (const charset of ['windows-1252', 'ISO-8859-1', 'latin1']) {
      expect(await decode(bytes, charset, 1)).to.equal('L’été : 5 €');
    }
  });

  it('drops the byte order mark', async () => {
    expect(await decode(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8('é')]), 'utf-8', 1)).to.equal('é');
    expect(await decode(Buffer.from('\uFEFFé', 'utf16le'), 'utf-16le', 1)).to.equal('é');
  });

  it('stops at letters that the announced encoding does not hold, at any cut', async () => {
    for (const size of [1, 2, 64]) {
      expect(await refusal(latin1('une journée'), 'utf-8', size)).to.equal(
        'Des caractères sont illisibles ; le fichier annonce UTF-8.',
      );
    }
    expect(await refusal(utf8('é').subarray(0, 1), 'utf-8')).to.contain('UTF-8');
  });

  it('stops at UTF-8 that announces itself as ISO-8859-1, which would give wrong letters without an error', async () => {
    for (const size of [1, 2, 3, 64]) {
      expect(await refusal(utf8('Métier de l’été'), 'iso-8859-1', size)).to.contain('ISO-8859-1');
      expect(await refusal(utf8('un café'), 'iso-8859-1', size)).to.contain('ISO-8859-1');
    }
  });

  it('reads true ISO-8859-1, even where two of its letters look like one of UTF-8', async () => {
    for (const text of ['é', 'le « CAFÉ» d’été', 'NÃO', 'Ça coûte 5£', 'plain', 'naïve É']) {
      expect(await decode(latin1(text.replace('’', "'")), 'iso-8859-1', 1)).to.equal(text.replace('’', "'"));
    }
  });

  it('refuses an encoding that does not exist', async () => {
    expect(await refusal(utf8('a'), 'klingon')).to.equal(
      'Des caractères sont illisibles ; le fichier annonce KLINGON, un encodage que nous ne connaissons pas.',
    );
  });

  it('closes the bytes when the reader stops early', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield utf8('abc');
      } finally {
        isClosed = true;
      }
    }
    for await (const text of decodeText(source(), 'utf-8')) if (text !== '') break;
    expect(isClosed).to.equal(true);
  });

  it('tells the first byte that counts, and gives all bytes back', async () => {
    for (const [text, first] of [
      ['\uFEFF \n{"a":1}', 0x7b],
      ['<a/>', 0x3c],
      [' \n', undefined],
      ['', undefined],
    ] as const) {
      const peeked = await peekByte(pieces(utf8(text), 2));
      expect(peeked.first).to.equal(first);
      const back: number[] = [];
      for await (const piece of peeked.bytes) back.push(...piece);
      expect(Uint8Array.from(back)).to.deep.equal(utf8(text));
    }
  });

  it('closes the bytes it looked at when their reader stops early', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield utf8('{');
      } finally {
        isClosed = true;
      }
    }
    const { bytes } = await peekByte(source());
    for await (const piece of bytes) if (piece.length > 0) break;
    expect(isClosed).to.equal(true);
  });

  it('reads the charset of a content type', () => {
    expect(charsetOfContentType('text/xml; charset="ISO-8859-1"')).to.equal('iso-8859-1');
    expect(charsetOfContentType('text/xml;version=2 ; Charset=utf-8; x=1')).to.equal('utf-8');
    expect(charsetOfContentType('text/xml')).to.equal(undefined);
  });
});
