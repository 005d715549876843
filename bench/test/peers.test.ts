// What docs/comparison.md says of the npm packages for socket activation, tried with each of them.
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type ActivationOptions, socketActivate } from "../../packages/testing/src/activated-process.ts";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";
import { httpRequest } from "../../packages/testing/src/http-request.ts";
import { describeWith } from "../../packages/testkit/src/requires.ts";
import { buildSdDaemon, buildTools, fileOf, installPeers, versionsOf } from "../lib/peers.ts";
import { outcome, outcomeAtStop } from "./outcome.ts";

interface Expected {
  /** What it does with two sockets. */
  ofTwo: string;
  /** The answers of two sockets, or the error. The second one of most packages never answers. */
  answers: readonly string[];
  /** What it does with the sockets of another process. */
  ofOther: RegExp;
  /** The error for a datagram socket. */
  ofDatagram: RegExp;
  /** The address of the client that the app sees. */
  client?: string;
  /** `LISTEN_FDS` after the start, which a child process would inherit. */
  listenFds?: string;
  /** What happens at SIGTERM to a request that is under way. */
  atStop: "lost" | "answered";
  hasTypes: boolean;
}

const others = { listenFds: "1", atStop: "lost", hasTypes: false } as const;
const expected: Readonly<Record<string, Expected>> = {
  systemd: {
    ofTwo: "ends",
    answers: ["Error: No or too many file descriptors received."],
    ofOther: /^answered 200$/,
    ofDatagram: /listen ENOTSUP/,
    ...others,
  },
  "systemd-socket": {
    ofTwo: "serves the first",
    answers: ["answered 200"],
    ofOther: /^answered 200$/,
    ofDatagram: /listen EINVAL/,
    client: "127.0.0.1",
    ...others,
  },
  "socket-activation": {
    ofTwo: "serves the one whose name it asks for",
    answers: ["answered 200"],
    ofOther: /^Error: /,
    ofDatagram: /listen EINVAL/,
    client: "127.0.0.1",
    ...others,
  },
  "sd-daemon": {
    ofTwo: "serves the one that it picks from the list",
    answers: ["answered 200"],
    ofOther: /^answered 200$/,
    ofDatagram: /listen EINVAL/,
    client: "127.0.0.1",
    ...others,
  },
  "@sockact/core": {
    ofTwo: "serves both",
    answers: ["answered 200", "answered 200"],
    ofOther: /^sockact: fatal: SOCKACT_ERR_/,
    ofDatagram: /is a datagram socket: a server can't listen on it/,
    client: "127.0.0.1",
    atStop: "answered",
    hasTypes: true,
  },
};

const program = fileOf("activation", "server.mjs");

/** Starts the program with one package behind sockets of these addresses. */
function start(
  name: string,
  addresses: string[],
  { before = [], ...options }: ActivationOptions & { how?: string[]; before?: string[] } = {},
): Promise<AppProcess> {
  return socketActivate(addresses, [...before, process.execPath, program, name], {
    names: ["http"],
    ...options,
  });
}

function testsOf(name: string): void {
  const { ofTwo, answers, ofOther, ofDatagram, client, listenFds, atStop, hasTypes } = expected[name]!;

  test("serves one socket", async () => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address]);
    expect(await outcome(app, address)).toBe("answered 200");
  });

  test(`of two sockets, ${ofTwo}`, async () => {
    const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
    await using app = await start(name, [...addresses], { names: ["http", "https"] });
    const seen: string[] = [];
    for (const address of addresses.slice(0, answers.length)) seen.push(await outcome(app, address));
    expect(seen).toEqual(answers);
  });

  test(`given the sockets of another process: ${ofOther.source}`, async () => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address], { before: ["env", "LISTEN_PID=1"] });
    expect(await outcome(app, address)).toMatch(ofOther);
  });

  test("given a UDP socket, ends with an error", async () => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address], { how: ["--datagram"] });
    const sender = createSocket("udp4");
    sender.send("ping", Number(address.split(":")[1]), "127.0.0.1");
    await app.ended;
    sender.close();
    expect(app.stderr).toMatch(ofDatagram);
  });

  test(`the address of the client is ${client}, and LISTEN_FDS is ${listenFds} after the start`, async () => {
    const address = await freeAddress("tcp4");
    await using _app = await start(name, [address]);
    const seen = (await httpRequest(address)).json<{ remoteAddress?: string; LISTEN_FDS?: string }>();
    expect([seen.remoteAddress, seen.LISTEN_FDS]).toEqual([client, listenFds]);
  });

  test(`at SIGTERM, a request that is under way is ${atStop}`, async () => {
    const address = await freeAddress("tcp4");
    await using app = await start(name, [address]);
    expect(await outcomeAtStop(app, address)).toBe(atStop);
  });

  test(`${hasTypes ? "has" : "has no"} types`, () => {
    const own = fileURLToPath(new URL("../../packages/core/package.json", import.meta.url));
    const file = name === "@sockact/core" ? own : fileOf("activation", `node_modules/${name}/package.json`);
    const { types } = JSON.parse(readFileSync(file, "utf8")) as { types?: string };
    expect(types !== undefined).toBe(hasTypes);
  });
}

function benchTestOf(name: string): void {
  test("serves one socket in the app of the bench", async () => {
    const address = await freeAddress("tcp4");
    const app = fileOf("activation", `${name}.mjs`);
    await using _app = await socketActivate([address], [process.execPath, app], { names: ["http"] });
    expect(await httpRequest(address)).toMatchObject({ status: 200, body: "hello" });
  });
}

test("the versions of the npm packages are those that docs/comparison.md names", () => {
  const page = readFileSync(new URL("../../docs/comparison.md", import.meta.url), "utf8");
  const tried = Object.entries(versionsOf("activation"));
  expect(tried.filter(([name, version]) => !page.includes(`${name} ${version}`))).toEqual([]);
});

describeWith(
  { commands: ["systemd-socket-activate"], tags: "campaign" },
  "the npm packages for socket activation",
  () => {
    beforeAll(() => installPeers("activation"));

    describe.each(["systemd", "systemd-socket", "socket-activation"])("%s", (name) => {
      benchTestOf(name);
      testsOf(name);
    });

    describe("@sockact/core", () => {
      testsOf("@sockact/core");
    });

    describeWith({ commands: buildTools }, "sd-daemon, which has native code", () => {
      beforeAll(async () => {
        const reason = await buildSdDaemon();
        if (reason !== undefined) throw new Error(reason);
      });
      benchTestOf("sd-daemon");
      testsOf("sd-daemon");
    });
  },
);
