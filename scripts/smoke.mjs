// Starts the platform as the README says, on a free port and a new data directory, looks at it, stops it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say } from './setup.mjs';

const port = await freePort();
const dataDir = mkdtempSync(join(tmpdir(), 'en2-smoke-'));
const site = `http://127.0.0.1:${port}`;
const startedAt = Date.now();
const server = spawn('npm', ['start'], {
  cwd: root,
  env: { ...process.env, PORT: String(port), DATA_DIR: dataDir, MONGODB_URI: '', DEMO: 'true' },
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
});
const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve(code ?? signal)));
let failure;
try {
  await ready(180);
  say(`Prêt en ${((Date.now() - startedAt) / 1_000).toFixed(1)} s.`);
  const health = await (await fetch(`${site}/healthz`)).json();
  console.log(JSON.stringify(health));
  if (health.status !== 'ok' || health.courses < 100 || health.pathways < 12)
    throw new Error('/healthz : catalogue incomplet');
  for (const [path, words] of [
    ['/', 'Que voulez-vous apprendre'],
    ['/catalogue?q=tableur', 'cours'],
    ['/parcours', 'Parcours'],
  ]) {
    const answer = await fetch(`${site}${path}`);
    const text = await answer.text();
    if (answer.status !== 200 || !text.includes(words))
      throw new Error(`${path} : ${answer.status}, « ${words} » attendu`);
    say(`${path} : ${answer.status}, ${text.length} caractères`);
  }
} catch (error) {
  failure = error;
} finally {
  // npm runs the server in a child: the group that we started is ended, nothing else.
  process.kill(-server.pid, 'SIGTERM');
  const outcome = await Promise.race([ended, sleep(15_000, 'still running')]);
  if (outcome === 'still running') process.kill(-server.pid, 'SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
}
if (failure) {
  say(`Échec : ${failure.message}`);
  process.exit(1);
}

async function ready(seconds) {
  for (let tried = 0; tried < seconds * 4; tried += 1) {
    if (server.exitCode !== null) throw new Error(`le serveur s'est arrêté (code ${server.exitCode})`);
    const answer = await fetch(`${site}/readyz`).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(250);
  }
  throw new Error(`/readyz n'a pas répondu 200 en ${seconds} s`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address.port));
    });
  });
}
