// One WebSocket that comes back by itself.

/** How long after a lost connection the next is tried at most: twice as long each time, up to the last. */
const BACK_OFF_MS = { first: 500, last: 15_000 };

/** A connection that lasted this long was a good one: the next back-off begins anew. */
const STABLE_MS = 5_000;

/** How long the server may take to let one in. */
const CONNECT_WITHIN_MS = 15_000;

/** How often an open connection is tried, and how long the answer may take. */
const PING = { everyMs: 25_000, withinMs: 10_000 };

/** What the server closes with when waiting would not help. */
const FINAL = /** @type {Record<number, Reason>} */ ({ 4401: 'logged-out', 4403: 'blocked' });

/**
 * @typedef {'connecting' | 'open' | 'waiting' | 'closed'} State
 *   `waiting`: the connection is lost, and the next attempt is set. `closed`: for good.
 * @typedef {'logged-out' | 'blocked' | 'gone'} Reason Why it is closed for good.
 *
 * @typedef {object} Clock
 * @property {() => number} now Milliseconds since any fixed moment.
 * @property {(callback: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 *
 * @typedef {object} Options
 * @property {() => string} url Asked for each attempt.
 * @property {(frame: Record<string, any>) => void} hear Told each frame.
 * @property {(state: State, why: { reason?: Reason, code?: number }) => void} change Told each change of
 *   the state; if the connection was lost, with the code that it was closed with.
 * @property {() => Promise<Reason | null>} [why] Asked when the server would not open a connection,
 *   which browsers do not explain; null is to try again.
 * @property {new (url: string) => any} [WebSocket] For tests.
 * @property {Clock} [clock] For tests.
 * @property {() => number} [random] For tests.
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** A connection that is made again, sooner or later, whenever it is lost. */
export class Line {
  /** @type {State} */
  state = 'waiting';
  #options;
  #clock;
  /** @type {any} */
  #socket;
  #failures = 0;
  #openedAt = 0;
  /** The next attempt, or the next ping, or the end of one's patience. @type {any} */
  #timer;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Connects now, unless it is open or about to be. */
  connect() {
    if (this.state !== 'waiting') return;
    const { url, WebSocket = globalThis.WebSocket } = this.#options;
    const socket = new WebSocket(url());
    this.#socket = socket;
    this.#in(CONNECT_WITHIN_MS, () => this.reconnect());
    this.#enter('connecting');
    socket.addEventListener('open', () => {
      if (socket === this.#socket) this.#opened();
    });
    socket.addEventListener('message', (/** @type {any} */ { data }) => {
      if (socket === this.#socket) this.#hear(data);
    });
    socket.addEventListener('close', (/** @type {any} */ { code }) => {
      if (socket === this.#socket) this.#lost(code);
    });
  }

  /** Gives the connection up for another one. */
  reconnect() {
    if (this.state !== 'connecting' && this.state !== 'open') return;
    this.#drop();
    this.#lost(1006);
  }

  /** Says at once whether the connection is still there: a computer may have slept. */
  probe() {
    if (this.state === 'waiting') this.connect();
    else if (this.state === 'open') this.#ping();
  }

  /**
   * Sends a frame, if the connection is open. That it arrives is another matter.
   *
   * @param {Record<string, unknown>} frame
   */
  send(frame) {
    if (this.state !== 'open') return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Closes it for good. That one is logged out counts also after another reason. @param {Reason} [reason] */
  close(reason) {
    if (this.state === 'closed' && reason !== 'logged-out') return;
    this.#clock.clearTimeout(this.#timer);
    this.#drop();
    this.#enter('closed', { reason });
  }

  #opened() {
    this.#openedAt = this.#clock.now();
    this.#in(PING.everyMs, () => this.#ping());
    this.#enter('open');
  }

  /** @param {unknown} data */
  #hear(data) {
    const frame = parsed(data);
    if (frame === null) return;
    this.#in(PING.everyMs, () => this.#ping());
    this.#options.hear(frame);
  }

  #ping() {
    this.send({ type: 'ping' });
    this.#in(PING.withinMs, () => this.reconnect());
  }

  /** @param {number} code */
  async #lost(code) {
    this.#socket = undefined;
    this.#clock.clearTimeout(this.#timer);
    if (FINAL[code] !== undefined) {
      this.close(FINAL[code]);
      return;
    }
    const wasOpen = this.state === 'open';
    if (wasOpen && this.#clock.now() - this.#openedAt >= STABLE_MS) this.#failures = 0;
    const { random = Math.random, why } = this.#options;
    const most = Math.min(BACK_OFF_MS.last, BACK_OFF_MS.first * 2 ** this.#failures++);
    // Pages that have lost the same server do not come back at the same moment.
    this.#in(most * (0.5 + random() / 2), () => this.connect());
    this.#enter('waiting', { code });
    const reason = wasOpen || why === undefined ? null : await why();
    if (reason !== null) this.close(reason);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** @param {number} ms @param {() => void} callback */
  #in(ms, callback) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(callback, ms);
  }

  /** @param {State} state @param {{ reason?: Reason, code?: number }} [why] */
  #enter(state, why = {}) {
    this.state = state;
    this.#options.change(state, why);
  }
}

/** @param {unknown} data @returns {Record<string, any> | null} */
function parsed(data) {
  try {
    const frame = JSON.parse(String(data));
    return typeof frame === 'object' && frame !== null ? frame : null;
  } catch {
    return null;
  }
}

/**
 * The address of a WebSocket of this server.
 *
 * @param {string} path
 * @param {Record<string, string | number>} [query]
 */
export function socketUrl(path, query = {}) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url.href;
}

/**
 * Has lines tried whenever the page comes back to life: from sleep, from the background, from a
 * network that was away.
 *
 * @param {Line[]} lines
 */
export function keepAwake(...lines) {
  const probe = () => {
    if (!document.hidden) for (const line of lines) line.probe();
  };
  for (const name of ['online', 'focus', 'pageshow']) addEventListener(name, probe);
  document.addEventListener('visibilitychange', probe);
}
