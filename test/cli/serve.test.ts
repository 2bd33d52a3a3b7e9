/** The server as a process: what becomes of those who wait when it is told to stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';

const paths = ['', 'catalogue?q=programmation', 'parcours', 'connexion', 'certifications'];

describe('a server that is told to stop (SIGTERM)', function () {
  this.timeout(90_000);
  let dataDir: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-stop-'));
  });
  afterEach(async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('answers every request that waits, under load on kept connections, without an error in its log', async () => {
    const lines: string[] = [];
    const server = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'serve', '--json'], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: {
        ...process.env,
        ...{ NODE_ENV: 'test', DATA_DIR: dataDir, DEMO: 'false', PORT: '0', LOG_LEVEL: 'info' },
        RATE_LIMIT_PER_MINUTE: '1000000',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = server;
    const ended = once(server, 'exit');
    let output = '';
    const read = (piece: Buffer) => {
      output += piece.toString();
      const whole = output.split('\n');
      output = whole.pop() ?? '';
      lines.push(...whole);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    const urlOf = () => /"url":\s*"(http:[^"]+)"/.exec(lines.join('\n'))?.[1];
    while (urlOf() === undefined && server.exitCode === null) await sleep(50);
    const url = urlOf();
    if (url === undefined) throw new Error(`the server did not start:\n${lines.join('\n')}`);

    const agent = new Agent({ keepAlive: true });
    const outcomes: { readonly askedBefore: boolean; readonly outcome: string; readonly ends: boolean }[] = [];
    let told = false;
    let over = false;
    async function ask(path: string): Promise<{ readonly outcome: string; readonly ends: boolean }> {
      try {
        const [answer] = (await once(get(`${url}${path}`, { agent }), 'response')) as [IncomingMessage];
        answer.resume();
        await once(answer, 'end');
        return { outcome: String(answer.statusCode), ends: answer.headers.connection === 'close' };
      } catch (error) {
        return { outcome: (error as NodeJS.ErrnoException).code ?? String(error), ends: false };
      }
    }
    async function visitor(turn: number): Promise<void> {
      for (let at = turn; !over; at += 1) {
        const askedBefore = !told;
        const found = await ask(paths[at % paths.length] ?? '');
        outcomes.push({ askedBefore, ...found });
        // Nobody is there any more.
        if (found.outcome === 'ECONNREFUSED') return;
      }
    }
    const visitors = Array.from({ length: 20 }, (_, turn) => visitor(turn));
    while (outcomes.length < 40) await sleep(10);
    told = true;
    const before = Date.now();
    server.kill('SIGTERM');
    const [code] = await ended;
    const took = Date.now() - before;
    over = true;
    await Promise.all(visitors);
    agent.destroy();

    const levels = lines.flatMap((line) => Number(/"level":(\d+)/.exec(line)?.[1] ?? 0));
    expect(lines.filter((_, at) => (levels[at] ?? 0) >= 40)).to.deep.equal([]);
    const asked = outcomes.filter(({ askedBefore }) => askedBefore).map(({ outcome }) => outcome);
    expect([...new Set(asked)], 'asked before it was told').to.deep.equal(['200']);
    // Those who came too late met a closed door, never a page of error.
    const late = outcomes.filter(({ askedBefore }) => !askedBefore).map(({ outcome }) => outcome);
    expect(late.filter((outcome) => !['200', 'ECONNREFUSED', 'ECONNRESET'].includes(outcome))).to.deep.equal([]);
    expect(
      outcomes.some(({ ends }) => ends),
      'those who keep their connection are told that it ends',
    ).to.equal(true);
    expect(code).to.equal(0);
    expect(took, 'what supervisors leave').to.be.below(10_000);
  });
});
