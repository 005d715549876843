import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

/**
 * An app as its author runs it: in its own folder, with relative paths. It answers each request with what it
 * sees, and tries to write a file.
 */
const app = `
const { readFileSync, writeFileSync } = require("node:fs");
const { env } = process;
require("node:http").createServer((request, response) => {
  if (request.url !== "/") writeFileSync(new URL(request.url, "file://").pathname, "");
  response.end(JSON.stringify({ page: readFileSync("public/index.html", "utf8"), env }));
}).listen(env.PORT ? { port: env.PORT, host: env.HOSTNAME ?? "0.0.0.0" } : { fd: 3 });`;

/**
 * It makes a listener of each descriptor that it is passed, as servers in Python do, and notifies by its own
 * socket.
 */
const python = `
import os, socket
listeners = [socket.socket(fileno=fd) for fd in range(3, 3 + int(os.environ["LISTEN_FDS"]))]
for listener in listeners:
    listener.setblocking(True)  # NonBlocking= of the unit has cleared it, and Python does not look
    listener.listen()
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service_manager:
    service_manager.connect(os.environ["NOTIFY_SOCKET"])
    service_manager.send(b"READY=1")
while True:
    connection, _ = listeners[0].accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\npython")
    connection.close()
`;

interface Answer {
  page: string;
  env: Record<string, string>;
}

describeWith({ privateSystemd: true, systemd: 253, commands: ["ss"] }, "an app in its own folder", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"]);
    await systemd.write("/srv/shop/dist/main.js", app);
    await systemd.write("/srv/shop/public/index.html", "hello");
    await systemd.write("/srv/shop/app.py", python);
  });
  afterAll(() => systemd?.close());

  async function install(description: Partial<AppDescription> & { name: string }): Promise<void> {
    const units = emitUnits({
      exec: [systemd.node, "/srv/shop/dist/main.js"],
      sockets: [{ listen: `/run/${description.name}.sock` }],
      ...description,
    });
    await systemd.installUnits(units, { verify: false });
    if (description.bind !== "capability") await systemd.start(`${description.name}.socket`);
  }

  const request = (name: string, path = "/") =>
    systemd.request({ url: `http://localhost${path}`, socketPath: `/run/${name}.sock` });

  async function ask(name: string): Promise<Answer> {
    return JSON.parse((await request(name)).body) as Answer;
  }

  it("finds its files by relative paths, and runs in production", async () => {
    await install({ name: "shop" });
    expect(await ask("shop")).toMatchObject({ page: "hello", env: { NODE_ENV: "production" } });
  });

  it("reads its secrets from a file that only root can read", async () => {
    await systemd.write("/etc/shop/env", "NODE_ENV=staging\nDATABASE_PASSWORD=secret\n", 0o600);
    await install({ name: "secret", environmentFile: "/etc/shop/env" });
    expect((await ask("secret")).env).toMatchObject({ NODE_ENV: "staging", DATABASE_PASSWORD: "secret" });
  });

  it("cannot write into it, and says so in the journal", async () => {
    await install({ name: "writes" });
    await request("writes", "/srv/shop/data.json").catch(() => undefined);
    const line = await systemd.waitForJournal("writes.service", /EROFS/);
    expect(line).toContain("Error: EROFS: read-only file system, open '/srv/shop/data.json'");
  });

  it("can write into its state folder, and into a folder that is opened and belongs to its user", async () => {
    await install({ name: "state", stateDirectory: "state" });
    expect((await request("state", "/var/lib/state/data.json")).status).toBe(200);
    await systemd.mustRun(["install", "-d", "-o", "daemon", "/srv/shop/data"]);
    await install({ name: "opened", user: "daemon", readWritePaths: ["/srv/shop/data"] });
    expect((await request("opened", "/srv/shop/data/data.json")).status).toBe(200);
  });

  it("cannot be read in a home by a user that exists only while the service runs", async () => {
    await systemd.mustRun(["install", "-d", "-m", "0700", "-o", "daemon", "/home/me"]);
    await systemd.mustRun(["cp", "-r", "/srv/shop", "/home/me/shop"]);
    const exec = [systemd.node, "/home/me/shop/dist/main.js"];
    expect(() => emitUnits({ name: "home", exec, sockets: [{ listen: 80 }] })).toThrow(/home directories/);
    await install({ name: "home", exec, hardening: { protectHome: "read-only" }, workingDirectory: false });
    const unanswered = request("home").catch(() => undefined);
    await systemd.waitForJournal("home.service", /Cannot find module|EACCES|permission denied/i);
    await systemd.stop("home.socket", "home.service");
    await unanswered;
    await install({ name: "owner", exec, user: "daemon" });
    expect((await ask("owner")).page).toBe("hello");
  });

  it("listens behind a proxy where HOSTNAME says, as Next.js does, and nowhere else", async () => {
    await install({ name: "proxied", bind: "proxy" });
    expect((await ask("proxied")).env).toMatchObject({ HOST: "127.0.0.1", HOSTNAME: "127.0.0.1" });
    const { stdout } = await systemd.run(["ss", "-Hltn", "sport = :3000"]);
    expect(stdout).toContain(" 127.0.0.1:3000 ");
    expect(stdout).not.toMatch(/0\.0\.0\.0:3000|\*:3000/);
    await systemd.stop("proxied.socket", "proxied.service");
  });

  describeWith({ commands: ["python3"] }, "in Python", () => {
    const exec = ["/usr/bin/python3", "/srv/shop/app.py"];

    it.each(["inbound", "outbound"] as const)(
      "tells when it is ready, in the sandbox %s",
      async (hardening) => {
        await install({ name: hardening, exec, type: "notify", hardening });
        expect((await request(hardening)).body).toBe("python");
        await systemd.waitForUnit(`${hardening}.service`, "ActiveState", "active");
        expect((await request(hardening)).body).toBe("python");
        expect(await systemd.show(`${hardening}.service`, "NRestarts")).toBe("0");
      },
    );

    it("takes a descriptor for notifications for a listener, and fails, if it asks for one", async () => {
      await install({ name: "asks", exec, type: "notify", openFile: true, restart: "no" });
      const unanswered = request("asks").catch(() => undefined);
      expect(await systemd.waitForJournal("asks.service", /Errno/)).toContain("Operation not supported");
      await systemd.stop("asks.socket", "asks.service");
      await unanswered;
    });
  });
});
