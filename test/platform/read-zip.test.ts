import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { SourceError } from '../../src/errors.ts';
import { openZip, type ZipLimits } from '../../src/platform/read-zip.ts';
import { type ZipFileSource, zipOf } from '../support/zip.ts';

describe('zip archives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'en2-zip-'));
  const path = join(folder, 'archive.zip');
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function read(bytes: Uint8Array, limits: Partial<ZipLimits> = {}): Promise<Record<string, string>> {
    writeFileSync(path, bytes);
    const archive = await openZip(path, limits);
    try {
      const texts: Record<string, string> = {};
      for (const entry of archive.entries) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of entry.bytes()) chunks.push(chunk);
        texts[entry.name] = Buffer.concat(chunks).toString();
      }
      return texts;
    } finally {
      archive.close();
    }
  }

  async function refusal(bytes: Uint8Array, limits: Partial<ZipLimits> = {}): Promise<string> {
    try {
      await read(bytes, limits);
    } catch (error) {
      if (error instanceof SourceError) return `${error.kind}: ${error.publicMessage}`;
      throw error;
    }
    return 'was read to its end';
  }

  const one = (change: Partial<ZipFileSource> = {}) => zipOf([{ name: 'a.csv', content: 'x'.repeat(50), ...change }]);

  it('gives the files with their accented names, and no folder', async () => {
    const archive = zipOf([
      { name: 'données/', content: '' },
      { name: 'données/Compétences.csv', content: 'é;1\n' },
      { name: 'b.csv', content: '' },
    ]);
    expect(await read(archive)).to.deep.equal({ 'données/Compétences.csv': 'é;1\n', 'b.csv': '' });
  });

  it('refuses a file that is no archive, or a cut one', async () => {
    const wanted = 'malformed: L’archive zip est abîmée ou coupée : téléchargez-la de nouveau.';
    expect(await refusal(Buffer.from('<FICHES/>'))).to.equal(wanted);
    expect(await refusal(one().subarray(0, 60))).to.equal(wanted);
  });

  it('refuses content that is not what the directory announces', async () => {
    const wanted = 'malformed: L’archive zip est abîmée ou coupée (« a.csv ») : téléchargez-la de nouveau.';
    expect(await refusal(one({ announced: { crc: 1 } }))).to.equal(wanted);
    expect(await refusal(one({ announced: { size: 60 } }))).to.equal(wanted);
    expect(await refusal(one({ announced: { size: 40 } }))).to.match(/^(malformed|too-large)/);
  });

  it('refuses a bomb before it is inflated: by its total, its ratio, its number of files', async () => {
    const big = one({ content: 'x'.repeat(3_000_000) });
    expect(await refusal(big)).to.equal(
      'too-large: Archive zip refusée, elle est démesurée : « a.csv » grossit plus de 200 fois.',
    );
    expect(await refusal(one(), { inflatedBytes: 49 })).to.match(/plus de 49 octets une fois ouverte/);
    const many = zipOf(Array.from({ length: 3 }, (_, at) => ({ name: `${at}`, content: '' })));
    expect(await refusal(many, { entries: 2 })).to.match(/^too-large: Archive zip refusée : 3 fichiers, 2 au plus/);
  });

  it('refuses a bomb that lies about its size, and stops inflating it', async () => {
    const lying = one({ content: 'x'.repeat(3_000_000), announced: { size: 900 } });
    expect(await refusal(lying)).to.match(/^(malformed|too-large): /);
  });

  it('refuses names that leave the archive, and what is encrypted', async () => {
    for (const name of ['../a.csv', '/etc/a.csv', 'C:/a.csv']) {
      expect(await refusal(one({ name }))).to.equal(
        'malformed: Archive zip refusée : un nom de fichier y sort de l’archive.',
      );
    }
    expect(await refusal(one({ flags: 0x0801 }))).to.match(/^malformed: L’archive est protégée par un mot de passe/);
  });
});
