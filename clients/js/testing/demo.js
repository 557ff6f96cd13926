// `campanile demo` as a child process, or the small gateway in its place.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gateway } from './gateway.js';

const STARTS_WITHIN_MS = 20_000;

/**
 * The demo on two ports of its own, which it keeps over a restart.
 */
export class Demo {
  /** @type {() => Promise<void>} */
  #kill = async () => {};
  /** @type {Record<string, string>} */
  environment = {};

  /**
   * @param {number} publicPort
   * @param {number} internalPort
   * @param {string | undefined} binary
   */
  constructor(publicPort, internalPort, binary) {
    this.binary = binary;
    this.publicPort = publicPort;
    this.internalPort = internalPort;
  }

  get url() {
    return `http://127.0.0.1:${this.publicPort}/`;
  }

  /** Where a backend triggers. */
  get triggerUrl() {
    return `http://127.0.0.1:${this.internalPort}/trigger/`;
  }

  /** Where operators look. */
  get adminUrl() {
    return `http://127.0.0.1:${this.internalPort}/admin/`;
  }

  /**
   * @param {string | undefined} binary A campanile; without one, the small gateway is it.
   * @param {Record<string, string>} [environment] More of it for the binary.
   */
  static async start(binary, environment = {}) {
    const publicPort = await freePort();
    const demo = new Demo(publicPort, binary ? await freePort() : publicPort, binary);
    demo.environment = environment;
    await demo.start();
    return demo;
  }

  async start() {
    if (this.binary) {
      await this.#spawn(this.binary);
    } else {
      const allowedRooms = [{ room: 'lobby' }, { room: '*' }];
      const perMessageDeflate = { threshold: 0 };
      const port = this.publicPort;
      const gateway = await Gateway.start({ port, allowedRooms, perMessageDeflate });
      this.#kill = () => gateway.stop();
    }
  }

  /** Ends it at once, without a word to anybody. */
  kill() {
    return this.#kill();
  }

  /** @param {string} binary */
  async #spawn(binary) {
    let output = '';
    const child = spawn(binary, ['demo'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...this.environment,
        CAMPANILE_PUBLIC_LISTEN: `127.0.0.1:${this.publicPort}`,
        CAMPANILE_INTERNAL_LISTEN: `127.0.0.1:${this.internalPort}`,
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => (output += text));
    const ended = once(child, 'close');
    this.#kill = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    const deadline = Date.now() + STARTS_WITHIN_MS;
    while (!(await answers(this.url))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await this.kill();
        throw new Error(`${binary} demo did not start:\n${output}`);
      }
      await sleep(50);
    }
  }
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** A free port below those that the system gives to outgoing connections. */
export async function freePort() {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error('no free port in fifty attempts');
}
