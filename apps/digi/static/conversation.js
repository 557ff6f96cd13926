// A conversation as a page lives it: what is heard, in order and once, and what is sent until it
// is acknowledged.

import { messageOf } from './history.js';
import { Line, systemClock } from './line.js';
import { wellFormed } from './text.js';

/** How long an acknowledgement may take before the connection is doubted. */
const ACKNOWLEDGED_WITHIN_MS = 10_000;

/** After what was refused for now: the server may say otherwise. */
const AGAIN_AFTER_MS = 2_000;

/** How often the other is told that somebody still types, and how long that is believed. */
const TYPING = { everyMs: 3_000, holdsMs: 6_000 };

/** How often it is told at most what was read: of many messages the last counts. */
const READ_EVERY_MS = 1_000;

/** Whoever has missed more events than this looks at the newest messages instead. */
const MISSED_MAX = 1_000;

/** What the server closes with when a frame is larger than it takes: it would be so each time. */
const TOO_BIG = 1009;

/**
 * @typedef {import('./history.js').History} History
 * @typedef {import('./outgoing.js').Outgoing} Outgoing
 * @typedef {import('./line.js').Options} LineOptions
 * @typedef {{ isOnline: boolean, lastSeen: string | null }} Presence
 * @typedef {{ done: (fault: string | null) => void, timer: any }} Changing
 *
 * @typedef {object} Options
 * @property {string} id
 * @property {string} user Who writes here.
 * @property {number} lastSeq The number of the last event that the history holds.
 * @property {number} readSeq Up to which number this user has read.
 * @property {number} peerReadSeq Up to which number the other has.
 * @property {History} history
 * @property {Outgoing} outgoing
 * @property {(id: string, afterSeq: number) => string} url
 * @property {(id: string) => Promise<number>} seqOf Asks the server for a message's number.
 * @property {(id: string, before: string) => void} renamed Told what the conversation's id is now, and was
 *   before: the server has another key for ids.
 * @property {() => void} changed Told when something is to be drawn anew.
 * @property {(detail: string) => void} complain Told what could not be done.
 * @property {LineOptions['why']} [why]
 * @property {LineOptions['WebSocket']} [WebSocket]
 * @property {import('./line.js').Clock} [clock]
 * @property {() => number} [random]
 */

/** One page's side of a conversation. */
export class Conversation {
  /** @type {import('./line.js').Reason | null} Why nothing more comes. */
  ended = null;
  isTyping = false;
  /** @type {Presence | null} The other's; null until the server has said. */
  presence = null;
  /** @type {Line} */
  line;
  /** The conversation's id, as the server has last said it. */
  id;
  /** Whether the messages that are held still have the ids of before. */
  #isRenamed = false;
  #options;
  #clock;
  #lastSeq;
  /** What is loaded anew, and from where it is told again if that fails. @type {{ before: number } | null} */
  #resyncing = null;
  #peerReadSeq;
  #readSeq;
  /** What was read here, until the server has said so itself. @type {string | null} */
  #unheardRead = null;
  /** What of it was said over this connection. @type {string | null} */
  #saidRead = null;
  /** @type {any} */
  #readTimer;
  /** The name of the one add that is not yet acknowledged: one at a time keeps their order. */
  #sending = '';
  #isReady = false;
  /** Who waits for an edit or a deletion, and until when. @type {Map<string, Changing>} */
  #changing = new Map();
  #saidTypingAt = -Infinity;
  /** @type {any} */
  #sendTimer;
  /** @type {any} */
  #typingTimer;

  /** @param {Options} options */
  constructor(options) {
    const { url, why, WebSocket, clock = systemClock, random } = options;
    this.#options = options;
    this.#clock = clock;
    this.id = options.id;
    this.#lastSeq = options.lastSeq;
    this.#readSeq = options.readSeq;
    this.#peerReadSeq = options.peerReadSeq;
    this.line = new Line({
      url: () => url(this.id, this.#lastSeq),
      hear: (frame) => this.#hear(frame),
      change: (state, about) => this.#lineChanged(state, about),
      ...{ why, WebSocket, clock, random },
    });
  }

  /** The number of the last event that was heard. */
  get lastSeq() {
    return this.#lastSeq;
  }

  get peerReadSeq() {
    return this.#peerReadSeq;
  }

  /** How many of the other's messages that are held were not read. */
  get unread() {
    const { history, user } = this.#options;
    const isUnread = (/** @type {import('./history.js').Message} */ it) =>
      it.seq > this.#readSeq && it.user !== user && !it.isDeleted;
    return history.messages.filter(isUnread).length;
  }

  // --- what a person does ---------------------------------------------------------------------

  /** Sends a text, now or when it can be. @param {string} text @returns {boolean} whether it may wait */
  say(text) {
    const pending = this.#options.outgoing.push(text);
    this.#saidTypingAt = -Infinity;
    this.#flush();
    this.#options.changed();
    return pending !== null;
  }

  /** Takes back what the server will not have. @param {string} clientId */
  takeBack(clientId) {
    const pending = this.#options.outgoing.remove(clientId);
    this.#options.changed();
    return pending?.text ?? '';
  }

  /**
   * @param {{ id: string, seq: number }} message
   * @param {string} text
   * @returns {Promise<string | null>} why it was not done
   */
  edit(message, text) {
    // Its id may be another than when it was begun to be edited.
    const { id } = this.#options.history.last(({ seq }) => seq === message.seq) ?? message;
    return this.#change(id, { type: 'edit', message_id: id, message: wellFormed(text) });
  }

  /** @param {string} id @returns {Promise<string | null>} why it was not done */
  delete(id) {
    return this.#change(id, { type: 'delete', message_id: id });
  }

  /** Tells the other that somebody types here, or no longer does. @param {boolean} isTyping */
  typing(isTyping) {
    const now = this.#clock.now();
    if (isTyping && now - this.#saidTypingAt < TYPING.everyMs) return;
    if (!isTyping && this.#saidTypingAt === -Infinity) return;
    this.#saidTypingAt = isTyping ? now : -Infinity;
    this.line.send({ type: 'typing', typing: isTyping });
  }

  /** Marks as read all up to a message. @param {{ id: string, seq: number }} message */
  read({ id, seq }) {
    if (seq <= this.#readSeq) return;
    this.#readSeq = seq;
    this.#unheardRead = id;
    this.#sayRead();
    this.#options.changed();
  }

  #sayRead() {
    const id = this.#unheardRead;
    const isSaid = id === null || id === this.#saidRead;
    if (isSaid || !this.#isReady || this.#isRenamed || this.#readTimer !== undefined) return;
    this.line.send({ type: 'read', message_id: id });
    this.#saidRead = id;
    this.#readTimer = this.#clock.setTimeout(() => {
      this.#readTimer = undefined;
      this.#sayRead();
    }, READ_EVERY_MS);
  }

  /**
   * @param {string} id
   * @param {Record<string, unknown>} frame
   * @returns {Promise<string | null>}
   */
  #change(id, frame) {
    if (!this.#isReady || !this.line.send(frame)) {
      return Promise.resolve('There is no connection. Try again when it is back.');
    }
    this.#settle(id, null);
    // Without the connection nothing is waited for any more.
    const timer = this.#clock.setTimeout(() => this.line.reconnect(), ACKNOWLEDGED_WITHIN_MS);
    return new Promise((done) => this.#changing.set(id, { done, timer }));
  }

  /** @param {string} id @param {string | null} fault */
  #settle(id, fault) {
    const changing = this.#changing.get(id);
    if (changing === undefined) return false;
    this.#changing.delete(id);
    this.#clock.clearTimeout(changing.timer);
    changing.done(fault);
    return true;
  }

  // --- sending --------------------------------------------------------------------------------

  #flush() {
    const { next } = this.#options.outgoing;
    if (!this.#isReady || this.#sending !== '' || next === undefined) return;
    const { clientId, text } = next;
    if (!this.line.send({ type: 'add', message: text, client_id: clientId })) return;
    this.#sending = clientId;
    this.#later(ACKNOWLEDGED_WITHIN_MS, () => this.line.reconnect());
  }

  /** @param {string} clientId */
  #acknowledged(clientId) {
    this.#options.outgoing.remove(clientId);
    if (clientId !== this.#sending) return;
    this.#sending = '';
    this.#clock.clearTimeout(this.#sendTimer);
    this.#flush();
  }

  /** @param {number} ms @param {() => void} callback */
  #later(ms, callback) {
    this.#clock.clearTimeout(this.#sendTimer);
    this.#sendTimer = this.#clock.setTimeout(callback, ms);
  }

  // --- what is heard --------------------------------------------------------------------------

  /** @type {LineOptions['change']} */
  #lineChanged(state, { reason, code }) {
    if (code === TOO_BIG && this.#sending !== '') {
      this.#options.outgoing.fail(this.#sending, 'This is too long for the server.');
    }
    if (state !== 'open') {
      this.#isReady = false;
      this.#saidRead = null;
      this.#sending = '';
      this.#clock.clearTimeout(this.#sendTimer);
      this.#otherTypes(false);
      for (const id of [...this.#changing.keys()]) {
        this.#settle(id, 'The connection was lost. See whether it was done, and try again.');
      }
    }
    this.ended = reason ?? null;
    this.#options.changed();
  }

  /** @param {Record<string, any>} frame */
  #hear(frame) {
    switch (frame.type) {
      case 'hello':
        this.#greeted(frame);
        break;
      case 'chat_message':
      case 'chat_message_edit':
      case 'chat_message_delete':
        this.#hearEvent(frame);
        break;
      case 'read':
        this.#hearRead(frame);
        break;
      case 'typing':
        if (frame.user !== this.#options.user) this.#otherTypes(frame.typing === true);
        break;
      case 'presence':
        this.#hearPresence(frame);
        break;
      case 'resync':
        this.#resync(Number(frame.last_seq));
        break;
      case 'error':
        this.#hearError(frame);
    }
  }

  /** @param {Record<string, any>} hello */
  #greeted({ last_seq: lastSeq, connection: id = this.id }) {
    if (id !== this.id) this.#rename(id);
    const missed = lastSeq - this.#lastSeq;
    if (missed > MISSED_MAX) {
      this.#resync(lastSeq);
      // The same again, from there on.
      this.line.reconnect();
      return;
    }
    this.#isReady = true;
    // The server knows less than was heard: its database is an older one.
    if (missed < 0 || this.#isRenamed) this.#resync(lastSeq);
    this.#sayRead();
    this.#flush();
  }

  /** @param {string} id */
  #rename(id) {
    const before = this.id;
    this.id = id;
    this.#isRenamed = true;
    this.#options.renamed(id, before);
  }

  /** @param {Record<string, any>} frame */
  #hearEvent(frame) {
    const { seq, client_id: clientId, user } = frame;
    if (user === this.#options.user && typeof clientId === 'string') this.#acknowledged(clientId);
    if (seq <= this.#lastSeq) {
      this.#options.changed();
    } else if (seq === this.#lastSeq + 1) {
      this.#lastSeq = seq;
      this.#take(frame);
    } else {
      this.line.reconnect();
    }
  }

  /** @param {Record<string, any>} frame */
  #take(frame) {
    const { history, user } = this.#options;
    const id = String(frame.message_id);
    if (frame.type === 'chat_message') {
      if (frame.user !== user) this.#otherTypes(false);
      history.add(messageOf(frame));
      return;
    }
    this.#settle(id, null);
    if (frame.type === 'chat_message_edit') {
      const isDeleted = frame.message === '';
      history.change(id, { text: frame.message, editedAt: frame.edited_at ?? null, isDeleted });
    } else {
      history.change(id, { text: '', isDeleted: true });
    }
  }

  /** @param {Record<string, any>} frame */
  async #hearRead({ user, message_id: id }) {
    const { history, seqOf } = this.#options;
    if (id === this.#unheardRead && user === this.#options.user) this.#unheardRead = null;
    let seq = history.find(id)?.seq;
    try {
      seq ??= await seqOf(id);
    } catch {
      return;
    }
    if (user === this.#options.user) this.#readSeq = Math.max(this.#readSeq, seq);
    else this.#peerReadSeq = Math.max(this.#peerReadSeq, seq);
    this.#options.changed();
  }

  /** @param {Record<string, any>} frame */
  #hearPresence({ user, online, last_seen: lastSeen }) {
    if (user === this.#options.user) return;
    this.presence = { isOnline: online === true, lastSeen: lastSeen ?? null };
    this.#options.changed();
  }

  /** @param {boolean} isTyping */
  #otherTypes(isTyping) {
    this.#clock.clearTimeout(this.#typingTimer);
    const holds = () => this.#otherTypes(false);
    if (isTyping) this.#typingTimer = this.#clock.setTimeout(holds, TYPING.holdsMs);
    if (isTyping === this.isTyping) return;
    this.isTyping = isTyping;
    this.#options.changed();
  }

  /** What was missed is too old to be told, or what is held has other ids: the history says how things are. @param {number} lastSeq */
  async #resync(lastSeq) {
    const before = this.#resyncing?.before ?? this.#lastSeq;
    const resyncing = { before };
    this.#resyncing = resyncing;
    this.#lastSeq = lastSeq;
    const newest = this.#options.history.newest();
    const isLoaded = await newest.then(() => true, () => false);
    // A later one begins where this one did, and its end counts.
    if (resyncing !== this.#resyncing) return;
    this.#resyncing = null;
    if (isLoaded) {
      this.#useNewIds();
      return;
    }
    this.#lastSeq = before;
    this.line.reconnect();
  }

  #useNewIds() {
    if (!this.#isRenamed) return;
    this.#isRenamed = false;
    const { history } = this.#options;
    const read = history.last(({ seq }) => seq <= this.#readSeq);
    if (this.#unheardRead !== null) this.#unheardRead = read?.id ?? null;
    this.#sayRead();
  }

  /** @param {Record<string, any>} error */
  #hearError({ code, detail, client_id: clientId, message_id: id, retry_after: seconds }) {
    const said = String(detail ?? code);
    if (typeof id === 'string' && this.#settle(id, said)) return;
    const isForNow = code === 'rate_limited' || code === 'unavailable';
    // Of a frame that it cannot read the server knows no name; all others are made without a fault.
    const isNameless = clientId === undefined && id === undefined && code === 'invalid';
    const isOfSending = clientId === this.#sending || (clientId === undefined && isForNow) || isNameless;
    if (this.#sending === '' || !isOfSending) return;
    const sending = this.#sending;
    this.#sending = '';
    if (isForNow) {
      // The same again, by the same name, and before all others.
      this.#later(seconds > 0 ? seconds * 1000 : AGAIN_AFTER_MS, () => this.#flush());
    } else {
      this.#clock.clearTimeout(this.#sendTimer);
      this.#options.outgoing.fail(sending, said);
      this.#options.complain(said);
      this.#flush();
    }
    this.#options.changed();
  }
}
