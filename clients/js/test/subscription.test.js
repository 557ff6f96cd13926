// Subscriptions: what is heard, what is refused, and what comes back after a lost connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collector, inState, next, setUp } from '../testing/index.js';

const timeout = 20_000;

/** The ways a server may speak; a client must do with each. */
const SERVERS = /** @type {const} */ ([
  ['campanile.v1', { subprotocol: true }],
  ['high-templar 3.1', { subprotocol: false }],
  ['high-templar 2.5', { subprotocol: false, dialect: '2.5' }],
]);

for (const [name, settings] of SERVERS) {
  test(
    `${name}: deliveries reach the subscriptions of their room, in order`,
    { timeout },
    async (t) => {
      const { gateway, makeClient } = await setUp(t, settings);
      const client = makeClient().connect();
      const [penguins, both] = [collector(), collector()];
      const room = { zoo: 1, animal: 'penguin' };
      gateway.settings.allowedRooms = [{ zoo: '*', animal: '*' }];
      const first = client.subscribe({ room, requestId: 'p', onPublish: penguins.collect });
      const second = client.subscribe({ room, onPublish: both.collect });
      const third = client.subscribe({ room: { ...room, zoo: 2 }, onPublish: both.collect });
      await Promise.all([first.ready, second.ready, third.ready]);
      for (const data of [1, { two: 2 }, null]) gateway.trigger([room], data);
      gateway.trigger([{ animal: 'penguin', zoo: 2 }], 'elsewhere');
      assert.deepEqual(await penguins.atLeast(3), [
        { type: 'publish', data: 1, requestId: 'p' },
        { type: 'publish', data: { two: 2 }, requestId: 'p' },
        { type: 'publish', data: null, requestId: 'p' },
      ]);
      const heard = await both.atLeast(4);
      assert.deepEqual(
        heard.map(({ data }) => data),
        [1, { two: 2 }, null, 'elsewhere'],
      );
    },
  );

  test(`${name}: each of many answers finds its question`, { timeout }, async (t) => {
    const { makeClient } = await setUp(t, { ...settings, allowedRooms: [{ n: '*' }] });
    const client = makeClient().connect();
    const wishes = Array.from({ length: 30 }, (_, n) => {
      /** @type {import('../campanile.js').Room} */
      const room = n % 3 === 0 ? { m: n } : { n };
      return { n, subscription: client.subscribe({ room, onPublish() {} }) };
    });
    const questions = [client.status().catch((error) => error.code)];
    await inState(client, 'open');
    questions.push(client.status().catch((error) => error.code));
    for (const { n, subscription } of wishes) {
      if (n % 3 === 0) await assert.rejects(subscription.ready, { code: 'room-not-found' });
      else await subscription.ready;
      assert.equal(subscription.state, n % 3 === 0 ? 'refused' : 'subscribed');
    }
    const answer = name.endsWith('2.5') ? 'message-type-not-allowed' : { open_connections: 1 };
    assert.deepEqual(await Promise.all(questions), [answer, answer]);
  });

  test(
    `${name}: subscriptions come back after a lost connection, and say so`,
    { timeout },
    async (t) => {
      const { clock, gateway, makeClient } = await setUp(t, settings);
      const client = makeClient().connect();
      const [heard, again] = [collector(), collector()];
      const room = { room: 1 };
      const subscription = client.subscribe({
        room,
        onPublish: heard.collect,
        onReconnect: again.collect,
      });
      await subscription.ready;
      assert.equal(again.items.length, 0);
      gateway.cut();
      const { retryInMs } = await inState(client, 'waiting');
      assert.equal(subscription.state, 'pending');
      gateway.trigger([room], 'missed');
      clock.advance(retryInMs);
      await again.atLeast(1);
      assert.equal(subscription.state, 'subscribed');
      gateway.trigger([room], 'heard');
      await heard.atLeast(1);
      assert.deepEqual(
        heard.items.map(({ data }) => data),
        ['heard'],
      );
    },
  );
}

test('with the subprotocol replies may come in any order', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  await inState(client, 'open');
  gateway.answers = false;
  const first = client.subscribe({ room: { n: 1 }, requestId: 1, onPublish() {} });
  const second = client.subscribe({ room: { n: 2 }, requestId: '1', onPublish() {} });
  await next(gateway, 'text', (text) => JSON.parse(text).requestId === '1');
  const [connection] = gateway.connections;
  connection.say({ code: 'error', message: 'no-such-request', requestId: 'stranger' });
  connection.say({ code: 'error', message: 'room-not-found', requestId: '1' });
  connection.say({ code: 'success', requestId: 1 });
  await first.ready;
  await assert.rejects(second.ready, { code: 'room-not-found' });
});

test(
  'an unsubscribed room is heard no more, and its name is free again',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    const [before, after] = [collector(), collector()];
    const first = client.subscribe({ room: { room: 1 }, requestId: 7, onPublish: before.collect });
    await first.ready;
    assert.throws(() => client.subscribe({ room: {}, requestId: 7 }), { code: 'request-id-taken' });
    const gone = client.unsubscribe(first);
    // This one is already on its way when the server hears of the end.
    gateway.trigger([{ room: 1 }], 'late');
    const second = client.subscribe({ room: { room: 2 }, requestId: 7, onPublish: after.collect });
    await gone;
    await second.ready;
    gateway.trigger([{ room: 1 }, { room: 2 }], 'new');
    await after.atLeast(1);
    assert.deepEqual(before.items, []);
    assert.deepEqual(
      after.items.map(({ data }) => data),
      ['new'],
    );
    assert.equal(first.state, 'ended');
    await first.unsubscribe();
  },
);

test('what is asked and taken back without a connection is never sent', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient();
  /** @type {any[]} */
  const texts = [];
  gateway.on('text', (text) => texts.push(JSON.parse(text)));
  const kept = client.subscribe({ room: { room: 'kept' }, requestId: 'k', onPublish() {} });
  const dropped = client.subscribe({ room: { room: 'dropped' }, onPublish() {} });
  const status = client.status();
  await dropped.unsubscribe();
  await assert.rejects(dropped.ready, { code: 'closed' });
  client.connect();
  await kept.ready;
  assert.deepEqual(await status, { open_connections: 1 });
  assert.deepEqual(
    texts.map(({ type, room }) => [type, room?.room]),
    [
      ['subscribe', 'kept'],
      ['status', undefined],
    ],
  );
});

test('a question that lost its connection is asked again on the next', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  const subscription = client.subscribe({ room: { room: 1 }, onPublish() {} });
  await subscription.ready;
  gateway.answers = false;
  const asked = next(gateway, 'text', (text) => text.includes('status'));
  const status = client.status();
  const gone = subscription.unsubscribe();
  await asked;
  gateway.cut();
  const { retryInMs } = await inState(client, 'waiting');
  await gone;
  gateway.answers = true;
  clock.advance(retryInMs);
  assert.deepEqual(await status, { open_connections: 1 });
});

test('what waits is bounded', { timeout }, async (t) => {
  const { makeClient } = await setUp(t);
  const client = makeClient({ pendingMax: 3 });
  for (let n = 0; n < 3; n++) client.subscribe({ room: { n } });
  assert.throws(() => client.subscribe({ room: { n: 3 } }), { code: 'too-many-pending' });
  await assert.rejects(client.status(), { code: 'too-many-pending' });
});

test('a room that is refused is asked for again on the next connection', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t, { allowedRooms: [] });
  const client = makeClient().connect();
  const [refused, heard] = [collector(), collector()];
  const room = { room: 1 };
  const subscription = client.subscribe({
    room,
    onPublish: heard.collect,
    onRefused: refused.collect,
  });
  assert.equal((await refused.atLeast(1))[0].code, 'room-not-found');
  gateway.settings.allowedRooms = [room];
  gateway.cut();
  clock.advance((await inState(client, 'waiting')).retryInMs);
  await client.status();
  assert.equal(subscription.state, 'subscribed');
  gateway.trigger([room], 'at last');
  await heard.atLeast(1);
});

test('what a callback throws is reported and breaks nothing', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const errors = collector();
  const client = makeClient({
    onError: (error) => {
      errors.collect(/** @type {Error} */ (error).message);
      throw new Error('from onError itself');
    },
  }).connect();
  const heard = collector();
  const fails = (/** @type {string} */ where) => () => {
    throw new Error(where);
  };
  const room = { room: 1 };
  const bad = client.subscribe({
    room,
    onPublish: fails('publish'),
    onReconnect: fails('reconnect'),
  });
  const worse = client.subscribe({ room, onPublish: async () => fails('later')() });
  const refused = client.subscribe({ room: {}, onPublish() {}, onRefused: fails('refused') });
  const good = client.subscribe({ room, onPublish: heard.collect });
  await Promise.all([bad.ready, worse.ready, good.ready]);
  await assert.rejects(refused.ready);
  gateway.trigger([room], 1);
  gateway.trigger([room], 2);
  await heard.atLeast(2);
  gateway.cut();
  clock.advance((await inState(client, 'waiting')).retryInMs);
  await client.status();
  const expected = ['later', 'later', 'publish', 'publish', 'reconnect', 'refused', 'refused'];
  assert.deepEqual([...(await errors.atLeast(7))].sort(), expected);
  assert.equal(client.state, 'open');
});

test(
  'callbacks may call the client: unsubscribe, subscribe and close in the middle of a delivery',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    const room = { room: 1 };
    const heard = collector();
    const once = client.subscribe({
      room,
      onPublish: ({ data }) => {
        once.unsubscribe();
        client.subscribe({
          room,
          onPublish: (message) => (heard.collect([data, message.data]), client.close()),
        });
      },
    });
    await once.ready;
    gateway.trigger([room], 1);
    await next(gateway, 'text', (text) => text.includes('"subscribe"'));
    gateway.trigger([room], 2);
    gateway.trigger([room], 3);
    await inState(client, 'closed');
    assert.deepEqual(heard.items, [[1, 2]]);
  },
);

test('what is no message of the protocol is passed over', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  const heard = collector();
  const subscription = client.subscribe({ room: { room: 1 }, onPublish: heard.collect });
  await subscription.ready;
  const [{ webSocket }] = gateway.connections;
  for (const text of ['', '{', '[]', '5', 'null', '"publish"', '{}', '{"requestId":{}}', 'PONG']) {
    webSocket.send(text);
  }
  webSocket.send('{"type":"publish"}');
  webSocket.send('{"type":"publish","requestId":[1]}');
  webSocket.send(Buffer.from([1, 2, 3]));
  gateway.trigger([{ room: 1 }], 'fine');
  await heard.atLeast(1);
  assert.deepEqual(
    heard.items.map(({ data }) => data),
    ['fine'],
  );
});

test('a room is an object and a requestId a scalar', async (t) => {
  const { makeClient } = await setUp(t);
  const client = makeClient();
  for (const room of [null, undefined, 'lobby', 5, [], [['a', 1]]]) {
    assert.throws(() => client.subscribe({ room: /** @type {any} */ (room) }), TypeError);
  }
  for (const requestId of [{}, []]) {
    assert.throws(
      () => client.subscribe({ room: {}, requestId: /** @type {any} */ (requestId) }),
      TypeError,
    );
  }
  const ids = [null, false, 0, '', 'c1', 'null'].map(
    (requestId) => client.subscribe({ room: {}, requestId }).requestId,
  );
  assert.deepEqual(ids, [null, false, 0, '', 'c1', 'null']);
});

test('a requestId that is made up is none that is taken', async (t) => {
  const { makeClient } = await setUp(t);
  const client = makeClient();
  for (const requestId of ['c1', 'c2', 'c4']) client.subscribe({ room: {}, requestId });
  const made = [1, 2].map(() => client.subscribe({ room: {} }).requestId);
  assert.deepEqual(made, ['c3', 'c5']);
});

test('a subscription is told what it lost since the client was slow', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t, { allowedRooms: [{ n: '*' }] });
  const client = makeClient().connect();
  const [gaps, told, notTold] = [collector(), collector(), collector()];
  client.addEventListener('gap', gaps.collect);
  const slow = client.subscribe({ room: { n: 1 }, onPublish() {}, onGap: told.collect });
  const other = client.subscribe({ room: { n: 2 }, onPublish() {}, onGap: notTold.collect });
  await Promise.all([slow.ready, other.ready]);
  const { room, requestId } = slow;
  const gap = { type: 'gap', reason: 'slow', room, requestId };
  for (const connection of gateway.connections) {
    connection.say({ ...gap, requestId: 'nobody', dropped: 1 });
    connection.say({ ...gap, dropped: 3 });
    connection.say({ ...gap, dropped: 'many' });
    connection.say({ ...gap, dropped: 4 });
  }
  const heard = await told.atLeast(3);
  assert.deepEqual(await gaps.atLeast(3), heard);
  assert.deepEqual(
    heard.map(({ reason, dropped }) => [reason, dropped]),
    [
      ['slow', 3],
      ['slow', 0],
      ['slow', 4],
    ],
  );
  assert.ok(heard.every(({ subscription }) => subscription === slow));
  assert.deepEqual([slow.dropped, other.dropped, notTold.items.length], [7, 0, 0]);
});
