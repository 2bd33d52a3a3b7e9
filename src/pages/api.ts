/** For programs that watch the server: is it alive, is it safe to send visitors here. */
import { Router } from 'express';

export interface Health {
  readonly status: 'ok' | 'degraded';
  readonly database: {
    readonly kind: 'embedded' | 'mongodb';
    /** What an operator must know of the embedded engine. */
    readonly note: string | null;
    readonly reachable: boolean;
  };
  /** Shown to visitors. */
  readonly courses: number;
  readonly pathways: number;
  /** End of the last complete harvest, ISO 8601, or null before the first. */
  readonly lastHarvest: string | null;
}

export function healthRoutes(parts: { health(): Promise<Health>; isReady(): boolean }): Router {
  const router = Router();

  router.get('/healthz', async (_request, response) => {
    const health = await parts.health();
    response
      .status(health.status === 'ok' ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(health);
  });

  router.get('/readyz', async (_request, response) => {
    const ready = parts.isReady() && (await parts.health()).database.reachable;
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready });
  });

  return router;
}
