import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type AppProcess,
  DEADLINE,
  describeWith,
  httpRequest,
  openConnection,
  requestOver,
  startProcess,
} from "@sockact/testkit";
import { expect, it, vi, describe } from "vitest";
import { addressOf, appFolder, appText, edit, pidAt, program, run, sockact, untilEnded } from "./run.ts";

const { execPath: node } = process;

/** `sockact run --watch` in a folder, once its app answers and every folder is watched. */
async function watch(cwd: string, options: readonly string[] = ["--watch"], file = "server.mjs") {
  const running = run([...options, "-l", "127.0.0.1:0", "--", node, file], { cwd });
  const address = await addressOf(running);
  await running.line(/^\[sockact run\] watching /);
  return { running, address };
}

const versionAt = async (address: string): Promise<string> => (await httpRequest(address, "/version")).body;

/** The pid of the process that answers, once it is another one. */
async function otherPid(address: string, pid: number): Promise<number> {
  return vi.waitUntil(
    async () => {
      const answering = await pidAt(address).catch(() => pid);
      return answering === pid ? false : answering;
    },
    { timeout: DEADLINE, interval: 20 },
  );
}

async function untilVersion(address: string, version: number): Promise<void> {
  await vi.waitUntil(async () => (await versionAt(address)) === String(version), {
    timeout: DEADLINE,
    interval: 20,
  });
}

const restarts = ({ stderr }: AppProcess): number => stderr.match(/changed: restarting/g)?.length ?? 0;

/** Edits an app under load this many times. */
async function editUnderLoad(edits: number, keepAlive: boolean) {
  const cwd = appFolder();
  const { address } = await watch(cwd);
  const loadProgram = fileURLToPath(new URL("../../testing/programs/load-program.mjs", import.meta.url));
  const options = JSON.stringify({ url: `http://${address}`, connections: 8, keepAlive });
  const load = startProcess([node, loadProgram, "busy", options]);
  await load.event("running");
  for (let version = 2; version <= edits + 1; version++) {
    edit(cwd, appText(version));
    await untilVersion(address, version);
    load.write("round");
    await load.event("round");
  }
  load.endInput();
  return load.event<{ lost: number; answered: number; failed: object }>("result");
}

const connections = [
  ["new connections", false],
  ["kept connections", true],
] as const;

describe("sockact run --watch", () => {
  it.each(connections)(
    "loses and refuses no request when files change under load, with %s",
    async (_, keepAlive) => {
      const { failed, lost, answered } = await editUnderLoad(1, keepAlive);
      expect({ failed, lost }).toEqual({ failed: {}, lost: 0 });
      expect(answered).toBeGreaterThan(8);
    },
  );

  it.each(connections)(
    "loses and refuses no request over 20 edits under load, with %s",
    { tags: "campaign", timeout: 180_000 },
    async (_, keepAlive) => {
      const { failed, lost, answered } = await editUnderLoad(20, keepAlive);
      expect({ failed, lost }).toEqual({ failed: {}, lost: 0 });
      expect(answered).toBeGreaterThan(20 * 8);
    },
  );

  it("names the changed file, and passes a short drain timeout", async () => {
    const cwd = appFolder();
    const { running, address } = await watch(cwd);
    const pid = await pidAt(address);
    edit(cwd, appText(2));
    expect(await running.line(/changed/)).toBe("[sockact run] server.mjs changed: restarting");
    await untilVersion(address, 2);
    expect(await pidAt(address)).not.toBe(pid);
    expect((await httpRequest(address, "/passed")).json<{ drainTimeout: string }>().drainTimeout).toBe("1s");
  });

  it("an idle client does not delay the edit", async () => {
    // Node never closes an idle connection of this app, so only the drain timeout does.
    const cwd = appFolder(`import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
const { createServer } = http;
http.createServer = (...args) => Object.assign(createServer(...args), { keepAliveTimeout: 0 });
syncBuiltinESMExports();
await import(${JSON.stringify(program("app.mjs"))});
globalThis.version = 1;
`);
    const { running, address } = await watch(cwd);
    const idle = openConnection(address);
    await once(idle, "connect");
    await requestOver(idle);
    idle.on("error", () => {});
    edit(cwd, appText(2));
    await running.line(/changed/);
    await untilVersion(address, 2);
    expect(running.stderr).not.toContain("killing");
    idle.destroy();
  });

  it("waits for the correction of a syntax error, and so do the clients", async () => {
    const cwd = appFolder();
    const { running, address } = await watch(cwd);
    edit(cwd, "this is not JavaScript");
    await running.line(
      /^\[sockact run\] the command ended with code 1\. Edit a file to start it again; clients wait$/,
    );
    const waits = versionAt(address);
    edit(cwd, appText(3));
    expect(await waits).toBe("3");
  });

  it("waits for an edit after a crash", async () => {
    const cwd = appFolder();
    const { running, address } = await watch(cwd);
    await httpRequest(address, "/crash").catch(() => {});
    await running.line(/ended with code 3/);
    edit(cwd, appText(2));
    await untilVersion(address, 2);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  it("ends at SIGTERM while it waits for an edit", async () => {
    const { running, address } = await watch(appFolder());
    await httpRequest(address, "/crash").catch(() => {});
    await running.line(/ended with code 3/);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(128 + 15);
  });

  it("30 edits in a row cause few restarts, and the last one is included", async () => {
    const cwd = appFolder();
    const { running, address } = await watch(cwd);
    for (let version = 2; version <= 31; version++) {
      edit(cwd, appText(version));
      await setImmediate();
    }
    await untilVersion(address, 31);
    expect(restarts(running)).toBeLessThan(15);
  });

  it("edits while the old process ends lead to one start, of the last version", async () => {
    const cwd = appFolder();
    const { running, address } = await watch(cwd);
    const slow = httpRequest(address, "/slow");
    await running.line(/a slow request/);
    edit(cwd, appText(2));
    await running.line(/changed/);
    edit(cwd, appText(3));
    expect((await slow).body).toBe("slow");
    await untilVersion(address, 3);
    expect(running.stderr).not.toContain("killing");
  });

  it("sees edits in place, in new folders, and in a folder that was removed and made again", async () => {
    const cwd = appFolder(`import "./lib/code.mjs";\n`);
    const lib = join(cwd, "lib");
    const write = (version: number): void => {
      mkdirSync(lib, { recursive: true });
      writeFileSync(join(lib, "code.mjs"), appText(version));
    };
    write(1);
    const { running, address } = await watch(cwd);
    await untilVersion(address, 1);
    write(2);
    await untilVersion(address, 2);
    rmSync(lib, { recursive: true });
    await running.line(/ended with code 1/);
    write(3);
    await untilVersion(address, 3);
    write(4);
    await untilVersion(address, 4);
    mkdirSync(join(cwd, "more"));
    writeFileSync(join(cwd, "more/new.mjs"), "");
    expect(await running.line(/new\.mjs changed/)).toContain("more/new.mjs changed");
  });

  it("sees edits in a folder that a build removes and makes again", async () => {
    const cwd = appFolder(`import "./dist/code.mjs";\n`);
    const build = (version: number): void => {
      rmSync(join(cwd, "dist"), { recursive: true, force: true });
      mkdirSync(join(cwd, "dist"));
      writeFileSync(join(cwd, "dist/code.mjs"), appText(version));
    };
    build(1);
    const { running, address } = await watch(cwd, ["--watch=dist"]);
    for (const version of [2, 3, 4]) {
      build(version);
      await untilVersion(address, version);
    }
    writeFileSync(join(cwd, "dist/code.mjs"), appText(5));
    await untilVersion(address, 5);
    expect(running.stderr).not.toContain("can't watch");
  });

  it("follows links to folders and files, and is not caught in a circle", async () => {
    const cwd = appFolder(`import "./src/shared/code.mjs";\n`);
    for (const folder of ["src", "shared"]) mkdirSync(join(cwd, folder));
    const write = (version: number): void => writeFileSync(join(cwd, "shared/code.mjs"), appText(version));
    write(1);
    symlinkSync("../shared", join(cwd, "src/shared"));
    // Without a stop at circles, these are thousands of folders.
    for (const name of ["a", "b", "c"]) {
      mkdirSync(join(cwd, "src", name));
      symlinkSync("..", join(cwd, "src", name, "circle"));
      symlinkSync("../src", join(cwd, "shared", name));
    }
    const { running, address } = await watch(cwd, ["--watch", "src"]);
    await untilVersion(address, 1);
    for (const version of [2, 3]) {
      write(version);
      await untilVersion(address, version);
    }
    expect(restarts(running)).toBe(2);
  });

  it("does not restart for node_modules, dotfiles, temporary files of editors, logs and --ignore, but for .env", async () => {
    const cwd = appFolder();
    for (const folder of ["node_modules/x", ".git", "data", "src"])
      mkdirSync(join(cwd, folder), { recursive: true });
    const { running, address } = await watch(cwd, ["--watch", "--ignore", "data"]);
    const pid = await pidAt(address);
    for (const file of [
      "node_modules/x/index.js",
      ".git/HEAD",
      ".eslintcache",
      "server.mjs~",
      ".server.mjs.swp",
      "4913",
      "#server.mjs#",
      "app.log",
      "data/db.sqlite",
    ])
      writeFileSync(join(cwd, file), "");
    writeFileSync(join(cwd, "src/last.mjs"), "");
    expect(await running.line(/changed/)).toBe("[sockact run] src/last.mjs changed: restarting");
    expect(await otherPid(address, pid)).toBeGreaterThan(0);
    writeFileSync(join(cwd, ".env.local"), "");
    await running.line(/\.env\.local changed/);
  });

  it("watches only the paths that it is given", async () => {
    const cwd = appFolder();
    for (const folder of ["src", ".hidden"]) mkdirSync(join(cwd, folder));
    const { running } = await watch(cwd, ["--watch", "src", "--watch", ".hidden"]);
    utimesSync(join(cwd, "server.mjs"), 1, 1);
    writeFileSync(join(cwd, ".hidden/code.mjs"), "");
    expect(await running.line(/changed/)).toContain(" .hidden/code.mjs changed");
  });

  it("an app that does not stop gracefully restarts too", async () => {
    const cwd = appFolder();
    const { address } = await watch(cwd, ["--watch"], program("plain.mjs"));
    const pid = await pidAt(address);
    writeFileSync(join(cwd, "new.mjs"), "");
    expect(await otherPid(address, pid)).toBeGreaterThan(0);
  });

  it("an app that ignores SIGTERM is killed, and restarts", async () => {
    const cwd = appFolder(`process.argv[2] = "deaf"; await import(${JSON.stringify(program("plain.mjs"))});`);
    const { running, address } = await watch(cwd, ["--watch", "--stop-timeout", "300ms"]);
    const pid = await pidAt(address);
    writeFileSync(join(cwd, "new.mjs"), "");
    await running.line(/has not ended within 0\.3 s: killing it/);
    expect(await otherPid(address, pid)).toBeGreaterThan(0);
  });

  it("the file that its output goes to does not restart it", async () => {
    const cwd = appFolder();
    const script = `exec "$0" ${sockact} run --watch -l 127.0.0.1:0 -- "$0" server.mjs >dev.out 2>dev.err`;
    const running = startProcess(["sh", "-c", script, node], { cwd });
    const messages = (): string => readFileSync(join(cwd, "dev.err"), "utf8");
    const until = (text: string): Promise<boolean> =>
      vi.waitUntil(() => existsSync(join(cwd, "dev.err")) && messages().includes(text), {
        timeout: DEADLINE,
        interval: 20,
      });
    await until("ready");
    await until("watching");
    edit(cwd, appText(2));
    await until("server.mjs changed: restarting");
    running.kill("SIGTERM");
    await running.ended;
    expect(messages().match(/\S+ changed/g)).toEqual(["server.mjs changed"]);
  });

  it("warns once that the command restarts itself by a file that it writes", async () => {
    // A shell starts at once: if two restarts are seconds apart, they are taken for those of a person who
    // edits.
    const script = "echo $$ >data.json; exec sleep 1000";
    const running = run(["--watch", "-l", "0", "--", "sh", "-c", script], { cwd: appFolder() });
    expect(await running.line(/--ignore/)).toBe(
      "[sockact run] data.json changes after each start. If the command writes it, the command restarts itself: --ignore data.json",
    );
    const told = restarts(running);
    await vi.waitUntil(() => restarts(running) > told + 1, { timeout: DEADLINE });
    // Its command writes into the folder until it ends.
    running.kill("SIGTERM");
    await running.ended;
    expect(running.stderr.match(/--ignore/g)).toHaveLength(1);
  });

  it("a shell script without exec restarts too, because its child processes end with it", async () => {
    const cwd = appFolder(`import ${JSON.stringify(program("plain.mjs"))};`);
    const running = run(["--watch", "-l", "127.0.0.1:0", "--", "sh", "-c", `${node} server.mjs; true`], {
      cwd,
    });
    const address = await addressOf(running);
    const pid = await pidAt(address);
    await running.line(/^\[sockact run\] watching /);
    writeFileSync(join(cwd, "new.mjs"), "");
    await running.line(/changed/);
    await untilEnded(pid);
    expect(await pidAt(address)).not.toBe(pid);
    running.kill("SIGTERM");
    await running.ended;
  });
});

describeWith(
  { commands: ["unshare"], userNamespaces: true },
  "sockact run --watch beyond the limits of inotify",
  () => {
    it("warns once that the kernel refuses to watch more", async () => {
      const cwd = appFolder(`setTimeout(() => console.log("done"), 300);`);
      for (let folder = 0; folder < 10; folder++) mkdirSync(join(cwd, `folder${folder}`));
      const limited = 'echo 3 >/proc/sys/user/max_inotify_watches && exec "$@"';
      const command = [node, sockact, "run", "--watch", "-l", "0", "--", node, "server.mjs"];
      const running = startProcess(
        ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh", ...command],
        { cwd },
      );
      await running.line(/^\[sockact run\] watching/);
      await running.line(/^done/);
      expect(running.stderr.match(/can't watch all files.* \(ENOSPC\)/g)).toHaveLength(1);
    });
  },
);
