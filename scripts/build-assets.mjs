// The files that pages load, into dist/assets (or the folder given): one style sheet made of the listed DSFR parts and
// ours, one font, two DSFR icons, our icons and logo. Names carry a digest of the content, so that a browser may keep
// them for ever; manifest.json gives the published name of each.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { root } from './setup.mjs';

const target = resolve(process.argv[2] ?? join(root, 'dist', 'assets'));
const dsfr = join(root, 'node_modules', '@gouvfr', 'dsfr', 'dist');
const ours = join(root, 'views', 'assets');
const font = join(root, 'node_modules', '@fontsource-variable', 'figtree', 'files', 'figtree-latin-wght-normal.woff2');

const parts = [
  'core/core',
  ...['link', 'button', 'breadcrumb', 'form', 'input', 'select', 'upload', 'pagination', 'skiplink'].map(
    (name) => `component/${name}/${name}`,
  ),
];
const icons = ['arrow-left-s-line', 'arrow-right-s-line'].map((name) => join(dsfr, 'icons', 'arrows', `${name}.svg`));

const manifest = {};
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const path of [font, ...icons, join(ours, 'icons.svg'), join(ours, 'logo-en2.svg')]) {
  publish(basename(path), readFileSync(path));
}
publish('ecole.css', styleSheet());
writeFileSync(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

function publish(name, content) {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const extension = extname(name);
  manifest[name] = `${basename(name, extension)}-${digest}${extension}`;
  writeFileSync(join(target, manifest[name]), content);
}

function styleSheet() {
  const sheets = parts.map((part) => readFileSync(join(dsfr, `${part}.main.min.css`), 'utf8'));
  // The licence banner is the same in every part: kept once. The State's typefaces are not ours to publish.
  const banner = /^\s*\/\*![\s\S]*?\*\//.exec(sheets[0] ?? '')?.[0] ?? '';
  const body = sheets.map((sheet) => sheet.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@font-face\s*\{[^}]*\}/g, ''));
  const own = minify(readFileSync(join(ours, 'en2.css'), 'utf8'));
  return publishedAddresses([banner, ...body, own].join('\n'));
}

/** Every file named by the sheet is one we publish; what a component that we do not use would load becomes `none`. */
function publishedAddresses(css) {
  return css.replace(/url\((["']?)(?!["']?data:)([^)"']*)\1\)/g, (_whole, _quote, address) => {
    const published = manifest[basename(address)];
    return published === undefined ? 'none' : `url(${published})`;
  });
}

/** Comments and spaces only; texts between quotes are left alone. */
function minify(css) {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split(/("[^"]*")/)
    .map((piece, index) =>
      index % 2 === 1
        ? piece
        : piece
            .replace(/\s+/g, ' ')
            .replace(/ ?([{};,>]) ?/g, '$1')
            .replace(/: /g, ':')
            .replace(/;}/g, '}'),
    )
    .join('')
    .trim();
}
