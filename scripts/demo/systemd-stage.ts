import { fileURLToPath } from "node:url";
import { emitUnits } from "@sockact/units";
import { bootPrivateSystemd } from "../../packages/testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../packages/testing/src/private-systemd.ts";
import { Clients } from "./clients.ts";
import { appFile, cert, clientsProgram, type Framework, key, type Stage, type StagedApp } from "./stage.ts";

const idleTimeout = 300;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Boots a private systemd, and runs the apps in it on ports 80 and 443. */
export async function systemdStage(): Promise<Stage> {
  const start = performance.now();
  const systemd = await bootPrivateSystemd();
  const version = Number(/^systemd (\d+)/.exec(await systemd.systemctl("--version"))?.[1]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  // systemd reads the key as root, and passes a copy to the user of the app.
  await systemd.write("/etc/demo/key.pem", key, 0o600);
  await systemd.write("/etc/demo/cert.pem", cert);
  const program = systemd.spawn([systemd.node, asSeenInside(systemd, clientsProgram), cert], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return {
    title: `on systemd ${version}, booted in ${seconds} s for this demo`,
    clients: new Clients(program),
    listen: (framework) => listen(systemd, version, framework),
    close: () => systemd.close(),
  };
}

async function listen(systemd: PrivateSystemd, version: number, framework: Framework): Promise<StagedApp> {
  const name = framework.toLowerCase();
  const service = `${name}.service`;
  const sockets = [`${name}-http.socket`, `${name}-https.socket`];
  await systemd.installUnits(
    emitUnits({
      name,
      exec: [systemd.node, asSeenInside(systemd, appFile(framework))],
      sockets: [
        { name: "http", listen: 80 },
        { name: "https", listen: 443 },
      ],
      type: "notify",
      // An older systemd does not open the socket for notifications, so systemd-notify(1) sends them.
      ...(version < 253 && { openFile: false, notifyAccess: "all" }),
      credentials: { "key.pem": "/etc/demo/key.pem", "cert.pem": "/etc/demo/cert.pem" },
      hardening: "inbound",
      idleTimeout: `${idleTimeout}ms`,
    }),
    // Tests already verify such units, and verification takes time.
    { verify: false },
  );
  await systemd.start(...sockets);
  return {
    framework,
    http: "http://localhost",
    https: "https://localhost",
    listening: async () => {
      const states = await Promise.all(sockets.map((socket) => systemd.show(socket, "SubState")));
      return `systemd ${states.every((state) => state === "listening") ? "listens" : states.join()} on ports 80 and 443`;
    },
    restartReason: `systemctl restart ${service}`,
    restart: () => systemd.restart(service),
    idleTimeout,
    untilAsleep: () => systemd.waitForUnit(service, "ActiveState", "inactive"),
    score: async () => {
      const report = await systemd.mustRun(["systemd-analyze", "security", "--no-pager", service]);
      return /Overall exposure level for [\w.]+: ([\d.]+ \w+)/.exec(report)?.[1];
    },
    log: () => systemd.journal(service),
    // The next app uses the same ports.
    [Symbol.asyncDispose]: () => systemd.stop(...sockets, service),
  };
}

/**
 * The path of a file as services of the private systemd see it. It differs, because they can't see /home or
 * /root.
 */
function asSeenInside(systemd: PrivateSystemd, file: string): string {
  return `${systemd.project}/${file.slice(root.length)}`;
}
