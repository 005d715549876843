import { fileURLToPath } from "node:url";
import type { Fleet } from "./fleet.ts";
import type { Release } from "./releases.ts";

const playbooks = fileURLToPath(new URL("../../deploy/ansible", import.meta.url));
const inventory = fileURLToPath(new URL("inventory.yml", import.meta.url));

/** What Ansible says about a run. */
export interface Played {
  /** Whether every host has what it should have now. */
  succeeded: boolean;
  /** The hosts that Ansible has worked on, in this order, with the number of tasks that failed and could not be undone. */
  hosts: { name: string; failed: number }[];
  /** Everything that it has printed. */
  log: string;
}

/** `ansible-playbook NAME.yml`, in the office. */
export async function play(
  { office }: Fleet,
  name: "certificates" | "check" | "deploy" | "node" | "reboot",
  variables: Record<string, unknown> = {},
): Promise<Played> {
  const { systemd } = office;
  const what = ["--inventory", systemd.inside(inventory), "--extra-vars", JSON.stringify(variables)];
  const playbook = systemd.inside(`${playbooks}/${name}.yml`);
  const { code, stdout, stderr } = await office.try(["ansible-playbook", ...what, playbook]);
  const recap = stdout.slice(stdout.indexOf("PLAY RECAP"));
  const hosts = Array.from(recap.matchAll(/^(\w+) .*failed=(\d+)/gm), ([, host, failed]) => ({
    name: host!,
    failed: Number(failed),
  }));
  return { succeeded: code === 0, hosts, log: `${stdout}${stderr}` };
}

export const deploy = (
  fleet: Fleet,
  { version }: Release,
  variables: Record<string, unknown> = {},
): Promise<Played> => play(fleet, "deploy", { sockact_app_version: version, ...variables });

/** Kills Ansible once a script on the first host has ended. Both have ten minutes. */
export async function kill({ office, hosts }: Fleet, played: Promise<Played>, script: string): Promise<void> {
  const waitAndKill = async (): Promise<void> => {
    const { code, stderr } = await hosts[0]!.try(["sh", "-euc", script]);
    if (code !== 0) throw new Error(`There was nothing to kill: ${stderr}`);
    await office.run("pkill -KILL ansible; pkill ssh");
  };
  await Promise.all([played, waitAndKill()]);
}
