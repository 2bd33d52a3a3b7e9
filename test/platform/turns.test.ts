/** Work in turns of the event loop: others are let in between, and one piece that fails keeps no other from being done. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { listen } from '../../src/platform/web/listener.ts';
import { inTurn } from '../../src/platform/web/turns.ts';

function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('work in turns', () => {
  it('is done in the order asked, a little in each turn of the event loop', async () => {
    const done: string[] = [];
    for (let at = 0; at < 9; at += 1)
      inTurn(() => {
        busyFor(6);
        done.push(`${at}`);
      });
    expect(done).to.be.empty;
    while (done.filter((one) => one !== '|').length < 9) {
      await nextTurn();
      done.push('|');
    }
    expect(done.join('').replaceAll('|', '')).to.equal('012345678');
    // Two pieces of 6 ms are more than a turn.
    for (const turn of done.join('').split('|')) expect(turn.length).to.be.at.most(2);
  });

  it('that fails is told as it would be, and the rest is done', async () => {
    const done: string[] = [];
    const failure = once(process, 'uncaughtException');
    const listeners = process.listeners('uncaughtException').filter((one) => one.name !== 'resolver');
    for (const one of listeners) process.off('uncaughtException', one);
    try {
      inTurn(() => {
        throw new Error('broken');
      });
      inTurn(() => done.push('rest'));
      expect((await failure)[0]).to.have.property('message', 'broken');
      await nextTurn();
      await nextTurn();
    } finally {
      for (const one of listeners) process.on('uncaughtException', one);
    }
    expect(done).to.deep.equal(['rest']);
  });

  it('lets new visitors in while many are answered', async () => {
    const here = { port: 0, host: '127.0.0.1' };
    const listener = await listen((_request, response) => {
      busyFor(5);
      response.end('x');
    }, here);
    const ask = async () => {
      const socket = connect(listener.port, here.host);
      let answers = 0;
      socket.on('data', (bytes) => {
        answers += String(bytes).split('HTTP/1.1 200').length - 1;
        socket.write(question);
      });
      socket.write(question);
      await once(socket, 'data');
      return { socket, answers: () => answers };
    };
    const question = `GET / HTTP/1.1\r\nHost: ${here.host}\r\n\r\n`;
    const first = await Promise.all(Array.from({ length: 20 }, ask));
    const before = first.reduce((sum, { answers }) => sum + answers(), 0);
    // Ten who come while the twenty ask again and again: each is let in after a turn, not after a page for each of the twenty.
    const late = await Promise.all(Array.from({ length: 10 }, ask));
    const meanwhile = first.reduce((sum, { answers }) => sum + answers(), 0) - before;
    for (const { socket } of [...first, ...late]) socket.destroy();
    await listener.stop(1_000);
    expect(meanwhile).to.be.lessThan(80);
  });
});
