import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { discoverConnectors } from '../../src/harvest/discover.ts';

describe('discovery of connectors', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connectors-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function addConnector(name: string, source: string): Promise<void> {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'index.ts'), source);
  }

  const exporting = (id: string) => `export default { id: '${id}', read() {}, normalise() {} };`;
  const discover = (enabled?: readonly string[]) =>
    discoverConnectors({ root: pathToFileURL(`${folder}/`), ...(enabled === undefined ? {} : { enabled }) });

  async function refusal(): Promise<string> {
    try {
      await discover();
    } catch (error) {
      if (error instanceof Error) return error.message;
    }
    throw new Error('was discovered');
  }

  it('finds every folder, without a list to edit, and leaves files beside them alone', async () => {
    await addConnector('beta', exporting('beta'));
    await addConnector('alpha', exporting('alpha'));
    await writeFile(join(folder, 'notes.txt'), 'x');
    expect([...(await discover()).keys()]).to.deep.equal(['alpha', 'beta']);
  });

  it('loads only what a deployment enables, by patterns', async () => {
    for (const id of ['csv', 'oai-pmh', 'openedx', 'openedx-discovery']) await addConnector(id, exporting(id));
    expect([...(await discover(['open*', 'csv'])).keys()]).to.deep.equal(['csv', 'openedx', 'openedx-discovery']);
    expect([...(await discover(['openedx'])).keys()]).to.deep.equal(['openedx']);
    expect([...(await discover(['c.v', ''])).keys()]).to.deep.equal([]);
  });

  it('stops at a folder whose connector has another id', async () => {
    await addConnector('alpha', exporting('beta'));
    expect(await refusal())
      .to.contain('alpha')
      .and.to.contain('beta');
  });

  it('stops at a folder that does not load, has no entry, or exports no connector', async () => {
    await addConnector('alpha', 'throw new Error("broken")');
    expect(await refusal()).to.equal('the connector alpha does not load');
    await rm(join(folder, 'alpha'), { recursive: true });
    await mkdir(join(folder, 'beta'));
    expect(await refusal()).to.equal('the connector beta does not load');
    await rm(join(folder, 'beta'), { recursive: true });
    await addConnector('gamma', 'export default { id: "gamma" };');
    expect(await refusal()).to.contain('gamma');
  });

  it('finds the connectors of the platform', async () => {
    expect([...(await discoverConnectors()).keys()]).to.include('lheo');
  });
});
