import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { readAssets } from '../../src/platform/web/server.ts';
import { builtAssets } from '../builders/site.ts';

describe('assets', () => {
  const css = () => readFileSync(join(builtAssets(), readAssets(builtAssets()).css), 'utf8');

  it('the style sheet weighs at most 45 kB compressed', () => {
    expect(gzipSync(css()).length).to.be.lessThan(45_000);
  });

  it('ask for no typeface of the State and for no file that is not published', () => {
    const sheet = css();
    expect(sheet.match(/@font-face/g)).to.have.length(1);
    const files = readdirSync(builtAssets());
    const asked = [...sheet.matchAll(/url\(["']?(?!["']?data:)([^)"']+)/g)].map((match) => match[1]);
    expect(asked).to.have.length.greaterThan(3);
    expect(asked.filter((file) => !files.includes(file ?? ''))).to.deep.equal([]);
    expect(files.filter((file) => /marianne|spectral|favicon/i.test(file))).to.deep.equal([]);
  });

  it('keep the licence notice of the design system', () => {
    expect(css()).to.match(/^\/\*!\s*\* DSFR v1\.14\.4 \| SPDX-License-Identifier: MIT/);
  });

  it('every class of the templates that is ours is styled', () => {
    const sheet = css();
    const templates = readdirSync('views', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.hbs'))
      .map((path) => readFileSync(join('views', path), 'utf8').replace(/\{\{[^}]*\}\}/g, ' '));
    const used = templates.flatMap((text) =>
      [...text.matchAll(/class="([^"]*)"/g)].flatMap((match) => (match[1] ?? '').split(/\s+/)),
    );
    const unknown = [...new Set(used)].filter(
      (name) => name.startsWith('en-') && !name.endsWith('--') && !sheet.includes(`.${name}`),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('every icon of the templates is drawn', () => {
    const drawn = readFileSync(join(builtAssets(), readAssets(builtAssets()).icons), 'utf8');
    const templates = readdirSync('views', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.hbs'))
      .map((path) => readFileSync(join('views', path), 'utf8'));
    const models = ['src/catalogue/view-models', 'src/pathways'].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(folder, name), 'utf8')),
    );
    const named = [
      ...templates.flatMap((text) => [...text.matchAll(/nom="([a-z]+)"/g)]),
      ...models.flatMap((text) => [...text.matchAll(/icon: '([a-z]+)'/g)]),
    ].map((match) => match[1] ?? '');
    expect(named.length).to.be.greaterThan(20);
    expect([...new Set(named)].filter((name) => !drawn.includes(`id="${name}"`))).to.deep.equal([]);
  });
});
