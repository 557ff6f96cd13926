// Proves the splice (crates/wire/src/deflate/shared.rs) against Node's ws and undici: every one of
// 200 compressed messages of a connection, with context takeover agreed, has to equal the plain one
// before it, for three sizes of window.
//
//   cargo build -p campanile-wire --example splice_server
//   mkdir -p target/npm && cp crates/wire/tests/interop/package*.json target/npm/ && npm ci --prefix target/npm
//   node crates/wire/tests/interop/splice.mjs target/debug/examples/splice_server target/npm

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const [server, packages] = process.argv.slice(2);
if (!server || !packages) {
  console.error("usage: node splice.mjs SPLICE_SERVER_BINARY FOLDER_WITH_NODE_MODULES");
  process.exit(2);
}
const MESSAGES = 200;
const TIMEOUT_MS = 20_000;
const require = createRequire(resolve(packages, "package.json"));
const clients = [
  ["ws", require("ws").WebSocket],
  ["undici", require("undici").WebSocket],
];

/** Compares what one connection hears: resolves to the number of equal pairs and the extensions. */
function compare(WebSocket, url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const timeout = setTimeout(() => fail(new Error(`no end after ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    const fail = (error) => {
      clearTimeout(timeout);
      socket.close();
      reject(error);
    };
    let heard = 0;
    let equal = 0;
    let plain = "";
    socket.onmessage = ({ data }) => {
      heard += 1;
      if (heard % 2 === 1) plain = data;
      else if (data === plain) equal += 1;
      if (heard === 2 * MESSAGES) socket.close(1000);
    };
    socket.onerror = (event) => fail(event.error ?? new Error(`message ${heard + 1} broke the connection`));
    socket.onclose = ({ code }) => {
      clearTimeout(timeout);
      if (code === 1000) resolve({ equal, extensions: socket.extensions });
      else reject(new Error(`closed with ${code} after ${heard} messages`));
    };
  });
}

const child = spawn(server, ["127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
child.on("error", (error) => {
  console.error(`${server}: ${error.message}`);
  process.exit(2);
});
const address = await new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
let failed = 0;
for (const [name, WebSocket] of clients) {
  for (const bits of [15, 12, 9]) {
    const label = `${name} ${require(`${name}/package.json`).version}, window of ${bits} bits`;
    try {
      const { equal, extensions } = await compare(WebSocket, `ws://${address}/${bits}`);
      const right = extensions.startsWith("permessage-deflate") && !extensions.includes("server_no_context_takeover");
      if (equal !== MESSAGES || !right) failed += 1;
      console.log(`${label}: ${equal} of ${MESSAGES} (${extensions})`);
    } catch (error) {
      failed += 1;
      console.log(`${label}: FAILED: ${error.message}`);
    }
  }
}
child.kill();
process.exitCode = failed === 0 ? 0 : 1;
