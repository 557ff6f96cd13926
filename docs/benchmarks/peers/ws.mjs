// Node's `ws` as a peer of `campanile bench`: speaks the control protocol of ../README.md.
// `ws` is looked for in target/peers, where ../README.md installs it.

import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(resolve("target/peers/package.json"));
const { WebSocketServer } = require("ws");

/** @type {Map<string, Set<import("ws").WebSocket>>} */
const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 1024 });

server.on("connection", (socket, request) => {
    const path = request.url ?? "/";
    if (path.startsWith("/room/")) {
        const room = path.slice("/room/".length);
        if (!rooms.has(room)) rooms.set(room, new Set());
        rooms.get(room).add(socket);
        socket.on("close", () => rooms.get(room).delete(socket));
    } else if (path === "/control") {
        socket.on("message", publish);
    } else {
        socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
    }
});

function publish(message) {
    const text = message.toString();
    const space = text.indexOf(" ");
    const delivered = Buffer.from(text.slice(space + 1));
    for (const socket of rooms.get(text.slice(0, space)) ?? []) socket.send(delivered, { binary: false });
}
