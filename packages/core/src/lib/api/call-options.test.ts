import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { bindDatagram } from "./bind-datagram.ts";
import { listen } from "./listen.ts";
import { readOptions } from "./options.ts";

const untyped = { listen, bindDatagram } as Record<string, (...args: unknown[]) => Promise<unknown>>;
const server = (): unknown => createServer();
const socket = (): unknown => createSocket("udp4").unref();

test("an undefined port is left out, since Node would take it for any free port", () => {
  const options = { port: undefined, path: "/run/app.sock", required: undefined };
  const call = { hint: "", nodeOptions: ["port", "path"] };
  expect(readOptions(options, call).nodeOptions).toStrictEqual({ path: "/run/app.sock" });
});

test.each<[what: string, call: string, args: unknown[], message: RegExp]>([
  [
    "listen(server, 3000, options)",
    "listen",
    [server(), 3000, { sockets: { web: {} } }],
    /^The options must be an object; got 3000$/,
  ],
  ["listen(server, 3000)", "listen", [server(), 3000], /^The options must be an object; got 3000$/],
  [
    "listen(server, path)",
    "listen",
    [server(), "/run/app.sock"],
    /^The options must be an object; got '\/run\/app\.sock'$/,
  ],
  ["listen(server, null)", "listen", [server(), null], /^The options must be an object; got null$/],
  [
    "listen(server, options, more)",
    "listen",
    [server(), { port: 0 }, { name: "web" }],
    /the last argument; got another one after them: \{ name: 'web' \}$/,
  ],
  [
    "listen(server, options, callback)",
    "listen",
    [server(), { port: 0 }, () => {}],
    /the last argument; got another one after them: \[Function/,
  ],
  [
    "listen() with a misspelled option",
    "listen",
    [server(), { port: 0, idleTimout: "5s" }],
    /^unknown option idleTimout: did you mean idleTimeout\?$/,
  ],
  [
    "listen() with proxyProtocol outside of sockets",
    "listen",
    [server(), { port: 0, proxyProtocol: true }],
    /^unknown option proxyProtocol: it belongs in sockets: /,
  ],
  [
    "listen(app)",
    "listen",
    [() => {}, { port: 0 }],
    /^listen\(\) needs a server of node:http.*; got \[Function/,
  ],
  [
    "listen(app), with many properties",
    "listen",
    [
      Object.assign(
        () => {},
        Object.fromEntries(Array.from("abcdefghijklmnopqrstuvwxyz", (name) => [name, 1])),
      ),
      {},
    ],
    /; got .{1,81}$/,
  ],
  ["listen()", "listen", [], /^listen\(\) needs a server of node:http.*; got undefined$/],
  ["bindDatagram(socket, port)", "bindDatagram", [socket(), 0], /^The options must be an object; got 0$/],
  ["bindDatagram() with tls", "bindDatagram", [socket(), { port: 0, tls: {} }], /^unknown option tls$/],
  [
    "bindDatagram() with the host of another function",
    "bindDatagram",
    [socket(), { host: "::" }],
    /^unknown option host/,
  ],
  [
    "bindDatagram(socket, options, callback)",
    "bindDatagram",
    [socket(), { port: 0 }, () => {}],
    /the last argument; got another one after them/,
  ],
])("%s is refused", async (_, call, args, message) => {
  await expect(untyped[call]?.(...args)).rejects.toMatchObject({
    code: "SOCKACT_ERR_OPTION",
    message: expect.stringMatching(message) as string,
    hint: expect.stringMatching(/\.$/) as string,
  });
});
