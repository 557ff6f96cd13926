// The messages on the page: as many nodes as the history holds messages, and no more.

import { divider, onItsWay, said } from './bubbles.js';
import * as times from './times.js';

/** So near to an end of the log, in pixels, the next page is asked for. */
const NEAR = 600;

/** For how long nothing is read aloud after what nobody has just said was put into the log. */
const QUIET_MS = 1_000;

/** So near to the newest, in pixels, somebody is taken to look at it. */
const AT_END = 48;

/**
 * @typedef {object} Item One line of the log, and what it is made of: the same parts, the same line.
 * @property {string} key
 * @property {unknown[]} parts
 * @property {() => HTMLLIElement} make
 *
 * @typedef {object} Options
 * @property {string} user Who looks at it.
 * @property {number} readSeq Up to which number everything was read when the page was opened.
 * @property {number} openedSeq The number of the last event by then.
 * @property {import('./history.js').History} history
 * @property {import('./outgoing.js').Outgoing} outgoing
 * @property {() => number} peerReadSeq
 * @property {import('./bubbles.js').Acts} acts
 * @property {() => void} seen Told when something else can be seen.
 */

/** Draws the log, and keeps what is read in its place while something comes or goes around it. */
export class Log {
  #options;
  /** @type {Map<string, { parts: unknown[], node: HTMLLIElement }>} */
  #drawn = new Map();
  #isDue = false;
  #hasFailed = false;
  /** @type {any} */
  #quietTimer;

  /**
   * @param {HTMLElement} scroller Its newest end is where it begins: `column-reverse`.
   * @param {HTMLOListElement} list
   * @param {Options} options
   */
  constructor(scroller, list, options) {
    this.scroller = scroller;
    this.list = list;
    this.#options = options;
    this.#quiet();
    list.replaceChildren();
    scroller.addEventListener('scroll', () => this.#look(), { passive: true });
    scroller.addEventListener('keydown', (event) => this.#move(event));
    scroller.addEventListener('focusin', ({ target }) => this.#reach(target));
    addEventListener('resize', () => this.#look());
    document.addEventListener('click', (event) => this.#closeMenus(event.target));
  }

  /** Whether the newest message can be seen. */
  get isAtEnd() {
    return this.scroller.scrollTop > -AT_END;
  }

  /** Draws all that has changed, soon: much may have changed at once. */
  draw() {
    if (this.#isDue) return;
    this.#isDue = true;
    const draw = () => {
      this.#isDue = false;
      this.drawNow();
    };
    // No frames are drawn of a page in the background.
    if (document.hidden) setTimeout(draw, 200);
    else requestAnimationFrame(draw);
  }

  /** Draws what the page begins with: at the end, or where that begins which was not read yet. */
  drawFirst() {
    this.#place([...itemsOf(this.#options)]);
    this.#drawn.get('unread')?.node.scrollIntoView({ block: 'nearest' });
    this.#look();
  }

  /** Draws now, and keeps in place what is read. */
  drawNow() {
    const wasAtEnd = this.isAtEnd && !this.#options.history.hasNewer;
    const anchor = wasAtEnd ? null : this.#anchor();
    this.#place([...itemsOf(this.#options)]);
    if (anchor === null) this.scroller.scrollTop = 0;
    else this.scroller.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    this.#look();
  }

  /** Shows a message, and marks it. @param {string} id */
  show(id) {
    const node = this.#drawn.get(id)?.node;
    if (!node) return;
    node.classList.add('sought');
    node.scrollIntoView({ block: 'center' });
    node.focus({ preventScroll: true });
  }

  /** Leads to the newest message. */
  async toEnd() {
    if (this.#options.history.hasNewer) {
      this.#quiet();
      await this.#ask(this.#options.history.newest());
    }
    this.drawNow();
    this.scroller.scrollTop = 0;
  }

  /** Asks for more where an end is near, and tells what can be seen. */
  #look() {
    const { history, seen } = this.#options;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    // While nothing has a size, nothing is near.
    if (clientHeight > 0 && !this.#hasFailed && !history.isLoading) {
      if (history.hasNewer && -scrollTop < NEAR) this.#ask(history.newer());
      else if (history.hasOlder && scrollHeight - clientHeight + scrollTop < NEAR) this.#ask(history.older());
    }
    seen();
  }

  /** @param {Promise<void>} asked */
  async #ask(asked) {
    try {
      await asked;
      this.#quiet();
    } catch {
      // Whoever goes on scrolling asks again, a little later.
      this.#hasFailed = true;
      setTimeout(() => (this.#hasFailed = false), 1000);
    }
  }

  /** A screen reader reads aloud what comes into a log: what is old shall not be. */
  #quiet() {
    this.scroller.setAttribute('aria-live', 'off');
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.scroller.removeAttribute('aria-live'), QUIET_MS);
  }

  /** The first line that can be seen, and where. */
  #anchor() {
    const { top } = this.scroller.getBoundingClientRect();
    for (const { node } of this.#drawn.values()) {
      const place = node.getBoundingClientRect();
      if (node.classList.contains('bubble') && place.bottom > top) return { node, top: place.top };
    }
    return null;
  }

  /** @param {Item[]} items */
  #place(items) {
    const wanted = new Set(items.map(({ key }) => key));
    for (const [key, { node }] of this.#drawn) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#drawn.delete(key);
    }
    const before = this.#drawn;
    // In their order, which the anchor goes by.
    this.#drawn = new Map();
    let next = this.list.firstElementChild;
    for (const item of items) {
      const known = before.get(item.key);
      const isSame = known !== undefined && item.parts.every((part, at) => part === known.parts[at]);
      const node = isSame ? known.node : item.make();
      if (known && !isSame) {
        if (next === known.node) next = node;
        replace(known.node, node);
      }
      this.#drawn.set(item.key, { parts: item.parts, node });
      if (node === next) next = node.nextElementSibling;
      else this.list.insertBefore(node, next);
    }
  }

  /** Up and down go from message to message, and out of a menu back to its own. @param {KeyboardEvent} event */
  #move(event) {
    const { key, target } = event;
    if (!(target instanceof HTMLElement)) return;
    const at = target.closest('li.bubble');
    if (key === 'Escape') {
      const menus = this.list.querySelectorAll('details.menu[open]');
      for (const menu of menus) menu.removeAttribute('open');
      if (menus.length > 0 && at instanceof HTMLElement) at.focus();
      if (menus.length > 0) event.stopPropagation();
    } else if ((key === 'ArrowUp' || key === 'ArrowDown') && target.closest('.choices') === null) {
      const all = [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll('li.bubble'))];
      const next = at instanceof HTMLElement ? all.indexOf(at) + (key === 'ArrowUp' ? -1 : 1) : all.length - 1;
      if (all[next] === undefined) return;
      event.preventDefault();
      all[next].focus({ preventScroll: true });
      all[next].scrollIntoView({ block: 'nearest' });
    }
  }

  /** Only the menu of the message that has the focus stands in the way of the tabulator. @param {EventTarget | null} target */
  #reach(target) {
    const at = target instanceof Element ? target.closest('li.bubble') : null;
    for (const summary of this.list.querySelectorAll('.menu > summary')) {
      summary.setAttribute('tabindex', at?.contains(summary) ? '0' : '-1');
    }
  }

  /** @param {EventTarget | null} target */
  #closeMenus(target) {
    for (const menu of this.list.querySelectorAll('details.menu[open]')) {
      if (!(target instanceof Node && menu.contains(target))) menu.removeAttribute('open');
    }
  }
}

/**
 * The lines of a log, in their order.
 *
 * @param {Options} options
 * @returns {Generator<Item>}
 */
export function* itemsOf({ history, outgoing, acts, user, readSeq, openedSeq, peerReadSeq }) {
  const readByPeer = peerReadSeq();
  let [day, hasNew] = ['', false];
  for (const message of history.messages) {
    const { id: key, seq } = message;
    const its = times.day(message.sentAt);
    if (its !== day) yield { key: `day ${its}`, parts: [], make: () => divider(its) };
    day = its;
    const isOwn = message.user === user;
    const isRead = isOwn && seq <= readByPeer;
    if (!hasNew && !isOwn && seq > readSeq && seq <= openedSeq) {
      hasNew = true;
      yield { key: 'unread', parts: [], make: () => divider('New', 'unread') };
    }
    yield { key, parts: [message, isRead], make: () => said(message, { isOwn, isRead }, acts) };
  }
  // Also below what is old: who writes sees that it is kept.
  for (const pending of outgoing.waiting) {
    yield { key: pending.clientId, parts: [pending], make: () => onItsWay(pending, user, acts) };
  }
}

/** Puts a line in another's place; who was in the old one is in the new one, and an open menu stays open. @param {HTMLElement} old @param {HTMLElement} made */
function replace(old, made) {
  const hadFocus = old.contains(document.activeElement);
  const hasOpenMenu = old.querySelector('details.menu[open]') !== null;
  old.replaceWith(made);
  if (hasOpenMenu) made.querySelector('details.menu')?.setAttribute('open', '');
  if (hadFocus) made.focus({ preventScroll: true });
}
