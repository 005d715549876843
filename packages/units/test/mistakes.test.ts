import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, UnitError, type AppDescription } from "../src/index.ts";

const app = `
require("node:http").createServer((request, response) => {
  if (request.url !== "/") require("node:fs").writeFileSync(request.url, "");
  response.end("here");
}).listen({ fd: 3 });`;

/** Connects to a unix socket as a client that is not root, and prints the result. */
const client = `
process.setgroups([]); process.setgid("daemon"); process.setuid("daemon");
require("node:net").connect(process.argv[1], function () { console.log("connected"); this.destroy(); })
  .on("error", ({ code }) => console.log(code));`;

/** Why a description is refused: the same units, written by hand, are tried on a real systemd. */
describeWith({ privateSystemd: true }, "what emitUnits refuses", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
    await systemd.write("/srv/shop/server.js", app);
  });
  afterAll(() => systemd?.close());

  /** Writes the units, with other lines of the service in the end. */
  async function install(
    description: Partial<AppDescription> & { name: string },
    change: (service: string) => string = (service) => service,
  ): Promise<void> {
    const units = emitUnits({
      exec: [systemd.node, "/srv/shop/server.js"],
      sockets: [{ listen: `/run/${description.name}.sock` }],
      ...description,
    });
    const service = `${description.name}.service`;
    await systemd.installUnits({ ...units, [service]: change(units[service]!) }, { verify: false });
    await systemd.start(`${description.name}.socket`);
  }

  const managerSays = async (unit: string) => (await systemd.journal(unit, "manager")).join("\n");
  const connect = (path: string) => systemd.mustRun([systemd.node, "-e", client, path]);
  const request = (socketPath: string, path = "/") =>
    systemd.request({ url: `http://localhost${path}`, socketPath, timeout: 50_000 });

  it("a socket in the runtime directory of a user that exists only while the service runs is closed to clients", async () => {
    const listen = "/run/moved/http.sock";
    const description = { name: "moved", runtimeDirectory: "moved", sockets: [{ listen }] };
    await install({ ...description, user: "daemon" }, (service) =>
      service.replace("User=daemon", "DynamicUser=yes"),
    );
    expect(await connect(listen)).toContain("connected");
    // While the service starts, systemd puts a link in place of the folder, and the path is missing for a
    // moment.
    await systemd.waitForUnit("moved.service", "ActiveState", "active", 50_000);
    expect(await connect(listen)).toContain("EACCES");
    expect(() => emitUnits({ ...description, exec: ["/bin/sh"] })).toThrow(/only root may enter/);
  });

  it("a socket in the runtime directory of a user with a name stays open", async () => {
    const listen = "/run/stays/http.sock";
    await install({ name: "stays", user: "daemon", runtimeDirectory: "stays", sockets: [{ listen }] });
    await request(listen);
    expect(await connect(listen)).toContain("connected");
  });

  it("a service can write to a folder of another user with only its group", async () => {
    await systemd.mustRun(["install", "-d", "-o", "root", "-g", "daemon", "-m", "2770", "/srv/shop/uploads"]);
    const readWritePaths = ["/srv/shop/uploads"];
    await install({ name: "grouped", readWritePaths, supplementaryGroups: ["daemon"] });
    expect((await request("/run/grouped.sock", "/srv/shop/uploads/a")).body).toBe("here");
    await install(
      { name: "alone", readWritePaths, supplementaryGroups: ["daemon"], restart: "no" },
      (service) => service.replace("SupplementaryGroups=daemon\n", ""),
    );
    await request("/run/alone.sock", "/srv/shop/uploads/b").catch(() => undefined);
    expect(await systemd.waitForJournal("alone.service", /EACCES/)).toContain("permission denied");
  });

  it("a raw line that takes the program away keeps it from starting", async () => {
    for (const line of ["TemporaryFileSystem=/srv", "InaccessiblePaths=/srv/shop", "NoExecPaths=/"]) {
      const name = line.replace(/=.*/, "").toLowerCase();
      await install({ name, restart: "no" }, (service) => service.replace("[Service]", `[Service]\n${line}`));
      const { code } = await systemd.run(["systemctl", "start", `${name}.service`]);
      expect(code).toBe(1);
      expect(await systemd.show(`${name}.service`, "Result")).toBe("exit-code");
    }
  });

  it("a folder that is hidden and given back is there", async () => {
    const raw = { Service: { TemporaryFileSystem: "/srv", BindReadOnlyPaths: "/srv/shop" } };
    await install({ name: "back", raw });
    expect((await request("/run/back.sock")).body).toBe("here");
  });

  it("a socket that was renamed keeps the port from the new one until it is disabled", async () => {
    await install({ name: "renamed", sockets: [{ listen: "127.0.0.1:8095" }] });
    const sockets = [
      { name: "http", listen: "127.0.0.1:8095" },
      { name: "https", listen: "127.0.0.1:8096" },
    ];
    await systemd.installUnits(
      emitUnits({ name: "renamed", exec: [systemd.node, "/srv/shop/server.js"], sockets }),
      { verify: false },
    );
    await systemd.run(["systemctl", "start", "renamed-http.socket"]);
    expect(await systemd.show("renamed-http.socket", "ActiveState")).toBe("failed");
    await expect.poll(() => managerSays("renamed-http.socket")).toContain("Failed to listen on sockets");
    await systemd.mustRun(["systemctl", "disable", "--now", "renamed.socket"]);
    await systemd.mustRun(["systemctl", "start", "renamed-http.socket"]);
  });

  it("the journal names an account and a folder that do not exist", async () => {
    await install({ name: "nobodys", user: "absent", restart: "no" });
    await systemd.run(["systemctl", "start", "nobodys.service"]);
    await expect.poll(() => managerSays("nobodys.service")).toContain("status=217/USER");
    await install({ name: "folderless", user: "daemon", readWritePaths: ["/srv/absent"], restart: "no" });
    await systemd.run(["systemctl", "start", "folderless.service"]);
    await expect.poll(() => managerSays("folderless.service")).toContain("NAMESPACE");
  });

  /** Each line that raw refuses, put into the unit by hand. */
  describeWith({ systemd: 254 }, "in raw", () => {
    const tells = `
const { readlinkSync } = require("node:fs");
const { createServer } = require("node:http");
const tell = (_, response) => response.end(JSON.stringify({ LISTEN_FDS: process.env.LISTEN_FDS, network: readlinkSync("/proc/self/ns/net") }));
createServer(tell).listen({ fd: process.env.FD === undefined ? 3 : Number(process.env.FD) });`;

    /** Installs a service with one more line in a section, and starts its socket. */
    async function installWith(
      name: string,
      section: "Unit" | "Service",
      line: string,
      more: Partial<AppDescription> = {},
    ): Promise<string> {
      const description: AppDescription = {
        name,
        exec: [systemd.node, "--eval", tells],
        hardening: "none",
        sockets: [{ listen: `/run/${name}.sock` }],
        ...more,
      };
      const [key, value] = line.split("=") as [string, string];
      expect(() => emitUnits({ ...description, raw: { [section]: { [key]: value } } })).toThrow(UnitError);
      const units = emitUnits(description);
      const service = `${name}.service`;
      await systemd.installUnits({
        ...units,
        [service]: units[service]!.replace(`[${section}]\n`, (header) => `${header}${line}\n`),
      });
      await systemd.start(`${name}.socket`);
      return service;
    }

    const askRaw = async (name: string) =>
      JSON.parse((await request(`/run/${name}.sock`)).body) as {
        LISTEN_FDS?: string;
        network: string;
      };

    it("UnsetEnvironment=LISTEN_FDS leaves the program without its sockets", async () => {
      await installWith("unset", "Service", "UnsetEnvironment=LISTEN_FDS");
      expect(await askRaw("unset")).not.toHaveProperty("LISTEN_FDS");
    });

    it("StandardInput=socket passes the socket, and does not announce it", async () => {
      await installWith("stdin", "Service", "StandardInput=socket", { environment: { FD: "0" } });
      expect(await askRaw("stdin")).not.toHaveProperty("LISTEN_FDS");
    });

    it("NetworkNamespacePath= wins over PrivateNetwork=yes", async () => {
      await installWith("network", "Service", "NetworkNamespacePath=/proc/1/ns/net", {
        hardening: { profile: "none", privateNetwork: true },
      });
      const { network } = await askRaw("network");
      expect(network).toBe((await systemd.mustRun(["readlink", "/proc/1/ns/net"])).trim());
    });

    it("StopWhenUnneeded=yes stops the service that has just started", async () => {
      const service = await installWith("unneeded", "Unit", "StopWhenUnneeded=yes");
      await systemd.start(service);
      await systemd.waitForUnit(service, "ActiveState", "inactive");
      expect(await systemd.show(service, "Result")).toBe("success");
    });

    it("RemainAfterExit=yes keeps a service active that has ended: the next connection does not start it", async () => {
      const service = await installWith("remains", "Service", "RemainAfterExit=yes", {
        exec: ["/bin/sh", "-c", "exit 0"],
      });
      await systemd.start(service);
      await systemd.waitForUnit(service, "SubState", "exited");
      expect(await systemd.show(service, "ActiveState")).toBe("active");
    });

    it("RestartForceExitStatus=0 starts a service again that has ended well", async () => {
      const service = await installWith("again", "Service", "RestartForceExitStatus=0", {
        exec: ["/bin/sh", "-c", "exit 0"],
        restartSec: "100ms",
      });
      await systemd.start(service);
      await systemd.waitUntil(
        async () => Number(await systemd.show(service, "NRestarts")) > 1,
        "it has been started again",
      );
      expect(await systemd.show(service, "ExecMainStatus")).toBe("0");
    });
  });
});
