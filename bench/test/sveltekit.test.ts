// What the docs say of SvelteKit's own socket activation, tried with an app that adapter-node has built.
import { readFileSync } from "node:fs";
import process from "node:process";
import { beforeAll, expect, test } from "vitest";
import { type ActivationOptions, socketActivate } from "../../packages/testing/src/activated-process.ts";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";
import { httpRequest } from "../../packages/testing/src/http-request.ts";
import { describeWith } from "../../packages/testkit/src/requires.ts";
import { fileOf, installPeers, versionsOf } from "../lib/peers.ts";
import { outcome, outcomeAtStop } from "./outcome.ts";

/** SvelteKit's own server, and the same handler in a server with sockact. */
const programs = { SvelteKit: "dist/index.js", "@sockact/core": "core.mjs" } as const;
type Server = keyof typeof programs;

/** Starts one of them behind sockets of these addresses. */
function start(
  server: Server,
  addresses: string[],
  { before = [], ...options }: ActivationOptions & { before?: string[] } = {},
): Promise<AppProcess> {
  const command = [...before, process.execPath, fileOf("sveltekit", programs[server])];
  return socketActivate(addresses, command, options);
}

describeWith({ commands: ["systemd-socket-activate"], tags: "campaign" }, "an app of SvelteKit", () => {
  beforeAll(() => installPeers("sveltekit"), 300_000);

  test("the version is the one that docs/coming-from/sveltekit.md names", () => {
    const page = readFileSync(new URL("../../docs/coming-from/sveltekit.md", import.meta.url), "utf8");
    expect(page).toContain(`adapter-node ${versionsOf("sveltekit")["@sveltejs/adapter-node"]}`);
  });

  test.each<[Server, string | undefined]>([
    ["SvelteKit", "1"],
    ["@sockact/core", undefined],
  ])("with %s, it sees the address of its client, and LISTEN_FDS is %s", async (server, LISTEN_FDS) => {
    const address = await freeAddress("tcp4");
    await using _app = await start(server, [address]);
    const answer = await httpRequest(address, "/peer");
    expect(answer.json()).toEqual({ remoteAddress: "127.0.0.1", ...(LISTEN_FDS && { LISTEN_FDS }) });
  });

  test.each<[Server, string, string]>([
    [
      "SvelteKit",
      "ends",
      "Error: only one socket is allowed for socket activation, but LISTEN_FDS was set to 2",
    ],
    ["@sockact/core", "serves both", "answered 200"],
  ])("of two sockets, %s %s", async (server, _title, expected) => {
    const [first, second] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using app = await start(server, [first, second]);
    expect(await outcome(app, second)).toBe(expected);
  });

  test.each<[Server, RegExp]>([
    ["SvelteKit", /^Error: received LISTEN_PID 1 but/],
    ["@sockact/core", /^sockact: fatal: SOCKACT_ERR_/],
  ])("%s refuses sockets that are for another process", async (server, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(server, [address], { before: ["env", "LISTEN_PID=1"] });
    expect(await outcome(app, address)).toMatch(expected);
  });

  test.each<[Server]>([["SvelteKit"], ["@sockact/core"]])(
    "at SIGTERM, %s answers the request that is under way",
    async (server) => {
      const address = await freeAddress("tcp4");
      await using app = await start(server, [address]);
      expect(await outcomeAtStop(app, address)).toBe("answered");
    },
  );

  test("with IDLE_TIMEOUT, SvelteKit exits by itself", async () => {
    const address = await freeAddress("tcp4");
    await using app = await start("SvelteKit", [address], { env: { IDLE_TIMEOUT: "1" } });
    expect(await outcome(app, address)).toBe("answered 200");
    expect(await app.ended).toBe(0);
  });
});
