import {
  closeSync,
  cpSync,
  mkdtempSync,
  read,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { type AppProcess, describeWith, rawSocket, startProcess, startWithFds } from "@sockact/testkit";
import type { Calls, Told } from "./service.ts";

const tell = [process.execPath, fileURLToPath(new URL("programs/tell.mjs", import.meta.url))];
const worker = [process.execPath, fileURLToPath(new URL("programs/worker.mjs", import.meta.url))];

/** A socket as a service manager has it, and a descriptor that is connected to it. */
function managerAt(address: string): { manager: number; passed: number } {
  const manager = rawSocket("unix", "datagram", { bound: address });
  const passed = rawSocket("unix", "datagram", { connectedTo: address });
  onTestFinished(() => {
    closeSync(manager);
    closeSync(passed);
  });
  return { manager, passed };
}

function temporaryPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-notify-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "notify");
}

async function received(manager: number): Promise<string> {
  const { bytesRead, buffer } = await promisify(read)(manager, Buffer.alloc(5000), 0, 5000, null);
  return buffer.toString("utf8", 0, bytesRead);
}

const environment = (socket: string | undefined, calls: Calls): Record<string, string> => ({
  ...(socket !== undefined && { NOTIFY_SOCKET: socket }),
  CALLS: JSON.stringify(calls),
  END: "1",
});
const outcome = async (app: AppProcess): Promise<unknown> => (await app.event<Told>("told")).outcome;

test("without a service manager, each call resolves to false, loads nothing, and leaves nothing to wait for", async () => {
  for (const socket of [undefined, ""]) {
    await using app = startProcess(tell, {
      env: environment(socket, [[["ready"], ["storeFd", "a", 1], ["backend"]]]),
    });
    expect(new Set([await outcome(app), await outcome(app), await outcome(app)])).toEqual(
      new Set([false, "none"]),
    );
    expect(await app.ended).toBe(0);
    expect(app.stderr).toBe("");
  }
});

test.each([
  ["a path", temporaryPath],
  ["an abstract name", () => `@sockact-notify-${process.pid}`],
])("a descriptor that leads to %s is used, and lets the process end", async (_, address) => {
  const socket = address();
  const { manager, passed } = managerAt(socket);
  const calls: Calls = [[["backend"]], [["reloading"], ["ready"], ["exit"]]];
  await using app = startWithFds([1, passed], tell, {
    names: ["other", "notify"],
    env: environment(socket, calls),
  });
  expect(await outcome(app)).toBe("descriptor");
  expect(await received(manager)).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
  expect(await received(manager)).toBe("READY=1");
  expect(await app.ended).toBe(0);
});

test.each([
  ["with other names", ["other"], {}],
  ["that belong to another process", ["notify"], { LISTEN_PID: "1" }],
])("descriptors %s are not touched", async (_, names, env) => {
  const socket = temporaryPath();
  const { passed } = managerAt(socket);
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await using app = startWithFds([passed], ["/usr/bin/env", ...set, ...tell], {
    names,
    env: { ...environment(socket, [[["backend"], ["ready"]]]), PATH: "/nonexistent" },
  });
  expect(await outcome(app)).toBe("none");
  expect(await outcome(app)).toMatchObject({
    code: "SOCKACT_ERR_NOTIFY_UNSUPPORTED",
    hint: expect.stringContaining(`OpenFile=${socket}:notify`),
  });
});

test.each(["before", "after"])(
  "code that has read LISTEN_FDS itself announces the descriptor, %s the first message",
  async (when) => {
    const socket = temporaryPath();
    const { manager, passed } = managerAt(socket);
    // This loads the sources, because the published files have no entry point for what only core uses.
    const source = ["--import", "tsx", "--conditions=@sockact/source"];
    const adopt = [
      process.execPath,
      ...source,
      fileURLToPath(new URL("programs/adopt.mjs", import.meta.url)),
      when,
    ];
    await using app = startWithFds([passed], adopt, { names: ["notify"], env: { NOTIFY_SOCKET: socket } });
    expect(await app.event("backends")).toMatchObject({
      first: when === "before" ? "descriptor" : null,
      second: "descriptor",
    });
    expect(await received(manager)).toBe("READY=1");
  },
);

test.each(["ES modules", "an ES module and a CommonJS bundle"])(
  "two copies of this package share the variables and the descriptor: %s",
  async (formats) => {
    const socket = temporaryPath();
    const { manager, passed } = managerAt(socket);
    const folder = join(socket, "..");
    const dist = fileURLToPath(new URL("../dist", import.meta.url));
    for (const copy of ["one", "two"]) {
      const target = join(folder, copy);
      cpSync(dist, join(target, "dist"), { recursive: true });
      cpSync(new URL("../package.json", import.meta.url), join(target, "package.json"));
    }
    const bundle = join(folder, "two.cjs");
    await build({
      entryPoints: [join(dist, "index.js")],
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile: bundle,
    });
    writeFileSync(
      join(folder, "main.mjs"),
      `import * as one from "./one/dist/index.js";
       import * as two from "${formats === "ES modules" ? "./two/dist/index.js" : "./two.cjs"}";
       await one.ready();
       const left = Object.keys(process.env).filter((name) => /^(NOTIFY|WATCHDOG)_/.test(name));
       delete process.env.LISTEN_FDNAMES;
       const seen = { left, isSupervised: two.isSupervised(), backend: two.notifyBackend(), watchdog: two.watchdogEnabled() };
       console.log(JSON.stringify({ event: "seen", ...seen }));
       await two.stopping();`,
    );
    await using app = startWithFds([passed], [process.execPath, join(folder, "main.mjs")], {
      names: ["notify"],
      env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "3000000" },
    });
    expect(await app.event("seen")).toMatchObject({
      left: [],
      isSupervised: true,
      backend: "descriptor",
      watchdog: 3000,
    });
    expect(await app.ended).toBe(0);
    expect([await received(manager), await received(manager)]).toEqual(["READY=1", "STOPPING=1"]);
  },
);

test("no message is written to a listener that a socket unit calls notify", async () => {
  const socket = temporaryPath();
  const { manager, passed } = managerAt(socket);
  const listener = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  onTestFinished(() => closeSync(listener));
  await using app = startWithFds([listener, passed], tell, {
    names: ["notify", "notify"],
    env: environment(socket, [[["ready"]]]),
  });
  expect(await outcome(app)).toBe(true);
  expect(await received(manager)).toBe("READY=1");
});

test("a service manager that has ended is an error with its cause", async () => {
  const socket = temporaryPath();
  const manager = rawSocket("unix", "datagram", { bound: socket });
  const passed = rawSocket("unix", "datagram", { connectedTo: socket });
  onTestFinished(() => closeSync(passed));
  await using app = startWithFds([passed], tell, {
    names: ["notify"],
    env: {
      ...environment(socket, [[["ready"]]]),
      ON_USR1: JSON.stringify([[["status", "Hello?"]]]),
      END: "",
    },
  });
  await app.event("done");
  closeSync(manager);
  app.kill("SIGUSR1");
  expect(await outcome(app)).toBe(true);
  expect(await outcome(app)).toMatchObject({
    code: "SOCKACT_ERR_NOTIFY_SEND",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test.each([
  [
    "vsock:2:1234",
    "SOCKACT_ERR_NOTIFY_UNSUPPORTED",
    "NOTIFY_SOCKET is vsock:2:1234, and Node cannot send to a vsock",
  ],
  ["notify", "SOCKACT_ERR_NOTIFY_SOCKET", 'NOTIFY_SOCKET must be a path, @name or a vsock; got "notify"'],
])("NOTIFY_SOCKET=%s is reported", async (socket, code, message) => {
  await using app = startProcess(tell, { env: environment(socket, [[["backend"], ["ready"]]]) });
  expect(await outcome(app)).toBe("none");
  expect(await outcome(app)).toMatchObject({ code, message });
});

test("extendTimeout() takes a duration with a unit, and refuses a bare number with a hint that names both readings", async () => {
  const calls: Calls = [
    [
      ["extendTimeout", 30],
      ["extendTimeout", "30s"],
      ["extendTimeout", "1min 30s"],
    ],
  ];
  await using app = startProcess(tell, { env: environment(undefined, calls) });
  expect(await outcome(app)).toMatchObject({
    code: "SOCKACT_ERR_NOTIFY_STATE",
    hint: "Write '30s' for seconds, or '30ms' for milliseconds.",
  });
  expect(await outcome(app)).toBe(false);
  expect(await outcome(app)).toBe(false);
});

test("an invalid message is refused, also without a service manager", async () => {
  const calls: Calls = [
    [
      ["status", "two\nlines"],
      ["notify", ""],
      ["notify", "READY=1\nBARRIER=1"],
      ["notify", {}],
      ["status", "x".repeat(4090)],
      ["status", "\0"],
      ["mainPid", 0],
      ["extendTimeout", -1],
      ["extendTimeout", 0],
      ["extendTimeout", "infinity"],
      ["extendTimeout", "soon"],
      ["storeFd", "a:b", 1],
      ["storeFd", "a", 1000],
    ],
  ];
  await using app = startProcess(tell, { env: environment(undefined, calls) });
  for (const _ of calls[0] ?? [])
    expect(await outcome(app)).toMatchObject({ code: "SOCKACT_ERR_NOTIFY_STATE" });
});

test.each(
  ["main first", "worker first", "main while the worker runs"].flatMap((order) =>
    ["copied", "shared"].map((env) => [order, env] as const),
  ),
)("a worker thread is told to leave it to the main thread: %s, its environment %s", async (order, env) => {
  const socket = temporaryPath();
  const { manager, passed } = managerAt(socket);
  await using app = startWithFds([passed], [...worker, order, env], {
    names: ["notify"],
    env: { NOTIFY_SOCKET: socket },
  });
  expect(await app.event("worker")).toMatchObject({
    code: "SOCKACT_ERR_NOTIFY_WORKER_THREAD",
    isSupervised: false,
  });
  expect(await received(manager)).toBe("READY=1");
  expect(await app.ended).toBe(0);
  expect(await received(manager)).toBe("STOPPING=1");
});

test("a worker of node:cluster sends nothing, also if it starts before the first message of the primary", async () => {
  const socket = temporaryPath();
  const { manager, passed } = managerAt(socket);
  const program = fileURLToPath(new URL("programs/cluster.mjs", import.meta.url));
  await using app = startWithFds([passed], [process.execPath, program], {
    names: ["notify"],
    env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "3000000", PATH: "/nonexistent" },
  });
  expect(await app.event("worker")).toMatchObject({ isSupervised: false, outcome: false, watched: false });
  expect(await received(manager)).toBe("READY=1");
  expect(await app.ended).toBe(0);
});

test.each<[string, Calls[number], Record<string, string>]>([
  ["has only asked", [["isSupervised"], ["backend"], ["watchdogEnabled"]], {}],
  [
    "has tried to send an invalid message",
    [
      ["notify", ""],
      ["storeFd", "a:b", 1],
    ],
    {},
  ],
  ["has no way to send", [["ready"], ["storeFd", "a", 1]], { PATH: "/nonexistent", LISTEN_FDNAMES: "other" }],
  ["has found malformed variables of the watchdog", [["startWatchdog"]], { WATCHDOG_USEC: "abc" }],
  ["is not the process that the watchdog watches", [["startWatchdog"]], {}],
])("the variables are left to others by a process that %s", async (_, calls, env) => {
  const socket = temporaryPath();
  const { passed } = managerAt(socket);
  const variables = { WATCHDOG_USEC: "3000000", WATCHDOG_PID: "1", ...env };
  const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  await using app = startWithFds([passed], ["/usr/bin/env", ...set, ...tell], {
    names: ["notify"],
    env: environment(socket, [calls, [["child"]]]),
  });
  for (const _call of calls) await outcome(app);
  expect(await outcome(app)).toEqual(["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"]);
});

test.each<[string, Calls[number][number]]>([
  ["message", ["ready"]],
  ["ping", ["startWatchdog"]],
])("the first %s takes the variables away from the children that start later", async (_, call) => {
  const socket = temporaryPath();
  const { manager, passed } = managerAt(socket);
  await using app = startWithFds([passed], tell, {
    names: ["notify"],
    env: {
      ...environment(socket, [[["child"]], [call], [["child"]], [["isSupervised"]], [["watchdogEnabled"]]]),
      WATCHDOG_USEC: "3000000",
    },
  });
  expect(await outcome(app)).toEqual(["NOTIFY_SOCKET", "WATCHDOG_USEC"]);
  await outcome(app);
  expect([await outcome(app), await outcome(app), await outcome(app)]).toEqual([[], true, 3000]);
  expect(await received(manager)).toMatch(/^(READY|WATCHDOG)=1$/);
});

describeWith({ commands: ["systemd-notify"] }, "the program systemd-notify", () => {
  test("sends to an abstract name, and its error message becomes part of our error", async () => {
    const socket = `@sockact-notify-program-${process.pid}`;
    const { manager } = managerAt(socket);
    await using app = startProcess(tell, { env: environment(socket, [[["ready"]]]) });
    expect(await received(manager)).toBe("READY=1");
    expect(await received(manager)).toBe("BARRIER=1");
    expect(await outcome(app)).toBe(true);

    await using failing = startProcess(tell, {
      env: environment("/nonexistent", [[["ready"], ["status", "a"]]]),
    });
    const error = {
      code: "SOCKACT_ERR_NOTIFY_SEND",
      message: expect.stringMatching(/systemd-notify failed: .*No such file/),
    };
    expect([await outcome(failing), await outcome(failing)]).toEqual([
      expect.objectContaining(error),
      expect.objectContaining(error),
    ]);
  });

  test("is ended if the queue of the service manager is full and nobody reads it", async () => {
    const socket = temporaryPath();
    const { passed } = managerAt(socket);
    const room = Number(readFileSync("/proc/sys/net/unix/max_dgram_qlen", "utf8")) + 1;
    for (let count = 0; count < room; count++) writeSync(passed, "STATUS=earlier");
    await using app = startProcess(tell, { env: environment(socket, [[["ready"]]]) });
    expect(await outcome(app)).toMatchObject({
      code: "SOCKACT_ERR_NOTIFY_SEND",
      message: expect.stringContaining("the service manager has not read the message in time"),
    });
    expect(await app.ended).toBe(0);
  });
});

describeWith({ node: 26 }, "node:ffi", () => {
  test("sends messages and descriptors with libsystemd", async () => {
    const socket = temporaryPath();
    const { manager } = managerAt(socket);
    const ffi = [process.execPath, fileURLToPath(new URL("programs/ffi.mjs", import.meta.url))];
    await using app = startProcess(ffi, { env: { SOCKET: socket } });
    expect(await received(manager)).toBe("READY=1");
    expect(await received(manager)).toBe("FDSTORE=1\nFDNAME=a");
    expect(await app.event("failed")).toMatchObject({
      code: "SOCKACT_ERR_NOTIFY_SEND",
      message: expect.stringContaining("ENOENT"),
    });
    expect(await app.event("chosen")).toMatchObject({ avoided: true, warnings: 0 });
  });
});
