import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describeWith, startProcess } from "@sockact/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { failuresIn, readFreshArguments } from "./lib/fresh-machine.ts";

describe("the arguments of npm run test:fresh", () => {
  const read = (...args: string[]) => {
    const { places, vitest } = readFreshArguments(args);
    return { places: places.map(({ name }) => name), vitest };
  };

  test.each([
    [[], ["root", "user", "systemd"], []],
    [["user"], ["user"], []],
    [["systemd", "root", "packages/core"], ["root", "systemd"], ["packages/core"]],
    [
      ["-t", "answers"],
      ["root", "user", "systemd"],
      ["-t", "answers"],
    ],
  ])("%j are places, and arguments for vitest", (args, places, vitest) => {
    expect(read(...args)).toEqual({ places, vitest });
  });

  test("a place that does not exist is an error that lists them", () => {
    expect(() => read("rot")).toThrow(
      "The place rot does not exist: name root, user, systemd, or none for all.",
    );
  });
});

test("each failed test is named once, and so is a failed command", () => {
  const output = [
    " FAIL  packages/a.test.ts > an app > answers",
    "\u001B[41m FAIL \u001B[49m packages/a.test.ts > an app > answers",
    " FAIL  scripts/b.test.ts [ scripts/b.test.ts ]",
    "FAILED  npm test",
    "   FAILURE is not a name",
  ];
  expect(failuresIn(output.join("\n"))).toEqual([
    "packages/a.test.ts > an app > answers",
    "scripts/b.test.ts [ scripts/b.test.ts ]",
    "npm test",
  ]);
});

describeWith(
  { root: true, commands: ["git", "unshare", "setpriv", "chroot", "pivot_root"] },
  "a new machine",
  () => {
    const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

    /**
     * Starts a command on a new machine that is made from this one, with a small folder in the place of npm.
     */
    function onMachine(powers: "container" | "machine", user: "root" | "user", command: string) {
      const cache = mkdtempSync(join(tmpdir(), "fresh-"));
      onTestFinished(() => rmSync(cache, { recursive: true, force: true }));
      const copy = user === "root" ? "clone" : "archive";
      const script = join(project, "scripts/lib/fresh-debian.sh");
      const args = [script, "/", project, copy, process.execPath, join(project, "node_modules/tsx")];
      const settings = ["registry=https://registry.example/", cache, powers, user, "sh", "-c", command];
      return startProcess(["unshare", "--mount", "--propagation=private", "bash", ...args, ...settings]);
    }

    test("has a clone of what is committed and no right to make namespaces, as a plain container", async () => {
      const command = `id -u; pwd; ls -d .git package.json node_modules 2>&1
        unshare --mount true; unshare --user true; touch /etc/made; cat /usr/local/etc/npmrc`;
      await using machine = onMachine("container", "root", command);
      expect(await machine.ended).toBe(0);
      expect(machine.stdout).toMatch(/^0\n\/root\/sockact\n/);
      expect(machine.stdout).toMatch(/'?node_modules'?: No such file/);
      expect(machine.stdout).toMatch(/^\.git$/m);
      expect(machine.stdout).toContain("registry=https://registry.example/");
      expect(machine.stderr.match(/Operation not permitted/g)).toHaveLength(2);
      expect(existsSync("/etc/made")).toBe(false);
    });

    test("has an archive for a user who is not root, and who may write nowhere else", async () => {
      const command = "id -u; pwd; ls -d .git; touch made; touch /srv/made";
      await using machine = onMachine("container", "user", command);
      expect(await machine.ended).not.toBe(0);
      expect(machine.stdout).toBe("1000\n/home/user/sockact\n");
      expect(machine.stderr).toMatch(/'?\.git'?: No such file/);
      expect(machine.stderr).toContain("Permission denied");
    });

    test("may make namespaces if it is a whole machine", async () => {
      await using machine = onMachine("machine", "root", "unshare --mount --pid --fork true && echo $$");
      expect({ status: await machine.ended, stderr: machine.stderr }).toEqual({ status: 0, stderr: "" });
    });

    test.each(["SIGTERM", "the end of its input"])("leaves nothing at %s", async (how) => {
      await using machine = onMachine("machine", "root", "echo begun; sleep 1000 & wait");
      await machine.line(/^begun/);
      if (how === "SIGTERM") machine.kill("SIGTERM");
      else machine.endInput();
      await machine.ended;
      const left = () =>
        readdirSync("/proc").filter((entry) => {
          try {
            return readFileSync(`/proc/${entry}/cmdline`, "utf8").includes("fresh-debian.sh\0/\0");
          } catch {
            return false;
          }
        });
      await expect.poll(left, { timeout: 50_000 }).toEqual([]);
    });
  },
);
