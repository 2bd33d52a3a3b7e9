// npm run dev: the server from the TypeScript sources, restarted when one changes.
import { join } from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, root, run } from './setup.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
process.exit(
  run(process.execPath, [join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs'), 'watch', 'src/cli.ts', 'serve']),
);
