/** A real browser for tests: where it is, how it starts, and what axe says of a page. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

/** undefined: no Chromium on this machine. */
export const executable = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const screens = [
  { name: '1280 light', width: 1280, scheme: 'light' },
  { name: '1280 dark', width: 1280, scheme: 'dark' },
  { name: '640, which is 1280 at 200 %', width: 640, scheme: 'light' },
  { name: '390', width: 390, scheme: 'light' },
  { name: '320', width: 320, scheme: 'dark' },
] as const;

interface AxeWindow {
  axe: {
    run(options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
  };
}

/** Of axe, one line each. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  // Through the debugger: the pages' own policy lets no script in, and stays as it is.
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as AxeWindow;
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
  });
}

/** Everything folded is opened: what is hidden is read too. */
export async function unfold(page: Page): Promise<void> {
  await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
}

/** @throws without Chromium: ask `executable` first */
export async function launchBrowser(): Promise<Browser> {
  if (executable === undefined) throw new Error('no Chromium on this machine');
  return chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
