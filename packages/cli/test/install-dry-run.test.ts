import process from "node:process";
import { expect, it } from "vitest";
import { appThatServicesSee, folderWith } from "./app-folder.ts";
import { sockactIn } from "./outcome.ts";

it.each([[[]], [["--user"]]])(
  "sockact install --dry-run %j needs no systemd, as in a container, and says what it has not checked",
  (options) => {
    const folder = appThatServicesSee({
      "package.json": { name: "shop" },
      "server.js": `require("node:http").createServer().listen(3000);\n`,
    });
    // Nothing but what looks up users.
    const path = folderWith({ getent: { link: "/usr/bin/getent" } });
    const args = ["install", "server.js", "--dry-run", ...options];
    const { status, stdout, stderr } = sockactIn(folder, args, { PATH: path });
    expect(stderr.replaceAll(/\s+/g, " ")).toContain("systemd does not run here. Not checked: ");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^# \/.*\/shop\.socket\n/) as string,
    });
    // What it would do, it can't.
    const mayInstall = options.length > 0 || process.getuid?.() === 0;
    expect(sockactIn(folder, [...args.slice(0, 2), ...options, "--yes"], { PATH: path })).toMatchObject({
      status: mayInstall ? 1 : 2,
      stderr: expect.stringContaining(
        mayInstall ? "Run it on a machine with systemd." : "SOCKACT_ERR_INSTALL_ROOT",
      ) as string,
    });
  },
);

it("sockact install --dry-run shows where the app may write, how versions replace each other, its limits, and the names of its credentials", () => {
  const install = (more: object): string => {
    const folder = appThatServicesSee({
      "server.js": `require("node:http").createServer().listen(3000);\n`,
      "sockact.config.json": {
        name: "shop",
        exec: [process.execPath, "./server.js"],
        sockets: [{ listen: 80 }],
        ...more,
      },
    });
    const { stderr } = sockactIn(folder, ["install", "--dry-run"]);
    return stderr.slice(stderr.indexOf("  sandbox"), stderr.indexOf("\n\n")).replaceAll(/\n {14}/g, " ");
  };
  expect(install({})).toBe(
    "  sandbox     outbound: reads what every user may read, writes only to /var/lib/shop",
  );
  expect(install({ hardening: "inbound" })).toBe(
    "  sandbox     inbound: only answers, opens no connection, writes no file",
  );
  expect(install({ rolling: true })).toContain(
    "\n  updates     rolling: the new version answers before the old one stops",
  );
  expect(install({ preload: "./server.js", handover: true })).toContain(
    "\n  updates     handover: a reload starts the new version while the old one answers",
  );
  const description = {
    user: "daemon",
    cacheDirectory: "shop",
    readWritePaths: ["/srv/shop/uploads", "/srv/100% mine"],
    memoryMax: "300M",
    cpuQuota: "50%",
    tasksMax: 64,
    credentials: { "db.password": "/etc/shop/db.password", token: "/etc/shop/token" },
  };
  expect(install(description)).toBe(
    [
      "  sandbox     outbound: reads what every user may read, writes only to /var/lib/shop, /var/cache/shop, /srv/shop/uploads, /srv/100% mine",
      "  limits      MemoryMax=300M, CPUQuota=50%, TasksMax=64",
      "  credentials db.password, token",
    ].join("\n"),
  );
});
