// How a client comes to a connection, keeps it, and comes back to it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { Campanile, CampanileError } from '../campanile.js';
import { collector, inState, next, setUp } from '../testing/index.js';

const timeout = 20_000;

test(
  'a client is idle until it is connected, then open with the rooms it may enter',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t, { allowedRooms: [{ zoo: '*' }, { n: 1 }] });
    const client = makeClient();
    assert.equal(client.state, 'idle');
    /** @type {string[]} */
    const states = [];
    client.addEventListener('state', (event) => {
      const { previous, state } = /** @type {import('../campanile.js').StateEvent} */ (event);
      states.push(`${previous} -> ${state}`);
    });
    assert.equal(client.connect(), client);
    await inState(client, 'open');
    client.close();
    assert.deepEqual(states, ['idle -> connecting', 'connecting -> open', 'open -> closed']);
    assert.deepEqual(client.allowedRooms, [{ zoo: '*' }, { n: 1 }]);
    assert.equal(gateway.handshakes, 1);
  },
);

test('the subprotocol is used where it is known', { timeout }, async (t) => {
  const { makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  assert.equal(client.protocol, 'campanile.v1');
  assert.deepEqual(await client.status(), { open_connections: 1 });
});

test(
  'a server that ignores the subprotocol is met without it, at once and from then on',
  { timeout },
  async (t) => {
    const { clock, gateway, makeClient } = await setUp(t, { subprotocol: false });
    const client = makeClient().connect();
    await inState(client, 'open');
    assert.equal(client.protocol, '');
    assert.equal(gateway.handshakes, 2);
    gateway.cut();
    const { retryInMs } = await inState(client, 'waiting');
    clock.advance(retryInMs);
    await inState(client, 'open');
    assert.equal(gateway.handshakes, 3);
  },
);

test('nothing is offered when the option says so', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient({ subprotocol: false }).connect();
  await inState(client, 'open');
  assert.equal(client.protocol, '');
  assert.equal(gateway.handshakes, 1);
});

test(
  'a server that is known to speak the subprotocol is met with nothing else while it is away',
  { timeout },
  async (t) => {
    const { clock, gateway, makeClient, startGateway } = await setUp(t);
    /** @type {(string[] | undefined)[]} */
    const offers = [];
    const Recording = class extends WebSocket {
      /** @param {string} url @param {string[]} [protocols] */
      constructor(url, protocols) {
        super(url, protocols);
        offers.push(protocols);
      }
    };
    const client = makeClient({ WebSocket: Recording }).connect();
    await inState(client, 'open');
    const { port } = gateway;
    await gateway.stop();
    clock.advance((await inState(client, 'waiting')).retryInMs);
    clock.advance((await inState(client, 'waiting')).retryInMs);
    await inState(client, 'waiting');
    await startGateway({ port });
    client.connect();
    await inState(client, 'open');
    assert.equal(client.protocol, 'campanile.v1');
    assert.deepEqual(offers, Array(4).fill(['campanile.v1']));
  },
);

test('the wait doubles up to its bound, with full jitter', { timeout }, async (t) => {
  const { clock, makeClient, gateway } = await setUp(t);
  await gateway.stop();
  const dice = [0, 0.5, 1, 0.25];
  const client = makeClient({
    backoffBaseMs: 100,
    backoffMaxMs: 500,
    random: () => /** @type {number} */ (dice.shift() ?? 1),
  }).connect();
  const waits = [];
  for (let round = 0; round < 6; round++) {
    const { retryInMs } = await inState(client, 'waiting');
    waits.push(retryInMs);
    clock.advance(retryInMs);
    assert.equal(client.state, 'connecting');
  }
  assert.deepEqual(waits, [0 * 100, 0.5 * 200, 1 * 400, 0.25 * 500, 500, 500]);
});

test('only a connection that lasted lets the wait begin anew', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const client = makeClient({ backoffBaseMs: 100, random: () => 1 }).connect();
  const waits = [];
  for (const lastsMs of [0, 0, 0, 6_000, 0]) {
    await inState(client, 'open');
    clock.advance(lastsMs);
    gateway.cut();
    const { retryInMs } = await inState(client, 'waiting');
    waits.push(retryInMs);
    clock.advance(retryInMs);
  }
  assert.deepEqual(waits, [100, 200, 400, 100, 200]);
});

test('ping is sent every 30 s, and the pong keeps the connection', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  for (let ping = 0; ping < 3; ping++) {
    const heard = next(gateway, 'text', (text) => text === 'ping');
    clock.advance(30_000);
    await heard;
    // The answer to this question comes after the pong.
    await client.status();
  }
  assert.equal(client.state, 'open');
  assert.equal(gateway.handshakes, 1);
});

test(
  'a ping without a pong ends the connection after 10 s and makes another',
  { timeout },
  async (t) => {
    const { clock, gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    await inState(client, 'open');
    gateway.answers = false;
    const heard = next(gateway, 'text', (text) => text === 'ping');
    clock.advance(30_000);
    await heard;
    clock.advance(9_999);
    assert.equal(client.state, 'open');
    clock.advance(1);
    assert.equal(client.state, 'waiting');
    gateway.answers = true;
    clock.advance(500);
    await inState(client, 'open');
    assert.equal(gateway.handshakes, 2);
  },
);

test('whatever is heard counts for a pong', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  const subscription = client.subscribe({ room: { room: 1 } });
  await subscription.ready;
  gateway.answers = false;
  const heard = next(gateway, 'text', (text) => text === 'ping');
  clock.advance(30_000);
  await heard;
  gateway.trigger([{ room: 1 }], 'still here');
  await subscription[Symbol.asyncIterator]().next();
  clock.advance(20_000);
  assert.equal(client.state, 'open');
});

test('a server that accepts but never greets is given up after 30 s', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  gateway.answers = false;
  const client = makeClient({ subprotocol: false }).connect();
  await once(gateway, 'connection');
  clock.advance(29_999);
  assert.equal(client.state, 'connecting');
  clock.advance(1);
  assert.equal(client.state, 'waiting');
});

test('an address that accepts TCP and says nothing is given up too', { timeout }, async (t) => {
  const { clock } = await setUp(t);
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (silent.address());
  const client = Campanile.connect(`http://127.0.0.1:${port}/ws/`, { WebSocket, clock });
  t.after(() => (client.close(), silent.close()));
  clock.advance(30_000);
  assert.equal(client.state, 'connecting', 'now without the subprotocol');
  clock.advance(30_000);
  assert.equal(client.state, 'waiting');
});

test('who is not authorized is told so and comes back slowly', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t, { authorize: (token) => token === 'key' });
  let token = '';
  const client = makeClient({ token: () => token }).connect();
  const { retryInMs } = await inState(client, 'unauthorized');
  assert.equal(retryInMs, 60_000);
  assert.deepEqual(client.allowedRooms, []);
  clock.advance(59_999);
  assert.equal(client.state, 'unauthorized');
  clock.advance(1);
  await inState(client, 'unauthorized');
  assert.equal(gateway.handshakes, 2);
  token = 'key';
  client.connect();
  await inState(client, 'open');
});

test(
  'who is not authorized stays so until connect() when the option says so',
  { timeout },
  async (t) => {
    let isLoggedIn = false;
    const { clock, gateway, makeClient } = await setUp(t, { authorize: () => isLoggedIn });
    const client = makeClient({ unauthorizedRetryMs: null }).connect();
    assert.equal((await inState(client, 'unauthorized')).retryInMs, null);
    assert.equal(clock.size, 0);
    assert.equal(gateway.handshakes, 1);
    isLoggedIn = true;
    client.connect();
    await inState(client, 'open');
  },
);

test(
  'a token is asked for with each connection, and one that cannot be had is only a failed attempt',
  { timeout },
  async (t) => {
    /** @type {(string | null)[]} */
    const seen = [];
    const { clock, gateway, makeClient } = await setUp(t, {
      authorize: (token) => (seen.push(token), true),
    });
    const tokens = ['one +/&', new Error('the token server is away'), 'two'];
    /** @type {any[]} */
    const errors = [];
    const client = makeClient({
      onError: (error) => errors.push(error),
      token: async () => {
        const token = tokens.shift() ?? '';
        if (token instanceof Error) throw token;
        return token;
      },
    }).connect();
    await inState(client, 'open');
    gateway.cut();
    clock.advance((await inState(client, 'waiting')).retryInMs);
    clock.advance((await inState(client, 'waiting')).retryInMs);
    await inState(client, 'open');
    assert.deepEqual(seen, ['one +/&', 'two']);
    assert.equal(errors[0].message, 'the token server is away');
  },
);

test(
  'a token that comes after the client was closed makes no connection',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t);
    /** @type {(token: string) => void} */
    let giveToken = () => {};
    /** @type {Promise<string>} */
    const token = new Promise((resolve) => (giveToken = resolve));
    let made = 0;
    const Counting = class extends WebSocket {
      /** @param {string} url @param {string[]} [protocols] */
      constructor(url, protocols) {
        super(url, protocols);
        made++;
      }
    };
    const client = makeClient({ token: () => token, WebSocket: Counting }).connect();
    client.close();
    giveToken('late');
    await token;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(made, 0);
    assert.equal(gateway.handshakes, 0);
  },
);

test(
  'what a given-up connection still says is not taken for the next one’s',
  { timeout },
  async (t) => {
    const { clock, gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    await inState(client, 'open');
    const [old] = gateway.connections;
    gateway.answers = false;
    clock.advance(40_000);
    clock.advance(500);
    assert.equal(client.state, 'connecting');
    gateway.answers = true;
    old.say({ is_authorized: false });
    await once(client, 'state');
    assert.equal(client.state, 'open');
  },
);

test('who is let in no more has no rooms', { timeout }, async (t) => {
  let isLoggedIn = true;
  const { clock, gateway, makeClient } = await setUp(t, { authorize: () => isLoggedIn });
  const client = makeClient().connect();
  await inState(client, 'open');
  assert.equal(client.allowedRooms.length, 1);
  isLoggedIn = false;
  gateway.cut();
  clock.advance((await inState(client, 'waiting')).retryInMs);
  await inState(client, 'unauthorized');
  assert.deepEqual(client.allowedRooms, []);
});

test(
  'a server that was exchanged for one without the subprotocol is found after some rounds',
  { timeout },
  async (t) => {
    const { clock, gateway, makeClient, startGateway } = await setUp(t);
    const client = makeClient().connect();
    await inState(client, 'open');
    await gateway.stop();
    await startGateway({ port: gateway.port, subprotocol: false });
    let rounds = 0;
    for (let event = await inState(client, 'waiting'); event.state === 'waiting'; rounds++) {
      assert.ok(rounds < 20);
      clock.advance(event.retryInMs);
      [event] = await once(client, 'state');
    }
    assert.equal(client.protocol, '');
    assert.equal(rounds, 5);
  },
);

test('a browser that is online again does not wait', { timeout }, async (t) => {
  const page = new EventTarget();
  const global = /** @type {any} */ (globalThis);
  for (const name of ['addEventListener', 'removeEventListener']) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    global[name] = /** @type {any} */ (page)[name].bind(page);
    t.after(() => {
      if (before === undefined) delete global[name];
      else Object.defineProperty(globalThis, name, before);
    });
  }
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  gateway.cut();
  await inState(client, 'waiting');
  page.dispatchEvent(new Event('online'));
  await inState(client, 'open');
  page.dispatchEvent(new Event('online'));
  assert.equal(client.state, 'open');
});

test('a closed client hears and does nothing more', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  const subscription = client.subscribe({ room: { room: 1 }, onPublish() {} });
  await subscription.ready;
  gateway.answers = false;
  const status = client.status();
  const ended = once(gateway, 'end');
  client.close();
  client.close();
  await assert.rejects(status, { code: 'closed' });
  await ended;
  assert.equal(subscription.state, 'ended');
  assert.equal(clock.size, 0);
  assert.throws(() => client.connect(), CampanileError);
  assert.throws(() => client.subscribe({ room: {} }), { code: 'closed' });
  await assert.rejects(client.status(), { code: 'closed' });
});

test('a listener may close the client in any state', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  for (const state of /** @type {const} */ (['connecting', 'open', 'waiting'])) {
    const client = makeClient();
    client.addEventListener('state', () => client.state === state && client.close());
    client.connect();
    if (state === 'waiting') {
      await inState(client, 'open');
      gateway.cut();
    }
    await inState(client, 'closed');
    assert.equal(clock.size, 0, state);
  }
});

test('an address that is no WebSocket’s is refused at once', () => {
  assert.throws(() => new Campanile('ftp://127.0.0.1/'), TypeError);
  assert.throws(() => new Campanile('/ws/'), TypeError, 'relative to what?');
});

test(
  'without a WebSocket the error says what to do, and the client only waits',
  { timeout },
  async (t) => {
    /** @type {any[]} */
    const errors = [];
    const { makeClient } = await setUp(t);
    const none = /** @type {any} */ (null);
    const client = makeClient({
      WebSocket: none,
      onError: (error) => errors.push(error),
    }).connect();
    assert.equal(client.state, 'waiting');
    assert.match(errors[0].message, /options.WebSocket/);
  },
);

const FLAG = '--experimental-websocket';
const hasOwn = 'WebSocket' in globalThis || process.allowedNodeEnvironmentFlags.has(FLAG);
const skip = hasOwn
  ? false
  : `not run, because Node ${process.version} has no WebSocket of its own`;

test('Node’s own WebSocket does as well as the one of ws', { timeout, skip }, async (t) => {
  for (const subprotocol of [true, false]) {
    const { gateway } = await setUp(t, { subprotocol });
    const script = `
      import { Campanile } from ${JSON.stringify(new URL('../campanile.js', import.meta.url).href)};
      const client = Campanile.connect(${JSON.stringify(gateway.url)});
      for await (const data of client.subscribe({ room: { room: 1 } })) {
        console.log(data);
        break;
      }
      console.log(client.protocol);
      client.close();
    `;
    const flags = 'WebSocket' in globalThis ? [] : [FLAG];
    const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', script]);
    t.after(() => child.kill());
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => t.diagnostic(String(chunk)));
    const ended = once(child, 'close');
    await next(gateway, 'text', (text) => text.includes('subscribe'));
    gateway.trigger([{ room: 1 }], 'rung');
    await ended;
    assert.equal(output, `rung\n${subprotocol ? 'campanile.v1' : ''}\n`);
  }
});

test(
  'a client comes back when a server that restarts has asked it to, and then as ever',
  { timeout },
  async (t) => {
    const { clock, gateway, makeClient } = await setUp(t);
    const client = makeClient({ random: () => 1 }).connect();
    await inState(client, 'open');
    for (const connection of gateway.connections) {
      connection.say({ type: 'restart', reconnect_after_ms: 4321 });
      connection.webSocket.close(1012);
    }
    assert.equal((await inState(client, 'waiting')).retryInMs, 4321);
    clock.advance(4321);
    await inState(client, 'open');
    clock.advance(5000);
    gateway.cut();
    assert.equal((await inState(client, 'waiting')).retryInMs, 500);
  },
);

test('a gap of the server reaches the page, with its times', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  const gaps = collector();
  client.addEventListener('gap', gaps.collect);
  const from = '2026-11-21T05:00:00.000000Z';
  const until = '2026-11-21T05:00:03.500000Z';
  for (const connection of gateway.connections) {
    connection.say({ type: 'gap', reason: 'broker', from, until: null });
    connection.say({ type: 'gap', reason: 'broker', from, until });
    connection.say({ type: 'gap', reason: 'sunspots', from: 'yesterday' });
  }
  const said = (await gaps.atLeast(3)).map(({ reason, from, until, subscription, dropped }) => ({
    reason,
    times: [from, until].map((time) => time?.toISOString() ?? null),
    subscription,
    dropped,
  }));
  const all = { subscription: null, dropped: 0 };
  assert.deepEqual(said, [
    { reason: 'broker', times: ['2026-11-21T05:00:00.000Z', null], ...all },
    { reason: 'broker', times: ['2026-11-21T05:00:00.000Z', '2026-11-21T05:00:03.500Z'], ...all },
    { reason: 'sunspots', times: [null, null], ...all },
  ]);
});
