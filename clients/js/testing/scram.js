// `scram serve` and `scram-translator` as child processes, with a database of their own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './demo.js';
import { Program } from './program.js';

/** A server on a SQLite file of its own, and the translators of its tests. */
export class Scram {
  /** @type {Program[]} */
  #programs = [];
  /** @type {Program | undefined} */
  server;
  /** The link in the log that makes the first administrator. */
  firstLink = '';

  /**
   * @param {string} folder
   * @param {number} port
   */
  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * @param {string} binary
   * @param {Record<string, string>} [environment] More of it.
   */
  static async start(binary, environment = {}) {
    const scram = new Scram(mkdtempSync(join(tmpdir(), 'scram-')), await freePort());
    const server = await scram.serve(binary, environment);
    [scram.firstLink] = await server.says(/http:\S+\/auth\/first\/\S+/);
    return scram;
  }

  /**
   * Starts the server on its port and its database: the first time, or again.
   *
   * @param {string} binary
   * @param {Record<string, string>} [environment] More of it.
   */
  async serve(binary, environment = {}) {
    await this.server?.kill();
    this.server = this.#run(binary, ['serve'], {
      ...environment,
      SCRAM_LISTEN: `127.0.0.1:${this.port}`,
      SCRAM_DATABASE_URL: `sqlite:${join(this.folder, 'scram.db')}`,
    });
    await this.server.says(/listening on /);
    return this.server;
  }

  /**
   * Starts a translator that remembers routes instead of announcing them.
   *
   * @param {string} binary
   * @param {string} name
   * @param {string} token
   */
  translator(binary, name, token, actionType = 'block') {
    return this.#run(binary, [], {
      TRANSLATOR_BACKEND: 'memory',
      HEARTBEAT_S: '1',
      TRANSLATOR_NAME: name,
      SCRAM_TRANSLATOR_TOKEN: token,
      SCRAM_EVENTS_URL: `ws://127.0.0.1:${this.port}/ws/route_manager/translator_${actionType}/`,
    });
  }

  /** Ends all of them, and forgets the database. */
  async end() {
    for (const program of this.#programs.reverse()) await program.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * @param {string} binary
   * @param {string[]} words
   * @param {Record<string, string>} environment
   */
  #run(binary, words, environment) {
    const program = new Program(binary, words, environment);
    this.#programs.push(program);
    return program;
  }
}
