import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { healthRoutes } from '../../src/pages/api.ts';
import { makeHealth } from '../../src/pages/health.ts';
import { makeLog } from '../../src/platform/log.ts';

describe('health', () => {
  let clock: Date;
  let asked: string[];
  let failing: string[];
  let pathways: number;
  let ready: boolean;
  let health: ReturnType<typeof makeHealth>;
  const ask = <T>(what: string, answer: () => T): Promise<T> => {
    asked.push(what);
    return failing.includes(what) ? Promise.reject(new Error('gone')) : Promise.resolve(answer());
  };
  beforeEach(() => {
    clock = new Date('2026-11-22T10:00:00Z');
    [asked, failing, pathways, ready] = [[], [], 16, true];
    health = makeHealth({
      database: { kind: 'mongodb', note: null },
      courses: () => 120,
      ping: () => ask('ping', () => null),
      countPathways: () => ask('pathways', () => pathways),
      lastHarvest: () => ask('harvest', () => new Date('2026-11-22T03:00:00Z')),
      now: () => clock,
      log: makeLog('silent'),
    });
  });
  const later = (seconds: number) => {
    clock = new Date(clock.getTime() + seconds * 1_000);
  };
  const site = () => express().use(healthRoutes({ ...health, isReady: () => ready }));

  it('counts once for all who ask within some seconds, and says when; then again', async () => {
    const answers = await Promise.all([health.health(), health.health(), health.health()]);
    pathways = 17;
    later(4);
    answers.push(await health.health());
    for (const answer of answers) {
      expect(answer).to.deep.equal({
        status: 'ok',
        database: { kind: 'mongodb', note: null, reachable: true },
        courses: 120,
        pathways: 16,
        lastHarvest: '2026-11-22T03:00:00.000Z',
        countedAt: '2026-11-22T10:00:00.000Z',
      });
    }
    expect(asked.filter((what) => what !== 'ping')).to.deep.equal(['pathways', 'harvest']);
    later(1);
    expect(await health.health()).to.include({ pathways: 17, countedAt: '2026-11-22T10:00:05.000Z' });
  });

  it('a database that is gone is said at once, whatever was remembered; what it held is unknown', async () => {
    await health.health();
    failing = ['ping'];
    const gone = await request(site()).get('/healthz').expect(503).expect('Cache-Control', 'no-store');
    expect(gone.body).to.deep.equal({
      status: 'degraded',
      database: { kind: 'mongodb', note: null, reachable: false },
      courses: 120,
      pathways: null,
      lastHarvest: null,
      countedAt: null,
    });
    await request(site()).get('/readyz').expect(503, { ready: false });
    failing = [];
    pathways = 3;
    expect((await request(site()).get('/healthz').expect(200)).body).to.include({ status: 'ok', pathways: 3 });
  });

  it('a count that fails is not remembered', async () => {
    failing = ['pathways'];
    expect(await health.health()).to.include({ status: 'degraded', pathways: null });
    failing = [];
    expect(await health.health()).to.include({ status: 'ok', pathways: 16 });
  });

  it('readiness counts nothing', async () => {
    await request(site()).get('/readyz').expect(200, { ready: true });
    ready = false;
    await request(site()).get('/readyz').expect(503, { ready: false });
    expect(asked).to.deep.equal(['ping']);
  });
});
