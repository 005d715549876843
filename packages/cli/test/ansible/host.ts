// Runs the Ansible role of deploy/ansible inside a private systemd, where Ansible finds one host: the machine
// itself.
import {
  bootPrivateSystemd,
  type CommandOptions,
  type CommandResult,
  Load,
  type PrivateSystemd,
} from "@sockact/testkit";
import { expect } from "vitest";
import { sockactInside } from "../run.ts";

/** A release of an app that answers with its version. */
export interface Release {
  version: string;
  /** Fields of its config. */
  config?: object;
  /** Whether it ends before it listens. */
  crash?: boolean;
  /** Whether it answers each request with 500. */
  unhealthy?: boolean;
  /** Whether its `healthCheck` fails. */
  sick?: boolean;
  /** Further files. */
  files?: Record<string, string>;
}

interface Recap {
  ok: number;
  changed: number;
  failed: number;
  rescued: number;
}

/** What a run of Ansible has printed, and the counts of its last lines. */
export interface PlaybookResult extends CommandResult {
  recap: Recap;
}

const PLAYBOOK = "deploy/ansible/deploy.yml";

/**
 * Writes a release, with sockact in its packages, to a folder of the controller. Resolves to the path of the
 * folder.
 */
export async function writeRelease(
  systemd: PrivateSystemd,
  { version, config, crash = false, unhealthy = false, sick = false, files = {} }: Release,
): Promise<string> {
  const folder = `/tmp/builds/${version}`;
  const core = `${systemd.project}/packages/core/dist/index.js`;
  const server = `import { createServer } from "node:http";
import process from "node:process";
import { listen } from ${JSON.stringify(core)};
if (${crash}) throw new Error("no database");
const server = createServer((request, response) => {
  response.writeHead(${unhealthy} ? 500 : 200, { "x-pid": process.pid });
  response.end(JSON.stringify({ version: ${JSON.stringify(version)}, pid: process.pid, setting: process.env.SETTING }));
});
await listen(server, { port: 3000, healthCheck: () => ${!sick} });
`;
  const description = {
    name: "shop",
    exec: [systemd.node, "./server.mjs"],
    sockets: [{ listen: 80 }],
    ...config,
  };
  const written = {
    "server.mjs": server,
    "sockact.config.mjs": `export default ${JSON.stringify(description, null, 2)};\n`,
    ...files,
  };
  for (const [file, text] of Object.entries(written)) await systemd.write(`${folder}/${file}`, text);
  const command = `#!/bin/sh\nexec ${sockactInside(systemd).join(" ")} "$@"\n`;
  await systemd.write(`${folder}/node_modules/.bin/sockact`, command, 0o755);
  return folder;
}

/** The command that deploys a version, with further variables of the role. */
export function playbook(
  systemd: PrivateSystemd,
  version: string,
  variables: object = {},
  args: readonly string[] = [],
): string[] {
  const all = {
    ansible_connection: "local",
    ansible_become: false,
    ansible_python_interpreter: "/usr/bin/python3",
    sockact_app_name: "shop",
    sockact_app_version: version,
    sockact_app_source: `/tmp/builds/${version}`,
    ...variables,
  };
  const extra = ["--extra-vars", JSON.stringify(all)];
  return ["ansible-playbook", "--inventory", "host1,", ...extra, ...args, `${systemd.project}/${PLAYBOOK}`];
}

/**
 * Variables of Ansible for a short output, few processes, and files in the folders of the private systemd.
 */
export const environment = {
  ANSIBLE_NOCOLOR: "1",
  ANSIBLE_DISPLAY_SKIPPED_HOSTS: "0",
  ANSIBLE_PIPELINING: "1",
  ANSIBLE_REMOTE_TMP: "/tmp/.ansible/tmp",
  LC_ALL: "C.UTF-8",
};

/** Boots a private systemd whose `/srv` can be written to. */
export async function bootHost(): Promise<PrivateSystemd> {
  const systemd = await bootPrivateSystemd();
  await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  return systemd;
}

/** Removes what the role and `sockact` have installed. */
async function emptyHost(systemd: PrivateSystemd): Promise<void> {
  const { stdout } = await systemd.run(["ls", "/srv"]);
  for (const name of stdout.split("\n").filter((each) => each !== ""))
    await systemd.run([...sockactInside(systemd), "uninstall", name, "--yes", "--purge"], {
      timeout: 60_000,
    });
  await systemd.mustRun(["sh", "-c", "rm -rf /srv/* /tmp/builds /var/lib/sockact"]);
}

/** An empty host on which a first version runs. */
export async function hostWith(systemd: PrivateSystemd, release: Release): Promise<void> {
  await emptyHost(systemd);
  await writeRelease(systemd, release);
  await deploy(systemd, release.version);
}

/** Deploys a version, whether that succeeds or not. */
export async function deploy(
  systemd: PrivateSystemd,
  version: string,
  variables: object = {},
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<PlaybookResult> {
  const command = playbook(systemd, version, variables, args);
  const result = await systemd.run(command, { timeout: 180_000, ...options, env: environment });
  const count = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(result.stdout)?.[1] ?? -1);
  return {
    ...result,
    recap: {
      ok: count("ok"),
      changed: count("changed"),
      failed: count("failed"),
      rescued: count("rescued"),
    },
  };
}

/** What a release answers. */
export async function ask(
  systemd: PrivateSystemd,
  port = 80,
): Promise<{ version: string; pid: number; setting?: string }> {
  const { body } = await systemd.request(`http://127.0.0.1:${port}/`);
  return JSON.parse(body) as { version: string; pid: number; setting?: string };
}

/** All that the role may change, as text. */
export function everything(systemd: PrivateSystemd): Promise<string> {
  const found =
    "find /srv /etc/systemd /var/lib/sockact -type d -printf '%p %m\\n' -o -printf '%p %l %T@ %m\\n'";
  const units = "systemctl show 'shop*' --property=Id,ActiveState,InvocationID,MainPID";
  return systemd.mustRun(["sh", "-c", `${found} 2>/dev/null | sort; ${units}`]);
}

/** Runs something while clients send requests, none of which may fail. */
export async function underLoad<Result>(
  systemd: PrivateSystemd,
  action: () => Promise<Result>,
  port = 80,
): Promise<Result> {
  const asked = { host: "127.0.0.1", port, requests: [{ method: "GET", path: "/" }], answer: "version" };
  const clients = { ...asked, clients: 8, think: 200, away: 0, seed: 1 };
  await using staying = await Load.start(systemd, "thinking", { ...clients, keepAlive: true });
  await using leaving = await Load.start(systemd, "thinking", { ...clients, keepAlive: false });
  const result = await action();
  for (const load of [staying, leaving]) {
    await load.round();
    expect(await load.result()).toMatchObject({ lost: 0, failed: {} });
  }
  return result;
}
