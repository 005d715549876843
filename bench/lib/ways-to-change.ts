import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AppUnderLoad } from "../../packages/testing/src/app-under-load.ts";
import { fileOf, installPeers, versionsOf } from "./peers.ts";
import { roll } from "../../packages/testkit/src/roll.ts";
import { Pm2, PM2_VERSION } from "./pm2.ts";

/** One way to change the version of an app. */
export interface Way {
  name: string;
  /** The name of the way for comparison. */
  against: string;
  start(): Promise<RunningApp>;
}

interface RunningApp {
  /** Replaces the running process once. Resolves when the command for it has ended. */
  change(): Promise<unknown>;
  stop(): Promise<unknown>;
}

const program = fileURLToPath(new URL("../apps/change.mjs", import.meta.url));

/** The values of pm2's page "Graceful Shutdown/Start". */
const graceful = { wait_ready: true, listen_timeout: 10_000, kill_timeout: 3000 };

/** How long a run without a change waits instead, in milliseconds. */
const PAUSE = 2000;

export const HANDOVER = "sockact, handover";
const NO_CHANGE = "sockact, no change";

/**
 * The ways that the bench `change` compares. Ours are compared with no change, and the others with a
 * handover.
 */
export function waysToChange(app: AppUnderLoad): Way[] {
  const { systemd } = app;
  const stop = (): Promise<void> => systemd.stop("app.socket");
  const restart = (): Promise<void> => systemd.restart("app.service");

  const sockact = (
    name: string,
    change: () => Promise<unknown>,
    description: Parameters<AppUnderLoad["install"]>[1] = {},
  ): Way => ({
    name,
    against: NO_CHANGE,
    async start() {
      await app.install(program, { ...description, environment: { APP: "sockact" } });
      return { change, stop };
    },
  });

  const pm2 = (name: string, APP: string, settings: Record<string, unknown>): Way => ({
    name: `pm2 ${PM2_VERSION} reload, ${name}`,
    against: HANDOVER,
    async start() {
      const daemon = await Pm2.start(systemd, {
        name: "app",
        script: systemd.inside(program),
        exec_mode: "cluster",
        instances: 2,
        env: { APP, NODE_ENV: "production" },
        ...settings,
      });
      return { change: () => daemon.run("reload", "app"), stop: () => daemon.run("kill") };
    },
  });

  /** Resolves when systemd has started the service again. */
  async function kill(): Promise<void> {
    const killed = await app.pid();
    await systemd.systemctl("kill", "--signal=KILL", "--kill-whom=main", "app.service");
    const isStarted = async (): Promise<boolean> => ![0, killed].includes(await app.pid());
    await systemd.waitUntil(isStarted, "systemd has started the service again");
    await systemd.waitForUnit("app.service", "ActiveState", "active");
  }

  return [
    sockact(NO_CHANGE, () => delay(PAUSE)),
    sockact(HANDOVER, () => systemd.systemctl("reload", "app.service"), { handover: true }),
    sockact("sockact, rolling restart", () => roll(app.systemd), { rolling: true }),
    sockact("sockact, restart", restart),
    sockact("sockact, kill -9", kill),
    {
      name: "listen({ fd: 3 }), restart",
      against: HANDOVER,
      async start() {
        await app.install(program, { type: "exec", environment: { APP: "fd" } });
        return { change: restart, stop };
      },
    },
    {
      name: `SvelteKit, adapter-node ${versionsOf("sveltekit")["@sveltejs/adapter-node"]}, restart`,
      against: HANDOVER,
      async start() {
        await installPeers("sveltekit");
        const environment = { WORK: "yes", NODE_ENV: "production" };
        await app.install(fileOf("sveltekit", "change.mjs"), { type: "exec", environment });
        return { change: restart, stop };
      },
    },
    {
      name: "listen(80), restart",
      against: HANDOVER,
      async start() {
        await systemd.systemctl("stop", "app.*", "app@*");
        const service = [
          "[Service]",
          `ExecStart=${systemd.node} ${systemd.inside(program)}`,
          "Restart=always",
        ];
        await systemd.installUnits({ "app.service": `${service.join("\n")}\n` });
        await systemd.start("app.service");
        return { change: restart, stop: () => systemd.stop("app.service") };
      },
    },
    pm2("default settings", "plain", {}),
    pm2("as its docs show", "graceful", graceful),
    pm2("with Connection: close", "closing", graceful),
  ];
}
