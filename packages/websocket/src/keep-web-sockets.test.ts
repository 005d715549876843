import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { keepWebSockets } from "./keep-web-sockets.ts";

// It has no types.
const { Server: ServerOf7 } = createRequire(import.meta.url)("ws-7") as {
  Server: new (options: object) => unknown;
};

const options = { restore() {} };

const refused = (message: string) =>
  expect.objectContaining({
    code: "SOCKACT_ERR_OPTION",
    message: expect.stringContaining(message) as string,
  });

describe("keepWebSockets()", () => {
  test.each([
    ["nothing", undefined, "needs a WebSocketServer"],
    [
      "a server without clientTracking",
      new WebSocketServer({ noServer: true, clientTracking: false }),
      "clientTracking",
    ],
    ["a server of ws 7", new ServerOf7({ noServer: true }), "ws 7"],
  ])("refuses %s", (_, server, message) => {
    expect(() => keepWebSockets(server as WebSocketServer, options)).toThrow(refused(message));
  });

  test("refuses options without restore, and a second server of the same name", () => {
    const server = new WebSocketServer({ noServer: true, path: "/twice" });
    expect(() => keepWebSockets(server, {} as typeof options)).toThrow(refused("restore"));
    keepWebSockets(server, options);
    const second = new WebSocketServer({ noServer: true, path: "/twice" });
    expect(() => keepWebSockets(second, options)).toThrow(refused('twice for the name "/twice"'));
    keepWebSockets(second, { ...options, name: "second" });
  });
});
