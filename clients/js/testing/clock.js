// Time that passes when a test says so.

/** A `Clock` of campanile.js. */
export class FakeClock {
  #now = 0;
  /** @type {Set<{ at: number, callback: () => void }>} */
  #timers = new Set();

  now = () => this.#now;

  /** @type {(callback: () => void, ms: number) => any} */
  setTimeout = (callback, ms) => {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return timer;
  };

  /** @type {(timer: any) => void} */
  clearTimeout = (timer) => {
    this.#timers.delete(timer);
  };

  /** How many timers are set. */
  get size() {
    return this.#timers.size;
  }

  /**
   * Lets time pass, and calls on the way what falls due, in order.
   *
   * @param {number} ms
   */
  advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = due.at;
      this.#timers.delete(due);
      due.callback();
    }
    this.#now = end;
  }
}
