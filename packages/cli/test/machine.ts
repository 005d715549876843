// What the tests of the command `sockact install` have in common: a private systemd with apps, and sockact as
// npx installs it.
import { mkdirSync } from "node:fs";
import {
  bootPrivateSystemd,
  type CommandOptions,
  type CommandResult,
  PackedPackages,
  type PrivateSystemd,
} from "@sockact/testkit";
import { afterAll, beforeAll } from "vitest";

/** Like npx: in a cache of root, which no other user may read. */
export const installed = "/root/.npm/_npx/1";
export const cli = `${installed}/node_modules/sockact/bin/sockact.cjs`;

/** The code of an app. */
export const server = (body: string): string =>
  `require("node:http").createServer((request, response) => response.end(${body})).listen(3000);\n`;

/** Boots a systemd for the tests of this suite. */
export function useMachine() {
  let systemd: PrivateSystemd;
  let packed: PackedPackages;

  beforeAll(async () => {
    [systemd, packed] = await Promise.all([bootPrivateSystemd(), PackedPackages.packForRun()]);
    const mounts = ["/srv", "/home", "/root"].map((path) => `mount -t tmpfs -o mode=755 tmpfs ${path}`);
    await systemd.mustRun(["sh", "-ec", [...mounts, "chmod 700 /root"].join("\n")]);
    mkdirSync(systemd.hostPath(installed), { recursive: true });
    packed.install(systemd.hostPath(installed), ["sockact"]);
  });
  afterAll(() => systemd?.close());

  return {
    get systemd(): PrivateSystemd {
      return systemd;
    },
    get packed(): PackedPackages {
      return packed;
    },

    /** Calls sockact in a folder, as npx does. */
    async call(cwd: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
      return systemd.run([systemd.node, cli, ...args], {
        cwd,
        timeout: 60_000,
        ...options,
        env: { npm_command: "exec", SUDO_UID: "0", ...options.env },
      });
    },

    /**
     * What an installation may leave: all files of these folders, without systemd's own, and without the
     * folder of sockact.
     */
    async files(): Promise<string[]> {
      // The machine's own caches, such as Yarn's, may change meanwhile.
      const others = ["-path", "/usr/local/share/.cache", "-prune", "-o", "-print"];
      const folders = ["/etc/systemd", "/var/lib", "/usr/local", "/var/cache"];
      const found = await systemd.mustRun(["find", ...folders, ...others]);
      return found
        .trim()
        .split("\n")
        .filter((path) => !/^\/var\/(?:lib|cache)\/(?:systemd|private)(?:\/|$)/.test(path))
        .filter((path) => path !== "/var/lib/sockact")
        .toSorted();
    },

    async uninstall(name: string): Promise<void> {
      await systemd.mustRun([systemd.node, cli, "uninstall", name, "--yes", "--purge"]);
    },
  };
}
