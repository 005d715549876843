import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { type AppProcess, startProcess } from "../packages/testkit/src/app-process.ts";
import { describeWith } from "../packages/testkit/src/requires.ts";

const program = fileURLToPath(new URL("test/programs/get-debian.ts", import.meta.url));

let folder = "";
const cache = (): string => join(folder, "cache");
const letGo = (): void => writeFileSync(join(folder, "go"), "");
const holdNext = (): void => rmSync(join(folder, "go"));
/** The releases, whole or not. */
const kept = (): string[] => readdirSync(cache()).filter((name) => !name.endsWith(".lock"));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "debian-"));
  mkdirSync(join(folder, "bin"));
  // A download that begins at once, and ends on request. It numbers the releases.
  const debootstrap = `#!/bin/sh
echo x >>${folder}/downloads
mkdir -p "$4/etc"
while [ -e ${folder}/downloads ] && [ ! -e ${folder}/go ]; do sleep 0.05; done
[ -e ${folder}/fails ] && exit 1
echo "PRETTY_NAME=\\"Debian $(wc -l <${folder}/downloads)\\"" >"$4/etc/os-release"
`;
  writeFileSync(join(folder, "bin/debootstrap"), debootstrap);
  chmodSync(join(folder, "bin/debootstrap"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

function getDebian(...options: string[]): AppProcess {
  const command = [process.execPath, "--conditions=@sockact/source", "--import", "tsx", program];
  return startProcess([...command, cache(), ...options], {
    env: { PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` },
  });
}

const isDownloading = (): Promise<void> =>
  expect.poll(() => existsSync(join(cache(), "bookworm.incomplete/etc")), { timeout: 60_000 }).toBe(true);

const commands = ["flock", "setpriv", "unshare", "apt-get"];
describeWith({ root: true, commands, tags: "campaign" }, "a Debian", () => {
  test("is downloaded once for two runs at once, which then both use it", async () => {
    await using first = getDebian();
    await isDownloading();
    await using second = getDebian();
    await second.line(/^Waiting for another run/);
    letGo();
    expect(await Promise.all([first.line(/^name: /), second.line(/^name: /)])).toEqual([
      "name: Debian 1",
      "name: Debian 1",
    ]);
    expect(kept()).toEqual(["bookworm"]);
  });

  test("is not downloaded again while another run uses it", async () => {
    letGo();
    await using user = getDebian();
    await user.line(/^name: /);
    await using refused = getDebian("--fresh");
    expect(await refused.ended).not.toBe(0);
    expect(refused.stderr).toContain(
      "Debian bookworm is in use by another run. Wait until it ends, or leave out --fresh.",
    );
    user.kill();
    await user.ended;
    await using fresh = getDebian("--fresh");
    expect(await fresh.line(/^name: /)).toBe("name: Debian 2");
    expect(kept()).toEqual(["bookworm"]);
  });

  test("stays when the download of a newer one fails or is killed", async () => {
    letGo();
    await using user = getDebian();
    await user.line(/^name: /);
    user.kill();
    await user.ended;
    writeFileSync(join(folder, "fails"), "");
    await using failed = getDebian("--fresh");
    expect(await failed.ended).not.toBe(0);
    expect(kept()).toEqual(["bookworm"]);
    rmSync(join(folder, "fails"));
    holdNext();
    await using killed = getDebian("--fresh");
    await isDownloading();
    killed.kill("SIGKILL");
    await killed.ended;
    expect(kept()).toEqual(["bookworm", "bookworm.incomplete"]);
    letGo();
    await using next = getDebian();
    expect(await next.line(/^name: /)).toBe("name: Debian 1");
    await using later = getDebian();
    await later.line(/^name: /);
  });
});

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
