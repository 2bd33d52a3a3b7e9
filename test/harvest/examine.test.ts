import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { CourseField } from '../../src/catalogue/model/corrections.ts';
import { loadFramework } from '../../src/framework/data.ts';
import { align } from '../../src/framework/model/alignment.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { examine, examinedRecords, readingMs } from '../../src/harvest/examine.ts';
import type { Patch } from '../../src/harvest/model/patch.ts';
import { recognise } from '../../src/harvest/recognise.ts';
import { makeExaminer } from '../../src/harvest/start-examining.ts';
import { makeSourceHttp } from '../../src/platform/http.ts';
import { checkModel } from '../../src/providers/view-models/preview.ts';
import { errorOf } from '../support/error-of.ts';

const codeOf = async (work: Promise<unknown>) => Reflect.get((await errorOf(work)) as object, 'code');
const connectors = await discoverConnectors();
const framework = loadFramework();

const course = (id: number, more = '') =>
  JSON.stringify({
    type: 'courses',
    id: `c-${id}`,
    attributes: {
      name: `Programmer en Python, cours ${id}`,
      courseCode: String(id),
      courseMode: 'MOOC',
      abstract: `Apprendre à programmer en Python${more}`,
      description: '',
      languages: ['fr'],
      partnerInstitute: [{ name: 'École' }],
      moocProvider: { name: 'Cours ouverts', url: 'https://ecole.example/' },
      url: `https://ecole.example/c/${id}`,
      courseLicenses: [{ url: 'https://creativecommons.org/publicdomain/zero/1.0/' }],
      access: ['free'],
    },
  });

/** Sends records until the client leaves, up to about `bytes`. */
function endless(bytes: number) {
  let sent = 0;
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json');
    response.write('{"links":{},"data":[');
    let id = 0;
    const more = () => {
      while (sent < bytes) {
        const text = `${id === 0 ? '' : ','}${course(id, ' '.repeat(2_000))}`;
        id += 1;
        sent += text.length;
        if (!response.write(text)) return response.once('drain', more);
      }
      return response.end(']}');
    };
    response.on('close', () => {
      sent = Number.POSITIVE_INFINITY;
    });
    more();
  });
  return { server, asked: () => asked };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const options = () => ({
  shown: examinedRecords,
  readingMs,
  align: (draft: Parameters<Parameters<typeof examine>[3]['align']>[0]) =>
    align({ ...draft, provider: draft.provider.name }, framework),
  signal: new AbortController().signal,
});
const network = () => makeSourceHttp({ userAgent: 'test', allowPrivate: true, minDelayMs: 0 });

describe('what would be published of a catalogue', function () {
  this.timeout(60_000);
  let server: Server | null = null;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function served(body: string, type = 'application/json'): Promise<string> {
    server = createServer((_request, response) => response.setHeader('content-type', type).end(body));
    return `${await listening(server)}/catalogue`;
  }

  it('a catalogue of 500 MB is answered for in under 5 s: format, 20 records, asked once, and said not to be read whole', async () => {
    const big = endless(500_000_000);
    server = big.server;
    const origin = await listening(server);
    const before = Date.now();
    const { connector, report } = await recognise(
      connectors.values(),
      { kind: 'address', url: `${origin}/catalogue`, http: network() },
      options(),
    );
    const took = Date.now() - before;
    expect(connector).to.equal('moochub');
    expect(report.records).to.have.length(20);
    expect(report.counts.read).to.equal(20);
    expect(report.complete).to.equal(false);
    expect(report.error).to.equal(null);
    expect(took).to.be.lessThan(5_000);
    expect(big.asked(), 'one request, whatever the number of formats').to.equal(1);
    console.log(`      ${took} ms`);
  });

  it('B15 letters that cannot be read end it with their code and the encoding that the file announces', async () => {
    const head = '<?xml version="1.0" encoding="UTF-8"?><lheo xmlns="http://www.lheo.org/2.2"><offres>';
    const formation = `<formation numero="1"><intitule-formation>Créé</intitule-formation></formation>`;
    const bytes = Buffer.from(`${head}${formation.repeat(40)}</offres></lheo>`, 'latin1');
    server = createServer((_request, response) => response.setHeader('content-type', 'text/xml').end(bytes));
    const url = `${await listening(server)}/catalogue`;
    const refused = await errorOf(recognise(connectors.values(), { kind: 'address', url, http: network() }, options()));
    expect(String(refused)).to.include(
      'LaBonneFormation) : Des caractères sont illisibles ; le fichier annonce UTF-8 (E_ENCODAGE). ·',
    );
    const lheo = connectors.get('lheo');
    if (lheo === undefined) throw new Error('no such format');
    const config = { ...(lheo.exampleConfig as object), url };
    const report = await examine(lheo, config, network(), { ...options(), all: false });
    expect(report).to.include({
      error: 'Des caractères sont illisibles ; le fichier annonce UTF-8.',
      errorCode: 'E_ENCODAGE',
      complete: false,
    });
    const shown = checkModel(
      { url },
      {},
      { format: 'LHÉO', report: { ...report, records: [] }, at: new Date('2026-11-22T09:00:00Z') },
    );
    expect(shown.report).to.deep.include({
      faultCode: { text: 'E_ENCODAGE', href: '/aide/erreurs/E_ENCODAGE' },
      extent:
        '0\u00a0fiche lue, catalogue non lu en entier. Des caractères sont illisibles\u00a0; le fichier annonce UTF-8 (E_ENCODAGE).',
    });
  });

  it('each record has its raw form, its result and its problems; errors are counted by field', async () => {
    const bad = '{"type":"courses","id":"bad","attributes":{"name":"","url":"javascript:alert(1)"}}';
    const url = await served(`{"links":{},"data":[${course(1)},${course(1)},${course(1, '!')},${bad}]}`);
    const moochub = connectors.get('moochub');
    if (moochub === undefined) throw new Error('no moochub');
    const report = await examine(moochub, { url }, network(), { ...options(), all: false });
    expect(report.records.map(({ result }) => result)).to.deep.equal(['ready', 'repeated', 'to-fix', 'to-fix']);
    expect(report.records[2]?.problems[0]?.code).to.equal('E_DOUBLON_CONTRADICTOIRE');
    expect(report.records[3]?.problems.map(({ code }) => code)).to.include('E_CHAMP_MANQUANT');
    expect(report.records[0]?.raw).to.contain('"name": "Programmer en Python, cours 1"').and.not.to.contain('reading');
    expect(report.records[0]?.course?.draft.title).to.equal('Programmer en Python, cours 1');
    expect(report.complete).to.equal(true);
    expect(report.counts.read).to.equal(4);
    expect(report.causes.map(({ code }) => code)).to.include('E_DOUBLON_CONTRADICTOIRE');
  });

  it('a record that a person corrected is judged with the correction, as the next run will, and says so', async () => {
    const bad = course(7).replace('"Programmer en Python, cours 7"', '""');
    const url = await served(`{"links":{},"data":[${course(1)},${bad}]}`);
    const moochub = connectors.get('moochub');
    if (moochub === undefined) throw new Error('no moochub');
    const at = new Date('2026-11-21T09:00:00Z');
    const patch = (field: CourseField, value: string, ended: Patch['ended'] = null): Patch => ({
      ...{ sourceId: 's', remoteId: 'c-7', field, version: 1, revision: 1, value, by: 'provider', at, why: 'Oubli.' },
      ...{ source: { text: '', readable: false }, seen: { value: { text: '', readable: false }, at } },
      ...{ appliedAt: null, ended, undoneAt: null, past: [] },
    });
    const alone = await examine(moochub, { url }, network(), { ...options(), all: false });
    expect(alone.records.map(({ result }) => result)).to.deep.equal(['ready', 'to-fix']);
    const given = [
      patch('title', 'Programmer en Python, la suite'),
      patch('price', '90', { how: 'withdrawn', by: 'provider', at }),
    ];
    const patches = new Map([['c-7', given]]);
    const report = await examine(moochub, { url }, network(), { ...options(), patches, all: false });
    const [first, second] = report.records;
    expect([first?.result, second?.result, report.counts['to-fix']]).to.deep.equal(['ready', 'ready', 0]);
    expect(second?.course?.draft.title).to.equal('Programmer en Python, la suite');
    expect([first?.corrections, second?.corrections]).to.deep.equal([[], [{ field: 'title', by: 'provider', at }]]);
    const { report: shown } = checkModel(
      { url },
      {},
      { format: 'MOOChub', report: { ...report, records: report.records.map((one) => ({ ...one, card: null })) }, at },
    );
    expect(shown?.records.map(({ corrected }) => corrected)).to.deep.equal([
      null,
      "Corrigé par l'organisme le 21/11/2026\u00a0: titre. Cet aperçu en tient compte.",
    ]);
  });

  it('with « all », everything is read and counted, and 20 records are shown', async () => {
    const url = await served(
      `{"links":{},"data":[${Array.from({ length: 130 }, (_one, id) => course(id)).join(',')}]}`,
    );
    const moochub = connectors.get('moochub');
    if (moochub === undefined) throw new Error('no moochub');
    const seen: number[] = [];
    const report = await examine(moochub, { url }, network(), {
      ...options(),
      all: true,
      onProgress: (read) => seen.push(read),
    });
    expect(report.counts.read).to.equal(130);
    expect(report.records).to.have.length(20);
    expect(report.complete).to.equal(true);
    expect(seen.at(-1)).to.equal(130);
  });

  it('a source that drips is left after the time of reading, with what it gave', async () => {
    server = createServer((_request, response) => {
      response.write(`{"links":{},"data":[${course(1)},${course(2)},`);
    });
    const url = `${await listening(server)}/catalogue`;
    const moochub = connectors.get('moochub');
    if (moochub === undefined) throw new Error('no moochub');
    const before = Date.now();
    const report = await examine(moochub, { url }, network(), { ...options(), readingMs: 500, all: false });
    expect(Date.now() - before).to.be.lessThan(3_000);
    expect(report.counts.read).to.equal(2);
    expect(report.complete).to.equal(false);
  });

  it('an address inside is refused with its reason; a page that is no catalogue and an empty one are told apart', async () => {
    const guarded = makeSourceHttp({ userAgent: 'test', minDelayMs: 0 });
    const inside = { kind: 'address', url: 'http://10.0.0.1/', http: guarded } as const;
    const refused = await errorOf(recognise(connectors.values(), inside, options()));
    expect(Reflect.get(refused as object, 'publicMessage')).to.match(/^Adresse refusée : 10\.0\.0\.1/);
    const page = await served('<!doctype html><title>Connexion</title><form></form>', 'text/html');
    expect(
      await codeOf(recognise(connectors.values(), { kind: 'address', url: page, http: network() }, options())),
    ).to.equal('FORMAT_INCONNU');
    server?.close();
    const empty = await served('{"links":{},"data":[]}');
    expect(
      await codeOf(recognise(connectors.values(), { kind: 'address', url: empty, http: network() }, options())),
    ).to.equal('CATALOGUE_VIDE');
  });

  it('the thread of previews is replaced when it is lost, and what it was reading is refused in words', async () => {
    const errors: string[] = [];
    const examiner = makeExaminer({
      data: {
        databaseUri: 'mongodb://127.0.0.1:1/none',
        databaseKind: 'mongodb',
        logLevel: 'silent',
        enabledConnectors: ['moochub'],
        userAgent: 'test',
        demoOrigin: null,
        wireBytes: 1_000_000,
        decodedBytes: 1_000_000,
      },
      log: { error: (_fields, message) => errors.push(message) },
      lostMs: 1,
    });
    const asked = { where: { kind: 'address', url: 'http://10.0.0.1/' }, format: null, demo: false } as const;
    try {
      expect(await codeOf(examiner.examine(asked))).to.equal('APERCU_IMPOSSIBLE');
      expect(errors).to.include('preview thread died');
    } finally {
      await examiner.close();
    }
  });
});
