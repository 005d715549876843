import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import process from "node:process";
import { environmentOfUser, inOwnMounts, isRoot } from "./own-namespaces.ts";

/** What keeps a private systemd from booting here. {@link describeObstacle} says it in English. */
export type Obstacle =
  /** This is not Linux. */
  | { readonly code: "platform" }
  /** Systemd itself is not installed. */
  | { readonly code: "systemd" }
  /** Without root: newuidmap or newgidmap is not installed. */
  | { readonly code: "newuidmap" }
  /** Without root: the user has fewer than 65,536 subordinate ids in the file. */
  | { readonly code: "subordinate-ids"; readonly file: string; readonly user: string }
  /** The unshare of util-linux is not installed, or is older than 2.38. */
  | { readonly code: "unshare"; readonly error: string }
  /** Without root: a setting of the kernel keeps users from user namespaces. `value` is one that does not. */
  | { readonly code: "setting"; readonly name: string; readonly value: number }
  /** Namespaces can't be created, as in most containers. */
  | { readonly code: "namespaces"; readonly error: string }
  /** There is no cgroup to create cgroups in. */
  | { readonly code: "cgroup"; readonly error: string }
  /** A file system can't be mounted. Of /proc and /sys, a container hides parts. */
  | { readonly code: "mount"; readonly path: string; readonly error: string };

/** Whether systemd itself is installed, and not only its programs. */
export function hasSystemd(): boolean {
  return existsSync("/usr/lib/systemd/systemd") || existsSync("/lib/systemd/systemd");
}

/** Tries the mounts of private-systemd.sh, and says which one comes next. */
const trial = `set -e
mount="mount --no-mtab"
umount --no-mtab -R /sys/fs/cgroup 2>/dev/null || true
$mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo cgroup
rmdir "$(mktemp --directory /sys/fs/cgroup/private-systemd-XXXXXX)"
echo namespaces
export mount
unshare --mount --uts --ipc --net --pid --fork --kill-child=KILL bash -ec '
echo /proc; $mount -t proc proc /proc
echo /sys; LIBMOUNT_FORCE_MOUNT2=always $mount -t sysfs -o ro sysfs /sys
echo /tmp; $mount -t tmpfs tmpfs /tmp
echo /'
`;

/** Settings that keep users from user namespaces, each with a value that does not. */
const settings: readonly (readonly [string, forbids: string, allows: number])[] = [
  ["kernel.unprivileged_userns_clone", "0", 1],
  ["user.max_user_namespaces", "0", 10_000],
  ["kernel.apparmor_restrict_unprivileged_userns", "1", 0],
];

/** The first obstacle to a private systemd on this machine, or `undefined` if one boots. */
export function findObstacle(): Obstacle | undefined {
  if (process.platform !== "linux") return { code: "platform" };
  if (!hasSystemd()) return { code: "systemd" };
  const ofIds = isRoot() ? undefined : obstacleOfIds();
  if (ofIds) return ofIds;
  // With --map-auto, unshare(1) leaves a process behind if it gets no user namespace.
  const steps = isRoot() ? [] : [["unshare", "--user", "true"]];
  for (const command of [...steps, [...inOwnMounts(), "bash", "-c", trial]]) {
    const found = obstacleTo(command);
    if (found) return found;
  }
  return undefined;
}

function obstacleTo([program = "", ...args]: readonly string[]): Obstacle | undefined {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...environmentOfUser(), LC_ALL: "C" },
  });
  if (status === 0) return undefined;
  const message = error?.message ?? stderr.trim().replaceAll(/\s*\n\s*/g, " ");
  if (error || message.includes("unrecognized option")) return { code: "unshare", error: message };
  const step = stdout.trim().split("\n").at(-1) || "namespaces";
  if (step === "cgroup") return { code: "cgroup", error: message };
  const setting = isRoot() ? undefined : settings.find(([name, value]) => readSetting(name) === value);
  if (setting) return { code: "setting", name: setting[0], value: setting[2] };
  return step.startsWith("/")
    ? { code: "mount", path: step, error: message }
    : { code: "namespaces", error: message };
}

/** Numbers of services with DynamicUser= go up to 65,519, and that of nobody is 65,534. */
function obstacleOfIds(): Obstacle | undefined {
  const programs = spawnSync("sh", ["-c", "command -v newuidmap && command -v newgidmap"]);
  if (programs.status !== 0) return { code: "newuidmap" };
  const { username: user, uid } = userInfo();
  const file = ["/etc/subuid", "/etc/subgid"].find((path) => firstRange(path, [user, String(uid)]) < 65_536);
  return file === undefined ? undefined : { code: "subordinate-ids", file, user };
}

/** The size of the user's first range, which is the one that unshare(1) takes. */
function firstRange(file: string, names: readonly string[]): number {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const range = lines.map((line) => line.split(":")).find(([name = ""]) => names.includes(name));
  return Number(range?.[2] ?? 0);
}

function readSetting(name: string): string | undefined {
  const file = `/proc/sys/${name.replaceAll(".", "/")}`;
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/** An obstacle in English: `reason` without a full stop, and `hint`, the sentences that say what to do. */
export function describeObstacle(obstacle: Obstacle): { readonly reason: string; readonly hint: string } {
  const needs = `a private systemd ${isRoot() ? "" : "without root "}needs`;
  const orSudo = isRoot() ? "" : " Or run it with sudo.";
  const privileged = `Start a container with --privileged.${orSudo}`;
  switch (obstacle.code) {
    case "platform":
      return { reason: `${needs} Linux`, hint: "Run it in a virtual machine with Linux." };
    case "systemd":
      return {
        reason: `${needs} systemd itself, which is not installed`,
        hint: "Install it. On Debian and Ubuntu: `sudo apt-get install systemd`.",
      };
    case "newuidmap":
      return {
        reason: `${needs} newuidmap and newgidmap, which are not installed`,
        hint: `Install them. On Debian and Ubuntu: \`sudo apt-get install uidmap\`.${orSudo}`,
      };
    case "subordinate-ids":
      return {
        reason: `${needs} 65,536 subordinate ids, and ${obstacle.file} has no such range for ${obstacle.user}`,
        hint: `Run \`sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${obstacle.user}\`, with numbers that no other user has.${orSudo}`,
      };
    case "unshare":
      return {
        reason: `${needs} unshare of util-linux${isRoot() ? "" : ", 2.38 or later"}: ${obstacle.error}`,
        hint: `Install it.${orSudo}`,
      };
    case "setting":
      return {
        reason: `${needs} a user namespace, and ${obstacle.name} of this kernel forbids it`,
        hint: `Run \`sudo sysctl ${obstacle.name}=${obstacle.value}\`, which allows it to all users until the next boot.${orSudo}`,
      };
    case "namespaces":
      return { reason: `${needs} namespaces of its own: ${obstacle.error}`, hint: privileged };
    case "cgroup":
      return {
        reason: `${needs} a cgroup where it can create others: ${obstacle.error}`,
        hint: isRoot()
          ? privileged
          : `Your own service manager has one. To start it, run \`sudo loginctl enable-linger ${userInfo().username}\`.${orSudo}`,
      };
    case "mount":
      return {
        reason: `${needs} a ${obstacle.path} of its own, which can't be mounted here: ${obstacle.error}`,
        hint: privileged,
      };
  }
}
