// TypeScript to dist/, the data files beside the code that reads them, and the assets of the pages.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesOf, root, run, say } from './setup.mjs';

rmSync(join(root, 'dist'), { recursive: true, force: true });
const status = run(process.execPath, [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '-p',
  'tsconfig.build.json',
]);
if (status !== 0) {
  say('La construction a échoué : voir les erreurs de type ci-dessus.');
  process.exit(status);
}
for (const folder of ['src', 'connectors']) {
  for (const path of filesOf(join(root, folder)).filter((name) => name.endsWith('.data.json'))) {
    const target = join(root, 'dist', relative(root, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target);
  }
}
const assets = join(root, 'scripts', 'build-assets.mjs');
if (existsSync(assets)) process.exit(run(process.execPath, [assets]));
