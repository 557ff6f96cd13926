// The modules of DIGI's pages without a browser: a server that is played, and time that passes when
// a test says so.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Conversation } from '../../../apps/digi/static/conversation.js';
import { History } from '../../../apps/digi/static/history.js';
import { Lines, counted } from '../../../apps/digi/static/lines.js';
import { Log, itemsOf } from '../../../apps/digi/static/log.js';
import { Outgoing } from '../../../apps/digi/static/outgoing.js';
import { parts } from '../../../apps/digi/static/text.js';
import { day, lastSeen } from '../../../apps/digi/static/times.js';
import { FakeClock } from '../testing/clock.js';

/** What a tab keeps. */
class FakeStorage {
  /** @type {Map<string, string>} */
  kept = new Map();
  /** @param {string} key */
  getItem = (key) => this.kept.get(key) ?? null;
  /** @param {string} key @param {string} value */
  setItem = (key, value) => this.kept.set(key, value);
  /** @param {string} key */
  removeItem = (key) => this.kept.delete(key);
}

/** A WebSocket whose other end is the test. */
class FakeSocket extends EventTarget {
  /** @type {any[]} */
  sent = [];
  isClosed = false;

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  /** @param {any} frame */
  says(frame) {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(frame) }));
  }

  /** @param {number} code */
  ends(code) {
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
}

/** @param {number} seq @param {Record<string, unknown>} [more] */
function said(seq, more = {}) {
  const sent = { message: `text ${seq}`, user: 'bob', message_id: `m${seq}`, sent_at: '2026-11-21T10:00:00Z' };
  return { type: 'chat_message', seq, ...sent, ...more };
}

/** @param {number} from @param {number} to */
function messages(from, to) {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => ({
    id: `m${from + at}`,
    seq: from + at,
    user: 'bob',
    text: `text ${from + at}`,
    sentAt: '2026-11-21T10:00:00Z',
    editedAt: null,
    isDeleted: false,
  }));
}

/** Ann's page in a conversation with bob, of which a server of so many messages is asked. */
class Stage {
  /** @type {FakeSocket[]} */
  sockets = [];
  /** @type {string[]} */
  complaints = [];
  /** @type {string[]} */
  renamings = [];
  clock = new FakeClock();
  isAtEnd = true;
  /** Who waits for a page. @type {(() => void)[]} */
  held = [];
  holds = false;
  /** Whether no page can be loaded. */
  isAway = false;
  /** How the server calls the conversation, and how its messages' ids begin. */
  id = 'c1';
  letter = 'm';

  /** @param {{ count?: number, storage?: FakeStorage, shown?: number }} [options] */
  constructor({ count = 0, storage = new FakeStorage(), shown = 50 } = {}) {
    this.count = count;
    this.storage = storage;
    const first = Math.max(1, count - shown + 1);
    this.history = new History(
      { load: (where, limit) => this.load(where, limit), changed: () => {}, isAtEnd: () => this.isAtEnd },
      { messages: messages(first, count), hasOlder: first > 1, hasNewer: false },
    );
    this.outgoing = new Outgoing(/** @type {any} */ (storage), 'outgoing');
    const stage = this;
    this.conversation = new Conversation({
      id: this.id,
      user: 'ann',
      history: this.history,
      outgoing: this.outgoing,
      lastSeq: count,
      readSeq: 0,
      peerReadSeq: 0,
      url: (id, after) => `/ws/${id}/?after=${after}`,
      seqOf: async (id) => Number(id.slice(1)),
      renamed: (id, before) => this.renamings.push(`${before} ${id}`),
      changed: () => {},
      complain: (fault) => this.complaints.push(fault),
      clock: this.clock,
      random: () => 1,
      WebSocket: class extends FakeSocket {
        /** @param {string} url */
        constructor(url) {
          super(url);
          stage.sockets.push(this);
        }
      },
    });
    this.conversation.line.connect();
  }

  /** @param {any} where @param {number} limit */
  async load(where, limit) {
    if (this.holds) await new Promise((resolve) => this.held.push(() => resolve(undefined)));
    if (this.isAway) throw new Error('no answer');
    const number = (/** @type {string} */ id) => Number(id.slice(1));
    if (where.after) {
      const from = number(where.after) + 1;
      const to = Math.min(this.count, from + limit - 1);
      return { messages: this.named(messages(from, to)), hasMore: to < this.count };
    }
    const to = where.before ? number(where.before) - 1 : this.count;
    const from = Math.max(1, to - limit + 1);
    return { messages: this.named(messages(from, to)), hasMore: from > 1 };
  }

  /** @param {import('../../../apps/digi/static/history.js').Message[]} messages */
  named(messages) {
    return messages.map((message) => ({ ...message, id: message.id.replace('m', this.letter) }));
  }

  /** The connection of now. */
  get socket() {
    return /** @type {FakeSocket} */ (this.sockets.at(-1));
  }

  /** What was sent over it, in few words. */
  get sent() {
    return this.socket.sent.map(({ type, message, message_id: id, typing }) => {
      return [type, message ?? id ?? typing].filter((it) => it !== undefined).join(' ');
    });
  }

  get texts() {
    return this.history.messages.map(({ text }) => text);
  }

  greet(lastSeq = this.count) {
    this.socket.dispatchEvent(new Event('open'));
    this.socket.says({ type: 'hello', connection: this.id, user: 'ann', peer: 'bob', last_seq: lastSeq, unread: 0 });
  }

  /** Acknowledges what was sent last. @param {number} seq */
  acknowledge(seq) {
    const { message, client_id } = this.socket.sent.findLast(({ type }) => type === 'add');
    this.socket.says(said(seq, { user: 'ann', message, client_id }));
  }

  /** The connection is lost, and made anew. */
  comeBack() {
    this.socket.ends(1006);
    this.clock.advance(15_000);
    this.greet();
  }
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('what is heard', () => {
  test('each event counts once, in order', () => {
    const stage = new Stage();
    stage.greet();
    for (const seq of [1, 1, 2, 1, 2, 3]) stage.socket.says(said(seq));
    assert.deepEqual(stage.texts, ['text 1', 'text 2', 'text 3']);
    assert.equal(stage.conversation.lastSeq, 3);
  });

  test('a gap is filled by another connection that asks for what is missing', () => {
    const stage = new Stage();
    stage.greet();
    stage.socket.says(said(1));
    stage.socket.says(said(3));
    assert.deepEqual(stage.texts, ['text 1']);
    assert.equal(stage.socket.isClosed, true);
    stage.clock.advance(500);
    assert.equal(stage.socket.url, '/ws/c1/?after=1');
    stage.greet(3);
    for (const seq of [2, 3]) stage.socket.says(said(seq));
    assert.deepEqual(stage.texts, ['text 1', 'text 2', 'text 3']);
  });

  test('an edit and a deletion change what is shown', () => {
    const stage = new Stage();
    stage.greet();
    for (const seq of [1, 2]) stage.socket.says(said(seq));
    const edited = { message: 'better', message_id: 'm1', user: 'bob', edited_at: '2026-11-21T11:00:00Z' };
    stage.socket.says({ type: 'chat_message_edit', seq: 3, ...edited });
    stage.socket.says({ type: 'chat_message_delete', seq: 4, message_id: 'm2', user: 'bob' });
    const [one, two] = stage.history.messages;
    assert.deepEqual([one?.text, one?.editedAt], ['better', '2026-11-21T11:00:00Z']);
    assert.deepEqual([two?.text, two?.isDeleted], ['', true]);
  });

  test('what is too old to be told is loaded anew', async () => {
    const stage = new Stage({ count: 3 });
    stage.greet();
    stage.count = 500;
    stage.socket.says({ type: 'resync', last_seq: 500 });
    stage.socket.says(said(501));
    await soon();
    assert.equal(stage.history.messages.length, 51);
    assert.deepEqual(stage.texts.slice(-2), ['text 500', 'text 501']);
    assert.equal(stage.history.hasOlder, true);
  });

  test('what cannot be loaded anew is asked for again, and leaves no hole', async () => {
    const stage = new Stage({ count: 3 });
    stage.greet();
    stage.isAway = true;
    stage.socket.says({ type: 'resync', last_seq: 500 });
    stage.socket.says(said(501));
    await soon();
    assert.deepEqual(stage.texts, ['text 1', 'text 2', 'text 3']);
    assert.equal(stage.history.hasNewer, true);
    stage.clock.advance(500);
    assert.equal(stage.socket.url, '/ws/c1/?after=3');
    [stage.isAway, stage.count] = [false, 501];
    stage.greet();
    stage.socket.says({ type: 'resync', last_seq: 501 });
    await soon();
    assert.equal(stage.texts.at(-1), 'text 501');
    assert.equal(stage.history.messages.length, 50);
    assert.equal(stage.history.hasNewer, false);
  });

  test('of two that are loaded anew at once the end of the last counts', async () => {
    const stage = new Stage({ count: 3 });
    stage.greet();
    stage.holds = true;
    for (const lastSeq of [500, 900]) stage.socket.says({ type: 'resync', last_seq: lastSeq });
    const [first, last] = stage.held;
    first?.();
    await soon();
    assert.equal(stage.conversation.lastSeq, 900);
    stage.isAway = true;
    last?.();
    await soon();
    assert.equal(stage.conversation.lastSeq, 3);
  });

  test('who was away for very long is not told everything', async () => {
    const stage = new Stage({ count: 3 });
    stage.count = 5000;
    stage.greet();
    await soon();
    stage.clock.advance(500);
    assert.equal(stage.socket.url, '/ws/c1/?after=5000');
    assert.equal(stage.texts.at(-1), 'text 5000');
    stage.greet();
    stage.socket.says(said(5001));
    assert.equal(stage.texts.at(-1), 'text 5001');
  });

  test('typing ends by itself, by word, or by a message', () => {
    const stage = new Stage();
    stage.greet();
    const { conversation, socket } = stage;
    socket.says({ type: 'typing', user: 'bob', typing: true });
    assert.equal(conversation.isTyping, true);
    stage.clock.advance(6_000);
    assert.equal(conversation.isTyping, false);
    socket.says({ type: 'typing', user: 'bob', typing: true });
    socket.says({ type: 'typing', user: 'bob', typing: false });
    assert.equal(conversation.isTyping, false);
    socket.says({ type: 'typing', user: 'bob', typing: true });
    socket.says(said(1));
    assert.equal(conversation.isTyping, false);
  });

  test('read marks move forward only, also to messages that are not shown', async () => {
    const stage = new Stage({ count: 100 });
    stage.greet();
    for (const id of ['m90', 'm3']) stage.socket.says({ type: 'read', user: 'bob', message_id: id });
    await soon();
    assert.equal(stage.conversation.peerReadSeq, 90);
    stage.conversation.read({ id: 'm100', seq: 100 });
    stage.conversation.read({ id: 'm99', seq: 99 });
    assert.deepEqual(stage.sent, ['read m100']);
    assert.equal(stage.conversation.unread, 0);
  });

  test('of many messages that are read at once the last is told', () => {
    const stage = new Stage({ count: 40 });
    stage.greet();
    for (let seq = 1; seq <= 40; seq++) stage.conversation.read({ id: `m${seq}`, seq });
    assert.deepEqual(stage.sent, ['read m1']);
    stage.clock.advance(10_000);
    assert.deepEqual(stage.sent, ['read m1', 'read m40']);
  });

  test('a read mark that may be lost is said again', async () => {
    const stage = new Stage({ count: 2 });
    stage.greet();
    stage.conversation.read({ id: 'm2', seq: 2 });
    stage.comeBack();
    assert.deepEqual(stage.sent, ['read m2']);
    stage.socket.says({ type: 'read', user: 'ann', message_id: 'm2' });
    await soon();
    stage.comeBack();
    assert.deepEqual(stage.sent, []);
  });
});

describe('another key for ids', () => {
  /** The server is started anew with another key. @param {Stage} stage */
  function exchange(stage) {
    [stage.id, stage.letter] = ['c2', 'n'];
    stage.comeBack();
  }

  test('the page goes on by the ids of now', async () => {
    const stage = new Stage({ count: 3 });
    stage.greet();
    exchange(stage);
    assert.equal(stage.socket.url, '/ws/c1/?after=3');
    await soon();
    assert.deepEqual(stage.renamings, ['c1 c2']);
    assert.deepEqual(stage.history.messages.map(({ id }) => id), ['n1', 'n2', 'n3']);
    stage.socket.says({ type: 'chat_message_edit', seq: 4, message_id: 'n2', message: 'better', user: 'bob' });
    assert.equal(stage.history.find('n2')?.text, 'better');
    stage.comeBack();
    assert.equal(stage.socket.url, '/ws/c2/?after=4');
    assert.deepEqual(stage.renamings, ['c1 c2']);
  });

  test('what was begun before is done by the ids of now', async () => {
    const stage = new Stage({ count: 3 });
    stage.greet();
    const [, begun = { id: '', seq: 0 }] = stage.history.messages;
    stage.conversation.read({ id: 'm3', seq: 3 });
    stage.conversation.say('one');
    exchange(stage);
    await soon();
    stage.conversation.edit(begun, 'better');
    assert.deepEqual(stage.sent, ['add one', 'read n3', 'edit better']);
    assert.equal(stage.socket.sent.at(-1).message_id, 'n2');
  });

  test('what was missed meanwhile is there once, and what cannot be loaded is asked for again', async () => {
    const stage = new Stage({ count: 3 });
    stage.greet();
    stage.isAway = true;
    stage.count = 5;
    exchange(stage);
    for (const seq of [4, 5]) stage.socket.says(said(seq, { message_id: `n${seq}` }));
    await soon();
    stage.isAway = false;
    stage.clock.advance(15_000);
    assert.equal(stage.socket.url, '/ws/c2/?after=3');
    stage.greet();
    for (const seq of [4, 5]) stage.socket.says(said(seq, { message_id: `n${seq}` }));
    await soon();
    assert.deepEqual(stage.history.messages.map(({ id }) => id), ['n1', 'n2', 'n3', 'n4', 'n5']);
    assert.deepEqual(stage.renamings, ['c1 c2']);
  });
});

describe('what is sent', () => {
  test('messages wait for their acknowledgements one after the other', () => {
    const stage = new Stage();
    for (const text of ['one', 'two']) stage.conversation.say(text);
    assert.deepEqual(stage.sent, []);
    stage.greet();
    assert.deepEqual(stage.sent, ['add one']);
    stage.acknowledge(1);
    assert.deepEqual(stage.sent, ['add one', 'add two']);
    stage.acknowledge(2);
    assert.deepEqual(stage.outgoing.waiting, []);
    assert.deepEqual(stage.texts, ['one', 'two']);
  });

  test('what was not acknowledged is sent again by the same name, after a reload too', () => {
    const storage = new FakeStorage();
    const stage = new Stage({ storage });
    stage.greet();
    stage.conversation.say('one');
    stage.conversation.say('two');
    const [{ client_id: name }] = stage.socket.sent;
    stage.comeBack();
    assert.equal(stage.socket.sent[0].client_id, name);
    const later = new Stage({ storage });
    later.greet();
    assert.equal(later.socket.sent[0].client_id, name);
    later.acknowledge(1);
    later.acknowledge(2);
    assert.equal(storage.kept.size, 0);
  });

  test('an acknowledgement of what was stored before the connection was lost removes the grey line', () => {
    const stage = new Stage();
    stage.greet();
    stage.conversation.say('one');
    const [{ client_id: name }] = stage.socket.sent;
    stage.socket.ends(1006);
    stage.clock.advance(500);
    stage.greet(1);
    stage.socket.says(said(1, { user: 'ann', message: 'one' }));
    stage.socket.says(said(1, { user: 'ann', message: 'one', client_id: name }));
    assert.deepEqual(stage.outgoing.waiting, []);
    assert.deepEqual(stage.texts, ['one']);
  });

  test('what is refused for now is sent again, before what was written later', () => {
    const stage = new Stage();
    stage.greet();
    for (const text of ['one', 'two']) stage.conversation.say(text);
    const [{ client_id }] = stage.socket.sent;
    stage.socket.says({ type: 'error', code: 'rate_limited', detail: 'slowly', retry_after: 4, client_id });
    stage.clock.advance(3_900);
    assert.deepEqual(stage.sent, ['add one']);
    stage.clock.advance(100);
    assert.deepEqual(stage.sent, ['add one', 'add one']);
    stage.socket.says({ type: 'error', code: 'unavailable', detail: 'away', client_id });
    stage.clock.advance(2_000);
    stage.acknowledge(1);
    assert.deepEqual(stage.sent, ['add one', 'add one', 'add one', 'add two']);
    assert.deepEqual(stage.complaints, []);
  });

  test('what is refused for good can be taken back, and holds up nothing', () => {
    const stage = new Stage();
    stage.greet();
    for (const text of ['bad', 'good']) stage.conversation.say(text);
    const [{ client_id }] = stage.socket.sent;
    stage.socket.says({ type: 'error', code: 'invalid', detail: 'It has a NUL.', client_id });
    assert.deepEqual(stage.complaints, ['It has a NUL.']);
    assert.deepEqual(stage.sent, ['add bad', 'add good']);
    stage.acknowledge(1);
    assert.equal(stage.outgoing.waiting[0]?.fault, 'It has a NUL.');
    assert.equal(stage.conversation.takeBack(client_id), 'bad');
    assert.deepEqual(stage.outgoing.waiting, []);
  });

  test('half a character is no fault of what is sent', () => {
    const stage = new Stage({ count: 1 });
    stage.greet();
    stage.conversation.say('half \uD83D, whole \u{1F600}');
    stage.conversation.edit({ id: 'm1', seq: 1 }, '\uDE00');
    assert.deepEqual(stage.sent, ['add half \uFFFD, whole \u{1F600}', 'edit \uFFFD']);
  });

  test('what the server cannot even read holds up nothing', () => {
    const stage = new Stage();
    stage.greet();
    for (const text of ['bad', 'good']) stage.conversation.say(text);
    stage.socket.says({ type: 'error', code: 'invalid', detail: 'Not this.', message_id: 'm9' });
    assert.deepEqual(stage.sent, ['add bad']);
    stage.socket.says({ type: 'error', code: 'invalid', detail: 'It is no JSON.' });
    assert.deepEqual(stage.sent, ['add bad', 'add good']);
    assert.equal(stage.outgoing.waiting[0]?.fault, 'It is no JSON.');
  });

  test('what is too large for a frame is not sent for ever', () => {
    const stage = new Stage();
    stage.greet();
    stage.conversation.say('huge');
    stage.socket.ends(1009);
    stage.clock.advance(500);
    stage.greet();
    assert.deepEqual(stage.sent, []);
    assert.equal(stage.outgoing.waiting[0]?.fault, 'This is too long for the server.');
  });

  test('who gets no acknowledgement doubts the connection', () => {
    const stage = new Stage();
    stage.greet();
    stage.conversation.say('one');
    stage.clock.advance(10_000);
    assert.equal(stage.sockets[0]?.isClosed, true);
    stage.clock.advance(500);
    stage.greet();
    assert.deepEqual(stage.sent, ['add one']);
  });

  test('so many may wait, and no more', () => {
    const stage = new Stage();
    for (let count = 0; count < 200; count++) assert.equal(stage.conversation.say('text'), true);
    assert.equal(stage.conversation.say('one too many'), false);
  });

  test('an edit is done when it comes back, or says why it was not', async () => {
    const stage = new Stage({ count: 2 });
    stage.greet();
    const edited = stage.conversation.edit({ id: 'm1', seq: 1 }, 'better');
    stage.socket.says({ type: 'chat_message_edit', seq: 3, message_id: 'm1', message: 'better', user: 'ann' });
    assert.equal(await edited, null);
    const refused = stage.conversation.delete('m2');
    stage.socket.says({ type: 'error', code: 'not_owner', detail: 'Not yours.', message_id: 'm2' });
    assert.equal(await refused, 'Not yours.');
    const lost = stage.conversation.delete('m2');
    stage.socket.ends(1006);
    assert.match((await lost) ?? '', /connection was lost/);
    assert.match((await stage.conversation.delete('m2')) ?? '', /no connection/);
    assert.deepEqual(stage.complaints, []);
  });

  test('who gets no answer to an edit doubts the connection, and can go on', async () => {
    const stage = new Stage({ count: 2 });
    stage.greet();
    const edited = stage.conversation.edit({ id: 'm1', seq: 1 }, 'better');
    stage.socket.says({ type: 'chat_message_edit', seq: 3, message_id: 'm1', message: 'better', user: 'ann' });
    assert.equal(await edited, null);
    stage.clock.advance(9_000);
    const silent = stage.conversation.edit({ id: 'm2', seq: 2 }, 'better');
    stage.clock.advance(9_000);
    assert.equal(stage.sockets[0]?.isClosed, false);
    stage.clock.advance(1_000);
    assert.equal(stage.sockets[0]?.isClosed, true);
    assert.match((await silent) ?? '', /connection was lost/);
  });

  test('typing is told now and then, and its end once', () => {
    const stage = new Stage();
    stage.greet();
    for (let at = 0; at < 10; at++) {
      stage.conversation.typing(true);
      stage.clock.advance(500);
    }
    stage.conversation.typing(false);
    stage.conversation.typing(false);
    assert.deepEqual(stage.sent, ['typing true', 'typing true', 'typing false']);
  });
});

describe('the connection', () => {
  test('the waits grow from half a second to fifteen', () => {
    const stage = new Stage();
    const waits = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const before = stage.sockets.length;
      stage.socket.ends(1006);
      let ms = 0;
      for (; stage.sockets.length === before; ms += 100) stage.clock.advance(100);
      waits.push(ms);
    }
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  test('who was connected for a while begins with the short wait again', () => {
    const stage = new Stage();
    for (let attempt = 0; attempt < 4; attempt++) {
      stage.socket.ends(1006);
      stage.clock.advance(15_000);
    }
    stage.greet();
    stage.clock.advance(5_000);
    stage.socket.ends(1006);
    const before = stage.sockets.length;
    stage.clock.advance(500);
    assert.equal(stage.sockets.length, before + 1);
  });

  test('a silent connection is asked, and given up', () => {
    const stage = new Stage();
    stage.greet();
    stage.clock.advance(25_000);
    assert.deepEqual(stage.sent, ['ping']);
    stage.socket.says({ type: 'pong' });
    stage.clock.advance(25_000);
    assert.deepEqual(stage.sent, ['ping', 'ping']);
    stage.clock.advance(10_000);
    assert.equal(stage.sockets[0]?.isClosed, true);
    assert.equal(stage.conversation.line.state, 'waiting');
  });

  test('who wakes up does not wait', () => {
    const stage = new Stage();
    stage.socket.ends(1006);
    stage.conversation.line.probe();
    assert.equal(stage.sockets.length, 2);
    stage.greet();
    stage.conversation.line.probe();
    assert.deepEqual(stage.sent, ['ping']);
  });

  test('a session that ends, or a block, is the end of it', () => {
    for (const [code, reason] of /** @type {const} */ ([[4401, 'logged-out'], [4403, 'blocked']])) {
      const stage = new Stage();
      stage.greet();
      stage.socket.ends(code);
      assert.equal(stage.conversation.ended, reason);
      stage.clock.advance(60_000);
      assert.equal(stage.sockets.length, 1);
      for (const later of /** @type {const} */ (['logged-out', 'gone'])) stage.conversation.line.close(later);
      assert.equal(stage.conversation.ended, 'logged-out');
    }
  });

  test('words that are none are passed over', () => {
    const stage = new Stage();
    stage.greet();
    for (const frame of [null, 7, 'text', [], {}, { type: 'later' }]) stage.socket.says(frame);
    stage.socket.dispatchEvent(Object.assign(new Event('message'), { data: '{' }));
    stage.socket.says(said(1));
    assert.deepEqual(stage.texts, ['text 1']);
  });
});

describe('the history', () => {
  test('however far one goes, so much is held and nothing is missing', async () => {
    const { history, count } = new Stage({ count: 100_000 });
    const isWhole = () => {
      const [first] = history.messages;
      assert.ok(history.messages.length <= 300);
      history.messages.forEach(({ seq }, at) => assert.equal(seq, (first?.seq ?? 0) + at));
    };
    for (let page = 0; page < 40; page++) {
      await history.older();
      isWhole();
    }
    assert.equal(history.hasNewer, true);
    assert.equal(history.messages[0]?.seq, count - 2049);
    while (history.hasNewer) {
      await history.newer();
      isWhole();
    }
    assert.equal(history.messages.at(-1)?.seq, count);
    assert.equal(history.hasOlder, true);
  });

  test('a thousand live messages push the oldest out', () => {
    const stage = new Stage({ count: 10 });
    stage.greet();
    for (let seq = 11; seq <= 1010; seq++) stage.socket.says(said(seq));
    assert.equal(stage.history.messages.length, 300);
    assert.equal(stage.history.messages.at(-1)?.seq, 1010);
    assert.equal(stage.history.hasOlder, true);
    assert.equal(stage.history.hasNewer, false);
  });

  test('who reads what is old is not pushed away from it', async () => {
    const stage = new Stage({ count: 300, shown: 290 });
    stage.greet();
    stage.isAtEnd = false;
    for (let seq = 301; seq <= 400; seq++) stage.socket.says(said(seq));
    assert.equal(stage.history.messages[0]?.seq, 11);
    assert.equal(stage.history.hasNewer, true);
    stage.count = 400;
    await stage.history.newest();
    assert.equal(stage.history.messages.at(-1)?.seq, 400);
    assert.equal(stage.history.hasNewer, false);
  });

  test('what happens while a page is on its way is not forgotten', async () => {
    const stage = new Stage({ count: 100 });
    stage.greet();
    stage.holds = true;
    const loading = stage.history.older();
    stage.socket.says({ type: 'chat_message_edit', seq: 101, message_id: 'm20', message: 'better', user: 'bob' });
    stage.socket.says(said(102));
    for (const go of stage.held) go();
    await loading;
    assert.equal(stage.history.find('m20')?.text, 'better');
    assert.equal(stage.history.messages.at(-1)?.seq, 102);
    assert.equal(stage.history.messages.length, 101);
  });

  test('the answer to an older question is dropped', async () => {
    const stage = new Stage({ count: 1000 });
    stage.holds = true;
    const older = stage.history.older();
    const newest = stage.history.newest();
    for (const go of stage.held.reverse()) go();
    await Promise.all([older, newest]);
    assert.equal(stage.history.messages.length, 50);
    assert.equal(stage.history.isLoading, false);
  });
});

describe('the log', () => {
  /** @param {Stage} stage @returns {any} */
  const optionsOf = ({ history, outgoing, conversation }) => ({
    ...{ user: 'ann', readSeq: 100, openedSeq: 100, history, outgoing },
    ...{ peerReadSeq: () => conversation.peerReadSeq, acts: {}, seen: () => {} },
  });

  test('what waits to be sent is shown, also below what is old', () => {
    const stage = new Stage({ count: 100, shown: 2 });
    stage.history.hasNewer = true;
    stage.conversation.say('one');
    const [{ clientId } = { clientId: '' }] = stage.outgoing.waiting;
    const keys = [...itemsOf(optionsOf(stage))].map(({ key }) => key);
    assert.deepEqual(keys.slice(1), ['m99', 'm100', clientId]);
  });

  test('without a connection the way to the end leads to the end of what is held', async (context) => {
    const stage = new Stage();
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const globals = /** @type {any} */ (globalThis);
    Object.assign(globals, { document: new EventTarget(), addEventListener: () => {} });
    context.after(() => ['document', 'addEventListener'].forEach((name) => delete globals[name]));
    const nothing = { setAttribute() {}, removeAttribute() {}, getBoundingClientRect: () => ({ top: 0 }) };
    const scroller = Object.assign(new EventTarget(), nothing, { scrollTop: -900, clientHeight: 0 });
    const list = { replaceChildren() {}, firstElementChild: null };
    const log = new Log(/** @type {any} */ (scroller), /** @type {any} */ (list), optionsOf(stage));
    [stage.history.hasNewer, stage.isAway] = [true, true];
    await log.toEnd();
    assert.equal(scroller.scrollTop, 0);
    assert.equal(stage.history.hasNewer, true);
  });
});

describe('the list', () => {
  /** @type {(id: string, more?: any) => any} */
  const line = (id, more) => ({ id, user: { username: id, name: '' }, state: 'accepted', unread: 0, ...more });

  test('what was just said makes a line the first; a dot does not', () => {
    const lines = new Lines([line('a'), line('b'), line('c', { unread: 2 })]);
    lines.take(line('b', { online: true }));
    assert.deepEqual(lines.all.map(({ id }) => id), ['a', 'b', 'c']);
    lines.take(line('b', { last_message: { message_id: 'm1' }, unread: 1 }));
    assert.deepEqual(lines.all.map(({ id }) => id), ['b', 'a', 'c']);
    assert.equal(lines.unread, 3);
    lines.take(line('d', { state: 'pending_in' }));
    assert.deepEqual(lines.requests.map(({ id }) => id), ['d']);
    assert.deepEqual(lines.begun.map(({ id }) => id), ['b', 'a', 'c']);
  });

  test('what is heard while the list is on its way is newer than the list', async () => {
    const lines = new Lines([]);
    const loading = lines.load(async () => [line('a', { unread: 1 }), line('b')]);
    lines.take(line('b', { unread: 5, last_message: { message_id: 'm1' } }));
    await loading;
    assert.deepEqual(lines.all.map(({ id }) => id), ['b', 'a']);
    assert.equal(lines.unread, 6);
    await lines.load(async () => [line('a')]);
    assert.equal(lines.unread, 0);
  });

  test('what was not read is counted as far as the server counts it', () => {
    assert.deepEqual([0, 1, 999, 1000, 5000].map(counted), ['0', '1', '999', '999+', '999+']);
  });

  test('a line that is gone goes, also from a list that is on its way', async () => {
    const lines = new Lines([line('a'), line('b')]);
    lines.drop('a');
    assert.deepEqual(lines.all.map(({ id }) => id), ['b']);
    const loading = lines.load(async () => [line('a'), line('b'), line('c')]);
    for (const id of ['a', 'b', 'nobody']) lines.drop(id);
    lines.take(line('b', { state: 'pending_in' }));
    await loading;
    assert.deepEqual(lines.all.map(({ id }) => id), ['b', 'c']);
  });

  test('the answer to an older question about the list is dropped', async () => {
    const lines = new Lines([]);
    /** @type {(all: any[]) => void} */
    let answer = () => {};
    const older = lines.load(() => new Promise((resolve) => (answer = resolve)));
    await lines.load(async () => [line('new')]);
    answer([line('old')]);
    await older;
    assert.deepEqual(lines.all.map(({ id }) => id), ['new']);
  });
});

describe('texts', () => {
  const hrefs = (/** @type {string} */ text) => parts(text).flatMap(({ href }) => href ?? []);

  test('addresses become links, and all else stays as it is', () => {
    const texts = ['see https://example.org/a?b=c#d, or (http://example.com/x_(y)).', 'none', '', '  \n '];
    for (const text of texts) assert.equal(parts(text).map((part) => part.text).join(''), text);
    assert.deepEqual(hrefs(texts[0] ?? ''), ['https://example.org/a?b=c#d', 'http://example.com/x_(y)']);
  });

  test('what is no address of the web is no link', () => {
    const others = ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'https://', 'http://[', '//x.org'];
    for (const text of others) assert.deepEqual(hrefs(text), [], text);
    assert.deepEqual(hrefs('https://a.org"onclick="x'), ['https://a.org/']);
    assert.deepEqual(hrefs('https://a.org<script>'), ['https://a.org/']);
  });

  test('days are called as people call them', () => {
    const now = new Date(2026, 10, 21, 12);
    const at = (/** @type {[number, number, number?, number?]} */ ...parts) => new Date(2026, ...parts).toISOString();
    assert.equal(day(at(10, 21, 0, 1), now), 'Today');
    assert.equal(day(at(10, 20, 23, 59), now), 'Yesterday');
    assert.equal(day(at(10, 16, 9), now), 'Monday 16 November');
    assert.equal(lastSeen(at(10, 20, 9), now), 'last seen yesterday 09:00');
    assert.equal(day('nonsense', now), '');
  });
});
