// The list of conversations: one line each, the last active first.

import { csrf } from './api.js';
import { element, name } from './text.js';
import * as times from './times.js';

/** How many colours there are for those who have no picture. */
const HUES = 6;

/**
 * @typedef {object} Conversation As the server describes it.
 * @property {string} id
 * @property {{ username: string, name: string }} user
 * @property {'accepted' | 'pending_in' | 'pending_out' | 'declined' | 'blocked'} state
 * @property {number} unread
 * @property {any} last_message
 * @property {boolean} online
 */

/** The conversations of one user. */
export class Lines {
  /** The last active first. @type {Conversation[]} */
  all = [];
  /** What was heard since all were asked for, which the answer may not know. @type {(() => void)[] | null} */
  #meanwhile = null;

  /** @param {Conversation[]} all */
  constructor(all) {
    this.all = all;
  }

  get unread() {
    return this.all.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** Those that wait for this user's answer. */
  get requests() {
    return this.all.filter(({ state }) => state === 'pending_in');
  }

  /** Those that were begun, or may be. */
  get begun() {
    return this.all.filter(({ state }) => state !== 'pending_in');
  }

  /**
   * Asks for all of them anew; of several answers that to the last question counts.
   *
   * @param {() => Promise<Conversation[]>} ask
   */
  async load(ask) {
    /** @type {(() => void)[]} */
    const meanwhile = [];
    this.#meanwhile = meanwhile;
    const all = await ask();
    if (meanwhile !== this.#meanwhile) return;
    this.#meanwhile = null;
    this.all = all;
    for (const change of meanwhile) change();
  }

  /** Takes a line that has changed. What was just said in it makes it the first. @param {Conversation} changed */
  take(changed) {
    this.#do(() => {
      const at = this.all.findIndex(({ id }) => id === changed.id);
      const before = this.all[at];
      if (before && isAsActive(before, changed)) this.all[at] = changed;
      else this.all = [changed, ...this.all.filter(({ id }) => id !== changed.id)];
    });
  }

  /** Drops the line of a conversation that was left. @param {string} gone Its id. */
  drop(gone) {
    this.#do(() => {
      this.all = this.all.filter(({ id }) => id !== gone);
    });
  }

  /** Does it now, and again to the answer that is on its way. @param {() => void} change */
  #do(change) {
    change();
    this.#meanwhile?.push(change);
  }
}

/** @param {Conversation} before @param {Conversation} now */
function isAsActive(before, now) {
  const id = (/** @type {Conversation} */ it) => it.last_message?.message_id;
  return id(before) === id(now) && before.state === now.state;
}

/** Draws the list, and only what has changed of it. */
export class LinesView {
  /** @type {Map<string, { made: string, node: HTMLElement }>} */
  #drawn = new Map();

  /**
   * @param {HTMLElement} root With a list of class `begun`, and perhaps one of class `requests`; in
   *   `data-current` the id of the conversation that is open.
   * @param {string} user Who looks at it.
   */
  constructor(root, user) {
    this.root = root;
    this.user = user;
  }

  /** @param {Lines} lines */
  draw(lines) {
    this.#drawn = new Map([
      ...this.#list('.begun', lines.begun, (line) => this.#begun(line)),
      ...this.#list('.requests', lines.requests, (line) => request(line)),
    ]);
  }

  /**
   * @param {string} selector
   * @param {Conversation[]} wanted
   * @param {(line: Conversation) => HTMLElement} make
   */
  *#list(selector, wanted, make) {
    const list = this.root.querySelector(selector);
    const section = list?.closest('section');
    if (!list) return;
    if (section) section.hidden = wanted.length === 0 && section.classList.contains('if-any');
    const empty = this.root.querySelector(`${selector} + .empty`);
    if (empty instanceof HTMLElement) empty.hidden = wanted.length > 0;
    const nodes = wanted.map((line) => {
      const made = JSON.stringify([line, this.#isCurrent(line)]);
      const known = this.#drawn.get(line.id);
      const node = known?.made === made ? known.node : make(line);
      return /** @type {const} */ ([line.id, { made, node }]);
    });
    const focused = document.activeElement?.closest('[data-id]')?.getAttribute('data-id');
    list.replaceChildren(...nodes.map(([, { node }]) => node));
    // Whoever was on a line is still on it, wherever it is now.
    const again = nodes.find(([id]) => id === focused)?.[1].node;
    if (again && !again.contains(document.activeElement)) again.querySelector('a')?.focus();
    yield* nodes;
  }

  /** @param {Conversation} line */
  #begun(line) {
    const { id, user, unread, last_message: last } = line;
    const link = element('a', { href: `/chat/${id}/` });
    if (this.#isCurrent(line)) link.setAttribute('aria-current', 'page');
    const who = element('span', { class: 'who' }, name(user.name || user.username));
    if (line.online) who.append(element('span', { class: 'unseen' }, ', online'));
    const count = element('span', { class: 'count' }, counted(unread), unseen(' unread'));
    link.append(avatar(user.username, line.online), who);
    if (last) link.append(element('time', { datetime: last.sent_at }, times.short(last.sent_at)));
    link.append(element('span', { class: 'last' }, ...this.#said(line)));
    if (unread > 0) link.append(count);
    return element('li', { class: unread > 0 ? 'line new' : 'line', 'data-id': id }, link);
  }

  /** @param {Conversation} line */
  #isCurrent({ id }) {
    return id === this.root.dataset.current;
  }

  /** @param {Conversation} line @returns {(Node | string)[]} */
  #said({ state, last_message: last }) {
    if (state === 'pending_out') return ['Has not answered yet'];
    if (state === 'declined') return ['Not open'];
    if (state === 'blocked') return ['Blocked'];
    if (!last) return ['Say hello'];
    const you = last.user === this.user ? 'You: ' : '';
    if (last.deleted) return [you, element('em', {}, 'message deleted')];
    return [you, name(String(last.message).slice(0, 200))];
  }
}

/** Somebody who asks to talk. @param {Conversation} line */
function request({ id, user }) {
  const action = `/chat/${id}/answer/`;
  const answer = (/** @type {string} */ value, /** @type {string} */ label, kind = '') =>
    element('button', { name: 'answer', value, class: kind }, label, unseen(` ${user.username}`));
  const form = element(
    'form',
    { method: 'post', action, class: 'answers' },
    element('input', { type: 'hidden', name: 'csrfmiddlewaretoken', value: csrf() }),
    answer('accept', 'Accept'),
    answer('decline', 'Decline', 'quiet'),
  );
  const who = element('span', { class: 'who' }, name(user.name || user.username));
  const said = element('span', { class: 'last' }, 'asks to talk with you');
  return element('li', { class: 'line', 'data-id': id }, avatar(user.username), who, said, form);
}

/** How many were not read, as far as the server counts them. @param {number} unread */
export function counted(unread) {
  return unread > 999 ? '999+' : String(unread);
}

/** @param {string} text */
function unseen(text) {
  return element('span', { class: 'unseen' }, text);
}

/** A first letter on a colour that is always the same for one name. @param {string} username */
export function avatar(username, isOnline = false) {
  const mixed = (/** @type {number} */ sum, /** @type {number} */ byte) => (Math.imul(sum, 31) + byte) >>> 0;
  const hue = new TextEncoder().encode(username).reduce(mixed, 0) % HUES;
  const [letter = '?'] = username.toUpperCase();
  const made = element('span', { class: `avatar hue-${hue}`, 'aria-hidden': 'true' }, letter);
  if (isOnline) made.append(element('span', { class: 'dot' }));
  return made;
}
