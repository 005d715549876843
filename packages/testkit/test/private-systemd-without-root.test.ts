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

  const folder = new URL(".", import.meta.url);
  /** Starts the program as a user, by a command that takes another one. */
  const start = (user: string, by: readonly string[] = [], ...args: readonly string[]) => {
    const asUser = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"];
    const node = [machine.node, "--import", "tsx", machine.inside(program)];
    return machine.spawn([...by, ...asUser, ...node, ...args], {
      cwd: machine.inside(folder),
      stdio: ["pipe", "pipe", "inherit"],
    });
  };
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

  const mounted = (from: string, to: string) => () => {
    return ["unshare", "--mount", "sh", "-ec", `mount --bind ${from} ${to}; exec "$@"`, "sh"];
  };
  const confined =
    (...properties: string[]) =>
    () => {
      const environment = [`--working-directory=${machine.inside(folder)}`, "--setenv=PATH"];
      const options = [...environment, "--property=RestrictNamespaces=yes", ...properties];
      return ["systemd-run", "--quiet", "--pipe", "--wait", ...options, "--"];
    };
  const zero = "--property=BindReadOnlyPaths=/etc/zero:/proc/sys/user/max_user_namespaces";

  test.concurrent.each([
    ["newuidmap", "me", mounted("/dev/null", "/usr/bin/newuidmap"), { code: "newuidmap" }],
    ["a range of ids", "bare", () => [], { code: "subordinate-ids", file: "/etc/subuid", user: "bare" }],
    ["a cgroup", "alone", () => [], { code: "cgroup" }],
    ["a whole /proc", "me", mounted("/proc/sys", "/proc/sys"), { code: "mount", path: "/proc" }],
    ["namespaces", "me", confined(), { code: "namespaces" }],
    [
      "the setting",
      "me",
      confined(zero),
      { code: "setting", name: "user.max_user_namespaces", value: 10_000 },
    ],
  ])("names %s as what is missing", async (_, user, by, obstacle) => {
    await machine.write("/etc/zero", "0");
    expect(await answerOf(start(user, by()))).toMatchObject(obstacle);
  });
});
