// A small gateway for tests: one process, no limits, dialect 3 of the protocol and, when asked for,
// the subprotocol. It also serves the demo page, so that the page can be worked on without Rust:
// `node testing/gateway.js 8000`.

import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';

const PAGE = new URL('../../../apps/gateway/src/demo/page/', import.meta.url);
const JAVASCRIPT = 'text/javascript; charset=utf-8';
/** Each with the parts that are put together, and its type. */
const FILES = /** @type {Record<string, [URL[], string]>} */ ({
  '/': [[new URL('index.html', PAGE)], 'text/html; charset=utf-8'],
  '/style.css': [
    [new URL('../../assets/base.css', PAGE), new URL('style.css', PAGE)],
    'text/css; charset=utf-8',
  ],
  '/page.js': [[new URL('page.js', PAGE)], JAVASCRIPT],
  '/client.js': [[new URL('../campanile.js', import.meta.url)], JAVASCRIPT],
});
/** The strictest policy that the page must live with. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * @typedef {object} Settings
 * @property {number} [port] 0 (default) is a free one.
 * @property {boolean} [subprotocol] Whether `campanile.v1` is known here; true.
 * @property {any[]} [allowedRooms]
 * @property {(token: string | null) => boolean} [authorize]
 * @property {'3' | '2.5'} [dialect]
 * @property {boolean | object} [perMessageDeflate]
 */

/**
 * Events: `connection` (Connection), `text` (text, Connection), `end` (Connection).
 */
export class Gateway extends EventEmitter {
  /** @type {Set<Connection>} */
  connections = new Set();
  /** Handshakes so far, also those that a client gave up. */
  handshakes = 0;
  port = 0;
  /** Set it false, and connections get no answer to anything. */
  answers = true;

  /** @param {Settings} settings */
  constructor(settings) {
    super();
    this.settings = { dialect: '3', subprotocol: true, authorize: () => true, ...settings };
    this.settings.allowedRooms ??= [{ room: '*' }];
    this.http = createServer((request, response) => this.#serve(request, response));
    const { subprotocol, perMessageDeflate = false } = this.settings;
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate,
      handleProtocols: (offered) =>
        subprotocol && offered.has('campanile.v1') ? 'campanile.v1' : false,
    });
    this.http.on('upgrade', (request, socket, head) => {
      this.handshakes++;
      server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, request));
    });
  }

  /**
   * @param {Settings} [settings]
   * @returns {Promise<Gateway>}
   */
  static start(settings = {}) {
    const gateway = new Gateway(settings);
    return new Promise((resolve, reject) => {
      gateway.http.once('error', reject);
      gateway.http.listen(settings.port ?? 0, '127.0.0.1', () => {
        const address = /** @type {import('node:net').AddressInfo} */ (gateway.http.address());
        gateway.port = address.port;
        resolve(gateway);
      });
    });
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/ws/`;
  }

  /** Cuts every connection and listens no more. @returns {Promise<void>} */
  stop() {
    for (const { webSocket } of this.connections) webSocket.terminate();
    this.http.closeAllConnections();
    return new Promise((resolve) => this.http.close(() => resolve()));
  }

  /** Cuts every connection. */
  cut() {
    for (const { webSocket } of this.connections) webSocket.terminate();
  }

  /**
   * @param {any[]} rooms
   * @param {any} data
   */
  trigger(rooms, data) {
    const texts = new Set(rooms.map(canonical));
    for (const connection of this.connections) {
      for (const [requestId, room] of connection.subscriptions) {
        if (texts.has(room)) connection.say({ type: 'publish', data, requestId });
      }
    }
  }

  /**
   * @param {import('ws').WebSocket} webSocket
   * @param {import('node:http').IncomingMessage} request
   */
  #open(webSocket, request) {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const connection = new Connection(webSocket, request);
    webSocket.on('close', () => {
      this.connections.delete(connection);
      this.emit('end', connection);
    });
    this.connections.add(connection);
    webSocket.on('message', (data) => this.#hear(String(data), connection));
    const isAuthorized = this.settings.authorize(searchParams.get('token'));
    this.#greet(connection, isAuthorized);
    this.emit('connection', connection);
  }

  /**
   * @param {Connection} connection
   * @param {boolean} isAuthorized
   */
  #greet(connection, isAuthorized) {
    if (!this.answers) return;
    const { dialect, allowedRooms } = this.settings;
    if (!isAuthorized) {
      if (dialect === '3') connection.say({ is_authorized: false });
      connection.webSocket.close(1000);
    } else if (dialect === '3') {
      connection.say({ is_authorized: true, allowed_rooms: allowedRooms });
    } else {
      connection.say({ allowed_rooms: allowedRooms });
    }
  }

  /**
   * @param {string} text
   * @param {Connection} connection
   */
  #hear(text, connection) {
    if (this.answers) this.#answer(text, connection);
    this.emit('text', text, connection);
  }

  /**
   * @param {string} text
   * @param {Connection} connection
   */
  #answer(text, connection) {
    if (text === 'ping') {
      connection.webSocket.send('pong');
      return;
    }
    const request = JSON.parse(text);
    const reply = this.#reply(request, connection);
    const carriesId = connection.webSocket.protocol !== '' || this.settings.dialect === '2.5';
    connection.say(carriesId ? { ...reply, requestId: request.requestId } : reply);
  }

  /**
   * @param {any} request
   * @param {Connection} connection
   */
  #reply({ type, room, requestId }, connection) {
    const { subscriptions } = connection;
    switch (type) {
      case 'subscribe':
        if (!this.#allows(room)) return { code: 'error', message: 'room-not-found' };
        subscriptions.set(requestId, canonical(room));
        return { code: 'success' };
      case 'unsubscribe':
        return subscriptions.delete(requestId)
          ? { code: 'success' }
          : { code: 'error', message: 'not-subscribed' };
      case 'status':
        if (this.settings.dialect === '3') return { open_connections: this.connections.size };
        break;
    }
    return { code: 'error', message: 'message-type-not-allowed' };
  }

  /** @param {any} room */
  #allows(room) {
    return this.settings.allowedRooms?.some(
      (allowed) =>
        Object.keys(allowed).length === Object.keys(room).length &&
        Object.entries(allowed).every(
          ([key, value]) =>
            Object.hasOwn(room, key) &&
            (value === '*' || canonical(value) === canonical(room[key])),
        ),
    );
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #serve(request, response) {
    const path = request.url ?? '';
    if (request.method === 'POST' && (path === '/demo/trigger' || path === '/trigger/')) {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { rooms, data } = JSON.parse(body);
      this.trigger(rooms, data);
      response.end('publish success');
    } else if (path === '/demo/info') {
      const info = { trigger_url: `http://127.0.0.1:${this.port}/trigger/` };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(info));
    } else if (FILES[path] !== undefined) {
      const [parts, type] = FILES[path];
      response.setHeader('content-type', type).setHeader('content-security-policy', POLICY);
      response.end(Buffer.concat(parts.map((part) => readFileSync(part))));
    } else {
      response.writeHead(404).end();
    }
  }
}

/** One client, as the gateway sees it. */
export class Connection {
  /** @type {Map<any, string>} From requestId to room. */
  subscriptions = new Map();

  /**
   * @param {import('ws').WebSocket} webSocket
   * @param {import('node:http').IncomingMessage} request
   */
  constructor(webSocket, request) {
    this.webSocket = webSocket;
    this.request = request;
  }

  /** @param {any} message */
  say(message) {
    this.webSocket.send(JSON.stringify(message));
  }
}

/**
 * The same text for the same JSON, whatever the order of keys.
 *
 * @param {any} value
 * @returns {string}
 */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const gateway = await Gateway.start({
    port: Number(process.argv[2] ?? 8000),
    allowedRooms: [{ room: 'lobby' }, { room: 'kitchen' }, { room: '*' }],
  });
  console.log(`http://127.0.0.1:${gateway.port}/`);
}
