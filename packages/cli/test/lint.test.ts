import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describeWith } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import Ajv from "ajv-draft-04";
import formats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { replaceFile } from "../src/lib/lint/replace-file.ts";
import { folderWith } from "./app-folder.ts";
import { outcome, outcomeOf } from "./outcome.ts";
import { sockact } from "./run.ts";

const good = emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
});
const socket = good["shop.socket"]!;
const service = good["shop.service"]!;
/** The socket without the section that systemctl enable needs: one warning, which can be fixed. */
const uninstalled = socket.replace(/\n\[Install\][^]*/, "");
/** One error and no more. */
const launched = service.replace("/usr/bin/node /srv/shop/server.js", "/usr/bin/npm start");

interface Json {
  files: number;
  counts: Record<string, number>;
  findings: { file: string; line: number; severity: string; code: string; fixable: boolean; url: string }[];
  unread: { file: string; message: string }[];
  fixed: string[];
}

async function lintJson(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await outcome(["lint", "--json", ...args], { cwd });
  const json = JSON.parse(stdout) as Json;
  return { ...json, code, stderr, found: json.findings.map((one) => `${one.file}:${one.line} ${one.code}`) };
}

describe("sockact lint", () => {
  it("finds nothing in the units of sockact", async () => {
    const cwd = folderWith(good);
    const { code, stdout, stderr } = await outcome(["lint"], { cwd });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "No findings in 2 files.\n", stderr: "" });
  });

  it("prints the place, the fault, the reason and the fix, within 80 columns", async () => {
    const cwd = folderWith({ "deploy/shop.socket": socket, "deploy/shop.service": launched });
    const { code, stdout, stderr } = await outcome(["lint"], { cwd });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const line = launched.split("\n").indexOf("ExecStart=/usr/bin/npm start") + 1;
    expect(stdout).toContain(`deploy/shop.service:${line}  error  exec-launcher\n`);
    expect(stdout).toContain("  | ExecStart=/usr/bin/npm start\n  why  systemd passes the sockets");
    expect(stdout).toMatch(/\n {2}fix {2}\S/);
    expect(stdout).toMatch(/\n1 error in 2 files\.\n$/);
    expect(stdout.split("\n").filter((text) => text.length > 80)).toEqual([]);
  });

  it("prints what docs/lint.md shows", async () => {
    const cwd = folderWith({
      "deploy/shop.socket": socket,
      "deploy/shop.service":
        "[Unit]\nRequires=shop.socket\nAfter=shop.socket\nStartLimitIntervalSec=0\n[Service]\nExecStart=/usr/bin/npm start\nDynamicUser=yes\nRestart=always\nRestartSec=1s\n[Install]\nAlso=shop.socket\n",
    });
    const { stdout } = await outcome(["lint", "deploy/"], { cwd });
    const shown = fileURLToPath(new URL("../../../docs/outputs/lint.txt", import.meta.url));
    await expect(stdout).toMatchFileSnapshot(shown);
  });

  it("searches folders, and passes over node_modules, .git, links of systemctl enable, and other files", async () => {
    const cwd = folderWith({
      ...good,
      "a/b/api.socket": uninstalled,
      "a/b/api.service": service.replaceAll("shop.socket", "api.socket"),
      "shop.service.d/port.conf": "[Service]\nNice=5\n",
      "service.d/all.conf": "[Service]\nNice=4\n",
      "node_modules/x/bad.service": "[Service]\n",
      ".git/bad.service": "[Service]\n",
      "sockets.target.wants/bad.socket": "[Socket]\n",
      "nginx.conf": "not a drop-in\n",
      "README.md": "# x\n",
    });
    const { files, found } = await lintJson(cwd);
    expect(files).toBe(6);
    expect(found).toEqual([expect.stringMatching(/^a\/b\/api\.socket:\d+ socket-not-installed$/)]);
  });

  it("treats units with the same names in two folders as different ones", async () => {
    const cwd = folderWith({
      "dev/shop.socket": socket,
      "dev/shop.service": service,
      "prod/shop.socket": socket,
      "prod/shop.service": service,
    });
    expect(await lintJson(cwd)).toMatchObject({ code: 0, files: 4, findings: [] });
  });

  it("treats the folders of systemd under one root as one machine", async () => {
    const cwd = folderWith({
      "root/etc/systemd/system/shop.socket": socket,
      "root/usr/lib/systemd/system/shop.service": service,
    });
    expect(await lintJson(cwd)).toMatchObject({ code: 0, files: 2, findings: [] });
  });

  it("reads the other units of a folder with a file that is named, and reports that file alone", async () => {
    const cwd = folderWith({
      "shop.socket": socket,
      "shop.service": launched,
      "shop.service.d/a.conf": "[Service]\nNicer=5\n",
    });
    expect(await lintJson(cwd, "shop.socket")).toMatchObject({ code: 0, files: 1, findings: [] });
    // Only with its socket is npm a mistake.
    expect((await lintJson(cwd, "shop.service")).found).toEqual([expect.stringContaining("exec-launcher")]);
    expect((await lintJson(cwd, "shop.service.d/a.conf")).found).toEqual([
      "shop.service.d/a.conf:2 directive-unknown",
    ]);
  });

  it("--severity sets which findings cause exit code 1, and --quiet leaves out the rest", async () => {
    const cwd = folderWith({ "shop.socket": uninstalled, "shop.service": service });
    expect(await lintJson(cwd)).toMatchObject({ code: 1, counts: { warning: 1 } });
    expect(await lintJson(cwd, "--severity", "error")).toMatchObject({ code: 0, counts: { warning: 1 } });
    const quiet = await outcome(["lint", "--quiet", "--severity=error"], { cwd });
    expect(quiet).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("--ignore and a comment leave findings out", async () => {
    const cwd = folderWith({ "shop.socket": uninstalled, "shop.service": launched });
    expect((await lintJson(cwd, "--ignore", "exec-launcher,socket-not-installed")).findings).toEqual([]);
    writeFileSync(join(cwd, "shop.service"), `# sockact-ignore: exec-launcher, user-root\n${launched}`);
    expect((await lintJson(cwd)).found).toEqual([expect.stringContaining("socket-not-installed")]);
  });

  it.each([
    [
      "an unknown code",
      ["--ignore", "free-bin"],
      /free-bin \(SOCKACT_ERR_LINT_CODE\)\nDid you mean free-bind\?/,
    ],
    ["a path that is not there", ["nowhere"], /nowhere does not exist \(SOCKACT_ERR_LINT_FILE\)/],
    ["a folder without units", ["."], /no unit files in \. \(SOCKACT_ERR_LINT_FILE\)/],
    ["stdin beside a file", ["-", "x"], /- can't be used together with files/],
    ["an unknown format", ["--format", "xml"], /human, json, sarif, github/],
  ])("%s is an error, with code 2", async (_, args, stderr) => {
    const cwd = folderWith({});
    expect(await outcome(["lint", ...args], { cwd })).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(stderr) as string,
    });
  });

  it("two formats are an error, as JSON too", async () => {
    const { code, stdout, stderr } = await outcome(["lint", "--format", "sarif", "--json"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot be used with/);
    expect(JSON.parse(stdout)).toHaveProperty("error.code", "SOCKACT_ERR_USAGE");
  });

  it("reads one unit from stdin, as the file that --stdin-filename names", async () => {
    const cwd = folderWith({ "shop.socket": socket, "shop.service": service });
    const args = ["lint", "-", "--stdin-filename", "shop.service"];
    const { code, stdout } = await outcome(args, { cwd, input: launched });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^shop\.service:\d+ {2}error {2}exec-launcher\n/);
    const fixed = await outcome(["lint", "-", "--fix", "--stdin-filename=shop.socket"], {
      cwd,
      input: uninstalled,
    });
    expect(fixed).toMatchObject({ code: 0, stderr: "" });
    expect(fixed.stdout).toContain("[Install]\nWantedBy=sockets.target\n");
    expect(readFileSync(join(cwd, "shop.socket"), "utf8")).toBe(socket);
  });

  it("does not let a file control the terminal", async () => {
    const cwd = folderWith({ "shop.service": "[Service]\nExecStart=/bin/true\nNic\u001B[31me=\u009B1\n" });
    const { stdout } = await outcome(["lint"], { cwd });
    expect(stdout).toContain("Nic?[31me");
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(stdout).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  it("ends silently when its reader has read enough", async () => {
    const cwd = folderWith({ "shop.service": "[Service]\n" + "Nonsense=1\n".repeat(2_000) });
    const pipe = ["sh", "-c", '"$@" | head -n 1', "sh", process.execPath, sockact, "lint"];
    expect(await outcomeOf(pipe, { cwd })).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("sockact lint with unusual files", () => {
  it.each([
    [
      "a byte that is not UTF-8",
      Buffer.from("[Service]\nExecStart=/bin/true\nDescription=caf\xe9\n", "latin1"),
      /3 file-unreadable/,
    ],
    ["UTF-16", Buffer.from("\uFEFF[Service]\nExecStart=/bin/true\n", "utf16le"), /:1 file-unreadable/],
    ["NUL", "[Service]\0Nicer=1\nExecStart=/bin/true\n", /:2 directive-unknown/],
    ["CRLF", "[Service]\r\nExecStart=/bin/true\r\nNicer=1\r\n", /:3 directive-unknown/],
    [
      "a line of a megabyte",
      `[Service]\nExecStart=/bin/true\nDescription=${"x".repeat(1_100_000)}\n`,
      /:3 file-unreadable/,
    ],
  ])("%s", async (_, bytes, expected) => {
    const cwd = folderWith({ "a.service": bytes });
    const { found, stderr } = await lintJson(cwd, "--severity=info");
    expect(stderr).toBe("");
    expect(found.join("\n")).toMatch(expected);
  });

  it("a file of many megabytes is not read, and counts as unchecked", async () => {
    const cwd = folderWith({ ...good, "big.service": "#".repeat(5_000_000) });
    const { code, unread, files } = await lintJson(cwd);
    expect({ code, unread, files }).toEqual({
      code: 1,
      unread: [{ file: "big.service", message: expect.stringContaining("more than 4 MiB") as string }],
      files: 2,
    });
    const { stderr } = await outcome(["lint"], { cwd });
    expect(stderr).toMatch(/^warning: big\.service was not checked: it has more than 4 MiB/);
  });

  it("links: to a file, to nothing, to /dev/null, in a circle; and a FIFO", async () => {
    const cwd = folderWith({ ...good, "elsewhere/real": launched });
    symlinkSync("elsewhere/real", join(cwd, "api.service"));
    symlinkSync("shop.socket", join(cwd, "api.socket"));
    symlinkSync("nowhere", join(cwd, "dangling.service"));
    symlinkSync("/dev/null", join(cwd, "masked.service"));
    symlinkSync(".", join(cwd, "circle"));
    symlinkSync(".", join(cwd, "circle.service.d"));
    symlinkSync("loop.service", join(cwd, "loop.service"));
    execFileSync("mkfifo", [join(cwd, "fifo.service")]);
    const { found, unread } = await lintJson(cwd, ".");
    expect(found).toEqual(expect.arrayContaining([expect.stringMatching(/^api\.service:\d+ exec-launcher/)]));
    expect(found.filter((one) => /dangling|masked|circle/.test(one))).toEqual([]);
    expect(unread).toEqual([{ file: "loop.service", message: "ELOOP" }]);
    expect((await lintJson(cwd, "fifo.service")).unread).toEqual([
      { file: "fifo.service", message: "it is not a file" },
    ]);
  });

  it("hundreds of files in many folders", async () => {
    const files: Record<string, string> = {};
    for (let number = 0; number < 100; number += 1) {
      const folder = `apps/${number % 50}`;
      files[`${folder}/shop${number}.socket`] = socket.replace("=80", `=${10_000 + number}`);
      files[`${folder}/shop${number}.service`] = service.replaceAll("shop.socket", `shop${number}.socket`);
    }
    const cwd = folderWith(files);
    expect(await lintJson(cwd)).toMatchObject({ code: 0, files: 200, findings: [] });
  });
});

describeWith({ root: true, otherUsers: true, commands: ["setpriv"] }, "sockact lint for a user", () => {
  it("root does not write into a folder of another user, who could put a link in its place", async () => {
    const cwd = folderWith({ "a.service": "before" });
    chownSync(cwd, 1700, 1700);
    await expect(replaceFile(join(cwd, "a.service"), "before", "after")).rejects.toMatchObject({
      code: "SOCKACT_ERR_LINT_WRITE",
      message: expect.stringContaining(`${cwd} belongs to user 1700`) as string,
    });
    expect(readFileSync(join(cwd, "a.service"), "utf8")).toBe("before");
  });

  it("root follows no link of another user, and says so", async () => {
    const cwd = folderWith({ ...good, "elsewhere/secret": "password = hunter2\n" });
    symlinkSync("elsewhere/secret", join(cwd, "api.service"));
    symlinkSync("api.service", join(cwd, "own.service"));
    lchownSync(join(cwd, "api.service"), 1700, 1700);
    const message =
      "it is a symbolic link of user 1700, and root does not follow it. Name the file that it points to";
    const linted = await lintJson(cwd);
    expect(linted.unread).toEqual(["api.service", "own.service"].map((file) => ({ file, message })));
    expect(JSON.stringify(linted)).not.toContain("hunter2");
    lchownSync(join(cwd, "api.service"), 0, 0);
    expect((await lintJson(cwd)).unread).toEqual([]);
  });

  it("names the files that they may not read", async () => {
    const cwd = folderWith({ ...good, "secret.service": service, "closed/x.service": service });
    chmodSync(join(cwd, "secret.service"), 0o600);
    chmodSync(join(cwd, "closed"), 0o700);
    const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, stdout, stderr } = await outcomeOf([...user, process.execPath, sockact, "lint"], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "No findings in 2 files.\n" });
    expect(stderr.split("\n").toSorted()).toEqual([
      "",
      "warning: closed was not checked: you may not read it",
      "warning: secret.service was not checked: you may not read it",
    ]);
  });

  it("--fix keeps the owner, and leaves a file alone that would change its owner", async () => {
    const cwd = folderWith({ "shop.socket": uninstalled, "shop.service": service });
    const file = join(cwd, "shop.socket");
    chownSync(file, 65_534, 65_534);
    chmodSync(file, 0o640);
    expect((await outcome(["lint", "--fix"], { cwd })).code).toBe(0);
    expect(statSync(file)).toMatchObject({ uid: 65_534, gid: 65_534, mode: 0o100_640 });

    writeFileSync(file, uninstalled);
    chownSync(file, 0, 0);
    chmodSync(file, 0o644);
    chmodSync(cwd, 0o777);
    const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const refused = await outcomeOf([...user, process.execPath, sockact, "lint", "--fix"], { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /can't change shop\.socket: its owner would change \(SOCKACT_ERR_LINT_WRITE\)/,
    );
    expect(readFileSync(file, "utf8")).toBe(uninstalled);
    expect(readdirSync(cwd).toSorted()).toEqual(["shop.service", "shop.socket"]);
  });
});

describe("sockact lint --fix", () => {
  it("makes the changes that need no decision, keeps the mode and the line ends, and reports the rest", async () => {
    const crlf = uninstalled.replaceAll("\n", "\r\n");
    const cwd = folderWith({ "shop.socket": crlf, "shop.service": launched });
    chmodSync(join(cwd, "shop.socket"), 0o640);
    const { code, stdout, stderr } = await outcome(["lint", "--fix"], { cwd });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/\nChanged 1 file: shop\.socket\n1 error in 2 files\.\n$/);
    const text = readFileSync(join(cwd, "shop.socket"), "utf8");
    expect(text).toContain("[Install]\r\nWantedBy=sockets.target\r\n");
    expect(text.startsWith(crlf.trimEnd())).toBe(true);
    expect(statSync(join(cwd, "shop.socket")).mode).toBe(0o100_640);
    expect(readFileSync(join(cwd, "shop.service"), "utf8")).toBe(launched);
    expect(readdirSync(cwd).toSorted()).toEqual(["shop.service", "shop.socket"]);
    expect((await lintJson(cwd, "--fix")).fixed).toEqual([]);
  });

  it("--diff prints the same changes without making them", async () => {
    const cwd = folderWith({ "shop.socket": uninstalled, "shop.service": service });
    const { code, stdout, stderr } = await outcome(["lint", "--diff"], { cwd });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "--fix would change 1 file.\n" });
    expect(stdout).toContain("+[Install]\n+WantedBy=sockets.target\n");
    expect(readFileSync(join(cwd, "shop.socket"), "utf8")).toBe(uninstalled);
  });

  describeWith({ commands: ["git"] }, "--diff", () => {
    it("prints changes that git and patch can read", async () => {
      const cwd = folderWith({ "shop.socket": uninstalled, "shop.service": service });
      const { stdout } = await outcome(["lint", "--diff"], { cwd });
      expect(await outcomeOf(["git", "apply", "-"], { cwd, input: stdout })).toMatchObject({ code: 0 });
      expect(await outcome(["lint", "--diff"], { cwd })).toEqual({ code: 0, stdout: "", stderr: "" });
    });
  });

  it("does not change unnamed files, links, or lines with an ignored code", async () => {
    const cwd = folderWith({
      "shop.socket": uninstalled,
      "shop.service": service,
      "real/api.socket": uninstalled,
    });
    expect((await lintJson(cwd, "--fix", "shop.service")).fixed).toEqual([]);
    expect((await lintJson(cwd, "--fix", "--ignore=socket-not-installed", "shop.socket")).fixed).toEqual([]);
    mkdirSync(join(cwd, "links"));
    writeFileSync(join(cwd, "links/api.service"), service.replaceAll("shop.socket", "api.socket"));
    symlinkSync("../real/api.socket", join(cwd, "links/api.socket"));
    writeFileSync(join(cwd, "links/zoo.socket"), uninstalled);
    writeFileSync(join(cwd, "links/zoo.service"), service.replaceAll("shop.socket", "zoo.socket"));
    const { code, stdout, stderr } = await outcome(["lint", "--fix", "links"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /links\/api\.socket: it is a symbolic link; name the file .* \(SOCKACT_ERR_LINT_WRITE\)/,
    );
    expect(lstatSync(join(cwd, "links/api.socket")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(cwd, "real/api.socket"), "utf8")).toBe(uninstalled);
    // The others are changed, and reported.
    expect(readFileSync(join(cwd, "links/zoo.socket"), "utf8")).not.toBe(uninstalled);
    expect(stdout).toContain("Changed 1 file: links/zoo.socket\n");
    expect(stdout).toContain("links/api.socket");
  });

  it("reads a unit whose name begins with a hyphen", async () => {
    const cwd = folderWith({ "-x.service": service.replaceAll("shop", "-x"), "-x.socket": socket });
    expect((await lintJson(cwd)).files).toBe(2);
  });

  it("leaves a file alone that has changed since it was read", async () => {
    const cwd = folderWith({ "a.service": "now" });
    await expect(replaceFile(join(cwd, "a.service"), "before", "after")).rejects.toMatchObject({
      code: "SOCKACT_ERR_LINT_WRITE",
      message: expect.stringContaining("another program has changed it") as string,
    });
    expect(readFileSync(join(cwd, "a.service"), "utf8")).toBe("now");
    expect(readdirSync(cwd)).toEqual(["a.service"]);
  });
});

describe("sockact lint for programs", () => {
  const units = { "a b,1:2%/shop.socket": uninstalled, "a b,1:2%/shop.service": launched };

  it("--json has every finding, and a page that explains it", async () => {
    const cwd = folderWith({ "shop.socket": uninstalled, "shop.service": launched });
    const { counts, findings } = await lintJson(cwd);
    expect(counts).toEqual({ error: 1, warning: 1, info: 0 });
    expect(findings[1]).toEqual({
      file: "shop.socket",
      line: expect.any(Number) as number,
      severity: "warning",
      code: "socket-not-installed",
      message: expect.any(String) as string,
      why: expect.any(String) as string,
      fix: expect.any(String) as string,
      url: "https://sockact.github.io/sockact/codes/socket-not-installed",
      fixable: true,
      source: expect.any(String) as string,
    });
  });

  it("--format sarif is valid by the schema of SARIF 2.1.0", async () => {
    const cwd = folderWith(units);
    const { stdout } = await outcome(["lint", "--format", "sarif"], { cwd });
    const require = createRequire(import.meta.url);
    const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json") as object;
    // One of its patterns is none with the flag u.
    const ajv = new Ajv.default({ strict: false, unicodeRegExp: false });
    formats.default(ajv);
    const validate = ajv.compile(schema);
    const log = JSON.parse(stdout) as { runs: { results: { locations: unknown[] }[] }[] };
    validate(log);
    expect(validate.errors).toBeNull();
    expect(JSON.stringify(log.runs[0]!.results[0]!.locations)).toContain("a%20b%2C1%3A2%25/shop.service");
  });

  it("--format github escapes the special characters of workflow commands", async () => {
    const cwd = folderWith(units);
    const { stdout } = await outcome(["lint", "--format", "github"], { cwd });
    expect(stdout).toMatch(/^::error file=a b%2C1%3A2%25\/shop\.service,line=\d+,title=exec-launcher::/m);
    expect(stdout).toMatch(
      /^::warning file=a b%2C1%3A2%25\/shop\.socket,line=\d+,title=socket-not-installed::/m,
    );
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stdout).toContain("%0AFix: ");
  });
});
