import { describe, expect, test } from "vitest";
import { freeAddress } from "@sockact/testkit";
import { answerOf, passedSockets, portIn, runApp } from "./run-app.ts";

/** The variables of an old systemd. A newer one adds SYSTEMD_EXEC_PID, which must be the pid. */
const STARTED_BY_SYSTEMD = { INVOCATION_ID: "0123456789abcdef0123456789abcdef", SYSTEMD_EXEC_PID: undefined };

describe.concurrent("the preload reports", () => {
  test("that no socket has the port of a server, and what to write", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(passed, `serve("app").listen(${port}, "127.0.0.1")`);
    const line = await app.line(/SOCKACT_WARN_UNMATCHED/);
    expect(line).toContain(`The server on 127.0.0.1:${port} has got no socket, and listens by itself`);
    expect(line).toContain(`http (fd 3, ${passed.addresses["http"]})`);
    await app.line(
      new RegExp(
        `^Start the app with the environment variable SOCKACT_MAP=${port}=http, or another of http, admin.$`,
      ),
    );
    await app.line(/^app: listening/);
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("app");
  });

  test("what to write in a service unit", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(passed, `serve("app").listen(${port}, "127.0.0.1")`, {
      env: STARTED_BY_SYSTEMD,
    });
    expect(await app.line(/^Write /)).toBe(
      `Write Environment=SOCKACT_MAP=${port}=http, or another of http, admin, in [Service] of the service unit.`,
    );
  });

  test("one map for two servers", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4", local: "unix" });
    const [one, two] = [portIn(await freeAddress("tcp4")), portIn(await freeAddress("tcp4"))];
    await using app = runApp(
      passed,
      `serve("one").listen(${one}, "127.0.0.1", () => serve("two").listen(${two}, "127.0.0.1"))`,
      { map: "/run/app.sock=local", env: STARTED_BY_SYSTEMD },
    );
    const line = await app.line(/SOCKACT_WARN_UNMATCHED/);
    expect(line).toContain(`The server on 127.0.0.1:${one} has got no socket`);
    expect(line).toContain(`The server on 127.0.0.1:${two} has got no socket`);
    await app.line(
      new RegExp(
        `^Write Environment=SOCKACT_MAP=/run/app.sock=local,${one}=http,${two}=admin in \\[Service\\]`,
      ),
    );
    expect(app.stderr.match(/SOCKACT_WARN_UNMATCHED/g)).toHaveLength(1);
  });

  test("the whole map again for a server that listens later", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const [one, two] = [portIn(await freeAddress("tcp4")), portIn(await freeAddress("tcp4"))];
    await using app = runApp(
      passed,
      `serve("one").listen(${one}, "127.0.0.1");
      process.once("warning", () => serve("two").listen(${two}, "127.0.0.1"))`,
    );
    await app.line(new RegExp(`SOCKACT_MAP=${one}=http, or another`));
    expect(await app.line(new RegExp(`SOCKACT_MAP=${one}=http,[0-9]`))).toContain(`,${two}=admin`);
  });

  test("a server without a socket before an app ends that handles the error", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    await using app = runApp(
      passed,
      `serve("app").on("error", () => process.exit(3)).listen(4000, "192.0.2.1")`,
    );
    expect(await app.ended).toBe(3);
    expect(app.stderr).toContain("The server on 192.0.2.1:4000 has got no socket");
  });

  test("that two sockets without names need names", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      { fds: passed.fds },
      `serve("app").listen(${port}, "127.0.0.1"); serve("admin").listen(${portIn(passed.addresses["admin"])})`,
    );
    expect(await app.line(/SOCKACT_WARN_UNMATCHED/)).toContain("Passed: a socket without a name (fd 3");
    await app.line(/^Give each socket a name, with --name of sockact run/);
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("app");
    expect(await answerOf(passed.addresses["admin"])).toBe("admin");
  });

  test("which entry of SOCKACT_MAP is wrong, before an error ends the process", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(passed.addresses["http"]);
    await using app = runApp(passed, `http.createServer((q, r) => r.end()).listen(${port}, "127.0.0.1")`, {
      map: `localhost:${port}=http`,
    });
    expect(await app.ended).toBe(1);
    expect(app.stderr).toContain(
      `SOCKACT_MAP has the entry localhost:${port}=http, but no server listens there.`,
    );
    expect(app.stderr).toContain(`SOCKACT_MAP=${port}=http.`);
    expect(app.stderr).toContain("code: 'EADDRINUSE'");
  });

  test("a map that distinguishes the hosts of two servers", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("first").listen(${port}, "127.0.0.1").on("listening", () => serve("second").listen(${port}, "::1"))`,
    );
    await app.line(new RegExp(`SOCKACT_MAP=\\[::1\\]:${port}=http`));
    await app.line(/^second: listening/);
    expect(await answerOf(`[::1]:${port}`)).toBe("second");
  });

  test("a server without a socket if it cannot listen by itself", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    await using app = runApp(passed, `serve("app").listen(4000, "192.0.2.1")`);
    await app.line(/^app: error EADDRNOTAVAIL/);
    expect(await app.ended).toBe(0);
    expect(app.stderr).toContain("The server on 192.0.2.1:4000 has got no socket");
  });

  test("a server without a socket before an unhandled error ends the process", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    await using app = runApp(passed, `http.createServer((q, r) => r.end()).listen(4000, "192.0.2.1")`);
    expect(await app.ended).toBe(1);
    expect(app.stderr).toContain("The server on 192.0.2.1:4000 has got no socket");
    expect(app.stderr).toContain("code: 'EADDRNOTAVAIL'");
  });

  // The message comes after ten seconds.
  test("that nothing has taken a socket for a while", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(passed, `serve("app").listen(0, "127.0.0.1")`);
    expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain(
      "listen() on 127.0.0.1:0 (which asks for any free port",
    );
  });

  test("nothing if all sockets have a server", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const { http, admin } = passed.addresses;
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("metrics").listen(${port}, "127.0.0.1");
      serve("http").listen(${portIn(http)});
      serve("admin").listen(${portIn(admin)})`,
    );
    await app.line(/sockact: ready/);
    await app.line(/^metrics: listening/);
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("metrics");
    expect(app.stderr).not.toContain("SOCKACT");
  });

  test("nothing of a server that has looked for a free port, and is closed", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    // The timer of the app ends after the one of the warning would.
    await using app = runApp(
      passed,
      `const probe = http.createServer(() => {}).listen(${port}, "127.0.0.1", () => probe.close(() => setTimeout(() => {
        serve("app").listen(${portIn(passed.addresses["http"])}, "127.0.0.1");
        serve("admin").listen(${portIn(passed.addresses["admin"])}, "127.0.0.1");
      }, 500)))`,
    );
    await app.line(/^app: listening/);
    await app.line(/^admin: listening/);
    expect(app.stderr).not.toContain("SOCKACT");
  });

  test("which of two servers got the only socket", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("first").listen(3000).on("listening", () => serve("second").listen(${port}, "127.0.0.1"))`,
    );
    const line = await app.line(/SOCKACT_WARN_SECOND_SERVER/);
    expect(line).toContain("The server on port 3000 has got http (fd 3");
    await app.line(
      new RegExp(`^If the second one is to have the socket: Start the app with .* SOCKACT_MAP=${port}=http`),
    );
    await app.line(/^second: listening/);
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("second");
  });

  test("which server got the only socket, before the server with the port of the socket ends the process with an error", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [port, metrics] = [portIn(passed.addresses["http"]), portIn(await freeAddress("tcp4"))];
    await using app = runApp(
      passed,
      `const listen = (name, port) => http.createServer((q, r) => r.end(name)).listen(port);
      listen("metrics", ${metrics}); listen("app", ${port});`,
    );
    expect(await app.ended).toBe(1);
    expect(app.stderr).toContain("EADDRINUSE");
    expect(app.stderr).toMatch(
      new RegExp(`The server on port ${metrics} has got http [^]*SOCKACT_MAP=${port}=http`),
    );
  });

  test("which servers have called listen(), if the process ends and no server has taken a socket", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    await using app = runApp(
      passed,
      `const probe = require("net").createServer().listen(4000, () => probe.close());
      const server = serve("app").listen(0, () => server.close());`,
    );
    expect(await app.ended).toBe(0);
    expect(app.stderr).toContain("Nothing in this process has claimed http (fd 3");
    expect(app.stderr).toContain("listen() on port 4000 (which does nothing with a connection");
    expect(app.stderr).toContain("listen() on port 0 (which asks for any free port");
    expect(app.stderr).toContain("SOCKACT_MAP=0=http");
  });

  test("which socket has no server, if another has one", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    await using app = runApp(passed, `serve("app").listen(3000)`, { map: "3000=http" });
    expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain(`Nothing in this process serves admin (fd 4`);
    await app.line(/SOCKACT_MAP=3000=http,PORT=admin/);
  });

  test("which entry of SOCKACT_MAP no server uses, and which server got no socket", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("http").listen(${port}, "127.0.0.1"); serve("admin").listen(3001)`,
      { map: "8080=http,3001=admin", env: STARTED_BY_SYSTEMD },
    );
    expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain("Nothing in this process serves http (fd 3");
    const hint = await app.line(/^A server listens by itself/);
    expect(hint).toContain(
      `on 127.0.0.1:${port}. SOCKACT_MAP has the entry 8080=http, but no server listens there.`,
    );
    expect(hint).toContain(`Environment=SOCKACT_MAP=3001=admin,${port}=http in [Service]`);
  });

  test("which of two servers got the socket that SOCKACT_MAP names for both", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("first").listen(3000); serve("second").listen(${port}, "127.0.0.1")`,
      { map: `3000=http,${port}=http` },
    );
    expect(await app.line(/SOCKACT_WARN_SECOND_SERVER/)).toContain(
      `The server on 127.0.0.1:${port} listens by itself, although SOCKACT_MAP names the same socket for it`,
    );
    await app.line(new RegExp(`SOCKACT_MAP=3000=http,${port}=admin`));
  });

  test("that no server has called listen(), if the process ends", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(passed, "");
    expect(await app.ended).toBe(0);
    expect(app.stderr).toContain("No server has called listen() in the main thread");
  });

  test("nothing if the app has used its socket by the number, and has closed it", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `const server = serve("app").listen({ fd: 3 });
      server.on("request", () => { server.close(); server.closeAllConnections(); })`,
    );
    await app.line(/^app: listening/);
    await answerOf(passed.addresses["http"]);
    expect(await app.ended).toBe(0);
    expect(app.stderr).toBe("");
  });

  test.each([
    ["3000", "SOCKACT_ERR_OPTION"],
    ["3000=http,", "SOCKACT_ERR_OPTION"],
    ["99999=http", "SOCKACT_ERR_OPTION"],
    ["app.sock=http", "SOCKACT_ERR_OPTION"],
    ["3000=web", "SOCKACT_ERR_NAME_UNKNOWN"],
  ])("what is wrong with SOCKACT_MAP=%s before the app runs", async (map, code) => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(passed, `say("app", "runs")`, { map });
    expect(await app.ended).toBe(1);
    expect(app.stderr).toMatch(new RegExp(`^sockact: fatal: ${code}: .*\\n$`));
    expect(app.stdout).toBe("");
  });
});
