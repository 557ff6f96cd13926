// The demo page in a real browser, on a real gateway.
//
// CHROMIUM is the browser (default /usr/bin/chromium), CAMPANILE_BIN the gateway (default: the small
// one in Node). SCREENSHOT=../../docs/demo.png makes the README's picture.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Demo } from '../testing/demo.js';
import { Gateway } from '../testing/gateway.js';

const { CAMPANILE_BIN, SCREENSHOT } = process.env;
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox', // Refused to root, and the pages are ours.
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const skip = existsSync(CHROMIUM) ? false : `not run, because there is no Chromium at ${CHROMIUM}`;
if (skip) console.error(`browser.test.js: ${skip} (CHROMIUM says where it is)`);

describe('the demo page in Chromium', { skip, timeout: 300_000 }, () => {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Demo} */
  let demo;
  /** @type {string[]} */
  const complaints = [];

  before(async () => {
    if (skip) return;
    demo = await Demo.start(CAMPANILE_BIN);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });
  after(async () => {
    await browser?.close();
    await demo?.kill();
  });

  /** @param {import('playwright-core').BrowserContextOptions} [options] */
  async function openPage(options, url = demo.url) {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 860 },
      ...options,
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // While the gateway is away the browser tells of each attempt; of icons nobody asked it.
      const isExpected = /ERR_(CONNECTION|EMPTY_RESPONSE)|WebSocket connection|favicon/.test(
        message.text() + message.location().url,
      );
      if (message.type() === 'error' && !isExpected) complaints.push(message.text());
    });
    await page.goto(url);
    await page.getByText('Connected', { exact: true }).waitFor();
    return page;
  }

  /**
   * @param {import('playwright-core').Page} page
   * @param {string} text
   */
  const delivered = (page, text) =>
    page.getByRole('log').getByText(text, { exact: true }).waitFor({ timeout: 20_000 });

  /**
   * @param {import('playwright-core').Page} page
   * @param {string} text
   */
  async function ring(page, text) {
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button', { name: 'Ring the bell' }).click();
  }

  /** @param {import('playwright-core').Page} page */
  async function subscribe(page, room = '{"room":"lobby"}') {
    await page.getByLabel('Another room').fill(room);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Unsubscribe from ${room}` }).waitFor();
    // Until the gateway has answered, nothing is heard that could be heard again.
    await page.locator('#subscriptions').getByText('waiting').waitFor({ state: 'detached' });
  }

  test('two pages in one room hear what one of them triggers', async () => {
    const [one, two] = [await openPage(), await openPage()];
    await subscribe(one);
    await subscribe(two);
    await ring(one, 'hello, both of you');
    await delivered(one, 'hello, both of you');
    await delivered(two, 'hello, both of you');
    await two.getByRole('button', { name: 'Unsubscribe' }).click();
    await ring(two, 'only for one');
    await delivered(one, 'only for one');
    assert.equal(await two.getByRole('log').getByText('only for one').count(), 0);
    assert.deepEqual(complaints, []);
  });

  test('the curl line does what the page says it does', async () => {
    const page = await openPage();
    await subscribe(page);
    await page.getByLabel('Message').fill("it's the shell");
    const line = await page.locator('#curl').innerText();
    const match = /^curl -d '(.*)' (\S+)$/s.exec(line);
    assert.equal(match?.[2], demo.triggerUrl);
    const body = match[1].replaceAll("'\\''", "'");
    assert.deepEqual(JSON.parse(body), {
      rooms: [{ room: 'lobby' }],
      data: { text: "it's the shell" },
    });
    // As curl -d says it.
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(match[2], { method: 'POST', body, headers });
    assert.equal(response.status, 200);
    await delivered(page, "it's the shell");
  });

  test('a gateway that is killed and started again is heard again by both pages', async () => {
    const pages = [await openPage(), await openPage()];
    for (const page of pages) await subscribe(page);
    await demo.kill();
    for (const page of pages) await page.getByText('Connection lost', { exact: true }).waitFor();
    await demo.start();
    for (const page of pages) {
      // The longer the gateway is away, the longer the client waits: up to half a minute.
      await page.getByText('{"room":"lobby"} is heard again.').waitFor({ timeout: 90_000 });
      await page.getByText('Connected', { exact: true }).waitFor();
    }
    await ring(pages[0], 'back again');
    for (const page of pages) await delivered(page, 'back again');
    assert.deepEqual(complaints, []);
  });

  test('compressed, 200 of 200 messages arrive as they were sent', async () => {
    const page = await openPage();
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    /** @type {string[]} */
    const extensions = [];
    session.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
      for (const [name, value] of Object.entries(response.headers)) {
        if (name.toLowerCase() === 'sec-websocket-extensions') extensions.push(value);
      }
    });
    const data = Array.from({ length: 200 }, (_, n) => ({ n, text: prose(n, 512 + 37 * n) }));
    const heard = page.evaluate(async (count) => {
      /** @type {any} */
      const { Campanile } = await import(new URL('/client.js', location.href).href);
      const campanile = Campanile.connect('/ws/');
      const subscription = campanile.subscribe({ room: { room: 'compressed' } });
      await subscription.ready;
      document.documentElement.dataset.compressed = 'ready';
      const read = [];
      for await (const item of subscription) if (read.push(item) === count) break;
      campanile.close();
      return read;
    }, data.length);
    await page.locator('html[data-compressed=ready]').waitFor();
    for (const item of data) {
      const body = JSON.stringify({ rooms: [{ room: 'compressed' }], data: item });
      assert.equal((await fetch(demo.triggerUrl, { method: 'POST', body })).status, 200);
    }
    assert.deepEqual(await heard, data);
    assert.match(extensions.join(), /permessage-deflate/);
  });

  test('a server that ignores the offered subprotocol is no obstacle', async () => {
    const gateway = await Gateway.start({ subprotocol: false });
    try {
      const page = await openPage({}, `http://127.0.0.1:${gateway.port}/`);
      await subscribe(page);
      await ring(page, 'the old way');
      await delivered(page, 'the old way');
      assert.ok(gateway.handshakes >= 2, 'the browser failed the first');
    } finally {
      await gateway.stop();
    }
  });

  test('what cannot be done is said at its place', async () => {
    const page = await openPage();
    await page.getByLabel('Another room').fill('lobby');
    await page.keyboard.press('Enter');
    await page.getByText('A room is a JSON object').waitFor();
    await page.getByLabel('Another room').fill('{"cellar":1}');
    await page.keyboard.press('Enter');
    await page.getByText('The backend does not let you into {"cellar":1}.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Unsubscribe' }).count(), 0);
    assert.deepEqual(complaints, []);
  });

  test('a reload keeps the rooms, and the page fits 360 pixels', async () => {
    const page = await openPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await subscribe(page);
    await page.reload();
    await page.getByRole('button', { name: 'Unsubscribe from {"room":"lobby"}' }).waitFor();
    await page.getByText('Connected', { exact: true }).waitFor();
    await ring(page, 'a-word-without-a-break-'.repeat(20));
    await page.getByRole('log').getByText('a-word-without').waitFor();
    const tooWide = await page.evaluate(() =>
      [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(tooWide, []);
  });

  if (SCREENSHOT) test('the picture for the README', () => takePicture(SCREENSHOT));

  /** @param {string} path */
  async function takePicture(path) {
    const page = await openPage({
      reducedMotion: 'reduce',
      colorScheme: 'light',
      deviceScaleFactor: 1.5,
    });
    await subscribe(page);
    await subscribe(page, '{"room":"tower"}');
    for (const [room, text] of [
      ['lobby', 'Good morning.'],
      ['tower', '{"order":1287,"state":"shipped"}'],
      ['lobby', 'The doors open in ten minutes.'],
      ['lobby', 'Please come in.'],
    ]) {
      await page.locator('#trigger-room').fill(JSON.stringify({ room }));
      await ring(page, text);
      await page.waitForTimeout(400);
    }
    await page.locator('h1').hover();
    await page.screenshot({ path, fullPage: true });
  }
});

/**
 * Text of so many characters that compresses like text, different for each number.
 *
 * @param {number} seed
 * @param {number} length
 */
function prose(seed, length) {
  const words = ['bell', 'tower', 'room', 'Glocke', 'кампанила', '鐘', 'hears', 'rings', 'é', '😀'];
  let text = '';
  for (let state = seed + 1; text.length < length; state = (state * 48_271) % 2_147_483_647) {
    text += `${words[state % words.length]} ${state % 97} `;
  }
  return text;
}
