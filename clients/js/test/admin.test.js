// The admin page in a real browser, on a real node.
//
// CHROMIUM is the browser (default /usr/bin/chromium), CAMPANILE_BIN the gateway.
// ADMIN_SCREENSHOT=../../docs/admin.png makes the picture of the documentation.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import WebSocket from 'ws';
import { Demo } from '../testing/demo.js';

const { CAMPANILE_BIN, ADMIN_SCREENSHOT } = process.env;
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const KEY = 'a-key-of-this-test';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];

function reasonToSkip() {
  if (!CAMPANILE_BIN) return 'not run, because CAMPANILE_BIN names no gateway';
  return existsSync(CHROMIUM) ? false : `not run, because there is no Chromium at ${CHROMIUM}`;
}
const skip = reasonToSkip();
if (skip) console.error(`admin.test.js: ${skip}`);

describe('the admin page in Chromium', { skip, timeout: 300_000 }, () => {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Demo} */
  let demo;
  /** @type {WebSocket[]} */
  const clients = [];
  /** @type {string[]} */
  const complaints = [];

  before(async () => {
    if (skip) return;
    demo = await Demo.start(CAMPANILE_BIN, { CAMPANILE_INTERNAL_KEY: KEY });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    for (const room of ['lobby', 'lobby', 'kitchen']) clients.push(await listen(room));
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });
  after(async () => {
    for (const client of clients) client.terminate();
    await browser?.close();
    await demo?.kill();
  });

  /** @param {string} room @returns {Promise<WebSocket>} a client that is in it */
  async function listen(room) {
    const url = `${demo.url.replace('http', 'ws')}ws/`;
    const client = new WebSocket(url, ['campanile.v1']);
    /** @type {string[]} */
    const heard = [];
    client.on('message', (text) => heard.push(String(text)));
    await new Promise((resolve) => client.once('open', resolve));
    client.send(JSON.stringify({ type: 'subscribe', room: { room }, requestId: room }));
    while (!heard.some((text) => text.includes('"success"'))) {
      await new Promise((resolve) => client.once('message', resolve));
    }
    return client;
  }

  /** @param {import('playwright-core').BrowserContextOptions} [options] */
  async function openPage(options) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // It is asked before somebody signs in, and the answer is 401.
      const isExpected = /401|favicon/.test(message.text() + message.location().url);
      if (message.type() === 'error' && !isExpected) complaints.push(message.text());
    });
    await page.goto(demo.adminUrl);
    return page;
  }

  /** Signs in by keyboard alone. @param {import('playwright-core').Page} page */
  async function signIn(page, key = KEY) {
    await page.getByLabel('key', { exact: false }).first().focus();
    await page.keyboard.type(key);
    await page.keyboard.press('Enter');
  }

  test('nothing is shown without the key', async () => {
    const page = await openPage();
    await signIn(page, 'another');
    await page.getByText('That is not the key.').waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Rooms' }).isVisible(), false);
  });

  test('connections and rooms are listed, looked at and closed', async () => {
    const page = await openPage();
    await signIn(page);
    await page.getByRole('heading', { name: 'Rooms' }).waitFor();
    const rooms = page.locator('#rooms-table');
    await rooms.getByText('{"room":"lobby"}').waitFor();
    await rooms.getByText('{"room":"kitchen"}').waitFor();
    const kitchen = rooms.getByRole('row', { name: 'kitchen' });
    await kitchen.getByRole('button', { name: 'Who' }).click();
    const table = page.locator('#connections-table');
    await table.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
    await table.getByRole('button', { name: 'Look' }).click();
    await page.locator('#connection').getByText('{"room":"kitchen"} as "kitchen"').waitFor();
    if (ADMIN_SCREENSHOT) await page.screenshot({ path: ADMIN_SCREENSHOT });
    const closed = new Promise((resolve) => clients[2].once('close', resolve));
    await table.getByRole('button', { name: 'Close' }).click();
    await closed;
    assert.deepEqual(complaints, []);
  });

  test('a trigger is tried, followed and sent, by keyboard alone', async () => {
    const page = await openPage();
    await signIn(page);
    await page.getByRole('button', { name: 'Follow' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Whom would it reach?' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('It would reach 2 subscriptions on this node.').waitFor();
    const heard = new Promise((resolve) => clients[0].once('message', (text) => resolve(String(text))));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Published to 2 subscriptions here.').waitFor();
    assert.match(await heard, /"hello"/);
    await page.locator('#tail-table').getByText('{"room":"lobby"}').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('it fits a narrow window, light or dark', async () => {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const page = await openPage({ viewport: { width: 360, height: 700 }, colorScheme });
      await signIn(page);
      await page.locator('#rooms-table').getByText('{"room":"lobby"}').waitFor();
      await page.locator('#numbers').getByText('connections', { exact: true }).waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, colorScheme);
    }
    assert.deepEqual(complaints, []);
  });
});
