import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { pathHttp } from '../../src/harvest/file-http.ts';
import { previewConnector } from '../../src/harvest/preview.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));

describe('a new connector', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'new-connector-'));
    for (const name of ['src', 'node_modules', 'package.json']) await symlink(join(project, name), join(folder, name));
  });
  afterEach(() => rm(folder, { recursive: true }));

  function create(id: string) {
    const script = join(project, 'scripts', 'new-connector.mjs');
    return spawnSync(process.execPath, [script, id, join(folder, 'connectors')], { encoding: 'utf8' });
  }

  it('is made from a skeleton that loads and reads its own sample', async () => {
    expect(create('mon-format').status).to.equal(0);
    const root = pathToFileURL(join(folder, 'connectors/'));
    const connector = (await discoverConnectors({ root })).get('mon-format');
    if (connector === undefined) throw new Error('not found');
    const http = pathHttp(join(folder, 'connectors/mon-format/fixtures/sample.json'));
    const signal = new AbortController().signal;
    const report = await previewConnector(connector, connector.exampleConfig, http, { signal });
    expect(report.summary).to.deep.equal({ records: 1, courses: 1, skipped: 0, rejected: 0, removed: 0 });
    expect(report.complete).to.equal(true);
  });

  it('never replaces one, and has a name that can be an id', () => {
    expect(create('mon-format').status).to.equal(0);
    expect(create('mon-format').status).to.equal(5);
    for (const id of ['', 'Mon-Format', '../x', 'a--b']) expect(create(id).status).to.equal(2);
  });
});
