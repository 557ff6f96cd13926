// The example of campanile-binder in a real browser, before a real gateway: a list that is the same in every tab.
//
// CHROMIUM is the browser (default /usr/bin/chromium), COUNTRIES the example, CAMPANILE_BIN the gateway.
// COUNTRIES_SCREENSHOTS=../../docs makes the picture of the documentation there.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { freePort } from '../testing/demo.js';
import { Program } from '../testing/program.js';

const { COUNTRIES = '', CAMPANILE_BIN = '', COUNTRIES_SCREENSHOTS } = process.env;
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
// The longer the gateway is away, the longer the client waits: up to half a minute.
const WAIT = { timeout: 60_000 };

function reasonToSkip() {
  if (!COUNTRIES || !CAMPANILE_BIN) {
    return 'not run, because COUNTRIES and CAMPANILE_BIN name no programs';
  }
  return existsSync(CHROMIUM) ? false : `not run, because there is no Chromium at ${CHROMIUM}`;
}
const skip = reasonToSkip();
if (skip) console.error(`countries.test.js: ${skip}`);

describe('a Rust backend in Chromium', { skip, timeout: 600_000 }, () => {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Program[]} */
  const programs = [];
  /** @type {Record<string, string>} */
  let environment;
  let url = '';
  const folder = mkdtempSync(join(tmpdir(), 'countries-'));

  before(async () => {
    if (skip) return;
    const [backend, publicPort, internal] = [await freePort(), await freePort(), await freePort()];
    url = `http://127.0.0.1:${backend}/`;
    environment = {
      CAMPANILE_PUBLIC_LISTEN: `127.0.0.1:${publicPort}`,
      CAMPANILE_INTERNAL_LISTEN: `127.0.0.1:${internal}`,
      CAMPANILE_BACKEND_URL: `${url}api/`,
    };
    programs.push(
      new Program(COUNTRIES, [], {
        LISTEN: `127.0.0.1:${backend}`,
        DATABASE_URL: `sqlite:${join(folder, 'countries.db')}?mode=rwc`,
        GATEWAY_URL: `http://127.0.0.1:${internal}`,
        WEBSOCKET_URL: `ws://127.0.0.1:${publicPort}/ws/`,
      }),
      new Program(CAMPANILE_BIN, ['serve'], environment),
    );
    await programs[0].says(/countries on /);
    await programs[1].says(/serving /);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  after(async () => {
    await browser?.close();
    for (const program of programs) await program.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openTab() {
    const page = await browser.newPage({ viewport: { width: 560, height: 420 } });
    await page.goto(url);
    await page.waitForSelector('#state[data-state=open]', WAIT);
    return page;
  }

  /** @param {import('playwright-core').Page} page @param {string} name */
  const shows = (page, name) => page.getByText(name, { exact: true }).waitFor(WAIT);

  test('what is saved in one tab is seen in every tab, and after the gateway was away', async () => {
    const tabs = [await openTab(), await openTab()];
    for (const name of ['Belgium', 'Denmark', '<b>Åland</b>']) {
      await tabs[0].getByLabel('Name', { exact: true }).fill(name);
      await tabs[0].keyboard.press('Enter');
      for (const tab of tabs) await shows(tab, name);
    }
    await tabs[1].getByLabel('Delete Belgium').click();
    for (const tab of tabs) {
      await tab.getByLabel('Delete Belgium').waitFor({ ...WAIT, state: 'detached' });
    }
    if (COUNTRIES_SCREENSHOTS) {
      await tabs[0].screenshot({ path: join(COUNTRIES_SCREENSHOTS, 'countries.png') });
    }

    await programs[1].kill();
    await tabs[0].waitForSelector('#state[data-state=waiting]', WAIT);
    await tabs[0].getByLabel('Name', { exact: true }).fill('Iceland');
    await tabs[0].keyboard.press('Enter');
    programs[1] = new Program(CAMPANILE_BIN, ['serve'], environment);
    for (const tab of tabs) await shows(tab, 'Iceland');
    assert.equal(await tabs[1].locator('#countries li').count(), 3);
  });
});
