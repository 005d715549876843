import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";

const script = fileURLToPath(new URL("lib/in-debian.sh", import.meta.url));
const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** Runs a command in the Debian that is this computer's own. */
function inDebian(command: string) {
  const args = [script, "/", project, process.execPath, `${project}/node_modules/tsx`, "sh", "-c", command];
  return spawnSync("unshare", ["--mount", "--propagation=private", "bash", ...args], { encoding: "utf8" });
}

describeWith({ root: true, commands: ["unshare", "pivot_root"] }, "a command in another Debian", () => {
  test("sees the project where it is here, and this Node in /usr/bin", () => {
    const { stdout, stderr } = inDebian("pwd; /usr/bin/node --version; ls package.json");
    expect(`${stderr}${stdout}`).toBe(`${project}\n${process.version}\npackage.json\n`);
  });

  test("changes the project and nothing else, and leaves no mount", () => {
    const mounts = () => readFileSync("/proc/self/mounts", "utf8").split("\n").length;
    const before = mounts();
    const name = `written-${process.pid}`;
    const inProject = `${project}/node_modules/${name}`;
    onTestFinished(() => rmSync(inProject, { force: true }));
    const { status, stderr } = inDebian(
      `touch /etc/${name} /var/tmp/${name} node_modules/${name} && rm /etc/passwd && test ! -e /old`,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(existsSync(inProject)).toBe(true);
    expect(["/etc", "/var/tmp"].filter((path) => existsSync(`${path}/${name}`))).toEqual([]);
    expect(existsSync("/etc/passwd")).toBe(true);
    expect(mounts()).toBe(before);
  });
});
