/** P9: every code that a report may hold has its page, and a page says what the code means and what to do. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import request from 'supertest';
import { loadProblemHelp } from '../../src/harvest/data.ts';
import { aSite } from '../builders/site.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Codes written in the sources of the harvest, of its parsers, of the readers and of the connectors. */
function codesInSources(): Set<string> {
  const files = ['src/harvest', 'src/platform', 'connectors'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, folder, name)),
  );
  return new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/\b(?:E|AV)_[A-Z]+(?:_[A-Z]+)*\b/g) ?? []));
}

describe('the codes of records', () => {
  const helps = loadProblemHelp();

  it('each one that the platform gives has a page, and each page a code that is given', () => {
    const given = codesInSources();
    expect(
      [...given].filter((code) => !helps.has(code)),
      'without page',
    ).to.deep.equal([]);
    expect(
      [...helps.keys()].filter((code) => !given.has(code)),
      'never given',
    ).to.deep.equal([]);
  });

  it('E_ waits for a correction, AV_ is only a warning, and letters that nobody can read end the reading', () => {
    for (const { code, effect } of helps.values()) {
      if (code === 'E_ENCODAGE') expect(effect).to.equal('stop');
      else expect(effect, code).to.equal(code.startsWith('E_') ? 'quarantine' : 'warning');
    }
  });

  it('has a list and a page each; the letters may be small; an unknown code has none', async () => {
    const site = await aSite();
    const { text } = await request(site).get('/aide/erreurs').expect(200);
    for (const code of helps.keys()) expect(text).to.include(`/aide/erreurs/${code}`);
    const page = await request(site).get('/aide/erreurs/e_prix_illisible').expect(200);
    expect(page.text).to.include('E_PRIX_ILLISIBLE').and.include('1080,00');
    const letters = await request(site).get('/aide/erreurs/E_ENCODAGE').expect(200);
    expect(letters.text).to.include('La collecte s&#x27;arrête à cet endroit').and.include('UTF-8');
    await request(site).get('/aide/erreurs/E_INCONNU').expect(404);
    await request(site).get('/aide/erreurs/constructor').expect(404);
  });
});
