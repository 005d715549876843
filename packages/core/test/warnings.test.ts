import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  freeAddress,
  rawSocket,
  rawSocketPair,
  startWithFds,
} from "@sockact/testkit";

const path = (program: string): string => fileURLToPath(new URL(`programs/${program}`, import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

async function listener(): Promise<number> {
  const fd = rawSocket("ipv4", "stream", { bound: await freeAddress("tcp4"), listening: true });
  opened.push(fd);
  return fd;
}

describe.concurrent("a socket without a server", () => {
  const adopt = [process.execPath, path("adopt.mjs")];

  test("is named in one warning a while after the app has taken the others", async () => {
    const fds = [await listener(), await listener(), await listener()];
    await using app = startWithFds(fds, adopt, {
      names: ["http", "admin", "metrics"],
      env: { TAKE: "http" },
    });
    expect(await app.event("warning")).toMatchObject({ code: "SOCKACT_WARN_UNCLAIMED" });
    expect(app.stderr).toMatch(
      /^\(node:\d+\) \[SOCKACT_WARN_UNCLAIMED\] SockactWarning: Nothing in this process serves admin \(fd 4, 127\.0\.0\.1:\d+\), metrics \(fd 5, /m,
    );
    expect(app.stderr).toContain('systemdListen({ name: ["http","admin","metrics"] })');
    expect(app.stderr.match(/SOCKACT_/g)).toHaveLength(1);
  });

  test("that no server can use is named with what to call instead, and no other socket is in that hint", async () => {
    const udp = rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" });
    const [packets] = rawSocketPair("seqpacket");
    opened.push(udp, packets);
    await using app = startWithFds([await listener(), udp, packets], adopt, {
      names: ["http", "dns", "seq"],
      env: { TAKE: "http" },
    });
    await app.event("warning");
    expect(app.stderr).toMatch(/seq \(fd 5\): clients of these sockets get no answer\.$/m);
    expect(app.stderr).toContain(
      '\nBind it: bindDatagram(socket, { name: "dns" }) from @sockact/core. No server of Node can use seq. Use its descriptor: claimSocket("seq") from @sockact/core.\n',
    );
  });

  test("is named when the process ends without having taken it", async () => {
    await using app = startWithFds([await listener()], adopt, {
      names: ["http"],
      env: { END: "1" },
    });
    expect(await app.ended).toBe(0);
    expect(app.stderr).toContain("Nothing in this process serves http (fd 3, ");
  });

  test("is not named if the app listens on it by its number, and neither is a descriptor that has no clients", async () => {
    const [notify] = rawSocketPair("datagram");
    opened.push(notify);
    const fds = [await listener(), notify, await listener()];
    await using app = startWithFds(fds, adopt, {
      names: ["http", "notify", "stored"],
      env: { ADOPT: "3" },
    });
    await app.event("up");
    app.kill("SIGTERM");
    await app.ended;
    await using ending = startWithFds(fds, adopt, {
      names: ["stored", "notify", "stored"],
      env: { END: "1" },
    });
    expect(await ending.ended).toBe(0);
    expect(app.stderr + ending.stderr).toBe("");
  });

  test("is not named if it was used and closed, and neither is a connection, which has its client", async () => {
    const udp = rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" });
    const [connection] = rawSocketPair();
    opened.push(udp, connection);
    await using app = startWithFds([udp, connection], adopt, {
      names: ["dns", "connection"],
      env: { END: "1" },
    });
    expect(await app.ended).toBe(0);
    await using closing = startWithFds([await listener()], adopt, {
      env: { ADOPT: "3", CLOSE: "1", END: "1" },
    });
    expect(await closing.ended).toBe(0);
    expect(app.stderr + closing.stderr).toBe("");
  });
});

describe.concurrent("a launcher between systemd and node", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-launcher-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const script = path("classify.mjs");
  const bin = (name: string): string =>
    fileURLToPath(new URL(`../../../node_modules/.bin/${name}`, import.meta.url));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "app", scripts: { start: `node '${script}'` } }),
  );
  const env = { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, SYSTEMD_EXEC_PID: undefined };
  // systemd before version 248 sets only this variable.
  const inUnit = { ...env, INVOCATION_ID: "0123456789abcdef0123456789abcdef" };
  const inTerminal = { ...env, INVOCATION_ID: undefined };

  async function launch(
    command: string[],
    environment: Record<string, string | undefined> = inUnit,
  ): Promise<{ app: AppProcess; asked: { sockets: unknown[] } }> {
    const app = startWithFds([await listener()], command, { cwd: folder, env: environment });
    return { app, asked: await app.event("asked") };
  }

  type Launcher = [name: string, command: () => string[], described: string];
  test.each<Launcher>([
    ["npm start", () => [findNpm(), "start"], "`npm start`"],
    // node --run exists since Node 22.
    ...(Number(process.versions.node.split(".")[0]) < 22
      ? []
      : [
          ["node --run", () => [process.execPath, "--run", "start"], "`node --run start`"] satisfies Launcher,
        ]),
    ["a shell that stays", () => ["sh", "-c", `${process.execPath} '${script}'; true`], "`sh -c "],
    ["tsx", () => [bin("tsx"), script], "`tsx "],
  ])("%s: one warning says which it was, and what to write instead", async (_, command, described) => {
    const { app, asked } = await launch(command());
    await using running = app;
    expect(asked.sockets).toEqual([]);
    await running.ended;
    expect(running.stderr).toContain(`The sockets were passed to ${described}`);
    const [, written] = /ExecStart=(.*)$/m.exec(running.stderr)!;
    expect(written!.replace(/--import file:\S+loader.mjs /, "")).toBe(
      `${process.execPath} ${script.includes(" ") ? `"${script}"` : script}`,
    );
    expect(running.stderr.match(/SOCKACT_WARN_LAUNCHER/g)).toHaveLength(1);
  });

  test("the hint has the NODE_ENV that the script sets, and no other variable", async () => {
    const { app } = await launch([
      "sh",
      "-c",
      `NODE_ENV=staging TOKEN=secret ${process.execPath} '${script}'; true`,
    ]);
    await using running = app;
    await running.ended;
    expect(running.stderr).toMatch(/^Environment=NODE_ENV=staging$/m);
    expect(running.stderr.match(/secret/g), "only in the command of the shell").toHaveLength(1);
  });

  test("in a terminal, the hint has the command quoted for a shell", async () => {
    const { app } = await launch(
      ["sh", "-c", `NODE_ENV=staging ${process.execPath} ${script} 'a b'; true`],
      inTerminal,
    );
    await using running = app;
    await running.ended;
    expect(running.stderr).toContain(`\nStart node itself: NODE_ENV=staging node ${script} 'a b'\n`);
    expect(running.stderr).not.toContain("ExecStart");
  });

  test("a tool that forks its own server is named, and the hint does not invent another command of the tool", async () => {
    const tool = join(folder, "node_modules/dev-server");
    mkdirSync(tool, { recursive: true });
    writeFileSync(
      join(tool, "bin.mjs"),
      `import { fork } from "node:child_process"; fork("${tool}/server.mjs")`,
    );
    writeFileSync(join(tool, "server.mjs"), `import "${script}"`);
    const { app } = await launch([process.execPath, join(tool, "bin.mjs"), "dev"]);
    await using running = app;
    await running.ended;
    expect(running.stderr).toMatch(/SOCKACT_WARN_FORKED.*passed to `dev-server dev` /);
    expect(running.stderr).toContain("Use a command that listens in its own process");
    expect(running.stderr).not.toContain("ExecStart");
  });

  test("node --watch is a launcher, not an app that has forked another process", async () => {
    const { app } = await launch([process.execPath, "--watch", script]);
    await using running = app;
    const warned = await running.line(/SOCKACT_/);
    expect(warned).toContain("SOCKACT_WARN_LAUNCHER");
    expect(warned).toContain("The sockets were passed to `node --watch ");
  });

  test.each([
    ["node", [process.execPath, script]],
    ["env node", ["env", process.execPath, script]],
    ["sh -c exec", ["sh", "-c", `exec ${process.execPath} ${script}`]],
    ["node --import tsx", [process.execPath, "--import", "tsx", script]],
  ])("%s is none: the sockets arrive", async (_, command) => {
    const app = startWithFds([await listener()], command, { env });
    await using running = app;
    expect((await running.event<{ sockets: unknown[] }>("asked")).sockets).toHaveLength(1);
    await running.ended;
    expect(running.stderr).not.toContain("SOCKACT_WARN_LAUNCHER");
  });

  test("variables of a process that is not an ancestor are left over, and cause no warning", async () => {
    const other = startWithFds([], ["sleep", "60"]);
    await using _other = other;
    await using app = startWithFds(
      [await listener()],
      ["env", `LISTEN_PID=${other.pid}`, process.execPath, script],
    );
    expect(await app.event("asked")).toMatchObject({ sockets: [] });
    await app.ended;
    expect(app.stderr).toBe("");
  });

  /**
   * The path of npm. The PATH of the test begins with the folder of the Node under test, which may have no
   * npm.
   */
  function findNpm(): string {
    return execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim();
  }
});
