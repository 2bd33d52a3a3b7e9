// Sets up what is missing, then runs one of the programs of bench/: `node scripts/bench.mjs harvest --records 10000`.
import { join } from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, root, run, say } from './setup.mjs';

const [name = '', ...args] = process.argv.slice(2);
const names = ['harvest', 'search', 'audit', 'web', 'eligibility', 'assessing', 'registry'];
if (!names.includes(name)) {
  say(`Usage : node scripts/bench.mjs ${names.join('|')} [--help]`);
  process.exit(2);
}
checkNode();
ensureInstalled();
ensureBuilt();
process.exitCode = run(process.execPath, [join(root, 'dist', 'bench', `${name}.js`), ...args]);
