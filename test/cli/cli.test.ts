/** The command line as a person runs it: one process per command, on a data directory of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('command line', function () {
  this.timeout(120_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'en2-cli-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function cli(...args: string[]): Promise<Ran> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, DATA_DIR: join(folder, 'data'), DEMO: 'true', LOG_LEVEL: 'warn' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      err += bytes.toString();
    });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  }

  const sample = 'connectors/lheo/fixtures/lheo-2.3.xml';

  it('every command has --help and --json', async () => {
    const commands = [
      ['serve'],
      ['harvest', 'run'],
      ['harvest', 'status'],
      ['harvest', 'replay'],
      ['harvest', 'decide'],
      ['harvest', 'stop'],
      ['sources', 'list'],
      ['sources', 'patches'],
      ['sources', 'activate'],
      ['sources', 'pause'],
      ['connectors', 'list'],
      ['connectors', 'preview'],
      ['connectors', 'check'],
      ['framework', 'align'],
      ['search'],
      ['jobs', 'status'],
      ['jobs', 'run'],
      ['db', 'serve'],
      ['db', 'stats'],
      ['db', 'check'],
      ['duplicates', 'find'],
      ['duplicates', 'list'],
      ['accounts', 'list'],
      ['accounts', 'grant'],
      ['audit', 'verify'],
      ['secrets', 'rotate'],
      ['retention', 'enforce'],
      ['registry', 'import'],
      ['registry', 'show'],
      ['registry', 'diff'],
      ['registry', 'import-offers'],
      ['eligibility', 'check'],
      ['eligibility', 'explain'],
      ['eligibility', 'rules'],
      ['eligibility', 'flips'],
    ];
    const answers = await inTwos(commands, (command) => cli(...command, '--help'));
    for (const [at, { code, out }] of answers.entries()) {
      expect(code, commands[at]?.join(' ')).to.equal(0);
      expect(out, commands[at]?.join(' ')).to.contain('--json');
    }
  });

  it('the formats are listed as one JSON value', async () => {
    const { code, out } = await cli('connectors', 'list', '--json');
    expect(code).to.equal(0);
    const list = JSON.parse(out);
    expect(list.items.map(({ id }: { id: string }) => id)).to.include.members(['lheo', 'moochub', 'richie']);
    expect(list.total).to.equal(list.items.length);
  });

  it('an unknown format is refused on stderr, as JSON when asked, and the exit code says so', async () => {
    const { code, out, err } = await cli('connectors', 'preview', 'inconnu', '--json');
    expect(code).to.not.equal(0);
    expect(out).to.equal('');
    expect(JSON.parse(err).error.code).to.equal('CONNECTOR_UNKNOWN');
  });

  it('a file that does not exist is said, and nothing is previewed', async () => {
    const { code, err } = await cli('connectors', 'preview', 'lheo', '--file', join(folder, 'absent.xml'));
    expect(code).to.not.equal(0);
    expect(err).to.contain('absent.xml');
  });

  it('a preview has the shape that other programs read, and writes nothing', async () => {
    const { code, out } = await cli('connectors', 'preview', 'lheo', '--file', sample, '--json');
    expect(code).to.equal(0);
    const report = JSON.parse(out);
    expect(report.complete).to.equal(true);
    const { records, courses, skipped, rejected, removed } = report.summary;
    expect(records).to.equal(courses + skipped + rejected + removed);
    expect(report.items).to.have.length(records);
  });

  it('a truncated file gives what was read, `complete: false` and the reason, with exit code 0', async () => {
    const text = readFileSync(join(root, sample), 'utf8');
    const cut = join(folder, 'cut.xml');
    writeFileSync(cut, text.slice(0, Math.floor(text.length * 0.9)));
    const { code, out } = await cli('connectors', 'preview', 'lheo', '--file', cut, '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.include({ complete: false }).and.to.have.property('error');
  });

  it('check recognises the format of a file by itself', async () => {
    const { code, out } = await cli('connectors', 'check', '--file', sample, '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(out).connector).to.equal('lheo');
    const page = join(folder, 'page.html');
    writeFileSync(page, '<!doctype html><title>Connexion</title>');
    const refused = await cli('connectors', 'check', '--file', page);
    expect(refused.code).to.not.equal(0);
    expect(refused.err).to.contain('FORMAT_INCONNU');
  });

  it('check refuses a private address before any byte is read', async () => {
    const { code, err } = await cli('connectors', 'check', '--url', 'http://127.0.0.1:9/catalogue');
    expect(code).to.not.equal(0);
    expect(err).to.contain('Adresse refusée');
  });

  it('align writes one line per line read, in order, and says which could not be read', async () => {
    const input = join(folder, 'in.jsonl');
    const output = join(folder, 'out.jsonl');
    writeFileSync(
      input,
      '{"id":1,"title":"Tableur : premiers calculs"}\nceci n’est pas du JSON\n{"id":3,"title":"Cuisine du monde","language":"fr"}\n',
    );
    const { code } = await cli('framework', 'align', '--in', input, '--out', output);
    expect(code).to.equal(1);
    const lines = readFileSync(output, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).to.have.length(3);
    expect(lines[0]).to.include({ id: 1, digital: true });
    expect(lines[1]).to.include({ line: 2 });
    expect(lines[2]).to.include({ id: 3, digital: false });
  });

  it('the whole way: list, harvest one partner, search, jobs, sound database', async () => {
    const sources = JSON.parse((await cli('sources', 'list', '--json')).out).items as {
      id: string;
      state: string;
      demo: boolean;
    }[];
    const demo = sources.find((source) => source.demo);
    expect(demo?.state).to.equal('active');
    expect(sources.filter((source) => !source.demo).every(({ state }) => state === 'paused')).to.equal(true);

    const harvested = await cli('harvest', 'run', demo?.id ?? '', '--json');
    expect(harvested.code, harvested.err).to.equal(0);
    const [run] = JSON.parse(harvested.out).items;
    expect(run.counters.created).to.be.greaterThan(20);
    expect(run.presentAfter).to.equal(run.presentBefore + run.counters.created);

    const again = JSON.parse((await cli('harvest', 'run', demo?.id ?? '', '--json')).out).items[0];
    expect(again.counters.created).to.equal(0);
    const undecided = await cli('harvest', 'decide', again.id, '--keep', '--json');
    const over = await cli('harvest', 'stop', again.id, '--json');
    expect(JSON.parse(undecided.err).error.code).to.equal('run-not-held');
    expect(JSON.parse(over.err).error.code).to.equal('run-is-over');
    expect(JSON.parse((await cli('harvest', 'decide', again.id, '--json')).err).error.code).to.equal('WHICH_DECISION');

    const found = JSON.parse((await cli('search', 'tableur', '--json')).out);
    expect(found.total).to.be.greaterThan(0);
    expect(found.items[0]).to.include.keys('slug', 'title', 'access');

    const other = sources.filter((source) => source.demo).at(-1);
    await cli('harvest', 'run', other?.id ?? '', '--json');
    const told = JSON.parse((await cli('duplicates', 'find', '--dry-run', '--json')).out);
    expect(told.compared).to.be.greaterThan(40);
    expect(JSON.parse((await cli('duplicates', 'list', '--json')).out).total, 'a dry run queues nothing').to.equal(0);
    const done = JSON.parse((await cli('duplicates', 'find', '--json')).out);
    expect(done.proposed).to.deep.equal(told.proposed);
    expect(JSON.parse((await cli('duplicates', 'list', '--json')).out).total).to.equal(told.proposed.length);

    const job = await cli('jobs', 'run', 'pathways', '--json');
    expect(job.code).to.equal(0);
    const states = JSON.parse((await cli('jobs', 'status', '--json')).out).items as {
      name: string;
      lastSuccess: string | null;
    }[];
    expect(states.find(({ name }) => name === 'pathways')?.lastSuccess).to.be.a('string');

    const check = await cli('db', 'check', '--json');
    expect(check.code).to.equal(0);
    expect(JSON.parse(check.out).problems).to.deep.equal([]);
    expect(JSON.parse((await cli('db', 'stats', '--json')).out).collections.length).to.be.greaterThan(5);
  });

  it('a pause wants its reason; a paused source is not harvested', async () => {
    const wordless = await cli('sources', 'pause', 'demo-campus-rivage');
    expect(wordless.code).to.not.equal(0);
    const paused = await cli('sources', 'pause', 'demo-campus-rivage', '--reason', 'Le catalogue est en travaux.');
    expect(paused.code, paused.err).to.equal(0);
    const run = await cli('harvest', 'run', 'demo-campus-rivage');
    expect(run.code).to.not.equal(0);
    expect(run.err).to.contain("n'est pas active");
    expect((await cli('sources', 'activate', 'demo-campus-rivage')).code).to.equal(0);
  });
});

/** Two at a time: a process each, on a small machine. */
async function inTwos<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += 2) results.push(...(await Promise.all(items.slice(at, at + 2).map(act))));
  return results;
}
