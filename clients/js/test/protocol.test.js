// Every transcript of `protocol/`, with the client in the part of the clients.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Player } from '../testing/scripted.js';

const TRANSCRIPTS = new URL('../../../protocol/', import.meta.url);
const names = readdirSync(TRANSCRIPTS).filter((name) => name.endsWith('.txt'));
let played = 0;

for (const name of names) {
  test(`the client says and understands ${name}`, { timeout: 20_000 }, async (t) => {
    const player = new Player();
    t.after(() => player.close());
    await player.play(readFileSync(new URL(name, TRANSCRIPTS), 'utf8'));
    played += player.played;
    for (const line of player.neverSaid) t.diagnostic(`the client never says: ${line}`);
  });
}

test('the transcripts gave the client something to do', () => {
  assert.ok(played > names.length, `${played} lines of ${names.length} transcripts`);
});
