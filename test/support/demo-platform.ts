/** The whole platform with the demonstration, on a data directory of its own, for a real browser. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { demoPassword } from '../../src/accounts/demo.ts';
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { makeLog } from '../../src/platform/log.ts';
import { type RunningServer, serve } from '../../src/serve.ts';

export interface DemoPlatform {
  readonly app: App;
  /** Ends with a slash. */
  readonly url: string;
  /** A page on which the demonstration account `<name>@demo.example` has signed in, with the code that its role asks for. */
  signedIn(browser: Browser, name: string, options?: { readonly scripts: boolean }): Promise<Page>;
  close(): Promise<void>;
}

/** @param prepare what the catalogue must hold before the search index reads it; nothing is harvested otherwise */
export async function openDemoPlatform(prepare: (app: App) => Promise<void> = async () => {}): Promise<DemoPlatform> {
  const folder = mkdtempSync(join(tmpdir(), 'en2-demo-'));
  let app: App | undefined;
  let server: RunningServer | undefined;
  async function close(): Promise<void> {
    await server?.close();
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    const config = readConfig({
      ...{ NODE_ENV: 'test', DATA_DIR: folder, DEMO: 'true', PORT: '0', LOG_LEVEL: 'silent' },
      RATE_LIMIT_PER_MINUTE: '1000000',
    });
    const opened = await openApp(config, makeLog('silent'), { runsIn: 'worker' });
    app = opened;
    await prepare(opened);
    const { demoAccounts } = await opened.people();
    await demoAccounts.plant();
    server = await serve(opened);
    const { url } = server;
    return {
      app: opened,
      url,
      async signedIn(browser, name, { scripts } = { scripts: false }) {
        const email = `${name}@demo.example`;
        const page = await (await browser.newContext({ javaScriptEnabled: scripts })).newPage();
        await page.goto(`${url}connexion`);
        await page.fill('#email', email);
        await page.fill('#password', demoPassword);
        await page.getByRole('button', { name: 'Se connecter', exact: true }).click();
        if (page.url().endsWith('/connexion/code')) {
          const shown = await demoAccounts.shown();
          await page.fill('#code', shown.find((one) => one.email === email)?.code ?? '');
          await page.getByRole('button', { name: 'Continuer' }).click();
        }
        return page;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
