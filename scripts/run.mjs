// Sets up what is missing, then runs the command line in this process.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode, ensureBuilt, ensureInstalled, root } from './setup.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
await import(pathToFileURL(join(root, 'dist', 'src', 'cli.js')).href);
