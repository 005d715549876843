import { mkdirSync, rmSync } from "node:fs";
import { bootPrivateSystemd, type PackedPackages } from "@sockact/testkit";
import { commandsBelow, sectionsOf } from "./readme.ts";
import { type } from "./type.ts";
import { copyExample, gatherPackages, writePrograms } from "./workplace.ts";

const checkout = "/root/examples";
/** A file that is older than all files of the examples. */
const booted = "/srv/.booted";
const gathered = "/srv/.gathered";

/** Boots a private systemd with the programs that a reader of the READMEs has. */
export async function installByReadme(packed: PackedPackages) {
  const systemd = await bootPrivateSystemd();
  const mounts = [
    "for path in /srv /root /usr/local/bin; do mount -t tmpfs -o mode=755 tmpfs $path; done; chmod 700 /root",
    `touch ${booted} /usr/local/bin/node; mount --bind ${systemd.node} /usr/local/bin/node`,
  ];
  await systemd.mustRun(["sh", "-ec", mounts.join("\n")]);

  /** Lists what an example could leave behind: files, active or failed units, and open ports. Leaves out systemd's own units, which systemd starts when it needs them. */
  async function traces(): Promise<string[]> {
    const commands = [
      `find /etc /run/systemd/system -newer ${booted} ! -type d`,
      "ls /srv",
      "systemctl list-units --all --plain --no-legend --type=service,socket,timer --state=active,failed | awk '!/^(systemd-|dbus)/ { print $1 }'",
      "ss -Hlntu | awk '{ print $1, $5 }'",
    ];
    return (await systemd.mustRun(["sh", "-ec", commands.join("\n")])).trim().split("\n");
  }

  /** The output of systemd-analyze verify for the installed units. */
  async function complaints(): Promise<string> {
    const verify = "find /etc/systemd/system -type f -exec systemd-analyze verify {} + 2>&1";
    return (await systemd.run(["sh", "-c", verify])).stdout;
  }

  /** Runs the commands of “Install it as a service” and “Look at it” in a terminal. */
  async function install(name: string, withNpm = false) {
    const path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
    const env = { PATH: path, HOME: "/root", npm_config_progress: "false" };
    const installed = `/srv/example-${name}`;
    const sections = sectionsOf(name);
    const shown: string[] = [];
    const spawn = systemd.spawn.bind(systemd);
    const before = () => shown.join("\n");
    const typeIn = async (cwd: string, commands: string): Promise<string> => {
      const answer = await type(commands, { spawn, cwd, env, before });
      shown.push(answer);
      return answer;
    };
    const typeAll = async (heading: string, cwd = installed): Promise<void> => {
      for (const block of commandsBelow(sections, heading)) await typeIn(cwd, block);
    };

    const folder = systemd.hostPath(gathered);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    gatherPackages(name, packed, folder);
    writePrograms(systemd.hostPath("/usr/local/bin"), gathered, withNpm);
    copyExample(name, systemd.hostPath(`${checkout}/${name}`));
    const tracesBefore = await traces();
    await typeAll("Install it as a service", `${checkout}/${name}`);
    await typeAll("Look at it");
    return {
      systemd,
      before: tracesBefore,
      get shown() {
        return before();
      },
      type: (commands: string) => typeIn(installed, commands),
      remove: () => typeAll("Remove it"),
    };
  }

  return { systemd, install, complaints, traces, close: () => systemd.close() };
}
