/**
 * The browser's half of Campanile: one WebSocket that comes back by itself, and the rooms heard
 * over it. No dependencies, no build step.
 *
 *     import { Campanile } from 'campanile-client';
 *
 *     const campanile = Campanile.connect('/ws/');
 *     campanile.subscribe({ room: { zoo: 1 }, onPublish: ({ data }) => console.log(data) });
 *
 * @module
 */

/** The subprotocol in which every reply carries the `requestId` of its request. */
const PROTOCOL = 'campanile.v1';

/** A connection that lasted this long was a good one: the next back-off starts from the base. */
const STABLE_MS = 5_000;

/** So many rounds without a connection let the client doubt what it knew of the server. */
const DOUBT_ROUNDS = 5;

/** A server that restarts may ask for no longer wait than this. */
const RESTART_MAX_MS = 300_000;

/**
 * @typedef {string | number | boolean | null | Json[] | { [key: string]: Json }} Json
 * @typedef {{ [key: string]: Json }} Room
 *   What one subscribes to: keys and JSON values. The order of the keys means nothing.
 * @typedef {string | number | boolean | null} RequestId
 * @typedef {'idle' | 'connecting' | 'open' | 'unauthorized' | 'waiting' | 'closed'} State
 *   `idle`: not begun. `connecting`: a connection is being made, or the server has not yet said who
 *   we are. `open`: requests are sent and deliveries arrive. `unauthorized`: the server does not
 *   let us in. `waiting`: the connection is lost, the next attempt is set. `closed`: for good.
 * @typedef {'pending' | 'subscribed' | 'refused' | 'ended'} SubscriptionState
 * @typedef {{ type: 'publish', data: any, requestId: RequestId }} Publish
 *   A delivery, as it came: `data` is what the backend triggered.
 */

/**
 * @typedef {object} SubscribeOptions
 * @property {Room} room
 * @property {RequestId} [requestId] The name of this subscription on the wire; made up if left out.
 * @property {(message: Publish) => unknown} [onPublish] Called for every delivery, in order.
 * @property {() => unknown} [onReconnect] Called when the room is heard again after the connection
 *   was lost: what was published meanwhile was missed, so this is the moment to fetch it.
 * @property {(error: CampanileError) => unknown} [onRefused] Called when the server refuses the
 *   room, now or after a reconnect, or takes it away (`revoked`). With `onPublish` the subscription
 *   is asked for again on the next connection, since what one may hear can change; one that is only
 *   iterated ends.
 * @property {(gap: GapEvent) => unknown} [onGap] Called when the server had more for this subscription
 *   than this client read in time, and dropped the oldest: `gap.dropped` says how many. Whether it
 *   does that rather than close the connection is up to the server.
 * @property {number} [queueMax] Deliveries that wait for the `for await` loop, at most; 1,000.
 * @property {'error' | 'drop-oldest'} [overflow] What happens when they are more. `error`
 *   (default): the loop reads what waits and then throws `slow-consumer`, and the subscription
 *   ends. `drop-oldest`: the oldest is dropped and counted in `subscription.dropped`.
 *
 * @typedef {object} Clock
 * @property {() => number} now Milliseconds since any fixed moment.
 * @property {(callback: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 *
 * @typedef {new (url: string, protocols?: string[]) => any} WebSocketClass
 *
 * @typedef {object} Options
 * @property {string | (() => string | Promise<string>)} [token] Sent as the query's `token`, which
 *   the gateway passes on as `Authorization: Token …`. A function is asked for each connection.
 * @property {WebSocketClass} [WebSocket] Where there is no global one (Node 20: that of `ws`).
 * @property {boolean} [subprotocol] Whether to offer `campanile.v1`; true. A server that does not
 *   know it is met without it, at the price of one attempt; `false` saves that.
 * @property {number} [backoffBaseMs] The first wait before reconnecting is at most this; 500.
 * @property {number} [backoffMaxMs] Each next one is at most twice as long, up to this; 30,000.
 * @property {number | null} [unauthorizedRetryMs] The wait after the server said no, give or take
 *   a quarter; 60,000. `null`: stay until `connect()` is called, say after a login.
 * @property {number} [connectWithinMs] From the attempt's start to the server's greeting; 30,000.
 * @property {number} [pingEveryMs] 30,000.
 * @property {number} [pongWithinMs] After a ping, the connection is given up if nothing at all is
 *   heard for so long; 10,000.
 * @property {number} [pendingMax] Subscriptions, and requests without an answer, at most; 10,000.
 * @property {(error: unknown) => void} [onError] Told what the callbacks threw; by default the
 *   page's `reportError`, or else the console.
 * @property {Clock} [clock] For tests.
 * @property {() => number} [random] For tests; `Math.random`.
 *
 * @typedef {Required<Omit<Options, 'token' | 'WebSocket'>>
 *   & Pick<Options, 'token' | 'WebSocket'>} Settings The options, with the defaults put in.
 */

/**
 * A client of one gateway. It keeps one connection, and brings the subscriptions back with it.
 *
 * Fires `state`, a {@link StateEvent}, whenever `state` has changed; `rooms` when the server says that
 * this client may hear other rooms than before; and `gap`, a {@link GapEvent}, when it says that
 * something was or may be missed on a connection that goes on.
 */
export class Campanile extends EventTarget {
  #url;
  #settings;
  /** @type {State} */
  #state = 'idle';
  /** @type {readonly Room[]} */
  #allowedRooms = [];
  /** @type {Line | null} */
  #line = null;
  /** @type {Map<string, Subscription>} By the JSON of their requestId. */
  #subscriptions = new Map();
  /** @type {PendingRequest[]} Waiting for a connection. */
  #unsent = [];
  /** @type {PendingRequest[]} Sent on this connection, in the order of their sending. */
  #unanswered = [];
  /** @type {(string | null)[]} The subprotocols left to try in this round; null is none. */
  #offers = [];
  /** What the server was last known to speak. @type {string | null | undefined} */
  #spoken;
  #dials = 0;
  #failedRounds = 0;
  #openedAt = 0;
  /** What a server that is about to end asked us to wait. @type {number | null} */
  #restartMs = null;
  #idsMade = 0;
  /** @type {any} */
  #retryTimer;

  /**
   * Makes a client that does nothing until {@link connect}; subscriptions may be made before.
   *
   * @param {string | URL} url Where the gateway listens, such as `wss://example.org/ws/`. In a page
   *   it may be relative to it (`/ws/`), and `http` stands for `ws`.
   * @param {Options} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#url = webSocketUrl(url);
    this.#settings = withDefaults(options);
  }

  /**
   * Makes a client and connects it.
   *
   * @param {string | URL} url
   * @param {Options} [options]
   */
  static connect(url, options) {
    return new Campanile(url, options).connect();
  }

  /**
   * Connects, now: also out of `waiting` and `unauthorized`. Does nothing while `connecting` or
   * `open`.
   *
   * @throws {CampanileError} `closed`, after {@link close}.
   */
  connect() {
    this.#assertNotClosed();
    if (this.#state === 'idle') globalThis.addEventListener?.('online', this.#online);
    if (this.#state !== 'connecting' && this.#state !== 'open') this.#startRound();
    return this;
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** What the server lets us subscribe to, as of the last greeting; a `*` stands for any value. */
  get allowedRooms() {
    return this.#allowedRooms;
  }

  /** The subprotocol in use, empty if none. */
  get protocol() {
    return this.#line?.protocol ?? '';
  }

  /**
   * Hears a room, from now on and on every later connection, until it is unsubscribed.
   *
   * Give `onPublish`, or read with `for await (const data of subscription)`. May be called in any
   * state but `closed`: while there is no connection, it is kept.
   *
   * @param {SubscribeOptions} options
   * @returns {Subscription}
   * @throws {TypeError} when the room is no object, or the requestId not a string, number, boolean
   *   or null.
   * @throws {CampanileError} `closed`, `request-id-taken` or `too-many-pending`.
   */
  subscribe(options) {
    this.#assertNotClosed();
    const { room, requestId = this.#makeId() } = options;
    if (!isComposite(room) || Array.isArray(room)) throw new TypeError('a room is an object');
    if (isComposite(requestId)) throw new TypeError('a requestId is a scalar');
    const key = keyOf(requestId);
    if (this.#subscriptions.has(key)) throw new CampanileError('request-id-taken');
    this.#assertNotFull();
    const subscription = new Subscription({ ...options, requestId }, this.#settings.onError, () =>
      this.#leave(key, subscription),
    );
    this.#subscriptions.set(key, subscription);
    if (this.#state === 'open') this.#sendSubscribe(key, subscription);
    return subscription;
  }

  /**
   * Ends a subscription; the same as its own `unsubscribe()`.
   *
   * @param {Subscription} subscription
   */
  unsubscribe(subscription) {
    return subscription.unsubscribe();
  }

  /**
   * Asks for the server's counters (`open_connections`, `num_rooms`, …). Without a connection the
   * question waits for one.
   *
   * @returns {Promise<Record<string, any>>} Rejected with a {@link CampanileError}: what the server
   *   said, `closed`, or `too-many-pending`.
   */
  async status() {
    this.#assertNotClosed();
    this.#assertNotFull();
    return new Promise((resolve, reject) => {
      const requestId = this.#makeId();
      /** @type {PendingRequest} */
      const request = {
        key: keyOf(requestId),
        text: JSON.stringify({ type: 'status', requestId }),
        answered: ({ code, message, requestId: _, ...counters }) =>
          code === 'error' ? reject(new CampanileError(message)) : resolve(counters),
        lost: () => this.#unsent.push(request),
        closed: reject,
      };
      if (this.#state === 'open') this.#send(request);
      else this.#unsent.push(request);
    });
  }

  /**
   * Ends everything, for good: the connection, the subscriptions, whatever waits for an answer
   * (rejected with `closed`). A `for await` loop reads what it has and ends.
   */
  close() {
    if (this.#state === 'closed') return;
    globalThis.removeEventListener?.('online', this.#online);
    this.#hangUp();
    const requests = [...this.#unanswered.splice(0), ...this.#unsent.splice(0)];
    const subscriptions = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#enter('closed');
    for (const request of requests) request.closed(new CampanileError('closed'));
    for (const subscription of subscriptions) subscription._end();
  }

  // --- connecting ---------------------------------------------------------------------------

  /** A round is one attempt for each way the server may want to be spoken to. */
  #startRound() {
    this.#hangUp();
    this.#offers = this.#offersOfRound();
    const dials = this.#dials;
    this.#enter('connecting');
    // A listener may have closed the client by now.
    if (dials === this.#dials) this.#dial();
  }

  /**
   * Browsers fail a connection whose server does not answer an offered subprotocol, without saying
   * why. So an attempt that never opened is followed at once by one that offers nothing, unless
   * the server is known to understand.
   */
  #offersOfRound() {
    if (!this.#settings.subprotocol) return [null];
    if (this.#spoken === PROTOCOL && this.#failedRounds < DOUBT_ROUNDS) return [PROTOCOL];
    return this.#spoken === null ? [null, PROTOCOL] : [PROTOCOL, null];
  }

  async #dial() {
    const dial = ++this.#dials;
    const offer = this.#offers.shift() ?? null;
    const { token } = this.#settings;
    const url = new URL(this.#url);
    try {
      if (token !== undefined) {
        url.searchParams.set('token', typeof token === 'function' ? await token() : token);
      }
      if (dial !== this.#dials) return;
      this.#line = new Line(url.href, offer, this.#settings, {
        text: (text) => this.#receive(text),
        end: (opened) => this.#ended(opened),
      });
    } catch (error) {
      if (dial !== this.#dials) return;
      this.#settings.onError(error);
      this.#offers = [];
      this.#ended(false);
    }
  }

  /** Drops the connection, or the attempt to make one, and the wait for the next. */
  #hangUp() {
    this.#dials++;
    this.#restartMs = null;
    this.#settings.clock.clearTimeout(this.#retryTimer);
    this.#line?.end();
    this.#line = null;
  }

  /** @param {boolean} opened Whether the attempt had come as far as a WebSocket. */
  #ended(opened) {
    this.#line = null;
    if (!opened && this.#offers.length > 0) {
      this.#dial();
      return;
    }
    const { clock, random, backoffBaseMs, backoffMaxMs } = this.#settings;
    const wasGood = this.#state === 'open' && clock.now() - this.#openedAt >= STABLE_MS;
    if (wasGood) this.#failedRounds = 0;
    const boundMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** this.#failedRounds++);
    const retryMs = this.#restartMs ?? random() * boundMs;
    this.#loseConnection();
    this.#retryIn('waiting', retryMs);
  }

  #loseConnection() {
    for (const request of this.#unanswered.splice(0)) request.lost();
    for (const subscription of this.#subscriptions.values()) subscription._lost();
  }

  /**
   * @param {State} state
   * @param {number | null} ms
   */
  #retryIn(state, ms) {
    const { clock } = this.#settings;
    if (ms !== null) this.#retryTimer = clock.setTimeout(() => this.#startRound(), ms);
    this.#enter(state, ms);
  }

  #online = () => {
    if (this.#state === 'waiting') this.#startRound();
  };

  /**
   * Comes last in whatever calls it: listeners may call anything.
   *
   * @param {State} state
   * @param {number | null} [retryInMs]
   */
  #enter(state, retryInMs = null) {
    const previous = this.#state;
    this.#state = state;
    if (state !== previous) this.dispatchEvent(new StateEvent(state, previous, retryInMs));
  }

  // --- what the server says -----------------------------------------------------------------

  /** @param {string} text */
  #receive(text) {
    const message = parseObject(text);
    if (message === null) return;
    if (this.#state === 'connecting') this.#receiveGreeting(message);
    else if (message.type === 'publish') this.#receivePublish(message);
    else if (typeof message.type === 'string') this.#receiveNews(message);
    else if (message.is_authorized === false) {
      this.#loseConnection();
      this.#receiveRefusal();
    } else this.#receiveReply(message);
  }

  /** @param {Record<string, any>} greeting */
  #receiveGreeting({ is_authorized: isAuthorized, allowed_rooms: allowedRooms }) {
    const line = /** @type {Line} */ (this.#line);
    this.#spoken = line.protocol || null;
    // High-templar 2.5 says nothing of is_authorized: whom it greets, it lets in.
    if (isAuthorized !== true && !(isAuthorized === undefined && Array.isArray(allowedRooms))) {
      this.#receiveRefusal();
      return;
    }
    line.greeted();
    this.#openedAt = this.#settings.clock.now();
    this.#allowedRooms = Array.isArray(allowedRooms) ? allowedRooms : [];
    for (const [key, subscription] of this.#subscriptions) this.#sendSubscribe(key, subscription);
    for (const request of this.#unsent.splice(0)) this.#send(request);
    this.#enter('open');
  }

  #receiveRefusal() {
    const { random, unauthorizedRetryMs } = this.#settings;
    this.#hangUp();
    this.#allowedRooms = [];
    const ms = unauthorizedRetryMs;
    this.#retryIn('unauthorized', ms === null ? null : ms * (0.75 + random() / 2));
  }

  /** @param {Record<string, any>} message */
  #receivePublish(message) {
    const key = keyOf(message.requestId);
    const subscription = this.#subscriptions.get(key);
    if (subscription === undefined) return;
    // Until the unsubscribe before it is answered, this is still for the one that had the id.
    const isForPrevious =
      subscription.state === 'pending' &&
      this.#unanswered.some((request) => request.key === key && request.endsKey);
    if (!isForPrevious) subscription._hear(/** @type {Publish} */ (message));
  }

  /**
   * What a server of `campanile.v1` says without being asked. News of a later kind mean nothing here.
   *
   * @param {Record<string, any>} news
   */
  #receiveNews(news) {
    if (news.type === 'restart') this.#receiveRestart(news);
    else if (news.type === 'revoked') this.#receiveRevoked(news);
    else if (news.type === 'gap') this.#receiveGap(news);
    else if (news.type === 'allowed_rooms' && Array.isArray(news.allowed_rooms)) {
      this.#allowedRooms = news.allowed_rooms;
      this.dispatchEvent(new Event('rooms'));
    }
  }

  /**
   * The server is about to close, and says when to come back: each client at another moment.
   *
   * @param {Record<string, any>} message
   */
  #receiveRestart({ reconnect_after_ms: ms }) {
    if (typeof ms === 'number' && ms >= 0) this.#restartMs = Math.min(ms, RESTART_MAX_MS);
  }

  /** @param {Record<string, any>} message */
  #receiveRevoked({ requestId }) {
    if (requestId === undefined) return;
    const subscription = this.#subscriptions.get(keyOf(requestId));
    // One that is pending was asked for after this was said, and gets an answer of its own.
    if (subscription?.state === 'subscribed') subscription._refuse(new CampanileError('revoked'));
  }

  /**
   * A gap for a reason of a later kind is one, too.
   *
   * @param {Record<string, any>} message
   */
  #receiveGap(message) {
    const { requestId } = message;
    const known = requestId === undefined ? null : this.#subscriptions.get(keyOf(requestId));
    // What is said of one that is pending was meant for the one before it that had the id.
    const subscription = known?.state === 'subscribed' ? known : null;
    if (requestId !== undefined && subscription === null) return;
    const gap = new GapEvent(message, subscription);
    subscription?._miss(gap);
    this.dispatchEvent(gap);
  }

  /** @param {Record<string, any>} reply */
  #receiveReply(reply) {
    const key = reply.requestId === undefined ? null : keyOf(reply.requestId);
    let index = this.#unanswered.findIndex((request) => request.key === key);
    // An original server answers in the order of the requests, and some of its errors carry an id
    // of its own.
    if (index < 0 && (key === null || this.protocol !== PROTOCOL)) index = 0;
    this.#unanswered.splice(index, index < 0 ? 0 : 1)[0]?.answered(reply);
  }

  // --- what we say --------------------------------------------------------------------------

  /**
   * @param {string} key
   * @param {Subscription} subscription
   */
  #sendSubscribe(key, subscription) {
    this.#send({
      key,
      text: subscription._request,
      answered: ({ code, message }) =>
        code === 'error'
          ? subscription._refuse(new CampanileError(message))
          : subscription._accept(),
      lost() {},
      closed() {},
    });
  }

  /**
   * @param {string} key
   * @param {Subscription} subscription
   * @returns {Promise<void>}
   */
  async #leave(key, subscription) {
    if (this.#subscriptions.get(key) !== subscription) return;
    const isKnownToServer = this.#state === 'open' && subscription.state !== 'refused';
    this.#subscriptions.delete(key);
    subscription._end();
    if (!isKnownToServer) return;
    const { requestId } = subscription;
    await new Promise((resolve) => {
      const text = JSON.stringify({ type: 'unsubscribe', requestId });
      const done = () => resolve(null);
      this.#send({ key, text, endsKey: true, answered: done, lost: done, closed: done });
    });
  }

  /** @param {PendingRequest} request */
  #send(request) {
    this.#unanswered.push(request);
    this.#line?.send(request.text);
  }

  #makeId() {
    let id;
    do id = `c${++this.#idsMade}`;
    while (this.#subscriptions.has(keyOf(id)));
    return id;
  }

  #assertNotClosed() {
    if (this.#state === 'closed') throw new CampanileError('closed');
  }

  #assertNotFull() {
    const { pendingMax } = this.#settings;
    const requests = this.#unsent.length + this.#unanswered.length;
    if (this.#subscriptions.size >= pendingMax || requests >= pendingMax) {
      throw new CampanileError('too-many-pending');
    }
  }
}

/**
 * A room that is heard, from `subscribe`. Read it with `for await (const data of subscription)`:
 * what arrives before the loop begins or while it is busy waits in a bounded queue, and leaving the
 * loop ends the subscription, unless it has an `onPublish` as well.
 *
 * @implements {AsyncIterable<any>}
 */
export class Subscription {
  #options;
  #request;
  #onError;
  #leave;
  /** @type {SubscriptionState} */
  #state = 'pending';
  #wasAccepted = false;
  #isRead = false;
  /** @type {Queue | null} */
  #queue = null;
  #dropped = 0;
  /** @type {(value?: undefined) => void} */
  #resolveReady = () => {};
  /** @type {(error: CampanileError) => void} */
  #rejectReady = () => {};

  /**
   * Settled by the server's first answer: resolved when the room is heard, rejected with a
   * {@link CampanileError} when it is refused (`room-not-found`) or never came to be (`closed`).
   * Nobody has to handle it.
   *
   * @type {Promise<void>}
   */
  ready = new Promise((resolve, reject) => {
    this.#resolveReady = resolve;
    this.#rejectReady = reject;
  });

  /**
   * @internal
   * @param {SubscribeOptions & { requestId: RequestId }} options
   * @param {(error: unknown) => void} onError
   * @param {() => Promise<void>} leave
   */
  constructor(options, onError, leave) {
    this.#options = { queueMax: 1_000, ...options };
    this.#onError = onError;
    this.#leave = leave;
    const { room, requestId, onPublish } = options;
    // Made once, so that what happens to the caller's object later means nothing.
    this.#request = JSON.stringify({ type: 'subscribe', room, requestId });
    if (onPublish === undefined) this.#queue = new Queue();
    this.ready.catch(() => {});
  }

  get room() {
    return this.#options.room;
  }

  get requestId() {
    return this.#options.requestId;
  }

  /** @returns {SubscriptionState} */
  get state() {
    return this.#state;
  }

  /** How many deliveries were dropped because the loop, or the whole client, was slow. */
  get dropped() {
    return this.#dropped;
  }

  /**
   * Hears the room no more: nothing is delivered after this call. Resolved when the server knows.
   *
   * @returns {Promise<void>}
   */
  unsubscribe() {
    return this.#leave();
  }

  /**
   * @returns {AsyncIterableIterator<any>}
   * @throws {TypeError} when another loop reads this subscription.
   */
  [Symbol.asyncIterator]() {
    if (this.#isRead) throw new TypeError('this subscription is being read already');
    this.#isRead = true;
    const queue = (this.#queue ??= new Queue());
    if (this.#state === 'ended') queue.end();
    return {
      next: () => queue.next(),
      return: async () => {
        this.#isRead = false;
        queue.end();
        if (this.#options.onPublish === undefined) await this.unsubscribe();
        else this.#queue = null;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** @internal */
  get _request() {
    return this.#request;
  }

  /** @internal @param {Publish} message */
  _hear(message) {
    const { onPublish } = this.#options;
    if (this.#queue !== null) this.#enqueue(this.#queue, message.data);
    if (onPublish !== undefined) this.#call(onPublish, message);
  }

  /** @internal @param {GapEvent} gap */
  _miss(gap) {
    this.#dropped += gap.dropped;
    this.#call(this.#options.onGap, gap);
  }

  /** @internal */
  _accept() {
    if (this.#state === 'ended') return;
    this.#state = 'subscribed';
    this.#resolveReady();
    if (this.#wasAccepted) this.#call(this.#options.onReconnect);
    this.#wasAccepted = true;
  }

  /** @internal @param {CampanileError} error */
  _refuse(error) {
    if (this.#state === 'ended') return;
    this.#state = 'refused';
    this.#rejectReady(error);
    this.#queue?.end(error);
    if (this.#options.onPublish === undefined) this.#leave();
    this.#call(this.#options.onRefused, error);
  }

  /** @internal */
  _lost() {
    this.#state = 'pending';
  }

  /** @internal */
  _end() {
    this.#state = 'ended';
    this.#rejectReady(new CampanileError('closed'));
    this.#queue?.end();
  }

  /**
   * @param {Queue} queue
   * @param {any} data
   */
  #enqueue(queue, data) {
    if (queue.length < this.#options.queueMax) {
      queue.push(data);
      return;
    }
    this.#dropped++;
    if (this.#options.overflow === 'drop-oldest') {
      queue.shift();
      queue.push(data);
      return;
    }
    queue.end(new CampanileError('slow-consumer'));
    if (this.#options.onPublish === undefined) this.#leave();
  }

  /**
   * Calls what the user gave us. Whatever it does, the client goes on.
   *
   * @template T
   * @param {((argument: T) => unknown) | (() => unknown) | undefined} callback
   * @param {T} [argument]
   */
  #call(callback, argument) {
    try {
      const result = /** @type {any} */ (callback)?.(argument);
      if (typeof result?.then === 'function') result.then(undefined, this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }
}

/**
 * Why something was not done. `code` is the server's word (`room-not-found`, `not-subscribed`, …)
 * or ours: `closed`, `request-id-taken`, `too-many-pending`, `slow-consumer`.
 */
export class CampanileError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(MEANINGS[code] ?? `the server answered ${code}`);
    this.name = 'CampanileError';
    this.code = code;
  }
}

/** @type {Record<string, string>} */
const MEANINGS = {
  closed: 'the client or the subscription was closed',
  'request-id-taken': 'another subscription of this client has that requestId',
  'too-many-pending': 'there are pendingMax subscriptions or requests already',
  'slow-consumer': 'more than queueMax deliveries were waiting to be read',
  'room-not-found': 'the server does not let us into that room',
  revoked: 'the server does not let us hear that room any longer',
};

/** The event `state` of a {@link Campanile}. */
export class StateEvent extends Event {
  /**
   * @param {State} state
   * @param {State} previous
   * @param {number | null} retryInMs
   */
  constructor(state, previous, retryInMs) {
    super('state');
    this.state = state;
    this.previous = previous;
    /** When `waiting` or `unauthorized`: how long until the next attempt; null if there is none. */
    this.retryInMs = retryInMs;
  }
}

/**
 * The event `gap` of a {@link Campanile}: something was or may be missed, so what is shown should be
 * fetched again. With the reason `broker` that concerns every room: once when the server notices
 * that it hears nothing (`until` is null), and once when it does again. With `slow` it is one
 * subscription, whose oldest deliveries were dropped because this client did not read in time.
 */
export class GapEvent extends Event {
  /**
   * @param {Record<string, any>} message
   * @param {Subscription | null} subscription
   */
  constructor({ reason, from, until, dropped }, subscription) {
    super('gap');
    /** @type {'broker' | 'slow' | string} */
    this.reason = String(reason);
    /** Since when something may be missing; null if that was not said. */
    this.from = dateOf(from);
    /** Until when; null if that was not said, or it is not over. */
    this.until = dateOf(until);
    /** Which one missed something; null if all may have. */
    this.subscription = subscription;
    /** How many deliveries it missed, 0 if that was not said. */
    this.dropped = Number.isSafeInteger(dropped) && dropped > 0 ? dropped : 0;
  }
}

/**
 * @typedef {object} PendingRequest
 * @property {string} key The JSON of its requestId.
 * @property {string} text
 * @property {boolean} [endsKey] It is an unsubscribe.
 * @property {(reply: Record<string, any>) => void} answered
 * @property {() => void} lost The connection ended before the answer.
 * @property {(error: CampanileError) => void} closed
 */

/** One WebSocket, from the attempt to its end, with its deadlines. */
class Line {
  #socket;
  #settings;
  #on;
  #opened = false;
  #over = false;
  /** @type {any} Until the greeting; then of the next ping. */
  #timer;
  /** @type {any} Of the pong, if one is due. */
  #pongTimer;

  /**
   * @param {string} url
   * @param {string | null} offer
   * @param {Settings} settings
   * @param {{ text: (text: string) => void, end: (opened: boolean) => void }} on `end` is called
   *   once, unless we ended it.
   */
  constructor(url, offer, settings, on) {
    const { WebSocket, clock, connectWithinMs } = settings;
    if (typeof WebSocket !== 'function')
      throw new TypeError('give options.WebSocket: none is global');
    this.#settings = settings;
    this.#on = on;
    const socket = offer === null ? new WebSocket(url) : new WebSocket(url, [offer]);
    socket.onopen = () => (this.#opened = true);
    socket.onmessage = (/** @type {MessageEvent} */ { data }) => this.#receive(data);
    socket.onclose = () => this.#giveUp();
    // The same: some of Node's versions fire no close after a failed handshake.
    socket.onerror = () => this.#giveUp();
    this.#socket = socket;
    this.#timer = clock.setTimeout(() => this.#giveUp(), connectWithinMs);
  }

  /** @returns {string} */
  get protocol() {
    return this.#socket.protocol;
  }

  /** @param {string} text */
  send(text) {
    if (this.#socket.readyState === 1) this.#socket.send(text);
  }

  /** The server has let us in: from now on the line is watched by pings. */
  greeted() {
    this.#settings.clock.clearTimeout(this.#timer);
    this.#pingLater();
  }

  /** Hangs up without a further word to the owner. The peer's own close is not waited for. */
  end() {
    this.#over = true;
    this.#settings.clock.clearTimeout(this.#timer);
    this.#settings.clock.clearTimeout(this.#pongTimer);
    this.#socket.close();
  }

  #giveUp() {
    if (this.#over) return;
    this.end();
    this.#on.end(this.#opened);
  }

  /** @param {unknown} data */
  #receive(data) {
    if (this.#over) return;
    if (this.#pongTimer !== undefined) {
      this.#settings.clock.clearTimeout(this.#pongTimer);
      this.#pongTimer = undefined;
    }
    if (typeof data === 'string' && data !== 'pong') this.#on.text(data);
  }

  #pingLater() {
    const { clock, pingEveryMs } = this.#settings;
    this.#timer = clock.setTimeout(() => this.#ping(), pingEveryMs);
  }

  #ping() {
    const { clock, pongWithinMs } = this.#settings;
    this.send('ping');
    this.#pongTimer ??= clock.setTimeout(() => this.#giveUp(), pongWithinMs);
    this.#pingLater();
  }
}

/**
 * @typedef {object} Reader
 * @property {(result: IteratorResult<any>) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** What waits for a `for await` loop, or the loop that waits. */
class Queue {
  /** @type {any[]} */
  #items = [];
  /** @type {Reader[]} Calls of next that wait; only while there are no items. */
  #readers = [];
  #ended = false;
  /** @type {CampanileError | null} Thrown once, after the last item. */
  #error = null;

  get length() {
    return this.#items.length;
  }

  /** @param {any} item */
  push(item) {
    if (this.#ended) return;
    this.#items.push(item);
    this.#serve();
  }

  shift() {
    return this.#items.shift();
  }

  /** @param {CampanileError | null} [error] */
  end(error = null) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#serve();
  }

  /** @returns {Promise<IteratorResult<any>>} */
  next() {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#serve();
    });
  }

  #serve() {
    while (this.#readers.length > 0 && (this.#items.length > 0 || this.#ended)) {
      const reader = /** @type {Reader} */ (this.#readers.shift());
      if (this.#items.length > 0) {
        reader.resolve({ done: false, value: this.#items.shift() });
      } else if (this.#error !== null) {
        reader.reject(this.#error);
        this.#error = null;
      } else {
        reader.resolve({ done: true, value: undefined });
      }
    }
  }
}

/**
 * @param {Options} options
 * @returns {Settings}
 */
function withDefaults(options) {
  const report = globalThis.reportError ?? ((error) => console.error(error));
  const { onError = report } = options;
  return {
    WebSocket: globalThis.WebSocket,
    subprotocol: true,
    backoffBaseMs: 500,
    backoffMaxMs: 30_000,
    unauthorizedRetryMs: 60_000,
    connectWithinMs: 30_000,
    pingEveryMs: 30_000,
    pongWithinMs: 10_000,
    pendingMax: 10_000,
    clock: systemClock,
    random: Math.random,
    ...withoutUndefined(options),
    onError(/** @type {unknown} */ error) {
      try {
        onError(error);
      } catch {
        // There is nobody left to tell.
      }
    },
  };
}

/**
 * @template {object} T
 * @param {T} options
 * @returns {{ [K in keyof T]: Exclude<T[K], undefined> }}
 */
function withoutUndefined(options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return /** @type {any} */ (Object.fromEntries(given));
}

/** @type {Clock} */
const systemClock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** @param {string | URL} url */
function webSocketUrl(url) {
  const resolved = new URL(url, globalThis.location?.href);
  resolved.protocol = resolved.protocol.replace(/^http/, 'ws');
  resolved.hash = '';
  if (!/^wss?:$/.test(resolved.protocol)) throw new TypeError(`not a WebSocket's URL: ${url}`);
  return resolved.href;
}

/**
 * @param {unknown} time
 * @returns {Date | null}
 */
function dateOf(time) {
  const date = new Date(typeof time === 'string' ? time : NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** @param {unknown} requestId */
function keyOf(requestId) {
  return JSON.stringify(requestId);
}

/**
 * @param {string} text
 * @returns {Record<string, any> | null}
 */
function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return isComposite(value) ? value : null;
  } catch {
    return null;
  }
}

/** @param {unknown} value */
function isComposite(value) {
  return typeof value === 'object' && value !== null;
}
