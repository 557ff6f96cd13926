// A server that says what a transcript of `protocol/` says, to clients that do what it says.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { Campanile } from '../campanile.js';
import { FakeClock } from './clock.js';
import { canonical } from './gateway.js';
import { collector, inState } from './index.js';

/** Plays one transcript; returns the client's lines that were `played`, and those it never says. */
export class Player {
  played = 0;
  /** @type {string[]} */
  neverSaid = [];
  /** @type {Map<string, Actor>} */
  #actors = new Map();
  #server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => offered.has('campanile.v1') && 'campanile.v1',
  });

  /** @param {string} transcript */
  async play(transcript) {
    for (const [index, line] of transcript.split('\n').entries()) {
      try {
        await this.#line(line);
      } catch (error) {
        throw new Error(`line ${index + 1}, ${line}`, { cause: error });
      }
    }
  }

  close() {
    for (const { client } of this.#actors.values()) client.close();
    this.#server.close();
  }

  /** @param {string} line */
  async #line(line) {
    const [, name, verb, rest = ''] =
      /^(\w+) (opens|closes|closed|[<>=]|>>)(?: (.*))?$/.exec(line) ?? [];
    // The backend's part, comments and waiting are not for the client.
    if (name === undefined) return;
    if (verb === 'opens') {
      this.#actors.set(name, await this.#open(rest === 'as campanile.v1'));
      return;
    }
    const actor = /** @type {Actor} */ (this.#actors.get(name));
    if (verb === 'closes') await actor.close();
    else if (verb === 'closed') await actor.hearClose(Number(rest));
    else if (verb === '<' || verb === '=') await actor.hear(rest);
    else if (verb === '>' && (await actor.say(rest))) this.played++;
    else this.neverSaid.push(line);
  }

  /** @param {boolean} subprotocol */
  async #open(subprotocol) {
    if (this.#server.address() === null) await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    const clock = new FakeClock();
    const client = new Campanile(`ws://127.0.0.1:${port}/ws/`, { WebSocket, clock, subprotocol });
    client.connect();
    const [webSocket] = await once(this.#server, 'connection');
    return new Actor(client, clock, webSocket);
  }
}

/** A client, and the scripted server's end of its connection. */
class Actor {
  /** @type {Map<string, { subscription: import('../campanile.js').Subscription, heard: any, refused: any }>} */
  #subscriptions = new Map();
  /** @type {((reply: any) => Promise<any>)[]} For each request, what its reply is to do. */
  #expected = [];
  #texts = collector();
  #textsSeen = 0;
  #isGreeted = false;

  /**
   * @param {Campanile} client
   * @param {FakeClock} clock
   * @param {WebSocket} webSocket
   */
  constructor(client, clock, webSocket) {
    this.client = client;
    this.clock = clock;
    this.webSocket = webSocket;
    webSocket.on('message', (data) => this.#texts.collect(String(data)));
  }

  /**
   * Has the client say it, if it ever does.
   *
   * @param {string} text
   */
  async say(text) {
    const request = parse(text);
    const play = text === 'ping' ? this.#ping : this.#plays[request?.type];
    if (play !== undefined && (await play.call(this, request))) return true;
    // Its answer, if there is one, is not for the client either.
    if (text !== 'ping') this.#expected.push(async () => {});
    return false;
  }

  /** @type {Record<string, (request: any) => Promise<boolean>>} */
  #plays = {
    subscribe: async (request) => {
      const { room, requestId } = request;
      const key = canonical(requestId);
      const isSayable = room?.constructor === Object && key !== 'undefined' && !/^[[{]/.test(key);
      if (!isSayable || this.#subscriptions.has(key)) return false;
      const [heard, refused] = [collector(), collector()];
      const { collect: onPublish } = heard;
      const { collect: onRefused } = refused;
      const subscription = this.client.subscribe({ room, requestId, onPublish, onRefused });
      await this.#assertSaid(request);
      this.#subscriptions.set(key, { subscription, heard, refused });
      this.#expected.push(async (reply) => {
        this.webSocket.send(JSON.stringify(reply));
        const code = await subscription.ready.then(
          () => undefined,
          (error) => error.code,
        );
        assert.equal(code, reply.message);
        if (code === undefined) return;
        this.#subscriptions.delete(key);
        await subscription.unsubscribe();
      });
      return true;
    },
    unsubscribe: async (request) => {
      const known = this.#subscriptions.get(canonical(request.requestId));
      if (known === undefined) return false;
      this.#subscriptions.delete(canonical(request.requestId));
      const done = known.subscription.unsubscribe();
      await this.#assertSaid(request);
      this.#expected.push((reply) => (this.webSocket.send(JSON.stringify(reply)), done));
      return true;
    },
    status: async (request) => {
      const status = this.client
        .status()
        .catch((error) => ({ code: 'error', message: error.code }));
      const { requestId, ...said } = JSON.parse(await this.#nextText());
      const { requestId: scripted, ...wanted } = request;
      assert.deepEqual(said, wanted);
      this.#expected.push(async ({ requestId: inReply, ...reply }) => {
        const isCarried = inReply !== undefined;
        this.webSocket.send(JSON.stringify(isCarried ? { ...reply, requestId } : reply));
        assert.equal(inReply, isCarried ? scripted : undefined);
        assert.deepEqual(await status, reply);
      });
      return true;
    },
  };

  async #ping() {
    this.clock.advance(30_000);
    assert.equal(await this.#nextText(), 'ping');
    return true;
  }

  async #nextText() {
    const texts = await this.#texts.atLeast(++this.#textsSeen);
    return texts[this.#textsSeen - 1];
  }

  /** @param {any} request */
  async #assertSaid(request) {
    assert.deepEqual(JSON.parse(await this.#nextText()), request);
  }

  /**
   * Says it to the client, and looks whether the client understood.
   *
   * @param {string} text
   */
  async hear(text) {
    const message = parse(text);
    if (message === undefined) {
      this.webSocket.send(text);
    } else if (!this.#isGreeted) {
      this.#isGreeted = true;
      this.webSocket.send(text);
      await inState(this.client, message.is_authorized === false ? 'unauthorized' : 'open');
      assert.deepEqual(this.client.allowedRooms, message.allowed_rooms ?? []);
    } else if (message.type === 'publish') {
      await this.#hearPublish(text, message);
    } else if (message.type === 'revoked') {
      await this.#hearRevoked(text, message);
    } else if (message.type === 'restart') {
      this.webSocket.send(text.replace('"<number>"', '1234'));
    } else if (message.type === 'allowed_rooms') {
      const told = once(this.client, 'rooms');
      this.webSocket.send(text);
      await told;
      assert.deepEqual(this.client.allowedRooms, message.allowed_rooms);
    } else if (message.is_authorized === false) {
      this.webSocket.send(text);
      await inState(this.client, 'unauthorized');
    } else {
      await this.#expected.shift()?.(message);
    }
  }

  /**
   * @param {string} text
   * @param {any} message
   */
  async #hearPublish(text, message) {
    const known = this.#subscriptions.get(canonical(message.requestId));
    const before = known?.heard.items.length ?? 0;
    this.webSocket.send(text);
    if (known !== undefined)
      assert.deepEqual((await known.heard.atLeast(before + 1)).at(-1), message);
  }

  /**
   * @param {string} text
   * @param {any} message
   */
  async #hearRevoked(text, { requestId }) {
    const known = this.#subscriptions.get(canonical(requestId));
    this.#subscriptions.delete(canonical(requestId));
    this.webSocket.send(text);
    const [error] = (await known?.refused.atLeast(1)) ?? [];
    assert.equal(error?.code, known && 'revoked');
    await known?.subscription.unsubscribe();
  }

  async close() {
    const closed = once(this.webSocket, 'close');
    this.client.close();
    await closed;
    assert.equal(this.clock.size, 0);
  }

  /** @param {number} code */
  async hearClose(code) {
    this.webSocket.close(code === 1005 ? undefined : code);
    if (this.client.state !== 'unauthorized') await inState(this.client, 'waiting');
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
