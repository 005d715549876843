// Tries what Deno and Bun could not do when runtime-errors.ts was written, without sockact. Prints whether ATTEMPT works.
// Descriptor 3 is a listener on TCP, and 4 a UDP socket.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { fstatSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

const port = Number(process.env.TCP_PORT);

async function listens(server) {
  const listening = once(server, "listening");
  server.listen({ fd: 3 });
  await listening;
  // Bun opens another port instead.
  return server.address()?.port === port;
}

const attempts = {
  "node:http listens on a passed socket": () => listens(createHttpServer()),
  "node:net listens on a passed socket": () => listens(createServer()),
  "Bun.serve() listens on a passed socket": () =>
    globalThis.Bun?.serve({ fd: 3, port: 0, fetch: () => new Response("") }).port === port,
  "node:dgram binds a passed socket": async () => {
    const socket = createSocket("udp4");
    const listening = once(socket, "listening");
    socket.bind({ fd: 4 });
    await listening;
    return true;
  },
  "fstat() knows a passed socket": () => fstatSync(3).isSocket(),
  "a signal calls process.emit()": async () => {
    let isCalled = false;
    const { emit } = process;
    process.emit = function (event, ...args) {
      isCalled ||= event === "SIGUSR2";
      return emit.call(this, event, ...args);
    };
    const signal = once(process, "SIGUSR2");
    process.kill(process.pid, "SIGUSR2");
    await signal;
    process.emit = emit;
    return isCalled;
  },
};

let works = false;
try {
  works = (await Promise.race([attempts[process.env.ATTEMPT](), delay(5000)])) === true;
} catch (error) {
  console.error(error);
}
process.stdout.write(`${JSON.stringify({ event: "tried", works })}\n`);
process.exit();
