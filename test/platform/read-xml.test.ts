import { expect } from 'chai';
import { SourceError } from '../../src/errors.ts';
import {
  childAt,
  childrenOf,
  isXmlElement,
  readXmlRecords,
  textAt,
  type XmlElement,
  type XmlOptions,
} from '../../src/platform/read-xml.ts';

const options: XmlOptions = { roots: ['list'], record: ['item'] };

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  source: string | Uint8Array,
  change: Partial<XmlOptions> = {},
  size = 65_536,
  records: XmlElement[] = [],
): Promise<XmlElement[]> {
  const bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source;
  for await (const record of readXmlRecords(pieces(bytes, size), { ...options, ...change })) records.push(record);
  return records;
}

async function failure(source: string | Uint8Array, change: Partial<XmlOptions> = {}): Promise<SourceError> {
  try {
    await read(source, change);
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  throw new Error('was read to its end');
}

async function refusal(source: string | Uint8Array, change: Partial<XmlOptions> = {}): Promise<string> {
  const { kind, publicMessage } = await failure(source, change);
  return `${kind}: ${publicMessage}`;
}

describe('streamed XML', () => {
  it('gives each record as a small tree of local names, attributes and trimmed texts', async () => {
    const xml = `<?xml version="1.0"?><a:list xmlns:a="urn:x" xmlns="urn:y"><other>no</other>
      <a:item a:id="1" xmlns:b="urn:z"><b:t> x <![CDATA[<y>]]> &amp; z </b:t><t/></a:item></a:list>`;
    const [record, ...others] = await read(xml);
    expect(others).to.deep.equal([]);
    expect(JSON.parse(JSON.stringify(record))).to.deep.equal({
      name: 'item',
      attributes: { id: '1' },
      children: [{ name: 't', text: 'x <y> & z' }, { name: 't' }],
    });
  });

  it('finds elements by path, and the lack of them', async () => {
    const [record] = await read('<list><item><a><b>1</b></a><c>2</c><c>3</c></item></list>');
    if (record === undefined) throw new Error('no record');
    expect(textAt(record, 'a', 'b')).to.equal('1');
    expect(textAt(record, 'a', 'x', 'y')).to.equal('');
    expect(childAt(record, 'x')).to.equal(undefined);
    expect(childrenOf(record, 'c').map(({ text }) => text)).to.deep.equal(['2', '3']);
    expect(childrenOf(childAt(record, 'x'), 'c')).to.deep.equal([]);
  });

  it('knows an element again, and what is none at any level', async () => {
    const records = await read('<list><item a="1"><b>c</b></item></list>');
    expect(records.every(isXmlElement)).to.equal(true);
    expect(isXmlElement({ name: 'a', text: undefined })).to.equal(true);
    for (const other of [
      null,
      'a',
      [],
      {},
      { name: 1 },
      { name: 'a', text: 1 },
      { name: 'a', attributes: ['x'] },
      { name: 'a', attributes: { b: 1 } },
      { name: 'a', children: {} },
      { name: 'a', children: [{ name: 'b', children: [{ name: null }] }] },
    ]) {
      expect(isXmlElement(other), JSON.stringify(other)).to.equal(false);
    }
  });

  it('keeps a record inside a record as a part of it', async () => {
    const records = await read('<list><item><item>in</item></item><item/></list>');
    expect(records.map((record) => textAt(record, 'item'))).to.deep.equal(['in', '']);
  });

  it('gives the same records wherever the bytes are cut', async () => {
    const xml = '<list><item n="é">L’été &amp; <![CDATA[la “plage”]]> 🏖</item><item>ü</item></list>';
    const whole = await read(xml);
    for (const size of [1, 2, 3, 7, 64]) expect(await read(xml, {}, size)).to.deep.equal(whole);
  });

  it('obeys the byte order mark, then the declaration, then HTTP, then takes UTF-8', async () => {
    const text = async (source: Uint8Array, charset?: string) => (await read(source, { charset }))[0]?.text;
    const item = '<list><item>déjà</item></list>';
    const declared = `<?xml version="1.0" encoding="ISO-8859-1"?>${item}`;
    expect(await text(Buffer.from(declared, 'latin1'), 'utf-8')).to.equal('déjà');
    expect(await text(Buffer.from(item, 'latin1'), 'iso-8859-1')).to.equal('déjà');
    expect(await text(Buffer.from(item))).to.equal('déjà');
    expect(await text(Buffer.from(`\uFEFF${declared}`))).to.equal('déjà');
    expect(await text(Buffer.from(`\uFEFF${item}`, 'utf16le'), 'utf-8')).to.equal('déjà');
    expect(await text(Buffer.from(item, 'utf16le'))).to.equal('déjà');
    expect(await text(Buffer.from(`\uFEFF${item}`, 'utf16le').swap16())).to.equal('déjà');
    expect(await text(Buffer.from(item, 'utf16le').swap16())).to.equal('déjà');
    expect(await text(Buffer.from(`<?xml version="1.0" encoding="utf-16"?>${item}`))).to.equal('déjà');
  });

  it('stops at letters that the announced encoding does not hold', async () => {
    const item = '<list><item>déjà</item></list>';
    const latin1 = (text: string) => Buffer.from(text, 'latin1');
    const start = 'malformed: Des caractères sont illisibles ;';
    const declared = (charset: string) => latin1(`<?xml version="1.0" encoding="${charset}"?>${item}`);
    expect(await refusal(declared('utf-8'))).to.equal(`${start} le fichier annonce UTF-8.`);
    expect(await refusal(declared('UTF-16')), 'what it says, not what it was read in').to.equal(
      `${start} le fichier annonce UTF-16.`,
    );
    expect(await refusal(latin1(item), { charset: 'utf-8' })).to.equal(`${start} le serveur annonce UTF-8.`);
    expect(await refusal(latin1(item)), 'nobody says').to.equal(
      `${start} le fichier n'annonce pas d'encodage, nous l'avons lu en UTF-8.`,
    );
  });

  it('refuses declared entities, inside or outside, before any is expanded', async () => {
    const bomb = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">';
    const refused = 'malformed: Le document déclare des entités';
    expect(await refusal(`<!DOCTYPE list [${bomb}]><list><item>&b;</item></list>`)).to.contain(refused);
    const outside = '<!DOCTYPE list [<!ENTITY x SYSTEM "file:///etc/passwd">]><list><item>&x;</item></list>';
    expect(await refusal(outside)).to.contain(refused);
    expect(await refusal('<!DOCTYPE list [ %remote; ]><list/>')).to.contain(refused);
    expect(await refusal('<list><item>&x;</item></list>')).to.contain('malformed: ');
  });

  it('ignores a document type that declares nothing, and decodes the named entities of HTML', async () => {
    const [record] = await read('<!DOCTYPE list SYSTEM "list.dtd"><list><item>caf&eacute;&nbsp;!</item></list>');
    expect(record?.text).to.equal('café\u00a0!');
  });

  it('takes names of the language for plain names', async () => {
    const xml =
      '<list><item __proto__="a" constructor="b"><__proto__ x="1">p</__proto__><toString>t</toString></item></list>';
    const [record] = await read(xml);
    if (record === undefined) throw new Error('no record');
    expect(Object.keys(record.attributes ?? {})).to.include('constructor');
    expect(Object.getPrototypeOf(record.attributes)).to.equal(null);
    expect(textAt(record, '__proto__')).to.equal('p');
    expect(textAt(record, 'toString')).to.equal('t');
    expect(Object.hasOwn(Object.prototype, 'x')).to.equal(false);
    expect(await refusal('<list><item>&constructor;</item></list>')).to.contain('entité');
  });

  it('caps nesting, also outside of records', async () => {
    const nested = `${'<d>'.repeat(300)}${'</d>'.repeat(300)}`;
    expect(await refusal(`<list>${nested}</list>`)).to.contain('plus de 200 niveaux');
    expect(await refusal(`<list><item>${nested}</item></list>`)).to.contain('plus de 200 niveaux');
    expect(
      await read(`<list><item>${'<d>'.repeat(8)}${'</d>'.repeat(8)}</item></list>`, { maxDepth: 10 }),
    ).to.have.length(1);
    expect(
      await refusal(`<list><item>${'<d>'.repeat(9)}${'</d>'.repeat(9)}</item></list>`, { maxDepth: 10 }),
    ).to.contain('10');
  });

  it('caps a record, whatever makes it large: text, CDATA, attributes, elements', async () => {
    const change = { maxRecordSize: 100 };
    for (const body of [
      'x'.repeat(101),
      `<![CDATA[${'x'.repeat(101)}]]>`,
      `<a b="${'x'.repeat(101)}"/>`,
      '<abcdefghij/>'.repeat(11),
    ]) {
      expect(await refusal(`<list><item>${body}</item></list>`, change)).to.contain('too-large: ');
    }
    const many = `<list>${'<item>0123456789</item>'.repeat(50)}</list>`;
    expect(await read(many, change), 'the cap is per record').to.have.length(50);
    const spread = `<list>${'<other a="0123456789"/>'.repeat(50)}<item/></list>`;
    expect(await read(spread, change), 'what is not kept does not add up').to.have.length(1);
    const endless = `<list><other ${Array.from({ length: 20 }, (_, n) => `a${n}="0123456789"`).join(' ')}/></list>`;
    expect(await refusal(endless, change)).to.contain('too-large: ');
  });

  it('tells a cut document, wherever it is cut, and gives the records before it', async () => {
    const xml = '<list><item>1</item><item>2</item></list>';
    for (let length = 1; length < xml.length; length += 1) {
      expect(await refusal(xml.slice(0, length)), xml.slice(0, length)).to.match(/^malformed: La réponse est coupée/);
    }
    const records: XmlElement[] = [];
    const reading = read('<list><item>1</item><item>2</it', {}, 65_536, records);
    expect(
      await reading.then(
        () => 'whole',
        () => 'cut',
      ),
    ).to.equal('cut');
    expect(records.map(({ text }) => text)).to.deep.equal(['1']);
  });

  it('tells nothing, a web page, another format and broken syntax apart', async () => {
    expect(await refusal('')).to.equal('malformed: La source a répondu sans aucun contenu.');
    expect(await refusal(' \n\t ')).to.equal('malformed: La source a répondu sans aucun contenu.');
    expect(await refusal('<!DOCTYPE html><html></html>')).to.contain('page web');
    expect(await refusal('<HTML><body></HTML>')).to.contain('page web');
    expect(await refusal('{"a":1}')).to.contain('malformed: La réponse n’est pas un document XML');
    expect(await refusal('<rss/>')).to.equal('changed: Le document commence par <rss>, ce format attend <list>.');
    expect(await refusal('<list><item></list></item>')).to.contain('balise fermante');
    expect(await refusal('<list/>tail')).to.contain('malformed: ');
    expect(await refusal('<list/><list/>')).to.contain('malformed: ');
  });

  it('reads an empty list to its end', async () => {
    expect(await read('<list/>')).to.deep.equal([]);
  });

  it('closes the bytes when the reader stops early, and reads no further', async () => {
    let isClosed = false;
    let given = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield new TextEncoder().encode(`<list>${' '.repeat(2_000)}`);
        for (;;) {
          given += 1;
          yield new TextEncoder().encode('<item/>');
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const record of readXmlRecords(source(), options)) if (record.name === 'item') break;
    expect(isClosed).to.equal(true);
    expect(given).to.equal(1);
  });
});
