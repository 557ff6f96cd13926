// `digi serve` as a child process, with a database of its own.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './demo.js';
import { Program } from './program.js';

/** So many messages as rows, without their server; made of the last one, whose day they have. */
const FILL = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
count = int(sys.argv[2])
with database:
    made = database.execute("SELECT conversation_id, sender_id, created, seq FROM chat_message ORDER BY id DESC LIMIT 1")
    conversation, sender, created, seq = made.fetchone()
    number = database.execute("SELECT max(id) FROM chat_message").fetchone()[0]
    numbers = range(1, count + 1)
    database.executemany(
        "INSERT INTO chat_message (id, conversation_id, sender_id, body, folded, created, seq) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((number + n, conversation, sender, f"message {n}", f"message {n}", created, seq + n) for n in numbers))
    database.executemany(
        "INSERT INTO event (conversation_id, seq, action, chat_message_id, at) VALUES (?, ?, 'add', ?, ?)",
        ((conversation, seq + n, number + n, created) for n in numbers))
    database.execute("UPDATE conversation SET last_seq = ? WHERE id = ?", (seq + count, conversation))
`;

/** A server on a SQLite file of its own. */
export class Digi {
  /** @type {Program | undefined} */
  server;

  /**
   * @param {string} binary
   * @param {number} port
   * @param {Record<string, string>} environment More of it.
   */
  constructor(binary, port, environment) {
    this.binary = binary;
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'digi-'));
    const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
    this.environment = {
      DIGI_LISTEN: `127.0.0.1:${port}`,
      DIGI_DATABASE_URL: `sqlite:${this.database}`,
      CHAT_FERNET_KEYS: key.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
      ...environment,
    };
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get database() {
    return join(this.folder, 'digi.db');
  }

  /** @param {string} binary @param {Record<string, string>} [environment] More of it. */
  static async start(binary, environment = {}) {
    const digi = new Digi(binary, await freePort(), environment);
    await digi.serve();
    return digi;
  }

  /** Starts the server on its port and its database: the first time, or again. */
  async serve() {
    await this.server?.kill();
    this.server = new Program(this.binary, ['serve'], this.environment);
    await this.server.says(/listening on /);
  }

  /** @param {string} name @param {string} password */
  addUser(name, password) {
    const env = { ...process.env, ...this.environment };
    const words = ['user', 'add', name, '--password-stdin'];
    const { status, stderr } = spawnSync(this.binary, words, { env, input: `${password}\n` });
    if (status !== 0) throw new Error(`digi user add: ${stderr}`);
  }

  /** Writes messages past the server, which must not run, after the last one. @param {number} count */
  fill(count) {
    const { status, stderr } = spawnSync('python3', ['-c', FILL, this.database, String(count)]);
    if (status !== 0) throw new Error(`the database was not filled: ${stderr}`);
  }

  /** Ends it, and forgets the database. */
  async end() {
    await this.server?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
