// What every entry script needs on a fresh clone: a recent Node, installed packages, an up-to-date build.
// Plain Node without dependency, because nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const oldest = [20, 19];

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  say(`Node ${oldest.join('.')} ou plus récent est nécessaire ; celui-ci est ${process.versions.node}.`);
  process.exit(1);
}

/** Progress goes to stderr: stdout belongs to the command. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** Installs when node_modules does not match the lock file. */
export function ensureInstalled() {
  const lock = digest([join(root, 'package-lock.json')]);
  const mark = join(root, 'node_modules', '.installed-from');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  say('Installation des paquets (une fois, moins d’une minute)…');
  // Install scripts stay off: nothing here needs them, and a package must not run code on the visitor's machine.
  // Not `npm ci`: it refuses a lock file made where a registry lacks some platforms' optional packages.
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const status = run('npm', ['install', ...options], { stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    say('L’installation a échoué. Vérifiez l’accès au registre npm, puis recommencez.');
    process.exit(status);
  }
  writeFileSync(mark, lock);
}

/** Builds when a source file changed since the last build. */
export function ensureBuilt() {
  const mark = join(root, 'dist', '.built-from');
  const wanted = fingerprint();
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  say('Construction…');
  const status = run(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status);
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, wanted);
}

const built = ['src', 'connectors', 'jobs', 'bench', 'views', 'scripts'];

/** Paths, sizes and dates of everything that a build reads. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const name of [
    ...built.map((folder) => join(root, folder)),
    join(root, 'package-lock.json'),
    join(root, 'tsconfig.json'),
  ]) {
    for (const path of filesOf(name)) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

export function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => filesOf(join(path, entry.name)));
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest('hex');
}
