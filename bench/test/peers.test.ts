// What docs/comparison.md says of the npm packages for socket activation, tried with each of them.
import { createSocket } from "node:dgram";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type ActivationOptions, socketActivate } from "../../packages/testkit/src/activated-process.ts";
import { freeAddress } from "../../packages/testkit/src/addresses.ts";
import type { AppProcess } from "../../packages/testkit/src/app-process.ts";
import { httpRequest } from "../../packages/testkit/src/http-request.ts";
import { describeWith } from "../../packages/testkit/src/requires.ts";

const peers = ["systemd", "systemd-socket", "socket-activation"] as const;
type Package = (typeof peers)[number] | "@sockact/core";
const packages: readonly Package[] = [...peers, "@sockact/core"];

const program = fileURLToPath(new URL("../programs/peer.mjs", import.meta.url));
const manifestOf = (name: Package): { version: string; types?: string } =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`${name}/package.json`), "utf8"));

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

/** The status of the answer, or why there was none. */
async function outcome(app: AppProcess, address: string): Promise<string> {
  const ended = app.ended.then(() => /^\w*Error[^\n]*/m.exec(app.stderr)?.[0] ?? "ended");
  return Promise.race([
    httpRequest(address).then(
      ({ status }) => `answered ${status}`,
      () => ended,
    ),
    ended,
  ]);
}

describeWith({ commands: ["systemd-socket-activate"] }, "the npm packages for socket activation", () => {
  test("the versions are those that docs/comparison.md names", () => {
    const page = readFileSync(new URL("../../docs/comparison.md", import.meta.url), "utf8");
    expect(peers.filter((name) => !page.includes(`${name} ${manifestOf(name).version}`))).toEqual([]);
  });

  test.each(peers)("the app of the bench start that uses %s serves one socket", async (name) => {
    const address = await freeAddress("tcp4");
    const app = fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url));
    await using _app = await socketActivate([address], [process.execPath, app], { names: ["http"] });
    expect(await httpRequest(address)).toMatchObject({ status: 200, body: "hello" });
  });

  test.each(packages)("%s serves one socket", async (name) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address]);
    expect(await outcome(app, address)).toBe("answered 200");
  });

  test.each<[Package, string, string]>([
    ["systemd", "ends", "Error: No or too many file descriptors received."],
    ["systemd-socket", "serves the first", "answered 200"],
    ["socket-activation", "serves the one whose name it asks for", "answered 200"],
    ["@sockact/core", "serves both", "answered 200"],
  ])("of two sockets, %s %s", async (name, _title, expected) => {
    const [first, second] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using app = await start(name, [first, second], { names: ["http", "https"] });
    expect(await outcome(app, first)).toBe(expected);
  });

  test("@sockact/core serves the second of two sockets too", async () => {
    const [first, second] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using app = await start("@sockact/core", [first, second], { names: ["http", "https"] });
    expect(await outcome(app, second)).toBe("answered 200");
  });

  test.each<[Package, string, RegExp]>([
    ["systemd", "takes them", /^answered 200$/],
    ["systemd-socket", "takes them", /^answered 200$/],
    ["socket-activation", "refuses them", /^Error: /],
    ["@sockact/core", "refuses them", /^ActivationError/],
  ])("if the sockets are for another process, %s %s", async (name, _title, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address], { before: ["env", "LISTEN_PID=1"] });
    expect(await outcome(app, address)).toMatch(expected);
  });

  test.each<[Package, RegExp]>([
    ["systemd", /listen ENOTSUP/],
    ["systemd-socket", /listen EINVAL/],
    ["socket-activation", /listen EINVAL/],
    ["@sockact/core", /is a datagram socket: a server can't listen on it/],
  ])("given a UDP socket, %s ends with an error", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address], { how: ["--datagram"] });
    const client = createSocket("udp4");
    client.send("ping", Number(address.split(":")[1]), "127.0.0.1");
    await app.ended;
    client.close();
    expect(app.stderr).toMatch(expected);
  });

  test.each<[Package, string | undefined]>([
    ["systemd", undefined],
    ["systemd-socket", "127.0.0.1"],
    ["socket-activation", "127.0.0.1"],
    ["@sockact/core", "127.0.0.1"],
  ])("with %s, the address of the client is %s", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using _app = await start(name, [address]);
    expect((await httpRequest(address)).json<{ remoteAddress?: string }>().remoteAddress).toBe(expected);
  });

  test.each<[Package, string | undefined]>([
    ["systemd", "1"],
    ["systemd-socket", "1"],
    ["socket-activation", "1"],
    ["@sockact/core", undefined],
  ])("after the start with %s, LISTEN_FDS is %s", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using _app = await start(name, [address]);
    expect((await httpRequest(address)).json<{ LISTEN_FDS?: string }>().LISTEN_FDS).toBe(expected);
  });

  test.each<[Package, string]>([
    ["systemd", "lost"],
    ["systemd-socket", "lost"],
    ["socket-activation", "lost"],
    ["@sockact/core", "answered"],
  ])("at SIGTERM, a request to %s that is under way is %s", async (name, expected) => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address]);
    const answer = httpRequest(address, "/slow").then(
      () => "answered",
      () => "lost",
    );
    await app.event("slow");
    app.kill("SIGTERM");
    expect(await answer).toBe(expected);
  });

  test.each<[Package, boolean]>([
    ["systemd", false],
    ["systemd-socket", false],
    ["socket-activation", false],
    ["@sockact/core", true],
  ])("%s has types: %s", (name, expected) => {
    const manifest = manifestOf(name);
    expect(
      manifest.types !== undefined ||
        existsSync(fileURLToPath(new URL(`../../node_modules/@types/${name}`, import.meta.url))),
    ).toBe(expected);
  });
});
