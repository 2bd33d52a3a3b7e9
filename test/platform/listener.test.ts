import { once } from 'node:events';
import { Agent, get, IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import { pino } from 'pino';
import { errorPages } from '../../src/platform/web/errors.ts';
import { type Listener, listen } from '../../src/platform/web/listener.ts';
import { messagesOf } from '../../src/platform/web/server.ts';
import type { Views } from '../../src/platform/web/views.ts';

const here = { port: 0, host: '127.0.0.1' };

/** Keeps its connection, as browsers and proxies do. */
async function ask(listener: Listener, agent: Agent, path = '/'): Promise<IncomingMessage> {
  const request = get({ port: listener.port, host: here.host, path, agent });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer;
}

const failureOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: NodeJS.ErrnoException) => error.code ?? String(error),
  );

function aGate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('a server that is stopped', () => {
  let agent: Agent;
  beforeEach(() => {
    agent = new Agent({ keepAlive: true });
  });
  afterEach(() => agent.destroy());

  it('answers who waits, tells that the connection ends with it, and waits for no idle one', async () => {
    let arrived = 0;
    const gate = aGate();
    const listener = await listen((request, response) => {
      arrived += 1;
      if (request.url === '/slow') void gate.opened.then(() => response.end('late'));
      else if (request.url === '/begun') {
        response.write('first');
        void gate.opened.then(() => response.end('last'));
      } else response.end('at once');
    }, here);
    expect((await ask(listener, agent)).headers.connection).to.equal('keep-alive');
    const silent = connect(listener.port, here.host);
    await once(silent, 'connect');
    const waiting = [ask(listener, agent, '/slow'), ask(listener, agent, '/begun')];
    while (arrived < 3) await sleep(5);
    const before = Date.now();
    const stopped = listener.stop(10_000);
    setTimeout(gate.open, 50);
    const [slow, begun] = await Promise.all(waiting);
    expect([slow?.statusCode, slow?.headers.connection, begun?.statusCode]).to.deep.equal([200, 'close', 200]);
    expect(await stopped, 'cut').to.equal(0);
    expect(Date.now() - before).to.be.below(5_000);
    expect(await failureOf(ask(listener, new Agent()))).to.equal('ECONNREFUSED');
    silent.destroy();
  });

  it('is not kept alive by a visitor who asks again and again on the same connection', async () => {
    const listener = await listen((_request, response) => setTimeout(() => response.end('x'), 5), here);
    let asking = true;
    const visitor = async () => {
      const outcomes: (number | string | undefined)[] = [];
      while (asking) {
        const outcome = await ask(listener, agent).then(
          ({ statusCode }) => statusCode,
          (error: NodeJS.ErrnoException) => error.code,
        );
        outcomes.push(outcome);
        if (outcome !== 200) break;
      }
      return outcomes;
    };
    const visitors = [visitor(), visitor(), visitor()];
    await sleep(50);
    const before = Date.now();
    expect(await listener.stop(10_000)).to.equal(0);
    expect(Date.now() - before).to.be.below(2_000);
    asking = false;
    for (const outcomes of await Promise.all(visitors)) expect(outcomes[0]).to.equal(200);
  });

  it('cuts what is not answered in time, says how many, and a failure that nobody can read is no error', async () => {
    const lines: { level: number; msg: string }[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const stopped = aGate();
    const site = express();
    site.get('/', async () => {
      await stopped.opened;
      throw new Error('the database is closed');
    });
    site.use(errorPages({} as Views, log));
    const listener = await listen(site, here);
    const cut = failureOf(ask(listener, agent));
    await sleep(50);
    expect(await listener.stop(100)).to.equal(1);
    expect(await cut).to.equal('ECONNRESET');
    stopped.open();
    while (lines.length === 0) await sleep(5);
    expect(lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
      [40, 'request failed after its connection ended'],
    ]);
  });
});

describe('requests and answers of an app', () => {
  it('are born with its prototypes: express changes none when they arrive', async () => {
    const app = express();
    app.get('/', (request, response) => {
      response.json({ ip: request.ip, same: request.app === app && response.app === app });
    });
    const { setPrototypeOf } = Object;
    let changed = 0;
    Object.setPrototypeOf = (object: unknown, prototype: object | null) => {
      const ofHttp = object instanceof IncomingMessage || object instanceof ServerResponse;
      if (ofHttp && Object.getPrototypeOf(object) !== prototype) changed += 1;
      return setPrototypeOf(object, prototype);
    };
    const changes: number[] = [];
    try {
      for (const messages of [{}, messagesOf(app)]) {
        changed = 0;
        const listener = await listen(app, here, messages);
        const answer = await fetch(`http://${here.host}:${listener.port}/`);
        expect(await answer.json()).to.deep.equal({ ip: here.host, same: true });
        changes.push(changed);
        await listener.stop(1_000);
      }
    } finally {
      Object.setPrototypeOf = setPrototypeOf;
    }
    expect(changes).to.deep.equal([2, 0]);
  });
});
