import { spawnSync } from "node:child_process";
import process from "node:process";

/** Whether this process is root, who needs no user namespace to boot a systemd. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** The namespaces of a private systemd, as options of unshare(1) and nsenter(1). */
export const NAMESPACES: readonly string[] = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];

/** The environment in which `systemctl --user` finds the user's service manager, also after `su`. */
export const environmentOfUser = (): NodeJS.ProcessEnv => ({
  XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}`,
  ...process.env,
});

let scope: readonly string[] | undefined;

/** Starts a command in a cgroup that belongs to the user, if the user's service manager runs. */
function inScope(): readonly string[] {
  const command = ["systemd-run", "--user", "--scope", "--quiet", "--property=Delegate=yes", "--"];
  const run = () => spawnSync(command[0]!, [...command.slice(1), "true"], { env: environmentOfUser() });
  scope ??= run().status === 0 ? command : [];
  return scope;
}

/**
 * What stands before a command that is to mount file systems, unseen by the host. Without root, it becomes
 * root of a user namespace: 0 is the user, and 1 to 65,535 are the user's subordinate ids.
 */
export function inOwnMounts(): readonly string[] {
  const mounts = ["--mount", "--propagation=private"];
  if (isRoot()) return ["unshare", ...mounts];
  return [...inScope(), "unshare", "--user", "--map-root-user", "--map-auto", "--cgroup", ...mounts];
}
