// npm test: sets up, checks types and style, runs every test. With --mongodb: the tests that touch the database, again,
// on the server of MONGODB_URI.
import { join } from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, filesOf, root, run, say } from './setup.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
const bin = (name, file) => [join(root, 'node_modules', name, file)];
const mocha = bin('mocha', 'bin/mocha.js');
const steps = process.argv.includes('--mongodb') ? onServer() : everything();
for (const [title, args, env] of steps) {
  say(`\n${title}`);
  const status = run(process.execPath, args, { env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status);
}

function everything() {
  return [
    ['Types', [...bin('typescript', 'bin/tsc'), '--noEmit'], {}],
    ['Style', [...bin('@biomejs/biome', 'bin/biome'), 'check', '.'], {}],
    ['Tests', [...mocha, ...testFiles('.test.ts')], { MONGODB_URI: '' }],
  ];
}

function onServer() {
  if (!process.env.MONGODB_URI) {
    say('MONGODB_URI manque : l’adresse du serveur MongoDB sur lequel rejouer les tests.');
    process.exit(2);
  }
  const title = 'Tests de la base sur le serveur MongoDB';
  return [[title, [...mocha, '--timeout', '60000', ...testFiles('.db.test.ts')], {}]];
}

function testFiles(ending) {
  return filesOf(join(root, 'test')).filter((path) => path.endsWith(ending));
}
