/** For programs that watch the server: is it alive, is it safe to send visitors here. */
import { Router } from 'express';
import type { Health } from './health.ts';

export function healthRoutes(parts: {
  health(): Promise<Health>;
  reachable(): Promise<boolean>;
  isReady(): boolean;
}): Router {
  const router = Router();

  router.get('/healthz', async (_request, response) => {
    const health = await parts.health();
    response
      .status(health.status === 'ok' ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(health);
  });

  router.get('/readyz', async (_request, response) => {
    const ready = parts.isReady() && (await parts.reachable());
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready });
  });

  return router;
}
