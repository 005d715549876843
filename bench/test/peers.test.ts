// What docs/comparison.md says of the npm packages for socket activation, tried with each of them.
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type ActivationOptions, socketActivate } from "../../packages/testkit/src/activated-process.ts";
import { freeAddress } from "../../packages/testkit/src/addresses.ts";
import type { AppProcess } from "../../packages/testkit/src/app-process.ts";
import { httpRequest } from "../../packages/testkit/src/http-request.ts";
import { describeWith } from "../../packages/testkit/src/requires.ts";
import { buildSdDaemon, fileOf, installPeers, versionsOf } from "../lib/peers.ts";
import { outcome, outcomeAtStop } from "./outcome.ts";

await installPeers("activation");
/** It needs a compiler and the headers of libsystemd. */
const whyNoSdDaemon = await buildSdDaemon();
if (whyNoSdDaemon !== undefined) console.warn(`\n!!! TESTS SKIPPED: ${whyNoSdDaemon}\n`);

type Package = "systemd" | "systemd-socket" | "socket-activation" | "sd-daemon" | "@sockact/core";

/** The rows of the packages that can run here. */
function here<Rest extends unknown[]>(...rows: [Package, ...Rest][]): [Package, ...Rest][] {
  return rows.filter(([name]) => whyNoSdDaemon === undefined || name !== "sd-daemon");
}

const peers = here(["systemd"], ["systemd-socket"], ["socket-activation"], ["sd-daemon"]);

const program = fileOf("activation", "server.mjs");

/** Starts the program with one package behind sockets of these addresses. */
function start(
  name: Package,
  addresses: string[],
  { before = [], ...options }: ActivationOptions & { how?: string[]; before?: string[] } = {},
): Promise<AppProcess> {
  return socketActivate(addresses, [...before, process.execPath, program, name], {
    names: ["http"],
    ...options,
  });
}

describeWith({ commands: ["systemd-socket-activate"] }, "the npm packages for socket activation", () => {
  test("the versions are those that docs/comparison.md names", () => {
    const page = readFileSync(new URL("../../docs/comparison.md", import.meta.url), "utf8");
    const tried = Object.entries(versionsOf("activation"));
    expect(tried.filter(([name, version]) => !page.includes(`${name} ${version}`))).toEqual([]);
  });

  test.each(peers)("the app of the bench start that uses %s serves one socket", async (name) => {
    const address = await freeAddress("tcp4");
    const app = fileOf("activation", `${name}.mjs`);
    await using _app = await socketActivate([address], [process.execPath, app], { names: ["http"] });
    expect(await httpRequest(address)).toMatchObject({ status: 200, body: "hello" });
  });

  test.each([...peers, ["@sockact/core"] as const])("%s serves one socket", async (name) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address]);
    expect(await outcome(app, address)).toBe("answered 200");
  });

  test.each(
    here(
      ["systemd", "ends", "Error: No or too many file descriptors received."],
      ["systemd-socket", "serves the first", "answered 200"],
      ["socket-activation", "serves the one whose name it asks for", "answered 200"],
      ["sd-daemon", "serves the one that it picks from the list", "answered 200"],
      ["@sockact/core", "serves both", "answered 200"],
    ),
  )("of two sockets, %s %s", async (name, _title, expected) => {
    const [first, second] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using app = await start(name, [first, second], { names: ["http", "https"] });
    expect(await outcome(app, first)).toBe(expected);
  });

  test("@sockact/core serves the second of two sockets too", async () => {
    const [first, second] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using app = await start("@sockact/core", [first, second], { names: ["http", "https"] });
    expect(await outcome(app, second)).toBe("answered 200");
  });

  test.each(
    here(
      ["systemd", "takes them", /^answered 200$/],
      ["systemd-socket", "takes them", /^answered 200$/],
      ["socket-activation", "refuses them", /^Error: /],
      ["sd-daemon", "takes them", /^answered 200$/],
      ["@sockact/core", "refuses them", /^ActivationError/],
    ),
  )("if the sockets are for another process, %s %s", async (name, _title, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address], { before: ["env", "LISTEN_PID=1"] });
    expect(await outcome(app, address)).toMatch(expected);
  });

  test.each(
    here(
      ["systemd", /listen ENOTSUP/],
      ["systemd-socket", /listen EINVAL/],
      ["socket-activation", /listen EINVAL/],
      ["sd-daemon", /listen EINVAL/],
      ["@sockact/core", /is a datagram socket: a server can't listen on it/],
    ),
  )("given a UDP socket, %s ends with an error", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address], { how: ["--datagram"] });
    const client = createSocket("udp4");
    client.send("ping", Number(address.split(":")[1]), "127.0.0.1");
    await app.ended;
    client.close();
    expect(app.stderr).toMatch(expected);
  });

  test.each(
    here<[string | undefined]>(
      ["systemd", undefined],
      ["systemd-socket", "127.0.0.1"],
      ["socket-activation", "127.0.0.1"],
      ["sd-daemon", "127.0.0.1"],
      ["@sockact/core", "127.0.0.1"],
    ),
  )("with %s, the address of the client is %s", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using _app = await start(name, [address]);
    expect((await httpRequest(address)).json<{ remoteAddress?: string }>().remoteAddress).toBe(expected);
  });

  test.each(
    here<[string | undefined]>(
      ["systemd", "1"],
      ["systemd-socket", "1"],
      ["socket-activation", "1"],
      ["sd-daemon", "1"],
      ["@sockact/core", undefined],
    ),
  )("after the start with %s, LISTEN_FDS is %s", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using _app = await start(name, [address]);
    expect((await httpRequest(address)).json<{ LISTEN_FDS?: string }>().LISTEN_FDS).toBe(expected);
  });

  test.each(
    here(
      ["systemd", "lost"],
      ["systemd-socket", "lost"],
      ["socket-activation", "lost"],
      ["sd-daemon", "lost"],
      ["@sockact/core", "answered"],
    ),
  )("at SIGTERM, a request to %s that is under way is %s", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address]);
    expect(await outcomeAtStop(app, address)).toBe(expected);
  });

  test.each(
    here(
      ["systemd", false],
      ["systemd-socket", false],
      ["socket-activation", false],
      ["sd-daemon", false],
      ["@sockact/core", true],
    ),
  )("%s has types: %s", (name, expected) => {
    const own = fileURLToPath(new URL("../../packages/core/package.json", import.meta.url));
    const file = name === "@sockact/core" ? own : fileOf("activation", `node_modules/${name}/package.json`);
    const { types } = JSON.parse(readFileSync(file, "utf8")) as { types?: string };
    expect(types !== undefined).toBe(expected);
  });
});
