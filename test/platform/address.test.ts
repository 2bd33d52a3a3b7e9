import { expect } from 'chai';
import { Router } from 'express';
import fc from 'fast-check';
import request from 'supertest';
import { makeLog } from '../../src/platform/log.ts';
import { localPath } from '../../src/platform/web/address.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import { builtAssets } from '../builders/site.ts';

function anApp(publicUrl: string | null, trustProxy = 0) {
  const assetsDirectory = builtAssets();
  const router = Router();
  router.get('/page', (_request, response) => {
    response.send('ok');
  });
  router.get('/healthz', (_request, response) => {
    response.send('ok');
  });
  return makeWebApp({
    routers: [router],
    views: loadViews('views', { sections: [], contact: false, demo: false, assets: readAssets(assetsDirectory) }),
    settings: { publicUrl, trustProxy, rateLimitPerMinute: 1_000, assetsDirectory },
    log: makeLog('silent'),
  });
}

describe('where a form may lead', () => {
  it('a path of this site is kept with its query', () => {
    expect(localPath('/parcours/web?page=2')).to.equal('/parcours/web?page=2');
    expect(localPath('/a/../mon-espace')).to.equal('/mon-espace');
  });

  for (const value of [
    'https://elsewhere.example/',
    '//elsewhere.example',
    '/\\elsewhere.example',
    '\\\\elsewhere.example',
    '/.//elsewhere.example',
    '/a/..//elsewhere.example',
    '/\t/elsewhere.example',
    '/\n/elsewhere.example',
    ' //elsewhere.example',
    'javascript:alert(1)',
    'mon-espace',
    '',
    '/'.padEnd(2_000, 'a'),
    ['/mon-espace'],
    { $gt: '' },
    undefined,
  ]) {
    it(`${JSON.stringify(value)?.slice(0, 40)} leads to the fallback`, () => {
      expect(localPath(value, '/mon-espace')).to.equal('/mon-espace');
    });
  }

  it('whatever is given, the browser stays on this site', () => {
    const pieces = fc.array(fc.constantFrom('/', '\\', '.', '..', ':', '@', '?', '#', '%2f', '\t', 'a.fr', 'https:'));
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((list) => list.join('')),
          fc.string(),
        ),
        (value) => {
          expect(new URL(localPath(value), 'https://site.example/ici').origin).to.equal('https://site.example');
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('forged requests', () => {
  it('another host than the public one is refused, in a page that names it nowhere', async () => {
    for (const host of ['elsewhere.example', 'exemple.fr.elsewhere.example', 'exemple.fr@elsewhere.example', 'a b']) {
      const { text } = await request(anApp('https://exemple.fr')).get('/page').set('Host', host).expect(400);
      expect(text).not.to.include('elsewhere');
    }
    await request(anApp('https://exemple.fr')).get('/page').set('Host', 'EXEMPLE.fr').expect(200);
    await request(anApp('https://exemple.fr')).get('/page').set('Host', 'exemple.fr:443').expect(200);
  });

  it('behind a declared proxy, the host that the proxy was asked counts; without one, the header is not read', async () => {
    const forwarded = (trustProxy: number, host: string, original: string) =>
      request(anApp('https://exemple.fr', trustProxy)).get('/page').set('Host', host).set('X-Forwarded-Host', original);
    await forwarded(1, 'inside:3000', 'exemple.fr').expect(200);
    await forwarded(1, 'exemple.fr', 'elsewhere.example').expect(400);
    await forwarded(0, 'exemple.fr', 'elsewhere.example').expect(200);
    await forwarded(0, 'elsewhere.example', 'exemple.fr').expect(400);
  });

  it('probes know the machine and not the site: they are answered', async () => {
    await request(anApp('https://exemple.fr')).get('/healthz').set('Host', '10.0.0.7:3000').expect(200);
  });

  it('cookies larger than any of ours are refused', async () => {
    await request(anApp(null))
      .get('/page')
      .set('Cookie', `a=${'x'.repeat(8_000)}`)
      .expect(200);
    await request(anApp(null))
      .get('/page')
      .set('Cookie', `a=${'x'.repeat(9_000)}`)
      .expect(400);
  });
});
