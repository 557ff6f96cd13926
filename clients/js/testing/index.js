// What the tests share: clients that meet a gateway in fake time, and waiting without sleeping.

import { WebSocket } from 'ws';
import { Campanile } from '../campanile.js';
import { FakeClock } from './clock.js';
import { Gateway } from './gateway.js';

export { FakeClock, Gateway };

/**
 * A gateway and a maker of clients for it, all gone when the test ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {import('./gateway.js').Settings} [settings]
 */
export async function setUp(t, settings) {
  const clock = new FakeClock();
  /** @type {Gateway[]} */
  const gateways = [];
  /** @param {import('./gateway.js').Settings} [again] */
  const startGateway = async (again) => {
    const gateway = await Gateway.start({ ...settings, ...again });
    gateways.push(gateway);
    return gateway;
  };
  const gateway = await startGateway();
  /** @type {Campanile[]} */
  const clients = [];
  /** @param {import('../campanile.js').Options} [options] */
  const makeClient = (options) => {
    const client = new Campanile(gateway.url, {
      WebSocket,
      clock,
      random: () => 0.5,
      onError: (error) => t.diagnostic(String(error)),
      ...options,
    });
    clients.push(client);
    return client;
  };
  t.after(async () => {
    for (const client of clients) client.close();
    for (const each of gateways) await each.stop();
  });
  return { clock, gateway, makeClient, startGateway };
}

/**
 * Waits until the client is in that state; the event that brought it there, if it was not there.
 *
 * @param {Campanile} client
 * @param {import('../campanile.js').State} state
 * @returns {Promise<any>}
 */
export function inState(client, state) {
  if (client.state === state) return Promise.resolve();
  return new Promise((resolve) => {
    client.addEventListener('state', function check(event) {
      if (client.state !== state) return;
      client.removeEventListener('state', check);
      resolve(event);
    });
  });
}

/**
 * Waits for an event of the gateway whose first argument fits.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} name
 * @param {(value: any) => boolean} [fits]
 * @returns {Promise<any>}
 */
export function next(emitter, name, fits = () => true) {
  return new Promise((resolve) => {
    emitter.on(name, function check(value) {
      if (!fits(value)) return;
      emitter.off(name, check);
      resolve(value);
    });
  });
}

/**
 * A function to be given as `onPublish`, and what it was given.
 *
 * @template T
 */
export function collector() {
  /** @type {any[]} */
  const items = [];
  /** @type {{ count: number, resolve: (items: any[]) => void }[]} */
  const waiting = [];
  /** @param {any} [item] */
  const collect = (item) => {
    items.push(item);
    for (const { count, resolve } of waiting) if (items.length >= count) resolve(items);
  };
  /** @param {number} count @returns {Promise<any[]>} */
  const atLeast = (count) =>
    items.length >= count
      ? Promise.resolve(items)
      : new Promise((resolve) => waiting.push({ count, resolve }));
  return { collect, items, atLeast };
}
