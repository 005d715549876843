import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd } from "../../testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../testing/src/private-systemd.ts";
import { describeWith } from "../src/requires.ts";

const program = new URL("programs/boots-without-root.mjs", import.meta.url);
const me = 1500;
const scopes = `/sys/fs/cgroup/user.slice/user-${me}.slice/user@${me}.service/app.slice`;

const needs = { privateSystemd: true, commands: ["newuidmap"], tags: "campaign" } as const;

describeWith(needs, "a private systemd without root", () => {
  let machine: PrivateSystemd;

  beforeAll(async () => {
    machine = await bootPrivateSystemd();
    // The mount hides the host's settings of the kernel. No other machine has it.
    await machine.mustRun(["umount", "--lazy", "/proc/sys"]);
    await machine.mustRun([
      "sh",
      "-ec",
      `umount --lazy /proc/sysrq-trigger 2>/dev/null || true
      useradd --uid ${me} me; useradd --uid 1501 alone; useradd --uid 1502 bare
      install -d -m 755 /run/user; install -d -m 700 -o me -g me /run/user/${me}`,
    ]);
    const ids = "me:100000:65536\nalone:200000:65536\nbare:300000:1000\n";
    for (const file of ["/etc/subuid", "/etc/subgid"]) await machine.write(file, ids);
    await machine.start(`user@${me}.service`);
  });
  afterAll(() => machine?.close());

  const start = (user: string, before: readonly string[] = [], ...args: readonly string[]) =>
    machine.spawn(
      [
        ...before,
        ...["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"],
        ...[machine.node, "--import", "tsx", machine.inside(program), ...args],
      ],
      { cwd: machine.inside(new URL(".", import.meta.url)), stdio: ["pipe", "pipe", "inherit"] },
    );
  const answerOf = async (child: ReturnType<typeof start>): Promise<unknown> => {
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    return JSON.parse(line);
  };
  const leftScopes = () => machine.run(["sh", "-c", `ls -d ${scopes}/*.scope`]);

  test("runs a sandboxed service with a dynamic user, and leaves nothing behind", async () => {
    const mounts = await machine.mustRun(["cat", "/proc/1/mountinfo"]);
    const child = start("me", [], "close");
    const ended = once(child, "close");
    const { uid, state } = (await answerOf(child)) as { uid: number; state: string };
    expect(uid).toBeGreaterThanOrEqual(61_184);
    expect(uid).toBeLessThanOrEqual(65_519);
    expect(state).toBe("running");
    expect(await ended).toEqual([0, null]);
    expect(await machine.mustRun(["cat", "/proc/1/mountinfo"])).toBe(mounts);
    expect((await leftScopes()).code).not.toBe(0);
  });

  test.each(["SIGKILL", "SIGINT"] as const)("leaves nothing behind after %s", async (signal) => {
    const child = start("me");
    await answerOf(child);
    expect((await leftScopes()).code).toBe(0);
    child.kill(signal);
    // A cgroup exists as long as it has a process.
    await machine.waitUntil(async () => (await leftScopes()).code !== 0, "nothing is left");
  });

  /** Runs a command where something is mounted over a path. */
  const withMount = (from: string, to: string) => [
    ...["unshare", "--mount", "sh", "-ec"],
    ...[`mount --bind ${from} ${to}; exec "$@"`, "sh"],
  ];
  const noNamespaces = ["systemd-run", "--quiet", "--pipe", "--wait", "--property=RestrictNamespaces=yes"];
  const zero = "--property=BindReadOnlyPaths=/etc/zero:/proc/sys/user/max_user_namespaces";

  test.concurrent.each([
    ["newuidmap", "me", withMount("/dev/null", "/usr/bin/newuidmap"), { code: "newuidmap" }],
    ["a range of ids", "bare", [], { code: "subordinate-ids", file: "/etc/subuid", user: "bare" }],
    ["a cgroup", "alone", [], { code: "cgroup" }],
    ["a whole /proc", "me", withMount("/proc/sys", "/proc/sys"), { code: "mount", path: "/proc" }],
    ["namespaces", "me", noNamespaces, { code: "namespaces" }],
    ["the setting", "me", [...noNamespaces, zero], { code: "setting", name: "user.max_user_namespaces" }],
  ])("names %s as what is missing", async (_, user, before, obstacle) => {
    await machine.write("/etc/zero", "0");
    const command = before[0] === "systemd-run" ? inService(before) : before;
    expect(await answerOf(start(user, command))).toMatchObject(obstacle);
  });

  const inService = (command: readonly string[]) => [
    ...command,
    `--working-directory=${machine.inside(new URL(".", import.meta.url))}`,
    `--setenv=PATH=${process.env["PATH"]}`,
    "--",
  ];
});
