/**
 * `node paced-load.js URL PER_SECOND SECONDS`: visitors who come on their own, at random moments, so many a second: part of
 * `bench:web`. Autocannon paces each connection by the second, so that all fifty ask at the same moment. An answer is timed
 * from the moment its visitor came, also when all connections were taken. Prints what `load` of server.ts reads.
 */
import { Agent, get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { connections } from './server.ts';

const [url = '', perSecond = '', seconds = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const times: number[] = [];
let failures = 0;

function visit(): Promise<void> {
  const came = performance.now();
  return new Promise((resolve) => {
    const fail = () => {
      failures += 1;
      resolve();
    };
    get(url, { agent }, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode !== 200) return fail();
        times.push(performance.now() - came);
        resolve();
      });
    }).on('error', fail);
  });
}

const begun = performance.now();
const visits: Promise<void>[] = [];
/** Of a Poisson process. */
const pause = () => (-Math.log(1 - Math.random()) * 1_000) / Number(perSecond);
for (let next = begun + pause(); next < begun + Number(seconds) * 1_000; next += pause()) {
  const early = next - performance.now();
  if (early > 0) await wait(early);
  visits.push(visit());
}
await Promise.all(visits);
agent.destroy();
times.sort((a, b) => a - b);
const at = (share: number) => Math.round(times[Math.ceil(share * times.length) - 1] ?? Number.NaN);
const average = times.length / ((performance.now() - begun) / 1_000);
console.log(
  JSON.stringify({
    latency: { p50: at(0.5), p99: at(0.99) },
    requests: { average, total: times.length },
    errors: failures,
    timeouts: 0,
    non2xx: 0,
  }),
);
