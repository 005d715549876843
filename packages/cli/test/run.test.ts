import { existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import {
  type AppProcess,
  DEADLINE,
  describeWith,
  freeAddress,
  httpRequest,
  openConnection,
  readAnswer,
  openRequest,
  startProcess,
} from "@sockact/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  addressesOf,
  addressOf,
  appFolder,
  isRunning,
  pidAt,
  program,
  run,
  sockact,
  untilEnded,
} from "./run.ts";

const { execPath: node } = process;

interface Passed {
  environment: Record<string, string>;
  sockets: { name: string; family: string; kind: string; address: string }[];
}

describe("sockact run", () => {
  it.each(["tcp4", "tcp6", "unix"] as const)("passes a socket: %s", async (kind) => {
    const address = await freeAddress(kind);
    const running = run(["-l", address, "-n", "web", "--", node, program("app.mjs")]);
    expect(await addressOf(running)).toBe(address);
    const { environment, sockets } = (await httpRequest(address, "/passed")).json<Passed>();
    expect(environment).toEqual({ fds: "1", names: "web", pid: String(await pidAt(address)) });
    expect(sockets).toMatchObject([{ name: "web", kind: "listener", address }]);
  });

  it("passes several sockets with their names, in their order", async () => {
    const path = await freeAddress("unix");
    const running = run([
      "-l",
      "127.0.0.1:0",
      "-l",
      path,
      "-n",
      "web",
      "-n",
      "admin",
      "--",
      node,
      program("app.mjs"),
    ]);
    const [address = ""] = await addressesOf(running);
    const { sockets } = (await httpRequest(address, "/passed")).json<Passed>();
    expect(sockets).toMatchObject([
      { name: "web", address },
      { name: "admin", address: path },
    ]);
    expect((await httpRequest(path)).status).toBe(200);
  });

  it("passes 50 sockets", async () => {
    const addresses = Array.from({ length: 50 }, () => ["-l", "127.0.0.1:0"]).flat();
    const running = run([...addresses, "--", "sh", "-c", "echo $LISTEN_FDS"]);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toBe("50\n");
  });

  it("a port alone means all IPv6 and IPv4 addresses", async () => {
    const address = await addressOf(run(["-l", "0", "--", node, program("app.mjs")]));
    expect(address).toMatch(/^\[::\]:\d+$/);
    const port = /\d+$/.exec(address)?.[0];
    expect(await pidAt(`127.0.0.1:${port}`)).toBe(await pidAt(`[::1]:${port}`));
  });

  it("without --listen, it listens on localhost, with IPv4 and IPv6, on PORT", async () => {
    const port = /\d+$/.exec(await freeAddress("tcp4"))?.[0] ?? "";
    const running = run(["--", node, program("app.mjs")], { env: { PORT: port } });
    expect(await addressOf(running)).toBe(`localhost:${port}`);
    expect(await pidAt(`127.0.0.1:${port}`)).toBe(await pidAt(`[::1]:${port}`));
    const { environment, sockets } = (await httpRequest(`127.0.0.1:${port}`, "/passed")).json<Passed>();
    expect(environment["names"]).toBeUndefined();
    expect(sockets.map(({ name, address }) => [name, address])).toEqual([
      ["unknown", `127.0.0.1:${port}`],
      ["unknown", `[::1]:${port}`],
    ]);
  });

  it("a connection that was made before the command runs is answered by the command", async () => {
    const command = 'read line; exec "$0" "$1"';
    const running = run(["-l", "127.0.0.1:0", "--", "sh", "-c", command, node, program("plain.mjs")]);
    const address = await addressOf(running);
    const connection = openConnection(address);
    await once(connection, "connect");
    connection.end("GET / HTTP/1.0\r\n\r\n");
    const answers = Array.from({ length: 20 }, () => httpRequest(address));
    running.write("go");
    const [response] = (await once(connection.setEncoding("utf8"), "data")) as [string];
    const { pid } = JSON.parse(response.split("\r\n\r\n")[1] as string) as { pid: number };
    expect((await Promise.all(answers)).map((answer) => answer.json())).toEqual(answers.map(() => ({ pid })));
  });

  it("--preload loads the app's own @sockact/register into the command, wherever it is", async () => {
    const cwd = appFolder("console.log('runs');");
    const folder = join(cwd, "node_modules/@sockact/register");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.js"), "console.log('loads');");
    const running = run(["--preload", "-l", "0", "--", node, "server.mjs"], {
      cwd,
      env: { NODE_OPTIONS: "--no-warnings" },
    });
    expect(await running.ended).toBe(0);
    expect(running.stdout).toBe("loads\nruns\n");
  });

  it("ends with the code of the command, and writes nothing between its output", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(await running.ended).toBe(7);
    expect(running.stdout).toBe("out\n");
    expect(running.stderr).toMatch(/^\[sockact run\] listening on 127\.0\.0\.1:\d+\nerr\n$/);
  });

  it("ends with 128 and the number of the signal that ended the command", async () => {
    const running = run(["-l", "0", "--", "sh", "-c", "kill -KILL $$"]);
    expect(await running.ended).toBe(128 + 9);
  });

  it("does not read the options of the command", async () => {
    const running = run(["-l", "0", node, "-p", "process.argv.slice(1).join()", "--", "--name", "x"]);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toBe("--name,x\n");
  });

  it("passes on variables that a shell can't have", async () => {
    const running = run(["-l", "0", "--", "env"], { env: { "my.conf": "a b", "x-y": "1" } });
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(/^my\.conf=a b$/m);
    expect(running.stdout).toMatch(/^x-y=1$/m);
    expect(running.stdout).toMatch(/^LISTEN_PID=\d+$/m);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "passes %s on, and waits for requests that are under way",
    async (signal) => {
      const running = run(["-l", "127.0.0.1:0", "--", node, program("app.mjs")]);
      const slow = openRequest(await addressOf(running), "/slow");
      slow.end();
      await running.line(/^a slow request/);
      running.kill(signal);
      expect((await readAnswer(slow)).body).toBe("slow");
      expect(await running.ended).toBe(0);
    },
  );

  it("passes SIGHUP on, which reloads", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", node, program("app.mjs")]);
    const address = await addressOf(running);
    const pid = await pidAt(address);
    running.kill("SIGHUP");
    await running.line(/^the app reloads/);
    expect(await pidAt(address)).toBe(pid);
  });

  it("logs at SIGHUP that an app with handover needs systemd for that, and keeps serving", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", node, program("app.mjs")], {
      env: { SOCKACT_HANDOVER: "yes" },
    });
    const address = await addressOf(running);
    const pid = await pidAt(address);
    running.kill("SIGHUP");
    await running.line(
      /^sockact: SOCKACT_ERR_HANDOVER_UNSUPPORTED: No service manager .* Without systemd, restart the process\.$/,
    );
    await running.line(/^sockact: the handover failed, and the old version keeps serving$/);
    expect(await pidAt(address)).toBe(pid);
    // Each connection has a process of its own.
    const accepting = run(["--accept", "-l", "127.0.0.1:0", "--", node, program("app.mjs")], {
      env: { SOCKACT_HANDOVER: "yes" },
    });
    const refused = pidAt(await addressOf(accepting)).catch(() => {});
    await accepting.line(/SOCKACT_ERR_HANDOVER_UNSUPPORTED/);
    await refused;
  });

  it("kills a command that does not end in time", async () => {
    const running = run([
      "-l",
      "127.0.0.1:0",
      "--stop-timeout",
      "200ms",
      "--",
      node,
      program("plain.mjs"),
      "deaf",
    ]);
    await pidAt(await addressOf(running));
    running.kill("SIGTERM");
    await running.line(/has not ended within 0\.2 s: killing it/);
    expect(await running.ended).toBe(128 + 9);
  });

  it("kills the command at a second signal", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", node, program("plain.mjs"), "deaf"]);
    await pidAt(await addressOf(running));
    running.kill("SIGINT");
    // npm passes on a signal that the terminal has sent already, so two at once are one.
    await running.line(/^\[sockact run\] waiting for the command to end/);
    running.kill("SIGINT");
    expect(await running.ended).toBe(128 + 9);
  });

  it("when it is killed, the command ends and the socket's file is removed", async () => {
    const path = await freeAddress("unix");
    const running = run(["-l", path, "--", node, program("app.mjs")]);
    await addressOf(running);
    const pid = await pidAt(path);
    running.kill("SIGKILL");
    await untilEnded(pid);
    expect(existsSync(path)).toBe(false);
  });

  it("when it is killed, a process that the command waits for ends too", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", "sh", "-c", `${node} ${program("plain.mjs")}; true`]);
    const pid = await pidAt(await addressOf(running));
    running.kill("SIGKILL");
    await untilEnded(pid);
    expect(await running.ended).toBe("SIGKILL");
  });

  it("when it is killed in its first moment, the socket's file is removed too", async () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const path = await freeAddress("unix");
      const running = run(["-l", path, "--", "true"]);
      let isOver = false;
      const ended = running.ended.finally(() => (isOver = true));
      while (!existsSync(path) && !isOver) await setImmediate();
      running.kill("SIGKILL");
      await ended;
      await expect.poll(() => existsSync(path), { timeout: DEADLINE, interval: 20 }).toBe(false);
    }
  });

  it("when it is killed, a socket that another process has put in its place stays", async () => {
    const path = await freeAddress("unix");
    const running = run(["-l", path, "--", node, program("app.mjs")]);
    await addressOf(running);
    const pid = await pidAt(path);
    unlinkSync(path);
    const other = createServer().listen(path);
    onTestFinished(() => void other.close());
    await once(other, "listening");
    running.kill("SIGKILL");
    await untilEnded(pid);
    expect(existsSync(path)).toBe(true);
  });

  it("when it is killed, a command that ignores SIGTERM is killed", async () => {
    const running = run([
      "-l",
      "127.0.0.1:0",
      "--stop-timeout",
      "1s",
      "--",
      node,
      program("plain.mjs"),
      "deaf",
    ]);
    const pid = await pidAt(await addressOf(running));
    running.kill("SIGKILL");
    await untilEnded(pid);
    expect(await running.ended).toBe("SIGKILL");
  });

  it("leaves no process and no file behind", async () => {
    const path = await freeAddress("unix");
    const running = run(["-l", path, "--", node, program("app.mjs")]);
    await addressOf(running);
    const pid = await pidAt(path);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(path)).toBe(false);
  });

  it("passes a UDP socket", async () => {
    const running = run(["--datagram", "-l", "127.0.0.1:0", "--", node, program("udp.mjs"), "udp4"]);
    const address = await addressOf(running);
    const client = createSocket("udp4");
    // It waits in the socket until the command has started.
    client.send("hello", Number(address.split(":")[1]), "127.0.0.1");
    const [answer] = (await once(client, "message")) as [Buffer];
    client.close();
    expect(String(answer)).toMatch(/^hello \d+$/);
    expect(running.stderr).not.toContain("Warning");
  });

  it("a UDP port alone means all IPv6 and IPv4 addresses", async () => {
    const address = await addressOf(run(["--datagram", "-l", "0", "--", node, program("udp.mjs"), "udp6"]));
    const port = Number(/\d+$/.exec(address)?.[0]);
    for (const [type, host] of [
      ["udp4", "127.0.0.1"],
      ["udp6", "::1"],
    ] as const) {
      const client = createSocket(type);
      client.send("hello", port, host);
      expect(String((await once(client, "message"))[0])).toMatch(/^hello/);
      client.close();
    }
  });
});

describeWith({ commands: ["python3"] }, "a program that is not Node", () => {
  const accept = [
    "import os, socket, sys",
    "listener = socket.socket(fileno=3)",
    "print([os.get_blocking(int(fd)) for fd in sys.argv[1:]], flush=True)",
    "connection, _ = listener.accept()",
    "connection.sendall(b'hello')",
  ].join("\n");

  it("accepts from a blocking socket, as under systemd", async () => {
    const addresses = ["127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", await freeAddress("unix")];
    const options = addresses.flatMap((address) => ["-l", address]);
    const running = run([...options, "--", "python3", "-c", accept, "3", "4", "5", "6"]);
    const address = await addressOf(running);
    expect(await running.line(/^\[(?:True|False)/)).toBe("[True, True, True, True]");
    const [text] = (await once(openConnection(address).setEncoding("utf8"), "data")) as [string];
    expect(text).toBe("hello");
    expect(await running.ended).toBe(0);
  });
});

describe("a command that does not listen on the socket", () => {
  const listening = (code: string): string[] => [node, "-e", `require("node:http").${code}`];
  const busy = listening(
    `createServer(() => { console.log("busy"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) }).listen({ fd: 3 })`,
  );
  const connectTo = async (address: string): Promise<void> => {
    const client = openConnection(address);
    onTestFinished(() => void client.destroy());
    await once(client, "connect");
    // The kernel resets it when no process has the socket open any more.
    client.on("error", () => {});
    client.write("GET / HTTP/1.0\r\n\r\n");
  };

  it("is reported when a client waits, on TCP and on a unix socket, but not when it is only busy", async () => {
    const taken = run(["-l", "127.0.0.1:0", "--", "sh", "-c", '"$0" "$@"; true', ...busy]);
    await connectTo(await addressOf(taken));
    await taken.line(/^busy/);
    await connectTo(await addressOf(taken));
    const own = listening("createServer().listen(0)");
    const others = ["127.0.0.1:0", "[::1]:0", await freeAddress("unix")].map((address) =>
      run(["-l", address, "--", ...own]),
    );
    const preloaded = run(["--preload", "-l", "127.0.0.1:0", "--", ...own]);
    await Promise.all(
      [...others, preloaded].map(async (running) => {
        const address = await addressOf(running);
        await connectTo(address);
        expect(await running.line(/a client waits/)).toBe(
          `[sockact run] a client waits at ${address}, and the command does not listen on the socket so far.`,
        );
      }),
    );
    await others[0]?.line(/^\[sockact run\] The app must use it with systemdListen\(\).* add --preload\.$/);
    await preloaded.line(/SOCKACT_MAP=8080=http sockact run -n http --preload/);
    expect(taken.stderr).not.toContain("a client waits");
    taken.kill("SIGTERM");
    await taken.ended;
  });
});

describe("a command that ends with EADDRINUSE, because it opens the port itself", () => {
  const listen = (port: string): string[] => [
    node,
    "-e",
    `require("node:http").createServer().listen(${port})`,
  ];

  it("gets a hint", async () => {
    const port = /\d+$/.exec(await freeAddress("tcp4"))?.[0] ?? "";
    const running = run(["--", ...listen(port)], { env: { PORT: port } });
    expect(await running.ended).toBe(1);
    expect(running.stderr).toMatch(
      /EADDRINUSE[^]*\n\[sockact run\] If the error is EADDRINUSE, .*\n\[sockact run\] The app must .* add --preload\.\n$/,
    );
  });
});

describe("an app with sockact that ends at once", () => {
  it("says why, and sockact run adds nothing", async () => {
    const env = { SOCKACT_DRAIN_TIMEOUT: "soon" };
    const running = run(["-l", "0", "--", node, program("app.mjs")], { env });
    expect(await running.ended).toBe(1);
    expect(running.stderr).toMatch(
      /^\[sockact run\] listening on .*\nsockact: fatal: SOCKACT_ERR_OPTION: .*\n$/,
    );
  });
});

describeWith({ node: 22 }, "sockact run on an abstract socket", () => {
  it("listens on exactly this name", async () => {
    const address = await freeAddress("abstract");
    const running = run(["-l", address, "--", node, program("app.mjs")]);
    expect(await addressOf(running)).toBe(address);
    expect((await httpRequest(address, "/passed")).json<Passed>().sockets).toMatchObject([{ address }]);
  });
});

describe("what sockact run can't listen on", () => {
  it("a port in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const running = run(["-l", `127.0.0.1:${port}`, "--", node, program("app.mjs")]);
    expect(await running.ended).toBe(1);
    expect(running.stderr).toMatch(
      /^error: can't listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\(SOCKACT_ERR_RUN_LISTEN\)\nAnother process listens there: lsof -i :\d+/,
    );
    expect(running.stderr).toContain(`use another port: -l 127.0.0.1:${port + 1}\n`);
    server.close();
  });

  it.each([30, 45])("more addresses than it may open files, with a limit of %d", async (limit) => {
    const addresses = Array.from({ length: 50 }, () => ["-l", "127.0.0.1:0"]).flat();
    const script = `ulimit -n ${limit}; exec "$@"`;
    const running = startProcess([
      "sh",
      "-c",
      script,
      "sh",
      node,
      sockact,
      "run",
      ...addresses,
      "--",
      "true",
    ]);
    expect(await running.ended).toBe(1);
    expect(running.stderr).toMatch(
      /^error: can't listen on 127\.0\.0\.1:0: .*EMFILE.* \(SOCKACT_ERR_RUN_LISTEN\)\n.*ulimit -n 1024.*\n$/,
    );
  });

  it("an address of another machine", async () => {
    const running = run(["-l", "192.0.2.1:80", "--", node, program("app.mjs")]);
    expect(await running.ended).toBe(1);
    expect(running.stderr).toContain("This machine does not have the address.");
  });

  it("the path of a socket in use, of another file, and in a missing folder", async () => {
    const path = await freeAddress("unix");
    const first = run(["-l", path, "--", node, program("app.mjs")]);
    await addressOf(first);
    const second = run(["-l", path, "--", node, program("app.mjs")]);
    expect(await second.ended).toBe(1);
    expect(second.stderr).toContain("another process listens on it");
    expect((await httpRequest(path)).status).toBe(200);
    first.kill("SIGTERM");
    await first.ended;
    writeFileSync(path, "");
    const third = run(["-l", path, "--", node, program("app.mjs")]);
    expect(await third.ended).toBe(1);
    expect(third.stderr).toContain("there is a file that is not a socket");
    const fourth = run(["-l", "/no/such/folder.sock", "--", node, program("app.mjs")]);
    expect(await fourth.ended).toBe(1);
    expect(fourth.stderr).toContain("mkdir -p /no/such");
  });

  it("but it replaces a socket that no process listens on any more", async () => {
    const path = await freeAddress("unix");
    const left = startProcess([
      node,
      "-e",
      `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
    ]);
    await left.ended;
    expect(existsSync(path)).toBe(true);
    const running = run(["-l", path, "--", node, program("app.mjs")]);
    await addressOf(running);
    expect((await httpRequest(path)).status).toBe(200);
  });
});

describeWith({ commands: ["script"] }, "sockact run in a terminal", () => {
  /** In a terminal of script(1), whose keyboard is the standard input. */
  const inTerminal = (command: string, redirected = "") =>
    startProcess(
      [
        "script",
        "--quiet",
        "--return",
        "--command",
        `exec ${node} ${sockact} run -l 127.0.0.1:0 -- ${command} ${redirected}`,
        "/dev/null",
      ],
      // With CI, Node turns colours off.
      { env: { TERM: "xterm", CI: undefined, NO_COLOR: undefined } },
    );
  /** Tells the pid of `sockact run`, and each SIGINT. */
  const counting = `${node} -e "process.on('SIGINT', () => console.log('interrupted')); setInterval(() => {}, 1000); console.log('runs under ' + process.ppid)"`;
  const CTRL_C = "\u0003";
  // oxlint-disable-next-line no-control-regex -- the escapes are what is tested
  const inColour = /\u001B\[36m\[sockact run\]\u001B\[39m listening on \u001B\[1m(127\.0\.0\.1:\d+)/;

  it("colours its lines, and Ctrl-C ends the command gracefully", async () => {
    const running = inTerminal(`${node} ${program("app.mjs")}`);
    const [, address = ""] = inColour.exec(await running.line(inColour)) ?? [];
    const slow = openRequest(address, "/slow");
    slow.end();
    await running.line(/a slow request/);
    running.write(CTRL_C);
    expect((await readAnswer(slow)).body).toBe("slow");
    expect(await running.ended).toBe(0);
  });

  it("Ctrl-C reaches the command once, and a second one kills it", async () => {
    const running = inTerminal(counting);
    await running.line(/runs/);
    running.write(CTRL_C);
    await running.line(/Ctrl-C once more kills it/);
    // The terminal has sent it, so it must not come from us too: many servers end at once at the second one.
    expect(running.stdout.match(/interrupted/g)).toHaveLength(1);
    running.write(CTRL_C);
    expect(await running.ended).toBe(128 + 9);
  });

  it("Ctrl-C reaches the command once when none of its streams is a terminal", async () => {
    const log = join(appFolder(), "log");
    const untilLogged = (text: string): Promise<boolean> =>
      vi.waitUntil(() => existsSync(log) && readFileSync(log, "utf8").includes(text), {
        timeout: DEADLINE,
        interval: 20,
      });
    const running = inTerminal(counting, `</dev/null >'${log}' 2>&1`);
    await untilLogged("runs under");
    running.write(CTRL_C);
    await untilLogged("Ctrl-C once more kills it");
    expect(readFileSync(log, "utf8").match(/interrupted/g)).toHaveLength(1);
    running.write(CTRL_C);
    expect(await running.ended).toBe(128 + 9);
  });

  it("passes on a SIGINT that is not from the terminal", async () => {
    const running = inTerminal(counting);
    const [, pid] = /runs under (\d+)/.exec(await running.line(/runs under/)) ?? [];
    process.kill(Number(pid), "SIGINT");
    await running.line(/interrupted/);
    process.kill(Number(pid), "SIGINT");
    expect(await running.ended).toBe(128 + 9);
    expect(running.stdout.match(/interrupted/g)).toHaveLength(1);
  });

  it("the command keeps the terminal", async () => {
    const running = inTerminal(
      `${node} -p "[process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY].join()"`,
    );
    await running.line(/true,true,true/);
    expect(await running.ended).toBe(0);
  });
});

describe("what a command has started and left behind", () => {
  const helperPid = async (running: AppProcess): Promise<number> =>
    Number((await running.line(/^helper \d+/)).split(" ")[1]);
  const shell = (script: string): string[] => [
    "sh",
    "-c",
    script,
    node,
    program("helper.mjs"),
    program("app.mjs"),
  ];

  it("ends with it", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", ...shell('"$0" "$1" & exec "$0" "$2"')]);
    const pid = await helperPid(running);
    const address = await addressOf(running);
    await pidAt(address);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    await untilEnded(pid);
    await expect(httpRequest(address)).rejects.toThrow(/ECONNREFUSED/);
  });

  it("is killed if it does not end", async () => {
    // The app itself has to end within this time.
    const options = ["-l", "127.0.0.1:0", "--stop-timeout", "5s"];
    const running = run([...options, "--", ...shell('"$0" "$1" deaf & exec "$0" "$2"')]);
    const pid = await helperPid(running);
    await pidAt(await addressOf(running));
    running.kill("SIGTERM");
    await running.line(
      /1 process that the command has started and left behind did not end within 5 s: killing/,
    );
    expect(await running.ended).toBe(0);
    await untilEnded(pid);
  });

  it("ends when the command ends by itself, even in a separate session", async () => {
    const running = run(["-l", "127.0.0.1:0", "--", ...shell('setsid "$0" "$1" & read line; exit 7')]);
    const pid = await helperPid(running);
    running.write("go");
    expect(await running.ended).toBe(7);
    await untilEnded(pid);
  });

  it("is left alone in a separate session without the socket, like a browser", async () => {
    const running = run([
      "-l",
      "127.0.0.1:0",
      "--",
      ...shell(
        `setsid sh -c 'exec 3<&-; echo helper $$; exec "$0" "$1" >/dev/null 2>&1' "$0" "$1" & read line; exit 7`,
      ),
    ]);
    const pid = await helperPid(running);
    onTestFinished(() => void process.kill(pid, "SIGKILL"));
    running.write("go");
    expect(await running.ended).toBe(7);
    expect(isRunning(pid)).toBe(true);
  });
});
