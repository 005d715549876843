// Where the command runs, and what it says where it can't.
import {
  bootPrivateSystemd,
  describeWith,
  PackedPackages,
  type PrivateSystemd,
  watchProcess,
} from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFolder, writeApp } from "./installed-app.ts";

const me = 1500;
const zero = "/etc/zero";
const appArmor = "apparmor_restrict_unprivileged_userns";

const needs = {
  privateSystemd: true,
  systemd: 253,
  commands: ["capsh", "newuidmap"],
  tags: "campaign",
} as const;

describeWith(needs, "sockact prove", () => {
  const folder = openFolder();
  let machine: PrivateSystemd;

  beforeAll(async () => {
    writeApp(folder);
    (await PackedPackages.packForRun()).install(folder, ["@sockact/prove", "sockact"]);
    machine = await bootPrivateSystemd({ project: folder });
    const ids = "me:100000:65536\nalone:200000:65536\nbare:300000:1000\n";
    for (const file of ["/etc/subuid", "/etc/subgid"]) await machine.write(file, ids);
    await machine.write(zero, "0\n");
    // The mount hides the host's settings of the kernel. No other machine has it.
    await machine.mustRun([
      "sh",
      "-ec",
      `umount --lazy /proc/sys; umount --lazy /proc/sysrq-trigger 2>/dev/null || true
      useradd --uid ${me} me; useradd --uid 1501 alone; useradd --uid 1502 bare
      install -d -m 755 /run/user; install -d -m 700 -o me -g me /run/user/${me}`,
    ]);
    await machine.start(`user@${me}.service`);
  });
  afterAll(() => machine?.close());

  /** Runs the command after another one, such as setpriv. */
  async function prove(before: readonly string[], ...options: readonly string[]) {
    const program = `${machine.project}/node_modules/sockact/bin/sockact.cjs`;
    const words = [...before, machine.node, program, "prove", ...options];
    const child = watchProcess(machine.spawn(words, { cwd: machine.project }));
    return { code: await child.ended, stdout: child.stdout, stderr: child.stderr };
  }
  const as = (user: string): string[] => ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"];
  /** Runs something as root first. */
  const after = (script: string): string[] => [
    "unshare",
    "--mount",
    "sh",
    "-ec",
    `${script}; exec "$@"`,
    "sh",
  ];
  /** As a service that may not create namespaces. */
  const confined = (...properties: string[]): string[] => {
    const run = ["systemd-run", "--quiet", "--pipe", "--wait", "--setenv=PATH"];
    const all = ["RestrictNamespaces=yes", `WorkingDirectory=${machine.project}`, ...properties];
    return [...run, ...all.map((property) => `--property=${property}`), "--"];
  };
  const afterWriting = (file: string): string[] => ["sh", "-ec", `echo 1 >${file}; exec "$@"`, "sh"];

  test("runs in a user namespace", async () => {
    const result = await prove(as("me"), "--only", "restart,stop", "--restarts", "1");
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("2 of 2 promises hold.") });
  });

  test.concurrent.each<[string, () => readonly string[], RegExp]>([
    [
      "systemd",
      () => after("mount -t tmpfs tmpfs /usr/lib/systemd"),
      /needs systemd itself, which is not installed .*\nInstall it\. .*apt-get install systemd/,
    ],
    [
      "the capabilities of root, as in a container",
      () => ["capsh", "--drop=cap_sys_admin", "--", "-c", 'exec "$@"', "sh"],
      /needs namespaces of its own: unshare: .*Operation not permitted .*\nStart a container with --privileged\.$/m,
    ],
    [
      "namespaces, which a filter of system calls forbids",
      () => confined(),
      /needs namespaces of its own: .*\nStart a container with --privileged\.$/m,
    ],
    [
      "user namespaces",
      () => [...confined(`BindReadOnlyPaths=${zero}:/proc/sys/user/max_user_namespaces`), ...as("me")],
      /user\.max_user_namespaces of this kernel forbids it .*\nRun .sudo sysctl user\.max_user_namespaces=10000., .*Or run it with sudo\./,
    ],
    [
      "AppArmor's leave for user namespaces, as on Ubuntu",
      () => [
        ...confined("TemporaryFileSystem=/proc/sys/kernel"),
        ...afterWriting(`/proc/sys/kernel/${appArmor}`),
        ...as("me"),
      ],
      new RegExp(
        `kernel\\.${appArmor} of this kernel forbids it .*\nRun .sudo sysctl kernel\\.${appArmor}=0., `,
      ),
    ],
    [
      "subordinate ids",
      () => as("bare"),
      /without root needs 65,536 subordinate ids.* for bare .*\nRun .sudo usermod .* bare.,/,
    ],
    ["a cgroup", () => as("alone"), /needs a cgroup where it can create others: .*\n.*enable-linger alone/],
    [
      "a whole /proc, as in a container",
      () => [...after("mount --bind /proc/sys /proc/sys"), ...as("me")],
      /needs a \/proc of its own, which can't be mounted here.*\nStart a container with --privileged\. Or run it with sudo\./,
    ],
  ])("names %s as what is missing", async (_, before, message) => {
    const { code, stdout, stderr } = await prove(before());
    expect(stderr).toMatch(message);
    expect(stderr).toContain("(SOCKACT_ERR_PROVE_UNAVAILABLE)");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  });

  test("needs no writable /sys/fs/cgroup", async () => {
    const readonly = after("mount -o remount,bind,ro /sys/fs/cgroup");
    expect(await prove(readonly, "--only", "start")).toMatchObject({ code: 0, stderr: "" });
  });
});
