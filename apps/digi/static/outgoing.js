// What was written and not yet acknowledged. It outlives a reload of the page.

import { wellFormed } from './text.js';

/** How much may wait. */
const WAITING_MAX = 200;

/**
 * A message on its way.
 *
 * @typedef {object} Pending
 * @property {string} clientId By which the server knows it, also when it comes twice.
 * @property {string} text
 * @property {string} at When it was written.
 * @property {string} [fault] Why the server will not have it; it waits for a person to decide.
 */

/** The messages on their way, in their order. */
export class Outgoing {
  /** @type {readonly Pending[]} */
  #waiting = [];

  /**
   * @param {Storage | undefined} storage Where they are kept, such as the tab's `sessionStorage`.
   * @param {string} key Under which.
   */
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
    this.#waiting = this.#stored();
  }

  /** All of them. Another array after each change. */
  get waiting() {
    return this.#waiting;
  }

  /** The next one to send. */
  get next() {
    return this.#waiting.find(({ fault }) => fault === undefined);
  }

  /** @param {string} text @returns {Pending | null} null if too much waits already */
  push(text) {
    if (this.#waiting.length >= WAITING_MAX) return null;
    const pending = { clientId: makeId(), text: wellFormed(text), at: new Date().toISOString() };
    this.#keep([...this.#waiting, pending]);
    return pending;
  }

  /** @param {string} clientId @returns {Pending | undefined} what it was */
  remove(clientId) {
    const found = this.#waiting.find((pending) => pending.clientId === clientId);
    if (found) this.#keep(this.#waiting.filter((pending) => pending !== found));
    return found;
  }

  /** @param {string} clientId @param {string} fault */
  fail(clientId, fault) {
    const failed = (/** @type {Pending} */ it) => (it.clientId === clientId ? { ...it, fault } : it);
    this.#keep(this.#waiting.map(failed));
  }

  /** @param {readonly Pending[]} waiting */
  #keep(waiting) {
    this.#waiting = waiting;
    try {
      if (waiting.length > 0) this.storage?.setItem(this.key, JSON.stringify(waiting));
      else this.storage?.removeItem(this.key);
    } catch {
      // Without a place to keep them they live as long as the page.
    }
  }

  /** @returns {Pending[]} */
  #stored() {
    try {
      const stored = JSON.parse(this.storage?.getItem(this.key) ?? '[]');
      return Array.isArray(stored) ? stored.filter(isPending) : [];
    } catch {
      return [];
    }
  }
}

/** @param {any} value @returns {value is Pending} */
function isPending(value) {
  return ['clientId', 'text', 'at'].every((key) => typeof value?.[key] === 'string');
}

/** A name that nobody else gives. `randomUUID` is there under TLS only. */
function makeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
