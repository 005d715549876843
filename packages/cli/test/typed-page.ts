// What the tests of pages have in common whose commands are typed one after the other.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  bootPrivateSystemd,
  npmProgram,
  PackedPackages,
  type PrivateSystemd,
  typeCommands,
} from "@sockact/testkit";
import { afterAll, beforeAll, expect } from "vitest";

/** Boots a systemd on which a reader types the commands of a page of docs/. The app is in /srv/shop. */
export function useTypedPage(file: string) {
  const page = readFileSync(fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url)), "utf8");
  const cache = "/root/.npm/_npx/1";
  const folder = "/srv/shop";
  let systemd: PrivateSystemd;
  let packed: PackedPackages;

  beforeAll(async () => {
    [systemd, packed] = await Promise.all([bootPrivateSystemd(), PackedPackages.packForRun()]);
    // The private systemd has neither sudo nor a registry. The programs in /usr/local/bin stand in for them.
    const mounts = [
      "for path in /srv /root /usr/local/bin; do mount -t tmpfs -o mode=755 tmpfs $path; done; chmod 700 /root",
      `touch /usr/local/bin/node; mount --bind ${systemd.node} /usr/local/bin/node`,
    ];
    await systemd.mustRun(["sh", "-ec", mounts.join("\n")]);
    const programs = {
      sudo: 'exec "$@"',
      npx: `shift; exec node ${cache}/node_modules/sockact/bin/sockact.cjs "$@"`,
      sockact: `exec node ${cache}/node_modules/sockact/bin/sockact.cjs "$@"`,
      npm: `[ "$1" = install ] || exec node ${npmProgram("npm")} "$@"`,
    };
    for (const [name, script] of Object.entries(programs))
      await systemd.write(`/usr/local/bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
    await systemd.mustRun(["mkdir", "-p", cache]);
    packed.install(systemd.hostPath(cache), ["sockact"]);
  }, 60_000);
  afterAll(() => systemd?.close());

  return {
    get systemd(): PrivateSystemd {
      return systemd;
    },
    folder,

    /** The fenced blocks of a language below a heading that begins with these words, up to the next heading. */
    blocks(heading: string, language: string): string[] {
      const section = page.split(/^## /m).find((text) => text.startsWith(heading));
      if (section === undefined) throw new Error(`docs/${file} has no heading that begins with ${heading}.`);
      return [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
        .filter(([, each]) => each === language)
        .map(([, , code]) => code as string);
    },

    /** Puts packages into the folder of the app, as `npm install` does. */
    installPackages(names: readonly string[]): void {
      packed.install(systemd.hostPath(folder), names);
    },

    /** Types commands, and returns what the terminal shows. */
    async type(commands: string, cwd = folder): Promise<string> {
      const env = {
        HOME: "/root",
        PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        npm_command: "exec",
        SUDO_UID: "0",
      };
      const typed = typeCommands((command, options) => systemd.spawn(command, options), commands, {
        cwd,
        env,
      });
      const code = await typed.ended;
      expect({ code, shown: typed.shown }).toEqual({ code: 0, shown: typed.shown });
      return typed.shown;
    },
  };
}
