// Subscriptions that are read with `for await`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collector, inState, next, setUp } from '../testing/index.js';

const timeout = 20_000;
const room = { room: 1 };

test(
  'a loop reads what came before it began, and leaving it unsubscribes',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    const subscription = client.subscribe({ room });
    await subscription.ready;
    for (const data of [1, 2, 3]) gateway.trigger([room], data);
    await client.status();
    const unsubscribed = next(gateway, 'text', (text) => text.includes('unsubscribe'));
    const read = [];
    for await (const data of subscription) {
      read.push(data);
      if (read.length === 3) gateway.trigger([room], 4);
      if (read.length === 4) break;
    }
    await unsubscribed;
    assert.deepEqual(read, [1, 2, 3, 4]);
    assert.equal(subscription.state, 'ended');
  },
);

test('a loop goes on across a lost connection', { timeout }, async (t) => {
  const { clock, gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  const again = collector();
  const subscription = client.subscribe({ room, onReconnect: again.collect });
  const iterator = subscription[Symbol.asyncIterator]();
  await subscription.ready;
  gateway.trigger([room], 'before');
  assert.equal((await iterator.next()).value, 'before');
  gateway.cut();
  clock.advance((await inState(client, 'waiting')).retryInMs);
  await again.atLeast(1);
  gateway.trigger([room], 'after');
  assert.equal((await iterator.next()).value, 'after');
});

test(
  'a loop that is too slow reads what waits, then fails, and the subscription ends',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    const subscription = client.subscribe({ room, queueMax: 2 });
    await subscription.ready;
    for (const data of [1, 2, 3, 4]) gateway.trigger([room], data);
    await client.status();
    /** @type {number[]} */
    const read = [];
    const loop = async () => {
      for await (const data of subscription) read.push(data);
    };
    await assert.rejects(loop, { code: 'slow-consumer' });
    assert.deepEqual(read, [1, 2]);
    assert.equal(subscription.state, 'ended');
    assert.equal(subscription.dropped, 1);
  },
);

test('the oldest are dropped and counted where that is asked for', { timeout }, async (t) => {
  const { gateway, makeClient } = await setUp(t);
  const client = makeClient().connect();
  const subscription = client.subscribe({ room, queueMax: 2, overflow: 'drop-oldest' });
  await subscription.ready;
  for (const data of [1, 2, 3, 4]) gateway.trigger([room], data);
  await client.status();
  client.close();
  const read = [];
  for await (const data of subscription) read.push(data);
  assert.deepEqual(read, [3, 4]);
  assert.equal(subscription.dropped, 2);
});

test('a loop over a refused room fails', { timeout }, async (t) => {
  const { makeClient } = await setUp(t, { allowedRooms: [] });
  const client = makeClient().connect();
  const subscription = client.subscribe({ room });
  await assert.rejects(subscription[Symbol.asyncIterator]().next(), { code: 'room-not-found' });
  assert.equal(subscription.state, 'ended');
});

test(
  'a loop ends when the client is closed, and when the subscription is',
  { timeout },
  async (t) => {
    const { makeClient } = await setUp(t);
    const client = makeClient().connect();
    const [first, second] = [client.subscribe({ room }), client.subscribe({ room })];
    const ends = [first, second].map((each) => each[Symbol.asyncIterator]().next());
    await first.unsubscribe();
    client.close();
    const end = { done: true, value: undefined };
    assert.deepEqual(await Promise.all(ends), [end, end]);
  },
);

test(
  'with onPublish a loop hears from its beginning on, and leaving it ends nothing else',
  { timeout },
  async (t) => {
    const { gateway, makeClient } = await setUp(t);
    const client = makeClient().connect();
    const heard = collector();
    const subscription = client.subscribe({ room, onPublish: heard.collect });
    await subscription.ready;
    for (const round of [1, 2]) {
      gateway.trigger([room], 'unread');
      await heard.atLeast(3 * round - 2);
      const iterator = subscription[Symbol.asyncIterator]();
      assert.throws(() => subscription[Symbol.asyncIterator](), TypeError);
      const reading = iterator.next();
      gateway.trigger([room], round);
      assert.equal((await reading).value, round);
      await iterator.return?.();
      gateway.trigger([room], 'unread');
      await heard.atLeast(3 * round);
      assert.equal(subscription.state, 'subscribed');
    }
    assert.deepEqual(
      heard.items.map(({ data }) => data),
      ['unread', 1, 'unread', 'unread', 2, 'unread'],
    );
  },
);

test('a loop over what has ended is over at once', { timeout }, async (t) => {
  const { makeClient } = await setUp(t);
  const client = makeClient().connect();
  const read = client.subscribe({ room });
  const called = client.subscribe({ room, onPublish() {} });
  await Promise.all([read.unsubscribe(), called.unsubscribe()]);
  for (const subscription of [read, called])
    for await (const data of subscription) assert.fail(data);
});
