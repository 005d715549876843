import { createRequire } from "node:module";
import { ActivationError } from "@sockact/core/adapter";
import { describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { keepWebSockets } from "./keep-web-sockets.ts";

// It has no types.
const { Server: ServerOf7 } = createRequire(import.meta.url)("ws-7") as {
  Server: new (options: object) => unknown;
};

const options = { restore() {} };

function errorOf(keep: () => void): unknown {
  try {
    keep();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ActivationError);
    const { code, message } = error as ActivationError;
    return { code, message };
  }
}
const refused = (message: string) => ({
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
    expect(errorOf(() => keepWebSockets(server as WebSocketServer, options))).toEqual(refused(message));
  });

  test("refuses options without restore, and a second server of the same name", () => {
    const server = new WebSocketServer({ noServer: true, path: "/twice" });
    expect(errorOf(() => keepWebSockets(server, {} as typeof options))).toEqual(refused("restore"));
    expect(errorOf(() => keepWebSockets(server, options))).toBeUndefined();
    const second = new WebSocketServer({ noServer: true, path: "/twice" });
    expect(errorOf(() => keepWebSockets(second, options))).toEqual(refused('"/twice"'));
    expect(errorOf(() => keepWebSockets(second, { ...options, name: "second" }))).toBeUndefined();
  });
});
