// In a machine of its own, where nothing else changes.
import { readdirSync, readFileSync } from "node:fs";
import {
  bootPrivateSystemd,
  describeWith,
  PackedPackages,
  type PrivateSystemd,
  typeCommands,
  watchProcess,
} from "@sockact/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openFolder, writeApp } from "./installed-app.ts";

const app = "/run/apps/app";
/** A restart takes no time, so this ends only by the signal. */
const endless = "prove --only start,restart --restarts 1000";
/** The files that are there, the mounts and the cgroups. */
const look = `find ${app} /tmp /var/tmp /dev/shm /run/user -path ${app}/node_modules -prune -o -print | sort
cat /proc/1/mountinfo
find /sys/fs/cgroup -name 'private-systemd-*'`;

describeWith(
  { privateSystemd: true, systemd: 253, tags: "campaign" },
  "sockact prove leaves nothing behind",
  () => {
    const folder = openFolder();
    let machine: PrivateSystemd;
    let before = "";
    let processesBefore: string[] = [];
    const sh = (script: string): Promise<string> => machine.mustRun(["sh", "-ec", script]);
    const processes = (): string[] =>
      readdirSync(machine.hostPath("/proc")).filter((name) => /^\d+$/.test(name));
    const newProcesses = (): string[] => processes().filter((pid) => !processesBefore.includes(pid));

    beforeAll(async () => {
      writeApp(folder);
      (await PackedPackages.packForRun()).install(folder, ["@sockact/prove", "sockact"]);
      machine = await bootPrivateSystemd({ project: folder });
      // Its folder and that for temporary files have little space.
      await sh(`mkdir -p /run/apps/disk ${app}
      mount -t tmpfs -o size=1m tmpfs /run/apps/disk
      mkdir /run/apps/disk/upper /run/apps/disk/work
      mount -t overlay -o lowerdir=${machine.project},upperdir=/run/apps/disk/upper,workdir=/run/apps/disk/work overlay ${app}
      mount -t tmpfs -o size=1m,mode=1777 tmpfs /tmp`);
    });
    afterAll(() => machine?.close());
    beforeEach(async () => {
      before = await sh(look);
      processesBefore = processes();
    });

    const environment = () => ({ PATH: `${app}/node_modules/.bin:${process.env["PATH"]}`, HOME: "/root" });
    const start = (command: string) =>
      watchProcess(machine.spawn(["sh", "-c", `exec sockact ${command}`], { cwd: app, env: environment() }));
    const inTerminal = (command: string) =>
      typeCommands((words, options) => machine.spawn(words, options), command, {
        cwd: app,
        env: environment(),
      });
    /** The command may end before what it has started. */
    async function expectNothingLeft(): Promise<void> {
      const isClean = async () => newProcesses().length === 0 && (await sh(look)) === before;
      await machine.waitUntil(isClean, "nothing is left").catch(() => {});
      expect(
        newProcesses().map((pid) => readFileSync(machine.hostPath(`/proc/${pid}/cmdline`), "utf8")),
      ).toEqual([]);
      expect(await sh(look)).toBe(before);
    }

    test("after a run", async () => {
      const program = start("prove --only start,restart --restarts 1");
      expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code: 0, stderr: "" });
      await expectNothingLeft();
    });

    test.each([
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", "SIGHUP"],
      ["SIGKILL", "SIGKILL"],
    ] as const)("after %s", async (signal, code) => {
      const program = start(endless);
      await program.line(/^held +start/);
      program.kill(signal);
      expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code, stderr: "" });
      await expectNothingLeft();
    });

    test("after SIGTERM while it boots", async () => {
      const program = start(endless);
      await machine.waitUntil(async () => (await sh(look)).includes("/private-systemd-"), "it boots");
      program.kill("SIGTERM");
      expect({ code: await program.ended, stdout: program.stdout }).toEqual({ code: 143, stdout: "" });
      await expectNothingLeft();
    });

    test("after Ctrl-C in a terminal", async () => {
      const terminal = inTerminal(`npx --no sockact ${endless}`);
      await terminal.line(/held +start/);
      terminal.interrupt();
      expect(await terminal.ended).toBe(130);
      await expectNothingLeft();
    });

    // oxlint-disable-next-line vitest/expect-expect -- `expectNothingLeft` has them
    test("after the terminal was closed", async () => {
      const terminal = inTerminal(`npx --no sockact ${endless}`);
      await terminal.line(/held +start/);
      terminal.kill();
      expect(await terminal.ended).not.toBe(0);
      await expectNothingLeft();
    });

    test("after all its processes were killed, once it runs again", async () => {
      const program = start(endless);
      await program.line(/^held +start/);
      // The command ends last, so what boots the machine can't see its end.
      const [command = "", ...others] = newProcesses().toSorted((a, b) => Number(a) - Number(b));
      await machine.run(["kill", "-KILL", ...others, command]);
      await program.ended;
      const cgroups = (): Promise<string> => sh("find /sys/fs/cgroup -name 'private-systemd-*' -prune");
      await machine.waitUntil(async () => newProcesses().length === 0, "all have ended");
      const left = (await cgroups()).trim();
      expect(left).toMatch(/^\/sys\/fs\/cgroup\/private-systemd-\w+$/);
      await sh(`touch --date '2 minutes ago' ${left}`);
      expect(await start("prove --only start").ended).toBe(0);
      await expectNothingLeft();
    });

    test("on a full disk, and prints the result anyway", async () => {
      const fillers = [`${app}/filler`, "/tmp/filler"];
      await sh(fillers.map((file) => `cat /dev/zero >${file} 2>/dev/null || true`).join("\n"));
      before = await sh(look);
      const program = start("prove --only start --output junit=report.xml");
      expect(await program.ended).toBe(1);
      expect(program.stdout).toMatch(/^greeter: 1 of 1 promise holds\.$/m);
      expect(program.stderr).toMatch(/ENOSPC[^]*SOCKACT_ERR_WRITE/);
      await expectNothingLeft();
      await sh(`rm ${fillers.join(" ")}`);
    });
  },
);
