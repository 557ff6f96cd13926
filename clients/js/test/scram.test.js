// SCRAM's pages in a real browser, with a real server and real translators.
//
// SCRAM_BIN and SCRAM_TRANSLATOR_BIN are the programs; see testing/pages.js for the browser.
// SCRAM_SCREENSHOTS=../../docs makes the pictures of the documentation there.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { NARROW, Pages, WAIT, barriers, fits, reasonToSkip } from '../testing/pages.js';
import { Scram } from '../testing/scram.js';

const { SCRAM_BIN = '', SCRAM_TRANSLATOR_BIN = '', SCRAM_SCREENSHOTS } = process.env;
const PASSWORD = 'seven ravens fly';
const LIMITS = { V4_MINPREFIX: '8', V6_MINPREFIX: '32' };

const skip = reasonToSkip({ SCRAM_BIN, SCRAM_TRANSLATOR_BIN });
if (skip) console.error(`scram.test.js: ${skip}`);

describe('SCRAM in Chromium', { skip, timeout: 900_000 }, () => {
  /** @type {Pages} */
  let pages;
  /** @type {Scram} */
  let scram;
  /** The cookies of the administrator. @type {any} */
  let ada;

  before(async () => {
    if (skip) return;
    scram = await Scram.start(SCRAM_BIN, LIMITS);
    pages = await Pages.start();
    ada = await makeAdministrator();
    for (const name of ['edge-fra-1', 'edge-ams-1']) {
      scram.translator(SCRAM_TRANSLATOR_BIN, name, await makeToken(name));
    }
  });
  afterEach(() => pages?.closeAll());
  after(async () => {
    await pages?.end();
    await scram?.end();
  });

  /** By the one-time link in the log, as somebody does on a fresh machine. */
  async function makeAdministrator() {
    const page = await openPage(scram.firstLink, { storageState: undefined });
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the administrator' }).click();
    await page.getByRole('heading', { name: 'Add an entry' }).waitFor();
    return page.context().storageState();
  }

  /** @param {string} name */
  async function makeToken(name, actionType = 'block') {
    const page = await openPage('/admin/tokens/');
    await page.getByLabel('Name of the translator').fill(name);
    await page.getByLabel(actionType).check();
    await page.getByRole('button', { name: 'Make' }).click();
    return page.locator('.token').innerText();
  }

  /**
   * Opens a page as the administrator.
   *
   * @param {string} path
   * @param {import('playwright-core').BrowserContextOptions} [options]
   */
  function openPage(path, options) {
    return pages.open(new URL(path, scram.url).href, { storageState: ada, ...options });
  }

  /**
   * @param {import('playwright-core').Page} page
   * @param {string} network
   * @param {{ comment?: string, seconds?: number, action?: string }} [more]
   */
  async function add(page, network, { comment = 'a test', seconds, action = 'block' } = {}) {
    await page.goto(`${scram.url}/`);
    await page.getByLabel('Network', { exact: true }).fill(network);
    await page.getByLabel('Action').selectOption(action);
    await page.getByLabel('Comment').fill(comment);
    if (seconds !== undefined) {
      const end = new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);
      await page.locator('#expiration').fill(end);
    }
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('Entry successfully added').waitFor();
  }

  /** @param {import('playwright-core').Page} page @param {string} network */
  const status = (page, network) => page.locator(`.status[data-route="${network}"]`);

  /** @param {import('playwright-core').Page} page @param {string} name */
  async function picture(page, name) {
    if (!SCRAM_SCREENSHOTS) return;
    await page.screenshot({ path: join(SCRAM_SCREENSHOTS, `scram-${name}.png`) });
  }

  test('a block is added, announced, expires and is withdrawn', async () => {
    const page = await openPage('/');
    await add(page, '192.0.2.4', { comment: 'scans port 22', seconds: 12 });
    await page.getByRole('link', { name: '192.0.2.4/32' }).click();
    const shown = status(page, '192.0.2.4/32');
    await shown.getByText('announced (2 of 2)', { exact: true }).waitFor(WAIT);
    assert.match((await shown.getAttribute('title')) ?? '', /announced by edge-\w+-1, edge-\w+-1\./);
    await shown.getByText('withdrawn', { exact: true }).waitFor(WAIT);
    await page.reload();
    await page.getByText('inactive', { exact: true }).waitFor();
    await page.getByRole('cell', { name: 'expired', exact: true }).waitFor();
    await shown.getByText('withdrawn', { exact: true }).waitFor(WAIT);
    await page.getByRole('link', { name: 'Entries' }).first().click();
    assert.equal(await page.getByRole('link', { name: '192.0.2.4/32' }).count(), 0);
  });

  test('the add form is filled in by keyboard alone, and says what is wrong', async () => {
    const page = await openPage('/');
    await page.getByLabel('Network', { exact: true }).focus();
    await page.keyboard.type('192.0.2.5/24');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('typed by hand');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText("'route' error: Must be a network address.").waitFor();
    const field = page.getByLabel('Network', { exact: true });
    assert.equal(await field.inputValue(), '192.0.2.5/24');
    assert.equal(await page.getByLabel('Comment').inputValue(), 'typed by hand');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await field.and(page.locator(':focus')).waitFor();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('192.0.2.5');
    await page.keyboard.press('Enter');
    await page.getByText('Entry successfully added').waitFor();
  });

  test('an entry is deactivated after a second thought', async () => {
    const page = await openPage('/');
    await add(page, '2001:db8::666');
    await page.getByRole('link', { name: '2001:db8::666/128' }).click();
    assert.equal(await page.getByRole('button', { name: 'Deactivate Entry' }).isVisible(), false);
    await page.getByText('Deactivate …').click();
    await page.getByRole('button', { name: 'Deactivate Entry' }).click();
    await page.getByText('2001:db8::666/128 is no longer active').waitFor();
  });

  test('a page that is old says so', async () => {
    const [page, other] = [await openPage('/entries/'), await openPage('/')];
    await add(other, '192.0.2.7');
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.getByRole('button', { name: 'Show them' }).click();
    await page.getByRole('link', { name: '192.0.2.7/32' }).waitFor();
  });

  test('who loses the server is told, and is connected again when it is back', async () => {
    const page = await openPage('/entries/');
    await status(page, '192.0.2.5/32').getByText('announced (2 of 2)').waitFor(WAIT);
    await scram.server?.kill();
    await page.getByText('The live status is away: connecting again …').waitFor(WAIT);
    await status(page, '192.0.2.5/32').getByText('unknown', { exact: true }).waitFor(WAIT);
    await scram.serve(SCRAM_BIN, LIMITS);
    await status(page, '192.0.2.5/32').getByText('announced (2 of 2)').waitFor(WAIT);
  });

  test('every page is open to all, fits a narrow window, and has its pictures', async () => {
    const page = await openPage('/');
    await stock(page);
    const paths = ['/', '/entries/', '/3/', '/users/ada/', '/users/~update/', '/admin/'];
    const admin = ['action-types/', 'action-types/block/', 'ignore/', 'clients/', 'templates/'];
    admin.push('templates/1/', 'entries/', 'users/', 'users/1/', 'tokens/');
    admin.push('ignore/one/?route=198.51.100.0%2F24', 'clients/1/');
    paths.push(...admin.map((path) => `/admin/${path}`), '/nowhere/');
    /** @type {string[]} */
    const found = [];
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const wide = await openPage('/entries/', { colorScheme });
      const narrow = await openPage('/entries/', { colorScheme, viewport: NARROW });
      for (const path of paths) {
        for (const shown of [wide, narrow]) {
          await shown.goto(scram.url + path);
          await fits(shown);
          found.push(...(await barriers(shown)));
        }
      }
      assert.deepEqual(found, []);
      await pictures(wide, colorScheme === 'dark' ? '-dark' : '');
      if (colorScheme === 'light') await pictures(narrow, '-narrow');
    }
  });

  /** @param {import('playwright-core').Page} page @param {string} suffix */
  async function pictures(page, suffix) {
    await page.goto(`${scram.url}/entries/`);
    await status(page, '203.0.113.9/32').getByText('announced (2 of 2)').waitFor(WAIT);
    await page.getByText(/^Live, of those in view: (?!.*unknown)/).waitFor(WAIT);
    await picture(page, `entries${suffix}`);
    if (suffix !== '') return;
    await page.getByRole('link', { name: '203.0.113.9/32' }).click();
    await status(page, '203.0.113.9/32').getByText('announced (2 of 2)').waitFor(WAIT);
    await picture(page, 'entry');
    await page.goto(`${scram.url}/`);
    await picture(page, 'home');
  }

  /** Fills the lists as a team has them after some days. @param {import('playwright-core').Page} page */
  async function stock(page) {
    await page.goto(`${scram.url}/admin/action-types/`);
    await page.getByLabel('Name').fill('redirect');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.goto(`${scram.url}/admin/templates/`);
    await page.getByLabel('Action type').selectOption('redirect');
    await page.getByRole('button', { name: 'Give' }).click();
    const token = await makeToken('sinkhole', 'redirect');
    scram.translator(SCRAM_TRANSLATOR_BIN, 'sinkhole', token, 'redirect');
    await page.goto(`${scram.url}/admin/clients/`);
    await page.getByLabel('Name').fill('zeek');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const entries = [
      ['198.51.100.23', 'SSH scan of the whole campus, 40 hosts a second', 86_400],
      ['2001:db8:94bb::94bc', 'phones home to a known botnet controller', undefined],
      ['203.0.113.64/26', 'reflected NTP, ticket 4711', 604_800],
      ['198.51.100.77', 'credential stuffing on the mail gateway', 3600],
      ['2001:db8:94be::/64', 'crawls behind the login', 7200],
      ['203.0.113.9', 'exploits CVE-2026-1234 on the VPN', 864_000],
    ];
    for (const [network, comment, seconds] of entries) {
      await add(page, String(network), {
        comment: String(comment),
        seconds: seconds === undefined ? undefined : Number(seconds),
      });
    }
    await add(page, '192.0.2.99', { comment: 'to the sandbox', action: 'redirect' });
    await page.goto(`${scram.url}/admin/ignore/`);
    await page.getByLabel('Network', { exact: true }).fill('198.51.100.0/24');
    await page.getByLabel('Comment').fill('our own campus');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name: 'Active all the same' }).waitFor();
  }
});
