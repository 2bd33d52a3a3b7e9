// npm run connector:new <id> [folder]: copies the skeleton of a connector, by default into connectors/. What it must become is
// told by docs/connectors.md.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { root, say } from './setup.mjs';

const [id = '', folder = join(root, 'connectors')] = process.argv.slice(2);
if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(id)) {
  say('Usage : npm run connector:new <id>, où id est en minuscules, chiffres et tirets : « mon-format ».');
  process.exit(2);
}
const target = join(resolve(folder), id);
if (existsSync(target)) {
  say(`${target} existe déjà.`);
  process.exit(5);
}

const skeleton = join(root, 'scripts', 'connector-skeleton');
const day = new Date().toISOString().slice(0, 10);
for (const file of readdirSync(skeleton, { recursive: true, withFileTypes: true })) {
  if (!file.isFile()) continue;
  const from = join(file.parentPath, file.name);
  // The sources end in .txt there, so that no tool takes the skeleton for a connector.
  const to = join(target, from.slice(skeleton.length).replace(/\.txt$/, ''));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, readFileSync(from, 'utf8').replaceAll('__ID__', id).replaceAll('__DAY__', day));
}
say(
  `${target} est prêt. Suite : docs/connectors.md, puis UPDATE_EXPECTED=${id} npx mocha test/contracts/connectors.test.ts`,
);
