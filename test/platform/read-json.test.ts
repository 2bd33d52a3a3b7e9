import { expect } from 'chai';
import fc from 'fast-check';
import { SourceError, type SourceErrorKind } from '../../src/errors.ts';
import { type JsonItem, type JsonOptions, readJsonRecords } from '../../src/platform/read-json.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string | Uint8Array, options: JsonOptions, size = 65_536): Promise<JsonItem[]> {
  const items: JsonItem[] = [];
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for await (const item of readJsonRecords(pieces(bytes, size), options)) items.push(item);
  return items;
}

async function records(text: string | Uint8Array, options: JsonOptions, size?: number): Promise<unknown[]> {
  return (await read(text, options, size)).filter(({ kind }) => kind === 'record').map(({ value }) => value);
}

async function failure(text: string | Uint8Array, options: JsonOptions): Promise<SourceError> {
  try {
    await read(text, options);
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  throw new Error('was read to its end');
}

const data: JsonOptions = { paths: ['$.data.*'], keep: ['$.links'] };

describe('streamed JSON', () => {
  it('gives each element of the list, and the values asked for beside it, in the order of the document', async () => {
    const text =
      '{"links":{"next":"x"},"other":{"data":[{"id":0}]},"data":[{"id":1,"of":[1,{"a":null}]},{"id":2}],"n":3}';
    expect(await read(text, data)).to.deep.equal([
      { kind: 'kept', path: '$.links', value: { next: 'x' } },
      { kind: 'record', path: '$.data.*', value: { id: 1, of: [1, { a: null }] } },
      { kind: 'record', path: '$.data.*', value: { id: 2 } },
    ]);
  });

  it('reads a bare array, a whole document, a nested scalar', async () => {
    expect(await records('[{"a":1},{"a":2}]', { paths: ['$.*'] })).to.deep.equal([{ a: 1 }, { a: 2 }]);
    expect(await records('{"a":[1]}', { paths: ['$'] })).to.deep.equal([{ a: [1] }]);
    const counted = await read('{"meta":{"total":5,"x":1},"data":[]}', { paths: ['$.data.*'], keep: ['$.meta.total'] });
    expect(counted).to.deep.equal([{ kind: 'kept', path: '$.meta.total', value: 5 }]);
  });

  it('takes an object in place of the list for the only record, when told that partners do so', async () => {
    const text = '{"data":{"id":1,"of":{"a":[]}},"links":{}}';
    expect(await records(text, { ...data, single: true })).to.deep.equal([{ id: 1, of: { a: [] } }]);
    expect((await failure(text, data)).kind).to.equal('changed');
    expect((await failure('{"data":{"*":{"id":1}}}', data)).kind).to.equal('changed');
  });

  it('gives the same values as JSON.parse, wherever the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 4 })), fc.integer({ min: 1, max: 9 }), async (list, size) => {
        const text = JSON.stringify({ data: list });
        const expected: unknown = JSON.parse(text.replaceAll('\uFEFF', ''));
        expect({ data: await records(text, data, size) }).to.deep.equal(expected);
      }),
      { numRuns: 150 },
    ));

  it('keeps letters, emoji and escapes whole when they are cut, and drops U+FEFF from texts for any cut', async () => {
    const text = '\uFEFF[{"t":"Été à Nîmes 🏖 \\u00e9\\ud83d\\ude00","m":"a\uFEFFé\uFEFF"}]';
    for (const size of [1, 2, 3, 7, 64]) {
      expect(await records(text, { paths: ['$.*'] }, size)).to.deep.equal([{ t: 'Été à Nîmes 🏖 é😀', m: 'aé' }]);
    }
  });

  it('drops U+FEFF when it is escaped too, and not what only looks like it', async () => {
    const text = String.raw`[{"t":"\ufeffa\uFEFF\ufeffb","u":"\\ufeff \\\ufeff"},"\ufeffc"]`;
    expect(await records(text, { paths: ['$.*'] })).to.deep.equal([{ t: 'ab', u: String.raw`\ufeff ${'\\'}` }, 'c']);
  });

  it('keeps the last value of a repeated key', async () => {
    expect(await records('[{"a":1,"a":{"b":2}}]', { paths: ['$.*'] })).to.deep.equal([{ a: { b: 2 } }]);
  });

  it('keeps __proto__ as an own property and changes no prototype', async () => {
    const [record] = await records('[{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}]', {
      paths: ['$.*'],
    });
    expect(Object.keys(record as object)).to.deep.equal(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(record)).to.equal(Object.prototype);
    expect(Reflect.get({}, 'polluted')).to.equal(undefined);
    expect(Reflect.get(record as object, 'polluted')).to.equal(undefined);
  });

  const refusals: [what: string, text: string | Uint8Array, kind: SourceErrorKind, message: RegExp][] = [
    ['an empty body', '', 'malformed', /sans aucun contenu/],
    ['a body of blanks', '\uFEFF \r\n', 'malformed', /sans aucun contenu/],
    ['an HTML page', '\n<!doctype html><title>Connexion</title>', 'malformed', /page web/],
    ['a list cut after a record', '{"data":[{"id":1}', 'malformed', /coupée/],
    ['a text cut in the middle', '{"data":[{"id":"ab', 'malformed', /coupée/],
    ['a word cut in the middle', '{"data":[tr', 'malformed', /coupée/],
    ['no JSON', 'Service indisponible', 'malformed', /pas un document JSON/],
    ['a comma too many', '{"data":[1,]}', 'malformed', /pas un document JSON/],
    ['a missing comma', '{"data":[1 2]}', 'malformed', /pas un document JSON/],
    ['a missing colon', '{"data" []}', 'malformed', /pas un document JSON/],
    ['brackets that do not match', '{"data":[{]}]}', 'malformed', /pas un document JSON/],
    ['a second document', '{"data":[]}{"data":[]}', 'malformed', /pas un document JSON/],
    ['a raw line break in a text', '{"data":["a\nb"]}', 'malformed', /pas un document JSON/],
    ['a raw line break in a text of a record', '{"data":[{"t":"a\nb"}]}', 'malformed', /pas un document JSON/],
    ['a comma too many in a record', '{"data":[{"t":1,}]}', 'malformed', /pas un document JSON/],
    ['a record cut in the middle', '{"data":[{"t":"}', 'malformed', /coupée/],
    ['ISO-8859-1 in a record', Buffer.from('{"data":[{"t":"Été"}]}', 'latin1'), 'malformed', /UTF-8/],
    ['ISO-8859-1', Buffer.from('{"data":["Été"]}', 'latin1'), 'malformed', /UTF-8/],
    ['ISO-8859-1 in a value that is skipped', Buffer.from('{"x":"Été","data":[]}', 'latin1'), 'malformed', /UTF-8/],
    ['UTF-16', Buffer.from('\uFEFF{"data":[]}', 'utf16le'), 'malformed', /UTF-8/],
    ['an error message instead of the list', '{"error":"quota"}', 'changed', /« \$\.data »/],
    ['null instead of the list', '{"data":null}', 'changed', /« \$\.data »/],
    ['the list one level too deep', '{"answer":{"data":[]}}', 'changed', /« \$\.data »/],
  ];
  for (const [what, text, kind, message] of refusals) {
    it(`refuses ${what}, saying so in French`, async () => {
      const error = await failure(text, data);
      expect(error.kind).to.equal(kind);
      expect(error.publicMessage).to.match(message);
      expect(error.code).to.equal(/UTF-8/.test(message.source) ? 'E_ENCODAGE' : undefined);
    });
  }

  it('tells braces and quotes of a text from those of the document', async () => {
    const record = { t: 'a } ] " \\', '{"': ['[', '\\"', { '}': ']' }] };
    for (const size of [1, 3, 64]) {
      expect(await records(JSON.stringify({ '{"data":[': '[{', data: [record, record] }), data, size)).to.deep.equal([
        record,
        record,
      ]);
    }
  });

  it('reads an empty list to its end', async () => {
    expect(await read('{"data":[]}', data)).to.deep.equal([]);
  });

  it('refuses nesting past the limit before it exhausts the stack, in a record and beside it', async () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(await records(`{"data":[${deep(62)}]}`, data)).to.have.length(1);
    for (const text of [`{"data":[${deep(63)}]}`, `{"x":${deep(64)},"data":[]}`, '['.repeat(5_000_000)]) {
      expect((await failure(text, data)).publicMessage).to.match(/64 niveaux/);
    }
  });

  it('refuses a record over its cap, wherever its weight is, and delivers those before it', async () => {
    const cap = { ...data, maxRecordBytes: 200 };
    expect(await records(`{"data":[${Array.from({ length: 100 }, () => '{"id":1}').join(',')}]}`, cap)).to.have.length(
      100,
    );
    const long = 'x'.repeat(300);
    for (const record of [`{"t":"${long}"}`, `[${'1,'.repeat(200)}1]`, `{"${long}":1}`, `{"n":1${'0'.repeat(300)}}`]) {
      const error = await failure(`{"data":[${record}]}`, cap);
      expect([error.kind, error.publicMessage]).to.deep.equal([
        'too-large',
        'Une fiche dépasse 200 octets (réglage « taille maximale d’une fiche »).',
      ]);
    }
    const seen: unknown[] = [];
    const bytes = new TextEncoder().encode(`{"data":[{"id":1},{"id":"${long}"}]}`);
    try {
      for await (const item of readJsonRecords(pieces(bytes, 4096), cap)) seen.push(item.value);
    } catch (error) {
      expect(error).to.be.instanceOf(SourceError);
    }
    expect(seen).to.deep.equal([{ id: 1 }]);
  });

  it('does not gather a text without end outside of the records either', async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('{"x":"');
      for (;;) {
        sent += 50_000;
        yield Buffer.alloc(50_000, 'a');
      }
    }
    try {
      for await (const _ of readJsonRecords(endless(), { ...data, maxRecordBytes: 300_000 })) expect.fail();
    } catch (error) {
      expect(error).to.be.instanceOf(SourceError).with.property('kind', 'too-large');
    }
    expect(sent).to.be.below(500_000);
  });

  it('holds one record of a list of any length, and stops the transfer when its reader stops', async () => {
    const record = Buffer.from(`${JSON.stringify({ id: 1, text: 'é'.repeat(2_000) })},`);
    const block = Buffer.concat(Array.from({ length: 100 }, () => record));
    let sent = 0;
    let closed = false;
    async function* list(): AsyncGenerator<Uint8Array> {
      try {
        yield new TextEncoder().encode('[');
        for (;;) {
          sent += block.length;
          yield block;
        }
      } finally {
        closed = true;
      }
    }
    let count = 0;
    let sentAtFirst = 0;
    let heap = 0;
    for await (const _ of readJsonRecords(list(), { paths: ['$.*'] })) {
      count += 1;
      if (count === 1) sentAtFirst = sent;
      if (count === 2_000) heap = process.memoryUsage().heapUsed;
      if (count === 12_000) break;
    }
    expect(sentAtFirst).to.equal(block.length);
    expect(closed).to.equal(true);
    expect(process.memoryUsage().heapUsed - heap).to.be.below(30_000_000);
  });
});
