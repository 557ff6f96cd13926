// One WebSocket of an action type, by which its translators are asked what they announce.

/** How long after a lost connection the next is tried: twice as long each time, up to the last. */
const BACK_OFF_MS = { first: 1000, last: 30_000 };

/** How many questions are asked at once, and how long it takes until as many more may be. */
const BURST = { questions: 10, everyMs: 500 };

/**
 * An answer of one translator.
 *
 * @typedef {{ row: string, name: string, isAnnounced: boolean }} Answer
 */

/**
 * Asks, answers by a callback, and comes back when the connection is lost.
 */
export class Checks {
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {Map<string, string>} The rows that wait to be asked, with their networks. */
  #waiting = new Map();
  #attempts = 0;
  /** Whether it must wait before it asks more. */
  #isPausing = false;

  /**
   * @param {string} actionType
   * @param {(answer: Answer) => void} onAnswer
   * @param {(isOpen: boolean) => void} onChange Told when the connection has come or gone.
   */
  constructor(actionType, onAnswer, onChange) {
    this.onAnswer = onAnswer;
    this.onChange = onChange;
    const url = new URL(`/ws/route_manager/webui_${actionType}/`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    this.url = url;
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /**
   * Asks what is announced, now or as soon as it may. A question that still waits is asked once.
   *
   * @param {string} row
   * @param {string} network
   */
  ask(row, network) {
    this.#waiting.set(row, network);
    this.#send();
  }

  #connect() {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#attempts = 0;
      this.onChange(true);
    });
    socket.addEventListener('message', ({ data }) => this.#hear(String(data)));
    socket.addEventListener('close', () => {
      this.#waiting.clear();
      this.onChange(false);
      const wait = Math.min(BACK_OFF_MS.last, BACK_OFF_MS.first * 2 ** this.#attempts++);
      // Pages that have lost the same server do not come back at the same moment.
      setTimeout(() => this.#connect(), wait * (0.5 + Math.random() / 2));
    });
  }

  /** Sends a few of those that wait, and the others later: the server takes only so many. */
  #send() {
    if (!this.isOpen || this.#isPausing) return;
    for (const [row, route] of [...this.#waiting].slice(0, BURST.questions)) {
      this.#waiting.delete(row);
      this.#socket?.send(JSON.stringify({ type: 'wui_check_req', message: { route, row } }));
    }
    this.#isPausing = true;
    setTimeout(() => {
      this.#isPausing = false;
      if (this.#waiting.size > 0) this.#send();
    }, BURST.everyMs);
  }

  /** @param {string} text */
  #hear(text) {
    /** @type {any} */
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const { type, message } = frame ?? {};
    if (type !== 'wui_check_resp' || typeof message !== 'object' || message === null) return;
    const { row, is_blocked: isBlocked, translator_name: name } = message;
    if (typeof isBlocked !== 'boolean') return;
    this.onAnswer({ row: String(row), name: String(name ?? 'a translator'), isAnnounced: isBlocked });
  }
}
