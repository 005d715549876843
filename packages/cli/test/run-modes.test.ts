import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { DEADLINE, freeAddress, httpRequest, openConnection } from "@sockact/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { addressOf, appFolder, edit, appText, pidAt, program, run, untilEnded } from "./run.ts";

const { execPath: node } = process;

/** What a client sees that connects: the code of its error, or nothing. */
async function connectTo(address: string): Promise<string | undefined> {
  const client = openConnection(address);
  try {
    await once(client, "connect");
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    client.destroy();
  }
}

/** The child process with these words on its command line, once it is there. */
async function childOf(parent: number, words: string): Promise<number> {
  const isIt = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(words);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  };
  const children = (): string[] =>
    readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8")
      .split(" ")
      .filter((pid) => pid !== "");
  return Number(await vi.waitUntil(() => children().find(isIt), { timeout: DEADLINE, interval: 20 }));
}

describe("sockact run --restart", () => {
  it("starts again after a crash, waits longer after each, and loses no connection that waits", async () => {
    const running = run(["--restart", "-l", "127.0.0.1:0", "--", node, program("app.mjs")]);
    const address = await addressOf(running);
    await httpRequest(address, "/crash").catch(() => {});
    await running.line(/^\[sockact run\] the command ended with code 3\. Next start in 1 s; clients wait$/);
    await pidAt(address);
    await httpRequest(address, "/crash").catch(() => {});
    await running.line(/Next start in 2 s/);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(128 + 15);
  });

  it("ends with code 0 when the command does", async () => {
    expect(await run(["--restart", "-l", "0", "--", "true"]).ended).toBe(0);
  });

  it("with --watch, an edit ends the wait", async () => {
    const cwd = appFolder("process.exit(1);");
    const running = run(["--restart", "--watch", "-l", "127.0.0.1:0", "--", node, "server.mjs"], { cwd });
    const address = await addressOf(running);
    await running.line(/^\[sockact run\] watching/);
    await running.line(/Next start in 2 s, or at an edit/);
    edit(cwd, appText(1));
    await running.line(/server\.mjs changed: starting/);
    expect(await pidAt(address)).toBeGreaterThan(0);
  });
});

describe("sockact run --on-demand", () => {
  it("starts the command at the first connection, and again after it has gone to sleep", async () => {
    const running = run(["--on-demand", "-l", "127.0.0.1:0", "--", node, program("app.mjs")], {
      env: { SOCKACT_IDLE_TIMEOUT: "1s" },
    });
    const address = await addressOf(running);
    expect(running.stderr).not.toContain("sockact: listening");
    const first = await pidAt(address);
    await running.line(/^\[sockact run\] the command sleeps until the next connection/);
    await untilEnded(first);
    expect(await pidAt(address)).not.toBe(first);
  });

  it.each(["tcp6", "unix"] as const)("waits on %s, and beside another socket", async (kind) => {
    const address = await freeAddress(kind);
    const running = run(["--on-demand", "-l", "127.0.0.1:0", "-l", address, "--", node, program("app.mjs")]);
    await addressOf(running);
    expect(await pidAt(address)).toBeGreaterThan(0);
  });

  it("a command that crashes at each start is not started all the time, and connections wait", async () => {
    const cwd = appFolder("process.exit(1);");
    const running = run(["--on-demand", "-l", "127.0.0.1:0", "--", node, "server.mjs"], { cwd });
    const address = await addressOf(running);
    const waits = pidAt(address);
    await running.line(/ended with code 1\. Next start in 1 s/);
    await running.line(/Next start in 2 s/);
    edit(cwd, appText(1));
    expect(await waits).toBeGreaterThan(0);
  });

  it("a command that ends well and serves nothing is not started all the time either", async () => {
    const running = run(["--on-demand", "-l", "127.0.0.1:0", "--", "true"]);
    const connection = openConnection(await addressOf(running));
    onTestFinished(() => void connection.destroy());
    await running.line(/ended with code 0\. Next start in 1 s/);
    expect(await running.line(/Next start in 2 s/)).toContain("clients wait");
  });

  it("waits again when its waiting process is killed", async () => {
    const running = run(["--on-demand", "-l", "127.0.0.1:0", "--", node, program("app.mjs")]);
    const address = await addressOf(running);
    process.kill(await childOf(running.pid, "wait-for-connection"), "SIGKILL");
    await running.line(
      /^\[sockact run\] the process that waits for a connection has failed\. Another one starts in 1 s$/,
    );
    expect(await pidAt(address)).toBeGreaterThan(0);
  });

  it.each(["SIGTERM", "SIGKILL"] as const)(
    "ends at %s while it waits, and leaves no process behind",
    async (signal) => {
      const running = run(["--on-demand", "-l", "127.0.0.1:0", "--", "true"]);
      const address = await addressOf(running);
      running.kill(signal);
      expect(await running.ended).toBe(signal === "SIGTERM" ? 128 + 15 : "SIGKILL");
      // A process that has the socket would let clients connect.
      await expect.poll(() => connectTo(address), { timeout: DEADLINE }).toBe("ECONNREFUSED");
    },
  );
});

describe("sockact run --accept", () => {
  it("starts one process for each connection", async () => {
    const running = run(["--accept", "-l", "127.0.0.1:0", "--", node, program("app.mjs")]);
    const address = await addressOf(running);
    const answers = await Promise.all([1, 2, 3].map(() => httpRequest(address, "/passed")));
    for (const answer of answers) {
      const { environment, sockets } = answer.json<{ environment: object; sockets: object[] }>();
      expect(environment).toMatchObject({ fds: "1", names: "connection" });
      expect(sockets).toMatchObject([{ kind: "connection", name: "connection" }]);
    }
    expect(new Set([await pidAt(address), await pidAt(address)]).size).toBe(2);
  });

  it("passes the address of the client, and any command can answer", async () => {
    const running = run([
      "--accept",
      "-l",
      "127.0.0.1:0",
      "--",
      "sh",
      "-c",
      "echo $REMOTE_ADDR $REMOTE_PORT $LISTEN_FDS >&3",
    ]);
    const client = openConnection(await addressOf(running)).setEncoding("utf8");
    const [text] = (await once(client, "data")) as [string];
    expect(text).toBe(`127.0.0.1 ${client.localPort} 1\n`);
  });

  it("an IPv4 client keeps its IPv4 address at an IPv6 socket, as with systemd", async () => {
    const running = run(["--accept", "-l", "0", "--", "sh", "-c", "echo $REMOTE_ADDR >&3"]);
    const port = (await addressOf(running)).replace("[::]", "");
    for (const address of ["127.0.0.1", "::1"]) {
      const client = openConnection(address.includes(":") ? `[${address}]${port}` : `${address}${port}`);
      expect(await once(client.setEncoding("utf8"), "data")).toEqual([`${address}\n`]);
    }
  });

  it("reads nothing of what the client has sent at once", async () => {
    const running = run(["--accept", "-l", await freeAddress("unix"), "--", "sh", "-c", "cat <&3 >&3"]);
    const client = openConnection(await addressOf(running)).setEncoding("utf8");
    client.end("echo");
    expect((await client.toArray()).join("")).toBe("echo");
  });

  it("passes a blocking connection, as systemd does", async () => {
    const running = run([
      "--accept",
      "-l",
      "127.0.0.1:0",
      "--",
      "sh",
      "-c",
      "echo ready >&3; exec cat <&3 >&3",
    ]);
    const client = openConnection(await addressOf(running)).setEncoding("utf8");
    // cat has nothing to read so far.
    await once(client, "data");
    client.end("echo");
    expect((await client.toArray()).join("")).toBe("echo");
    expect(running.stderr).not.toContain("ended with code");
  });

  it("refuses more connections than --max-connections", async () => {
    const running = run([
      "--accept",
      "--max-connections",
      "1",
      "-l",
      "127.0.0.1:0",
      "--",
      "sh",
      "-c",
      "echo hello >&3; cat <&3",
    ]);
    const address = await addressOf(running);
    const first = openConnection(address);
    await once(first, "data");
    const second = openConnection(address).resume();
    await once(second, "close");
    expect(await running.line(/is refused/)).toMatch(
      /connection from 127\.0\.0\.1 port \d+ is refused: at most 1 may be open/,
    );
    // The command ends with its client.
    first.resume().end();
    await once(first, "close");
  });

  it("reports that a command has failed, and passes SIGTERM on to all", async () => {
    const running = run(["--accept", "-l", "127.0.0.1:0", "--", node, program("app.mjs")]);
    const address = await addressOf(running);
    await httpRequest(address, "/crash").catch(() => {});
    await running.line(
      /^\[sockact run\] the command for the connection from 127\.0\.0\.1 port \d+ ended with code 3/,
    );
    const slow = httpRequest(address, "/slow");
    await running.line(/a slow request/);
    running.kill("SIGTERM");
    expect((await slow).body).toBe("slow");
    expect(await running.ended).toBe(128 + 15);
  });

  it("when it is killed, a command gets its time to end though others have ended", async () => {
    const running = run([
      "--accept",
      "--max-connections",
      "2",
      "--stop-timeout",
      "10s",
      "-l",
      "127.0.0.1:0",
      "--",
      "sh",
      "-c",
      "trap 'sleep 1; echo done >&3; exit' TERM; read kind <&3; echo $kind >&3; [ $kind = slow ] || trap - TERM; while :; do sleep 0.1; done",
    ]);
    const address = await addressOf(running);
    const [slow] = await Promise.all(
      ["slow", "quick"].map(async (kind) => {
        const client = openConnection(address).setEncoding("utf8");
        client.write(`${kind}\n`);
        expect(await once(client, "data")).toEqual([`${kind}\n`]);
        return client;
      }),
    );
    await once(openConnection(address).resume(), "close");
    running.kill("SIGKILL");
    expect(((await slow?.toArray()) ?? []).join("")).toBe("done\n");
  });

  it("when it is killed, the commands of all connections end", async () => {
    const running = run([
      "--accept",
      "--max-connections",
      "2",
      "-l",
      "127.0.0.1:0",
      "--",
      "sh",
      "-c",
      "echo $$ >&3; exec sleep 1000",
    ]);
    const address = await addressOf(running);
    const pids = await Promise.all(
      [1, 2].map(async () => {
        const client = openConnection(address).setEncoding("utf8");
        const [pid] = (await once(client, "data")) as [string];
        return Number(pid);
      }),
    );
    // One more is refused only after the others are known to the shell that outlives it.
    await once(openConnection(address).resume(), "close");
    running.kill("SIGKILL");
    await Promise.all(pids.map(untilEnded));
    expect(pids).toHaveLength(2);
  });
});
