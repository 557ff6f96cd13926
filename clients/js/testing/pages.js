// What tests of pages in a real browser share. CHROMIUM is the browser (default /usr/bin/chromium).

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

/** @typedef {import('playwright-core').Page} Page */

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];

/** Rules of axe that are about what WCAG 2.2 asks for at A and AA, and good practice. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A refused form is told of, too; and tests end servers. */
const EXPECTED = /status of (400|404)|ERR_(CONNECTION|EMPTY_RESPONSE)|WebSocket connection/;

/** For what takes its time on a busy machine. */
export const WAIT = { timeout: 60_000 };

export const NARROW = { width: 360, height: 740 };

/**
 * Says why tests in a browser cannot be run.
 *
 * @param {Record<string, string | undefined>} programs By the variables that name them.
 * @returns {string | false}
 */
export function reasonToSkip(programs) {
  const names = Object.keys(programs).filter((name) => !programs[name]);
  if (names.length > 0) {
    return `not run, because ${names.join(' and ')} ${names.length > 1 ? 'name no programs' : 'names no program'}`;
  }
  return existsSync(CHROMIUM) ? false : `not run, because there is no Chromium at ${CHROMIUM}`;
}

/** A browser, and whatever its pages complain of. */
export class Pages {
  /** @type {string[]} */
  complaints = [];

  /** @param {import('playwright-core').Browser} browser */
  constructor(browser) {
    this.browser = browser;
  }

  static async start() {
    return new Pages(await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS }));
  }

  /**
   * Opens a page in a profile of its own.
   *
   * @param {string} url
   * @param {import('playwright-core').BrowserContextOptions} [options]
   */
  async open(url, options) {
    const viewport = { width: 1280, height: 860 };
    const context = await this.browser.newContext({ viewport, ...options });
    const page = await context.newPage();
    this.watch(page);
    await page.goto(url);
    return page;
  }

  /** @param {Page} page */
  watch(page) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      const text = `${message.text()} ${message.location().url}`;
      const isOne = ['error', 'warning'].includes(message.type()) && !EXPECTED.test(text);
      if (isOne) this.complaints.push(text);
    });
  }

  /** Closes all pages, none of which may have complained. */
  async closeAll() {
    for (const context of this.browser.contexts()) await context.close();
    assert.deepEqual(this.complaints.splice(0), []);
  }

  async end() {
    await this.browser.close();
  }
}

/** Fails if something sticks out of the window. @param {Page} page */
export async function fits(page) {
  const overflow = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  assert.equal(overflow, 0, page.url());
}

/** Has axe look for barriers, and returns them. @param {Page} page */
export async function barriers(page) {
  // By the debugger: the page's own policy lets no script in.
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run();
    return violations.map((/** @type {any} */ it) => `${it.id}: ${it.nodes[0].html}`);
  });
  return found.map((/** @type {string} */ barrier) => `${page.url()} ${barrier}`);
}
