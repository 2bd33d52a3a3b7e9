import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { type Express, Router } from 'express';
import pino from 'pino';
import request from 'supertest';
import { AppError, type AppErrorKind } from '../../src/errors.ts';
import { makeWebApp, readAssets, type WebSettings } from '../../src/platform/web/server.ts';
import { loadViews, sendPage } from '../../src/platform/web/views.ts';
import { builtAssets } from '../builders/site.ts';

const page = { title: 'Essai', description: null, noindex: false, section: null };
const views = () =>
  loadViews('views', { sections: [], contact: false, demo: false, assets: readAssets(builtAssets()) });

interface Options {
  readonly settings?: Partial<WebSettings>;
  readonly log?: pino.Logger;
}

function anApp({ settings, log = pino({ level: 'silent' }) }: Options = {}): Express {
  const all = views();
  const router = Router();
  router.get('/page', (_request, response) =>
    sendPage(response, all, 'pages/accessibility', { ...page, email: null, url: null } as typeof page),
  );
  router.get('/kind/:kind', (request) => {
    throw new AppError(request.params.kind as AppErrorKind, 'CODE', 'Une raison à dire.');
  });
  router.get('/bug', () => {
    throw new Error('secret of the machine');
  });
  return makeWebApp({
    routers: [router],
    views: all,
    log,
    settings: {
      publicUrl: null,
      trustProxy: 0,
      rateLimitPerMinute: 1_000,
      assetsDirectory: builtAssets(),
      ...settings,
    },
  });
}

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'");

describe('error pages', () => {
  for (const [kind, status] of [
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['too-many', 429],
    ['unavailable', 503],
  ] as const) {
    it(`${kind} answers ${status}, in a page or in JSON`, async () => {
      const html = await request(anApp()).get(`/kind/${kind}`).expect(status);
      expect(html.text).to.include('Une raison à dire.').and.include('Rechercher un cours').and.include('Retour');
      const json = await request(anApp()).get(`/kind/${kind}`).set('Accept', 'application/json').expect(status);
      expect(json.body).to.deep.equal({ error: { code: 'CODE', message: 'Une raison à dire.' } });
    });
  }

  it('an unknown page does not exist', async () => {
    expect(plain((await request(anApp()).get('/rien').expect(404)).text)).to.include("Cette page n'existe pas.");
  });

  it('an address that cannot be read is badly formed, not a fault of ours', async () => {
    await request(anApp()).get('/kind/%E9').expect(400);
  });

  it('a fault gives the number of the request and nothing of the machine', async () => {
    const { text, headers } = await request(anApp()).get('/bug').expect(500);
    expect(text)
      .to.include(String(headers['x-request-id']))
      .and.not.match(/secret|Error|at /);
    expect(plain(text)).to.include("Une erreur est survenue. Ce n'est pas votre faute. Numéro à donner :");
  });
});

describe('limits and headers', () => {
  it('the visitor who asks too much is told when to come back', async () => {
    const app = anApp({ settings: { rateLimitPerMinute: 2 } });
    await request(app).get('/page').expect(200);
    await request(app).get('/page').expect(200);
    const { text, headers } = await request(app).get('/page').expect(429);
    expect(plain(text)).to.match(/Trop de demandes\. Revenez à \d+ h \d\d\./);
    expect(Number(headers['retry-after'])).to.be.within(1, 60);
  });

  it('a forged header does not give a visitor another address', async () => {
    const app = anApp({ settings: { rateLimitPerMinute: 1 } });
    await request(app).get('/page').set('X-Forwarded-For', '203.0.113.1').expect(200);
    await request(app).get('/page').set('X-Forwarded-For', '203.0.113.2').expect(429);
  });

  it('behind a declared proxy visitors are told apart', async () => {
    const app = anApp({ settings: { rateLimitPerMinute: 1, trustProxy: 1 } });
    await request(app).get('/page').set('X-Forwarded-For', '203.0.113.1').expect(200);
    await request(app).get('/page').set('X-Forwarded-For', '203.0.113.2').expect(200);
  });

  it('files are kept for ever, pages are asked again', async () => {
    const css = readAssets(builtAssets()).css;
    const file = await request(anApp({ settings: { rateLimitPerMinute: 1 } }))
      .get(`/assets/${css}`)
      .expect(200);
    expect(file.headers['cache-control']).to.equal('public, max-age=31536000, immutable');
    const { headers } = await request(anApp()).get('/page');
    expect(headers['cache-control']).to.equal('private, no-cache');
    await request(anApp()).get('/assets/../package.json').expect(404);
    await request(anApp()).get('/assets/rien.css').expect(404);
  });

  it('no header says what runs here, none allows a frame or a foreign file', async () => {
    const { headers } = await request(anApp()).get('/page');
    expect(headers).not.to.have.property('x-powered-by');
    expect(headers['content-security-policy']).to.include("default-src 'none'").and.include("frame-ancestors 'none'");
    expect(headers).to.include({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
    expect(headers).not.to.have.property('strict-transport-security');
    const secure = await request(anApp({ settings: { publicUrl: 'https://exemple.fr' } }))
      .get('/page')
      .set('Host', 'exemple.fr');
    expect(secure.headers).to.have.property('strict-transport-security');
    expect(secure.text).to.include('<link rel="canonical" href="https://exemple.fr/page">');
  });

  it('logs hold no query string and no address', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    await request(anApp({ log: pino(stream) }))
      .get('/page?q=secret')
      .set('Cookie', 'affichage=cahier; jeton=abc');
    expect(lines.join(''))
      .to.include('"path":"/page"')
      .and.include('"res":{"status":200}')
      .and.include('request completed')
      .and.not.match(/secret|jeton|127\.0\.0\.1|user-agent/);
  });
});

describe('the choice of display', () => {
  it('is kept in a cookie, and the address is clean again', async () => {
    const { headers } = await request(anApp()).get('/page?q=a+b&affichage=ardoise&page=2').expect(303);
    expect(headers.location).to.equal('/page?q=a+b&page=2');
    expect(headers['set-cookie']?.[0]).to.match(/^affichage=ardoise; .*Path=\/.*HttpOnly; SameSite=Lax/);
  });

  it('is written on the page', async () => {
    const themeWith = async (cookie: string) => {
      const { text } = await request(anApp()).get('/page').set('Cookie', cookie);
      return /<html lang="fr"([^>]*)>/.exec(text)?.[1];
    };
    expect(await themeWith('affichage=ardoise')).to.equal(' data-fr-theme="dark"');
    expect(await themeWith('autre=1; affichage=cahier')).to.equal(' data-fr-theme="light"');
    expect(await themeWith('affichage="><script>')).to.equal('');
    expect(await themeWith('affichage=toString')).to.equal('');
  });

  it('« Système » forgets it, an unknown value changes nothing', async () => {
    const { headers } = await request(anApp()).get('/page?affichage=systeme').expect(303);
    expect(headers['set-cookie']?.[0]).to.match(/^affichage=; .*Expires=Thu, 01 Jan 1970/);
    const unknown = await request(anApp()).get('/page?affichage=rose').expect(303);
    expect(unknown.headers).not.to.have.property('set-cookie');
  });

  it('never sends a visitor to another site', async () => {
    for (const path of [
      '//evil.example/x',
      '/x/..//evil.example',
      '/\\evil.example',
      '///evil.example',
      '/%2F/evil.example',
    ]) {
      const { headers } = await request(anApp()).get(`${path}?affichage=cahier`);
      const location = String(headers.location ?? '/');
      expect(location, path).to.match(/^\/(?![/\\])/);
    }
  });
});

describe('« Retour »', () => {
  const backOf = async (referer: string) => {
    const { text } = await request(anApp()).get('/page').set('Host', 'exemple.fr').set('Referer', referer);
    return /en-sorties"[^>]*><a href="([^"]*)"/.exec(text)?.[1]?.replaceAll('&#x3D;', '=');
  };

  it('leads to the page one comes from, search included', async () => {
    expect(await backOf('http://exemple.fr/catalogue?q=web')).to.equal('/catalogue?q=web');
  });

  it('leads home from another site, and never out', async () => {
    for (const referer of ['https://evil.example/x', 'javascript:alert(1)', 'http://exemple.fr/page', 'rien']) {
      expect(await backOf(referer), referer).to.equal('/');
    }
    expect(await backOf('http://exemple.fr//evil.example')).to.equal('/evil.example');
  });
});

describe('views', () => {
  const site = { sections: [], contact: false, demo: false, assets: { css: '', font: '', icons: '', logo: '' } };
  const load = (files: Readonly<Record<string, string>>) => {
    const folder = mkdtempSync(join(tmpdir(), 'views-'));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return loadViews(folder, site);
  };
  const model = { ...page, shell: null };

  it('a missing partial stops the start, not a visitor', () => {
    expect(() => load({ 'a.hbs': '{{#if x}}{{> partials/lost}}{{/if}}' })).to.throw(/partials\/lost/);
    expect(() => load({ 'a.hbs': '{{#> layouts/lost}}x{{/layouts/lost}}' })).to.throw(/layouts\/lost/);
  });

  it('a template that does not compile, or calls an unknown helper, stops the start', () => {
    expect(() => load({ 'a.hbs': '{{#if x}}' })).to.throw();
    expect(() => load({ 'a.hbs': '{{#shout x}}{{/shout}}' })).to.throw();
  });

  it('a value that the model does not have is an error, not a blank', () => {
    expect(() => load({ 'a.hbs': '{{absent}}' }).render('a', model)).to.throw(/absent/);
  });

  it('values are escaped, words of the template get their no-break spaces', () => {
    const html = load({ 'a.hbs': '<p>Ici : {{title}} ?</p>' }).render('a', { ...model, title: '<b> & "c"' });
    expect(html).to.equal('<p>Ici\u00a0: &lt;b&gt; &amp; &quot;c&quot;\u00a0?</p>');
  });

  it('a layout prints the page inside itself', () => {
    const views = load({
      'l/page.hbs': '<main>{{> @partial-block}}</main>',
      'a.hbs': '{{#> l/page}}<p>{{title}}</p>{{/l/page}}',
    });
    expect(views.render('a', model)).to.equal('<main><p>Essai</p></main>');
  });
});
