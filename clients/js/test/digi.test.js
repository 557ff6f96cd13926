// DIGI's pages in a real browser, with a real server.
//
// DIGI_BIN is the program; see testing/pages.js for the browser. DIGI_SCREENSHOTS=../../docs makes the
// pictures of the documentation there.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Digi } from '../testing/digi.js';
import { NARROW, Pages, WAIT, barriers, fits, reasonToSkip } from '../testing/pages.js';

/** @typedef {import('playwright-core').Page} Page */

const { DIGI_BIN = '', DIGI_SCREENSHOTS } = process.env;
const PASSWORD = 'seven ravens fly';
/** Tests write faster than people. */
const LIMITS = { DIGI_CHANGES_PER_10_S_MAX: '10000', DIGI_FRAMES_PER_10_S_MAX: '10000' };
/** So many lines a log has at most: the messages that are held, the days, and what is on its way. */
const LINES_MAX = 310;

const skip = reasonToSkip({ DIGI_BIN });
if (skip) console.error(`digi.test.js: ${skip}`);

describe('DIGI in Chromium', { skip, timeout: 900_000 }, () => {
  /** @type {Pages} */
  let pages;
  /** @type {Digi} */
  let digi;
  /** The cookies of those who have logged in. @type {Map<string, any>} */
  const people = new Map();

  before(async () => {
    if (skip) return;
    digi = await Digi.start(DIGI_BIN, LIMITS);
    pages = await Pages.start();
  });
  afterEach(() => pages?.closeAll());
  after(async () => {
    await pages?.end();
    await digi?.end();
  });

  /** Opens a page as somebody. @param {string} who @param {string} path @param {any} [options] */
  function openPage(who, path, options) {
    return pages.open(digi.url + path, { storageState: people.get(who), ...options });
  }

  /** Makes an account by the form, as somebody does. @param {string} who */
  async function register(who) {
    const page = await openPage(who, '/auth/register/');
    await page.getByLabel('Name').fill(who);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('heading', { name: 'Chats' }).waitFor();
    people.set(who, await page.context().storageState());
    return page;
  }

  /** Makes an account by the command line, and logs in. @param {string} who */
  async function enter(who, options = {}) {
    if (people.has(who)) return openPage(who, '/', options);
    digi.addUser(who, PASSWORD);
    const page = await openPage(who, '/', options);
    await page.getByLabel('Name').fill(who);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Chats' }).waitFor();
    people.set(who, await page.context().storageState());
    return page;
  }

  /** @param {Page} page @param {string} whom */
  async function ask(page, whom) {
    await page.goto(`${digi.url}/`);
    await page.getByLabel('How the name begins').pressSequentially(whom.slice(0, 3));
    await page.getByRole('button', { name: `Talk with ${whom}`, exact: true }).click();
    await page.getByRole('heading', { name: whom }).waitFor();
  }

  /**
   * Two who talk: each with the page of their conversation.
   *
   * @param {string} one
   * @param {string} other
   * @returns {Promise<[Page, Page]>}
   */
  async function talking(one, other, options = {}) {
    const [its, others] = [await enter(one, options), await enter(other, options)];
    await ask(its, other);
    const accept = others.getByRole('button', { name: `Accept ${one}` });
    await accept.click(WAIT);
    for (const page of [its, others]) await ready(page);
    return [its, others];
  }

  const field = (/** @type {Page} */ page) => page.getByRole('textbox', { name: /^Message to/ });

  /** Waits until a conversation is there, and alive: by then its modules have run. @param {Page} page */
  async function ready(page) {
    await field(page).waitFor(WAIT);
    await page.waitForLoadState();
  }

  /** @param {Page} page @param {string[]} texts */
  async function say(page, ...texts) {
    for (const text of texts) {
      await field(page).fill(text);
      await field(page).press('Enter');
    }
  }

  /** What is in the log, line by line. @param {Page} page */
  function log(page) {
    return page.locator('.bubble').evaluateAll((all) =>
      all.map((it) => ({
        id: it.getAttribute('data-id') ?? '',
        text: it.querySelector('.text')?.textContent ?? '',
        isPending: it.classList.contains('pending'),
      })),
    );
  }

  /** Waits until both have the same messages, of which none is on its way, and returns their texts. @param {Page[]} those @param {number} count */
  async function agree(those, count) {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const [one, ...others] = await Promise.all(those.map(log));
      const isWhole = one?.length === count && one.every(({ id, isPending }) => id !== '' && !isPending);
      if (isWhole && others.every((other) => JSON.stringify(other) === JSON.stringify(one))) {
        assert.equal(new Set(one.map(({ id }) => id)).size, count);
        return one.map(({ text }) => text);
      }
      assert.ok(Date.now() < deadline, JSON.stringify({ count, one, others }).slice(0, 4000));
      await sleep(100);
    }
  }

  /** Waits until a page has this title. @param {Page} page @param {string} title */
  async function titled(page, title) {
    await page.waitForFunction((title) => document.title === title, title, WAIT);
  }

  /** @param {Page} page @param {string} text */
  const bubble = (page, text) => page.locator('.bubble', { hasText: text });

  /** @param {Page} page @param {string} text @param {'Edit' | 'Delete …'} choice */
  async function choose(page, text, choice) {
    await bubble(page, text).hover();
    await bubble(page, text).getByLabel('What to do with this message').click();
    await bubble(page, text).getByText(choice, { exact: true }).click();
  }

  test('two people register, find each other, and talk', async () => {
    const [ann, bob] = [await register('ann'), await register('bob')];
    await ask(ann, 'bob');
    await ann.getByText('You have asked bob to talk.').waitFor();
    await bob.getByRole('heading', { name: 'Requests' }).waitFor(WAIT);
    await bob.getByRole('button', { name: 'Accept ann' }).click();
    // Ann's page becomes a chat by itself.
    await ready(ann);
    await say(ann, 'Hi bob', 'How was the trip?');
    await bubble(bob, 'How was the trip?').waitFor(WAIT);
    await say(bob, 'Long.');
    assert.deepEqual(await agree([ann, bob], 3), ['Hi bob', 'How was the trip?', 'Long.']);
  });

  test('edits, deletions, typing, whereabouts and read ticks are seen by the other', async () => {
    const [carl, dora] = await talking('carl', 'dora');
    await say(carl, 'Their is a mistake', 'not for you');
    await bubble(carl, 'not for you').getByText('read', { exact: true }).waitFor(WAIT);
    await choose(carl, 'Their is a mistake', 'Edit');
    await field(carl).fill('There was a mistake');
    await field(carl).press('Enter');
    await bubble(dora, 'There was a mistake').getByText('edited').waitFor(WAIT);
    await choose(carl, 'not for you', 'Delete …');
    await bubble(carl, 'not for you').getByRole('button', { name: 'Delete for both' }).click();
    await bubble(dora, 'Message deleted').waitFor(WAIT);
    assert.deepEqual(await agree([carl, dora], 2), ['There was a mistake', 'Message deleted']);
    await field(dora).pressSequentially('I am');
    await carl.getByText('dora is typing …').waitFor(WAIT);
    await field(dora).fill('');
    await carl.locator('#typing:empty').waitFor({ state: 'attached', ...WAIT });
    await carl.getByText('online', { exact: true }).waitFor(WAIT);
    await dora.close();
    await carl.getByText(/^last seen/).waitFor(WAIT);
    await say(carl, 'are you there?');
    await bubble(carl, 'are you there?').getByText('sent', { exact: true }).waitFor(WAIT);
  });

  test('what was not read is counted in the list, in the title, and marked', async () => {
    const [emil, fay] = await talking('emil', 'fay');
    await fay.goto(`${digi.url}/`);
    await say(emil, 'one', 'two', 'three');
    const line = fay.getByRole('listitem').filter({ hasText: 'emil' });
    await line.getByText('3 unread').waitFor(WAIT);
    await line.getByText('three').waitFor();
    await titled(fay, '(3) Chats · DIGI');
    await line.getByRole('link').click();
    await fay.getByText('New', { exact: true }).waitFor(WAIT);
    await bubble(emil, 'three').getByText('read', { exact: true }).waitFor(WAIT);
    await fay.goto(`${digi.url}/`);
    await line.waitFor();
    await line.getByText('unread').waitFor({ state: 'detached', ...WAIT });
    await titled(fay, 'Chats · DIGI');
    // What does not fit into the window is read when it was seen.
    await say(emil, ...Array.from({ length: 30 }, (_, at) => `more ${at}`));
    await line.getByText('30 unread').waitFor(WAIT);
    await line.getByRole('link').click();
    await bubble(fay, 'more 0').waitFor(WAIT);
    await titled(fay, '(30) emil · DIGI');
    await fay.getByRole('button', { name: 'Newest' }).click();
    await bubble(emil, 'more 29').getByText('read', { exact: true }).waitFor(WAIT);
    await titled(fay, 'emil · DIGI');
  });

  test('two windows of one are alike', async () => {
    const [gil, hana] = await talking('gil', 'hana');
    const second = await gil.context().newPage();
    pages.watch(second);
    await second.goto(gil.url());
    await ready(second);
    await say(gil, 'from the first');
    await say(second, 'from the second');
    await say(hana, 'I hear both');
    const texts = await agree([gil, second, hana], 3);
    assert.deepEqual([...texts].sort(), ['I hear both', 'from the first', 'from the second']);
  });

  test('what is left in one window goes from the list in the other', async () => {
    const [gus, hal] = await talking('gus', 'hal');
    const second = await gus.context().newPage();
    pages.watch(second);
    await second.goto(`${digi.url}/`);
    const line = second.getByRole('listitem').filter({ hasText: 'hal' });
    await line.waitFor();
    await gus.getByLabel('What to do with this conversation').click();
    await gus.getByText('Leave …').click();
    await gus.getByRole('button', { name: 'Leave the conversation' }).click();
    await line.waitFor({ state: 'detached', ...WAIT });
    await second.getByText('No conversation yet.').waitFor();
    await hal.getByText('This conversation is not open').waitFor(WAIT);
  });

  test('a server that is killed in the middle loses nothing and doubles nothing', async () => {
    const [ines, jon] = await talking('ines', 'jon');
    const count = 60;
    const texts = (/** @type {string} */ who) => Array.from({ length: count }, (_, at) => `${who} ${at}`);
    const talk = Promise.all([say(ines, ...texts('ines')), say(jon, ...texts('jon'))]);
    for (let time = 0; time < 2; time++) {
      await sleep(400);
      await digi.server?.kill();
      await ines.getByText('No connection.').waitFor(WAIT);
      await sleep(300);
      await digi.serve();
    }
    await talk;
    const all = await agree([ines, jon], 2 * count);
    assert.deepEqual(all.filter((text) => text.startsWith('ines')), texts('ines'));
    assert.deepEqual(all.filter((text) => text.startsWith('jon')), texts('jon'));
    await ines.reload();
    await ready(ines);
    await jon.getByText('No connection.').waitFor({ state: 'hidden', ...WAIT });
  });

  test('what was written without a server is sent after a reload', async () => {
    const [kim, leo] = await talking('kim', 'leo');
    await digi.server?.kill();
    await kim.getByText('No connection.').waitFor(WAIT);
    await say(kim, 'written in the dark');
    await field(kim).fill('half a thou');
    await bubble(kim, 'written in the dark').getByText('on its way').waitFor();
    await digi.serve();
    await kim.reload();
    assert.equal(await field(kim).inputValue(), 'half a thou');
    assert.deepEqual(await agree([kim, leo], 1), ['written in the dark']);
  });

  test('a page that slept through a thousand messages catches up', async () => {
    const [mia, ned] = await talking('mia', 'ned');
    const asleep = await ned.context().newCDPSession(ned);
    await asleep.send('Page.setWebLifecycleState', { state: 'frozen' });
    const made = await fetch(`${digi.url}/auth-token/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'mia', password: PASSWORD }),
    });
    const { token } = await made.json();
    const [, id = ''] = /\/chat\/([^/]+)\//.exec(mia.url()) ?? [];
    for (let at = 1; at <= 1000; at++) {
      const sent = await fetch(`${digi.url}/api/v1/connections/${id}/messages/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Token ${token}` },
        body: JSON.stringify({ message: `message ${at}` }),
      });
      assert.equal(sent.status, 201);
    }
    await asleep.send('Page.setWebLifecycleState', { state: 'active' });
    await bubble(ned, 'message 1000').waitFor(WAIT);
    const shown = await log(ned);
    assert.equal(shown.length, 300);
    assert.deepEqual(shown.map(({ text }) => text), Array.from({ length: 300 }, (_, at) => `message ${701 + at}`));
  });

  test('whatever people write is shown as they wrote it, and does nothing', async () => {
    const [ole, pia] = await talking('ole', 'pia');
    const texts = [
      '<script>window.hacked = 1</script>',
      '<img src=x onerror="window.hacked = 1"> <svg onload=alert(1)>',
      '"><a href="javascript:alert(1)">click</a>',
      'javascript:alert(1) data:text/html,<script>1</script> https://example.org/"onmouseover="x',
      '{{ 7 * 7 }} ${7 * 7} &lt;b&gt; &amp;amp;',
      '\u202Ereversed\u202C and \u2066isolated\u2069 \u200B\uFEFF',
      'א שלום abc',
      'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
      '  two  spaces,\n\n\n\ttabs and lines  ',
      'w'.repeat(4000),
    ];
    await say(ole, ...texts);
    assert.deepEqual(await agree([ole, pia], texts.length), texts);
    await pia.reload();
    await bubble(pia, 'wwww').waitFor();
    assert.deepEqual(await agree([ole, pia], texts.length), texts);
    for (const page of [ole, pia]) {
      await fits(page);
      assert.equal(await page.evaluate(() => 'hacked' in window), false);
      assert.equal(await page.locator('.bubble :is(script, img, svg)').count(), 0);
      const links = await page.locator('.bubble a').evaluateAll((all) =>
        all.map((it) => [it.getAttribute('href'), it.getAttribute('rel')].join(' ')),
      );
      assert.deepEqual(links, ['https://example.org/ noopener noreferrer nofollow']);
    }
    await say(ole, 'w'.repeat(4001));
    await ole.getByText('A message has at most 4000 characters; this one has 4001.').waitFor();
    await say(ole, 'with a \0 in it');
    await ole.getByRole('button', { name: 'Take it back' }).click(WAIT);
    assert.match(await field(ole).inputValue(), /in it$/);
    await ole.locator('.bubble.pending').waitFor({ state: 'detached', ...WAIT });
    assert.equal((await log(ole)).length, texts.length);
  });

  test('a conversation of 100,000 messages is as light as a short one', async (context) => {
    const [quin, rosa] = await talking('quin', 'rosa');
    await say(quin, 'the first of all');
    await agree([quin, rosa], 1);
    await digi.server?.kill();
    digi.fill(100_000);
    await digi.serve();
    const began = Date.now();
    await quin.goto(quin.url());
    await bubble(quin, 'message 100000').waitFor(WAIT);
    context.diagnostic(`opened in ${Date.now() - began} ms`);
    const oldest = async () => Number((await log(quin))[0]?.text.split(' ')[1]);
    const scroller = quin.getByRole('log');
    for (let page = 1, before = await oldest(); page <= 12; page++) {
      await scroller.evaluate((it) => it.scrollTo(0, -it.scrollHeight));
      while ((await oldest()) >= before) await sleep(20);
      before = await oldest();
      assert.ok((await quin.locator('#messages > li').count()) <= LINES_MAX);
    }
    const held = (await log(quin)).map(({ text }) => Number(text.split(' ')[1]));
    assert.ok((held[0] ?? 0) < 99_500 && !held.includes(100_000), `${held[0]} to ${held.at(-1)}`);
    held.forEach((number, at) => assert.equal(number, (held[0] ?? 0) + at));
    // Whoever missed all of them is not told each, but shown the last.
    await bubble(rosa, 'message 100000').waitFor(WAIT);
    assert.equal((await log(rosa)).length, 50);
    await say(rosa, 'the last of all');
    await quin.getByRole('button', { name: 'Newest' }).click();
    await bubble(quin, 'the last of all').waitFor(WAIT);
    assert.ok((await quin.locator('#messages > li').count()) <= LINES_MAX);
    await quin.goto(`${digi.url}/search/?q=message+5000`);
    await quin.getByRole('link', { name: /: message 5000$|message 5000$/ }).last().click();
    await quin.locator('.bubble.sought', { hasText: 'message 5000' }).waitFor(WAIT);
  });

  test('all of it can be done without a mouse', async () => {
    const [sam, tess] = await talking('sam', 'tess');
    await sam.goto(`${digi.url}/`);
    const line = sam.getByRole('link', { name: /tess/ });
    for (let press = 0; press < 30 && !(await line.evaluate((it) => it === document.activeElement)); press++) {
      await sam.keyboard.press('Tab');
    }
    await sam.keyboard.press('Enter');
    await ready(sam);
    await field(sam).and(sam.locator(':focus')).waitFor();
    await sam.keyboard.type('a line');
    await sam.keyboard.press('Shift+Enter');
    await sam.keyboard.type('and anohter');
    await sam.keyboard.press('Enter');
    await bubble(sam, 'a line').getByText('sent', { exact: true }).or(bubble(sam, 'a line').getByText('read', { exact: true })).waitFor(WAIT);
    await sam.keyboard.press('ArrowUp');
    await sam.getByText('Editing a message').waitFor();
    await sam.keyboard.press('ControlOrMeta+A');
    await sam.keyboard.type('a better line');
    await sam.keyboard.press('Enter');
    await bubble(tess, 'a better line').waitFor(WAIT);
    await sam.keyboard.press('Escape');
    await sam.getByRole('log').and(sam.locator(':focus')).waitFor();
    await sam.keyboard.press('ArrowUp');
    await bubble(sam, 'a better line').and(sam.locator(':focus')).waitFor();
    for (const key of ['Tab', 'Enter', 'Tab', 'Tab', 'Enter', 'Tab', 'Enter']) await sam.keyboard.press(key);
    await bubble(tess, 'Message deleted').waitFor(WAIT);
    assert.deepEqual(await agree([sam, tess], 1), ['Message deleted']);
  });

  test('without scripts the pages work as plain HTML', async () => {
    const [ulla, vera] = await talking('ulla', 'vera');
    const plain = await openPage('ulla', new URL(ulla.url()).pathname, { javaScriptEnabled: false });
    await field(plain).fill('said <b>plainly</b>\nin two lines');
    await plain.getByRole('button', { name: 'Send' }).click();
    await bubble(vera, 'said <b>plainly</b>').waitFor(WAIT);
    await say(vera, 'and heard');
    await agree([ulla, vera], 2);
    await plain.reload();
    assert.deepEqual((await log(plain)).map(({ text }) => text), ['said <b>plainly</b>\nin two lines', 'and heard']);
    await plain.getByRole('button', { name: 'Mark all as read' }).click();
    await choose(plain, 'plainly', 'Edit');
    await field(plain).fill('said more plainly');
    await plain.getByRole('button', { name: 'Send' }).click();
    await choose(plain, 'said more plainly', 'Delete …');
    await plain.getByRole('button', { name: 'Delete for both' }).click();
    await bubble(vera, 'Message deleted').waitFor(WAIT);
    assert.deepEqual(await agree([ulla, vera], 2), ['Message deleted', 'and heard']);
    await plain.goto(`${digi.url}/search/?q=HEARD`);
    await plain.getByRole('link', { name: /and heard/ }).click();
    await bubble(plain, 'and heard').waitFor();
    digi.addUser('wanda', PASSWORD);
    await plain.goto(`${digi.url}/?people=WAN`);
    await plain.getByRole('button', { name: 'Talk with wanda' }).click();
    await plain.getByText('You have asked wanda to talk.').waitFor();
  });

  test('a page that is open while the key for ids is exchanged goes on', async () => {
    const [yan, zoe] = await talking('yan', 'zoe');
    await say(yan, 'by the first key', 'to be edited');
    await agree([yan, zoe], 2);
    const before = yan.url();
    await bubble(yan, 'to be edited').waitFor();
    const [first, second] = [digi.environment.CHAT_FERNET_KEYS, Buffer.alloc(32, 7).toString('base64url') + '='];
    digi.environment.CHAT_FERNET_KEYS = `${second},${first}`;
    await digi.serve();
    for (const page of [yan, zoe]) await page.waitForURL((url) => url.href !== before, WAIT);
    digi.environment.CHAT_FERNET_KEYS = second;
    await digi.serve();
    await say(zoe, 'by the second');
    await bubble(yan, 'by the second').waitFor(WAIT);
    await choose(yan, 'to be edited', 'Edit');
    await field(yan).fill('another text');
    await field(yan).press('Enter');
    await bubble(zoe, 'another text').waitFor(WAIT);
    assert.deepEqual(await agree([yan, zoe], 3), ['by the first key', 'another text', 'by the second']);
    for (const page of [yan, zoe]) {
      await page.locator('.inbox [aria-current=page]').waitFor(WAIT);
      await page.reload();
      await ready(page);
    }
    await agree([yan, zoe], 3);
    await yan.getByLabel('What to do with this conversation').click();
  });

  test('who is logged out, blocked or gone is told', async () => {
    const [walt, xena] = await talking('walt', 'xena');
    await say(walt, 'hi');
    await agree([walt, xena], 1);
    await xena.getByLabel('What to do with this conversation').click();
    await xena.getByText('Block …').click();
    await xena.getByRole('button', { name: 'Block walt' }).click();
    await xena.getByText('You have blocked walt.').waitFor();
    await walt.getByText('Nobody can write here now.').waitFor(WAIT);
    await xena.getByRole('button', { name: 'Unblock' }).last().click();
    for (const page of [walt, xena]) await ready(page);
    const other = await openPage('walt', '/settings/');
    await other.getByLabel('What you want to be called').fill('Walter');
    await other.getByRole('button', { name: 'Save' }).click();
    await other.getByText('Others see this name from now on.').waitFor();
    await other.getByText('Delete the account …').click();
    await other.getByLabel('Your password').fill('not this one');
    await other.getByRole('button', { name: 'Delete it for good' }).click();
    await other.getByText('That is not your password.').waitFor();
    await other.getByLabel('Your password').fill(PASSWORD);
    await other.getByRole('button', { name: 'Delete it for good' }).click();
    await other.getByRole('heading', { name: 'Log in' }).waitFor();
    await walt.getByText('You are logged out here.').waitFor(WAIT);
    await xena.getByText('This conversation is not open').waitFor(WAIT);
    await xena.goto(`${digi.url}/chat/nonsense/`);
    await xena.getByRole('heading', { name: 'Not found' }).waitFor();
    people.delete('walt');
  });

  test('every page is open to all, fits a narrow window, and has its pictures', async () => {
    const [ann, bob] = [await openPage('ann', '/'), await openPage('bob', '/')];
    await stock(ann, bob);
    const path = new URL(ann.url()).pathname;
    const paths = ['/', path, '/?people=c', '/search/?q=the', '/settings/', '/auth/sessions/', '/nowhere/'];
    /** @type {string[]} */
    const found = [];
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const wide = await openPage('ann', '/', { colorScheme });
      const narrow = await openPage('ann', '/', { colorScheme, viewport: NARROW });
      for (const shown of [wide, narrow]) {
        for (const path of paths) {
          await shown.goto(digi.url + path);
          await fits(shown);
          found.push(...(await barriers(shown)));
        }
        await shown.goto(digi.url + path);
        for (const menu of ['this conversation', 'this message']) {
          await shown.getByLabel(`What to do with ${menu}`).last().press('Enter');
          await fits(shown);
          found.push(...(await barriers(shown)));
        }
        await shown.getByRole('button', { name: 'Edit' }).click();
        await shown.getByText('Editing a message').waitFor();
        found.push(...(await barriers(shown)));
      }
      const suffix = colorScheme === 'dark' ? '-dark' : '';
      await pictures(wide, path, suffix, bob);
      if (colorScheme === 'light') await pictures(narrow, path, '-narrow', bob);
    }
    const stranger = await pages.open(`${digi.url}/auth/login/`);
    for (const path of ['/auth/login/', '/auth/register/']) {
      await stranger.goto(digi.url + path);
      await fits(stranger);
      found.push(...(await barriers(stranger)));
    }
    assert.deepEqual(found, []);
  });

  /** @param {Page} page @param {string} path @param {string} suffix @param {Page} bob */
  async function pictures(page, path, suffix, bob) {
    const picture = async (/** @type {string} */ name) => {
      if (DIGI_SCREENSHOTS) await page.screenshot({ path: join(DIGI_SCREENSHOTS, `digi-${name}${suffix}.png`) });
    };
    await page.goto(digi.url + path);
    await page.locator('#presence', { hasText: 'online' }).waitFor(WAIT);
    await field(bob).fill('');
    await sleep(3_100);
    await field(bob).pressSequentially('Then ');
    await page.getByText('bob is typing …').waitFor(WAIT);
    await picture('chat');
    await page.goto(`${digi.url}/`);
    await page.locator('.dot').first().waitFor(WAIT);
    await picture('home');
  }

  /** Fills ann's list as somebody has it after some days. @param {Page} ann @param {Page} bob */
  async function stock(ann, bob) {
    for (const who of ['clara', 'david', 'erik']) {
      const page = await enter(who);
      await ask(page, 'ann');
      if (who === 'erik') continue;
      await ann.getByRole('button', { name: `Accept ${who}` }).click(WAIT);
      await ready(page);
      await ann.goto(`${digi.url}/`);
      const texts = who === 'clara' ? ['The keys are under the blue pot.'] : ['Did you see the news?', 'Call me.'];
      await say(page, ...texts);
      await agree([page], texts.length);
    }
    for (const [page, name] of /** @type {const} */ ([[ann, 'bob'], [bob, 'ann']])) {
      await page.getByRole('link', { name: new RegExp(`^\\W*${name}`, 'i') }).first().click();
      await ready(page);
    }
    await say(bob, 'The train stood for two hours, and nobody knew why.');
    await say(bob, 'But the mountains were worth it: https://example.org/mountains');
    await agree([ann, bob], 5);
    await say(ann, 'I want to see all the pictures!');
    await agree([ann, bob], 6);
    await say(bob, 'Tonight, when I have slept.', 'Wrong window, sorry');
    await agree([ann, bob], 8);
    await choose(bob, 'Wrong window', 'Delete …');
    await bubble(bob, 'Wrong window').getByRole('button', { name: 'Delete for both' }).click();
    await choose(bob, 'Tonight', 'Edit');
    await field(bob).fill('Tomorrow, when I have slept.');
    await field(bob).press('Enter');
    await say(ann, 'Sleep well, and come by whenever you like. There is soup.');
    await bubble(bob, 'There is soup').waitFor(WAIT);
  }
});
