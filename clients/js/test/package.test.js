// The package itself: its types, its declarations, its lock file.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (/** @type {string} */ name) => readFileSync(join(ROOT, name), 'utf8');

/** @param {string[]} args */
function tsc(...args) {
  const run = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), ...args],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  assert.equal(run.status, 0, run.stdout + run.stderr);
}

test('the types are right, under tsc --checkJs --strict', () => {
  tsc('-p', '.');
});

test('campanile.d.ts is what tsc makes of campanile.js (npm run types)', (t) => {
  const made = mkdtempSync(join(tmpdir(), 'campanile-types-'));
  t.after(() => rmSync(made, { recursive: true }));
  tsc('-p', 'tsconfig.types.json', '--outDir', made);
  assert.equal(read('campanile.d.ts'), readFileSync(join(made, 'campanile.d.ts'), 'utf8'));
});

test('the module imports nothing', () => {
  assert.doesNotMatch(read('campanile.js'), /^\s*import\b(?!.*from 'campanile-client')/m);
  assert.equal(JSON.parse(read('package.json')).dependencies, undefined);
});

test('everything that is published is there', () => {
  const { files, exports, types } = JSON.parse(read('package.json'));
  for (const name of [...files, ...Object.values(exports['.']), types]) assert.ok(read(name));
});

test('the lock file names no address to download from', () => {
  assert.doesNotMatch(read('package-lock.json'), /"resolved"/);
});
