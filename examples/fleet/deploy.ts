import { fileURLToPath } from "node:url";
import type { Fleet } from "./fleet.ts";
import type { Release } from "./releases.ts";

const playbook = fileURLToPath(new URL("../../deploy/ansible/deploy.yml", import.meta.url));
const inventory = fileURLToPath(new URL("inventory.yml", import.meta.url));

/** What Ansible says about a deploy. */
export interface Deploy {
  /** Whether every host has the release now. */
  succeeded: boolean;
  /** The hosts that Ansible has worked on, in this order, with the number of tasks that failed and could not be undone. */
  hosts: { name: string; failed: number }[];
  /** Everything that it has printed. */
  log: string;
}

/** `ansible-playbook deploy.yml`, in the office. */
export async function deploy({ office }: Fleet, { version }: Release): Promise<Deploy> {
  const { systemd } = office;
  const what = ["--inventory", systemd.inside(inventory), "--extra-vars", `sockact_app_version=${version}`];
  const { code, stdout, stderr } = await office.try(["ansible-playbook", ...what, systemd.inside(playbook)]);
  const recap = stdout.slice(stdout.indexOf("PLAY RECAP"));
  const hosts = Array.from(recap.matchAll(/^(\w+) .*failed=(\d+)/gm), ([, name, failed]) => ({
    name: name!,
    failed: Number(failed),
  }));
  return { succeeded: code === 0, hosts, log: `${stdout}${stderr}` };
}
