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
export type Json = string | number | boolean | null | Json[] | {
    [key: string]: Json;
};
export type Room = {
    [key: string]: Json;
};
export type RequestId = string | number | boolean | null;
export type State = 'idle' | 'connecting' | 'open' | 'unauthorized' | 'waiting' | 'closed';
export type SubscriptionState = 'pending' | 'subscribed' | 'refused' | 'ended';
export type Publish = {
    type: 'publish';
    data: any;
    requestId: RequestId;
};
export type SubscribeOptions = {
    room: Room;
    /**
     * The name of this subscription on the wire; made up if left out.
     */
    requestId?: RequestId;
    /**
     * Called for every delivery, in order.
     */
    onPublish?: (message: Publish) => unknown;
    /**
     * Called when the room is heard again after the connection
     * was lost: what was published meanwhile was missed, so this is the moment to fetch it.
     */
    onReconnect?: () => unknown;
    /**
     * Called when the server refuses the
     * room, now or after a reconnect, or takes it away (`revoked`). With `onPublish` the subscription
     * is asked for again on the next connection, since what one may hear can change; one that is only
     * iterated ends.
     */
    onRefused?: (error: CampanileError) => unknown;
    /**
     * Called when the server had more for this subscription
     * than this client read in time, and dropped the oldest: `gap.dropped` says how many. Whether it
     * does that rather than close the connection is up to the server.
     */
    onGap?: (gap: GapEvent) => unknown;
    /**
     * Deliveries that wait for the `for await` loop, at most; 1,000.
     */
    queueMax?: number;
    /**
     * What happens when they are more. `error`
     * (default): the loop reads what waits and then throws `slow-consumer`, and the subscription
     * ends. `drop-oldest`: the oldest is dropped and counted in `subscription.dropped`.
     */
    overflow?: 'error' | 'drop-oldest';
};
export type Clock = {
    /**
     * Milliseconds since any fixed moment.
     */
    now: () => number;
    setTimeout: (callback: () => void, ms: number) => any;
    clearTimeout: (timer: any) => void;
};
export type WebSocketClass = new (url: string, protocols?: string[]) => any;
export type Options = {
    /**
     * Sent as the query's `token`, which
     * the gateway passes on as `Authorization: Token …`. A function is asked for each connection.
     */
    token?: string | (() => string | Promise<string>);
    /**
     * Where there is no global one (Node 20: that of `ws`).
     */
    WebSocket?: WebSocketClass;
    /**
     * Whether to offer `campanile.v1`; true. A server that does not
     * know it is met without it, at the price of one attempt; `false` saves that.
     */
    subprotocol?: boolean;
    /**
     * The first wait before reconnecting is at most this; 500.
     */
    backoffBaseMs?: number;
    /**
     * Each next one is at most twice as long, up to this; 30,000.
     */
    backoffMaxMs?: number;
    /**
     * The wait after the server said no, give or take
     * a quarter; 60,000. `null`: stay until `connect()` is called, say after a login.
     */
    unauthorizedRetryMs?: number | null;
    /**
     * From the attempt's start to the server's greeting; 30,000.
     */
    connectWithinMs?: number;
    /**
     * 30,000.
     */
    pingEveryMs?: number;
    /**
     * After a ping, the connection is given up if nothing at all is
     * heard for so long; 10,000.
     */
    pongWithinMs?: number;
    /**
     * Subscriptions, and requests without an answer, at most; 10,000.
     */
    pendingMax?: number;
    /**
     * Told what the callbacks threw; by default the
     * page's `reportError`, or else the console.
     */
    onError?: (error: unknown) => void;
    /**
     * For tests.
     */
    clock?: Clock;
    /**
     * For tests; `Math.random`.
     */
    random?: () => number;
};
export type Settings = Required<Omit<Options, 'token' | 'WebSocket'>> & Pick<Options, 'token' | 'WebSocket'>;
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
export declare class Campanile extends EventTarget {
    #private;
    /**
     * Makes a client that does nothing until {@link connect}; subscriptions may be made before.
     *
     * @param {string | URL} url Where the gateway listens, such as `wss://example.org/ws/`. In a page
     *   it may be relative to it (`/ws/`), and `http` stands for `ws`.
     * @param {Options} [options]
     */
    constructor(url: string | URL, options?: Options);
    /**
     * Makes a client and connects it.
     *
     * @param {string | URL} url
     * @param {Options} [options]
     */
    static connect(url: string | URL, options?: Options): Campanile;
    /**
     * Connects, now: also out of `waiting` and `unauthorized`. Does nothing while `connecting` or
     * `open`.
     *
     * @throws {CampanileError} `closed`, after {@link close}.
     */
    connect(): this;
    /** @returns {State} */
    get state(): State;
    /** What the server lets us subscribe to, as of the last greeting; a `*` stands for any value. */
    get allowedRooms(): readonly Room[];
    /** The subprotocol in use, empty if none. */
    get protocol(): string;
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
    subscribe(options: SubscribeOptions): Subscription;
    /**
     * Ends a subscription; the same as its own `unsubscribe()`.
     *
     * @param {Subscription} subscription
     */
    unsubscribe(subscription: Subscription): Promise<void>;
    /**
     * Asks for the server's counters (`open_connections`, `num_rooms`, …). Without a connection the
     * question waits for one.
     *
     * @returns {Promise<Record<string, any>>} Rejected with a {@link CampanileError}: what the server
     *   said, `closed`, or `too-many-pending`.
     */
    status(): Promise<Record<string, any>>;
    /**
     * Ends everything, for good: the connection, the subscriptions, whatever waits for an answer
     * (rejected with `closed`). A `for await` loop reads what it has and ends.
     */
    close(): void;
}
/**
 * A room that is heard, from `subscribe`. Read it with `for await (const data of subscription)`:
 * what arrives before the loop begins or while it is busy waits in a bounded queue, and leaving the
 * loop ends the subscription, unless it has an `onPublish` as well.
 *
 * @implements {AsyncIterable<any>}
 */
export declare class Subscription implements AsyncIterable<any> {
    #private;
    /**
     * Settled by the server's first answer: resolved when the room is heard, rejected with a
     * {@link CampanileError} when it is refused (`room-not-found`) or never came to be (`closed`).
     * Nobody has to handle it.
     *
     * @type {Promise<void>}
     */
    ready: Promise<void>;
    get room(): Room;
    get requestId(): string | number | boolean | null;
    /** @returns {SubscriptionState} */
    get state(): SubscriptionState;
    /** How many deliveries were dropped because the loop, or the whole client, was slow. */
    get dropped(): number;
    /**
     * Hears the room no more: nothing is delivered after this call. Resolved when the server knows.
     *
     * @returns {Promise<void>}
     */
    unsubscribe(): Promise<void>;
    /**
     * @returns {AsyncIterableIterator<any>}
     * @throws {TypeError} when another loop reads this subscription.
     */
    [Symbol.asyncIterator](): AsyncIterableIterator<any>;
}
/**
 * Why something was not done. `code` is the server's word (`room-not-found`, `not-subscribed`, …)
 * or ours: `closed`, `request-id-taken`, `too-many-pending`, `slow-consumer`.
 */
export declare class CampanileError extends Error {
    code: string;
    /** @param {string} code */
    constructor(code: string);
}
/** The event `state` of a {@link Campanile}. */
export declare class StateEvent extends Event {
    state: State;
    previous: State;
    /** When `waiting` or `unauthorized`: how long until the next attempt; null if there is none. */
    retryInMs: number | null;
    /**
     * @param {State} state
     * @param {State} previous
     * @param {number | null} retryInMs
     */
    constructor(state: State, previous: State, retryInMs: number | null);
}
/**
 * The event `gap` of a {@link Campanile}: something was or may be missed, so what is shown should be
 * fetched again. With the reason `broker` that concerns every room: once when the server notices
 * that it hears nothing (`until` is null), and once when it does again. With `slow` it is one
 * subscription, whose oldest deliveries were dropped because this client did not read in time.
 */
export declare class GapEvent extends Event {
    /** @type {'broker' | 'slow' | string} */
    reason: 'broker' | 'slow' | string;
    /** Since when something may be missing; null if that was not said. */
    from: Date | null;
    /** Until when; null if that was not said, or it is not over. */
    until: Date | null;
    /** Which one missed something; null if all may have. */
    subscription: Subscription | null;
    /** How many deliveries it missed, 0 if that was not said. */
    dropped: any;
    /**
     * @param {Record<string, any>} message
     * @param {Subscription | null} subscription
     */
    constructor({ reason, from, until, dropped }: Record<string, any>, subscription: Subscription | null);
}
export type PendingRequest = {
    /**
     * The JSON of its requestId.
     */
    key: string;
    text: string;
    /**
     * It is an unsubscribe.
     */
    endsKey?: boolean;
    answered: (reply: Record<string, any>) => void;
    /**
     * The connection ended before the answer.
     */
    lost: () => void;
    closed: (error: CampanileError) => void;
};
export type Reader = {
    resolve: (result: IteratorResult<any>) => void;
    reject: (error: unknown) => void;
};
