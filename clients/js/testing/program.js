// A program under test, as a child process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTS_WITHIN_MS = 60_000;

/** A child process, and what it has said so far. */
export class Program {
  output = '';

  /**
   * @param {string} binary
   * @param {string[]} words
   * @param {Record<string, string>} environment
   */
  constructor(binary, words, environment) {
    const env = { ...process.env, ...environment };
    this.child = spawn(binary, words, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (text) => (this.output += text));
    }
  }

  /** @param {RegExp} pattern @returns {Promise<RegExpExecArray>} what it says that is like this */
  async says(pattern) {
    const deadline = Date.now() + STARTS_WITHIN_MS;
    for (;;) {
      const said = pattern.exec(this.output);
      if (said) return said;
      if (this.child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`${this.child.spawnfile} did not say ${pattern}:\n${this.output}`);
      }
      await sleep(50);
    }
  }

  async kill() {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}
