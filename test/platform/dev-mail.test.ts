import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import request from 'supertest';
import { makeLog } from '../../src/platform/log.ts';
import type { WaitingMail } from '../../src/platform/mail.ts';
import { devMailRoutes } from '../../src/platform/web/dev-mail.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import { builtAssets } from '../builders/site.ts';

describe('/dev/courriels', () => {
  const waiting: WaitingMail = {
    to: 'lea@exemple.fr',
    subject: 'Confirmez votre adresse e-mail',
    text: 'Bonjour,\n\nConfirmer :\nhttps://ecole.exemple.fr/inscription/abc?x=1\n\n<script>alert(1)</script>\n',
    html: '<p>Bonjour</p>',
    since: new Date('2026-11-22T08:00:00Z'),
    state: 'waiting',
    attempts: 0,
  };

  function site(shown: boolean, mails: readonly WaitingMail[]) {
    const assetsDirectory = builtAssets();
    const views = loadViews(fileURLToPath(new URL('../../views', import.meta.url)), {
      sections: [],
      contact: false,
      demo: false,
      assets: readAssets(assetsDirectory),
    });
    return makeWebApp({
      routers: [devMailRoutes({ mail: { pending: async () => mails }, views, shown })],
      views,
      settings: { publicUrl: null, trustProxy: 0, rateLimitPerMinute: 1_000, assetsDirectory },
      log: makeLog('silent'),
    });
  }

  it('shows the mails that wait, with links that can be followed and nothing that runs', async () => {
    const { text, headers } = await request(site(true, [waiting]))
      .get('/dev/courriels')
      .expect(200);
    expect(text).to.include('Confirmez votre adresse e-mail').and.include('lea@exemple.fr');
    expect(text).to.include('<a href="https://ecole.exemple.fr/inscription/abc?x&#x3D;1">');
    expect(text).to.include('&lt;script&gt;').and.not.include('<script>');
    expect(text).to.include('name="robots" content="noindex"');
    expect(headers['cache-control']).to.equal('no-store');
  });

  it('says when there is none', async () => {
    const { text } = await request(site(true, [])).get('/dev/courriels').expect(200);
    expect(text).to.include("Aucun courriel n'attend.");
  });

  it('does not exist in production, or with a mail server', async () => {
    const { text } = await request(site(false, [waiting]))
      .get('/dev/courriels')
      .expect(404);
    expect(text).to.not.include('lea@exemple.fr');
  });
});
