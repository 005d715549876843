import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Files, folderWith } from "./app-folder.ts";
import { sockactIn } from "./outcome.ts";
import { isRunning, sockact } from "./run.ts";

const isRoot = process.getuid?.() === 0;

const unitsIn = (
  folder: string,
  args: readonly string[] = ["--json"],
  env: Record<string, string> = {},
): ReturnType<typeof sockactIn> => sockactIn(folder, ["units", ...args], env);

/** What `sockact units` reads from a config. */
function describedBy(files: Files, args?: readonly string[], env?: Record<string, string>): AppDescription[] {
  const { status, stdout, stderr } = unitsIn(folderWith(files), ["--json", ...(args ?? [])], env);
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { description: AppDescription }[]).map(({ description }) => description);
}

const fields = `name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }]`;

describe("a config", () => {
  it.each<[string, Files]>([
    [
      "TypeScript",
      {
        "sockact.config.ts": `import type { AppDescription } from "@sockact/units";
import { port } from "./port.ts";
enum Name { shop = "shop" }
export default { name: Name.shop, exec: ["/usr/bin/true"], sockets: [{ listen: port as number }] } satisfies AppDescription;`,
        "port.ts": `export const port: number = 80;`,
      },
    ],
    [
      ".mts with await",
      {
        "sockact.config.mts": `const port: number = await Promise.resolve(80);\nexport default { ${fields.replace("80", "port")} };`,
      },
    ],
    ["an ES module by its syntax", { "sockact.config.js": `export default { ${fields} };` }],
    [
      "an ES module by package.json",
      { "package.json": { type: "module" }, "sockact.config.js": `export default { ${fields} };` },
    ],
    ["CommonJS", { "sockact.config.js": `module.exports = { ${fields} };` }],
    [".mjs, a function", { "sockact.config.mjs": `export default () => ({ ${fields} });` }],
    [".cjs, an async function", { "sockact.config.cjs": `module.exports = async () => [{ ${fields} }];` }],
    [
      "JSON",
      {
        "sockact.config.json": `\uFEFF{ "$schema": "x", "name": "shop", "exec": ["/usr/bin/true"], "sockets": [{ "listen": 80 }] }`,
      },
    ],
  ])("may be %s", (_, files) => {
    expect(describedBy(files)).toMatchObject([
      { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }] },
    ]);
  });

  it("may describe several services, of which one can be chosen", () => {
    const files = {
      "sockact.config.mjs": `export default ["shop", "blog"].map((name, i) => ({ name, exec: ["/usr/bin/true"], sockets: [{ listen: 80 + i }] }));`,
    };
    expect(describedBy(files).map(({ name }) => name)).toEqual(["shop", "blog"]);
    expect(describedBy(files, ["blog"]).map(({ name }) => name)).toEqual(["blog"]);
    const folder = folderWith(files);
    const unknown = unitsIn(folder, ["blgo"]);
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringMatching(/blgo/) as string });
  });

  it("may have another name, also elsewhere", () => {
    const folder = folderWith({
      "deploy/shop.json": {
        name: "shop",
        exec: ["./run"],
        hardening: "none",
        user: "www-data",
        sockets: [{ listen: 80 }],
        type: "simple",
      },
      "deploy/run": "",
    });
    const { stdout } = unitsIn(folder, ["--json", "--config", "deploy/shop.json"]);
    expect(JSON.parse(stdout)).toMatchObject([{ description: { exec: [join(folder, "deploy/run")] } }]);
  });

  it("has its paths from its folder, and node for the Node that runs sockact", () => {
    const folder = folderWith({
      "sockact.config.json": {
        name: "shop",
        exec: ["node", "--import", "./hook.mjs", "./dist/server.js", "--dir=./x", "../up", "plain"],
        sockets: [{ listen: 80 }],
        user: "www-data",
        workingDirectory: "./",
        environmentFile: ["./.env", { path: "./.env.local", optional: true }],
        environment: { RELATIVE: "./stays" },
        hardening: "none",
      },
    });
    const { stdout, stderr } = unitsIn(folder);
    expect(stderr).toBe("");
    const [{ description }] = JSON.parse(stdout) as [{ description: AppDescription }];
    const [node, ...words] = description.exec ?? [];
    expect(node).toMatch(/^\/.*node/);
    expect(words).toEqual([
      "--import",
      join(folder, "hook.mjs"),
      join(folder, "dist/server.js"),
      "--dir=./x",
      join(folder, "../up"),
      "plain",
    ]);
    expect(description).toMatchObject({
      workingDirectory: folder,
      environmentFile: [join(folder, ".env"), { path: join(folder, ".env.local"), optional: true }],
      environment: { RELATIVE: "./stays" },
    });
  });

  it("may print, and what it prints is not on the standard output", () => {
    const folder = folderWith({
      "sockact.config.mjs": `console.log("loading");\nconsole.error("still");\nexport default { ${fields} };`,
    });
    const { stdout, stderr, status } = unitsIn(folder);
    expect(status).toBe(0);
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    expect(stderr).toContain("loading\n");
    expect(stderr).toContain("still\n");
  });

  it("sees the same variables with sudo and without", () => {
    const files = {
      "sockact.config.mjs": `export default { ${fields}, description: Object.keys(process.env).sort().join(" ") };`,
    };
    const [description] = describedBy(files, [], {
      SECRET: "1",
      NODE_OPTIONS: "--no-warnings",
      PORT: "1",
      LANG: "C",
    });
    expect(description!.description).toMatch(
      /^HOME LANG (?:LC_\w+ )*LOGNAME NO_COLOR PATH (?:TERM )?(?:TZ )?USER$/,
    );
  });

  it("gets no terminal, and what it has started ends with it", async () => {
    const folder = folderWith({
      "sockact.config.mjs": `import { spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
let terminal = "none";
try { openSync("/dev/tty"); terminal = "open"; } catch {}
const { pid } = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
writeFileSync("pid", String(pid));
setInterval(() => {}, 1e6);
export default { ${fields}, description: terminal };`,
    });
    // script(1) gives sockact a terminal.
    const command = `${process.execPath} '${sockact}' units --json`;
    const stdout = execFileSync("script", ["-qec", command, "/dev/null"], {
      cwd: folder,
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(stdout).toContain(`"description": "none"`);
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    await vi.waitUntil(() => !isRunning(pid), { timeout: 5000 });
  });
});

describe("a config that is refused", () => {
  const evaluated = (code: string): Files => ({ "sockact.config.mjs": code });
  it.each<[string, Files, string, RegExp]>([
    [
      "two configs",
      { "sockact.config.js": "", "sockact.config.json": "" },
      "ERR_CONFIG_SEVERAL",
      /several configs in .*: sockact\.config\.js, sockact\.config\.json/,
    ],
    [
      "a syntax error",
      { "sockact.config.mjs": "export default {\n  name: \n};\n" },
      "ERR_CONFIG_SYNTAX",
      /sockact\.config\.mjs:3/,
    ],
    [
      "a syntax error of CommonJS",
      { "sockact.config.cjs": "module.exports = {\n  name: \n};\n" },
      "ERR_CONFIG_SYNTAX",
      /sockact\.config\.cjs:3/,
    ],
    [
      "a syntax error of TypeScript",
      { "sockact.config.ts": "export default {\n  name: \n};\n" },
      "ERR_CONFIG_SYNTAX",
      /sockact\.config\.ts:3/,
    ],
    [
      "a syntax error of JSON",
      { "sockact.config.json": `{\n  "name": "shop",\n}\n` },
      "ERR_CONFIG_SYNTAX",
      /sockact\.config\.json:3:1/,
    ],
    [
      "JSON that ends early",
      { "sockact.config.json": `{\n  "name":` },
      "ERR_CONFIG_SYNTAX",
      /sockact\.config\.json:2:/,
    ],
    [
      "it throws",
      evaluated("\n\nthrow new Error('boom');"),
      "ERR_CONFIG_FAILED",
      /sockact\.config\.mjs:3:\d+ throws an error: boom/,
    ],
    [
      "it throws in TypeScript",
      { "sockact.config.ts": "const a: number = 1;\n\nthrow new Error('boom');" },
      "ERR_CONFIG_FAILED",
      /sockact\.config\.ts:3:\d+ throws an error: boom/,
    ],
    ["it throws no error", evaluated("throw null"), "ERR_CONFIG_FAILED", /throws an error: null/],
    [
      "it imports what is not installed",
      evaluated(`import "nothing";`),
      "ERR_CONFIG_FAILED",
      /nothing[^]*npm install/,
    ],
    [
      "it kills the process",
      evaluated("process.kill(process.pid, 'SIGKILL')"),
      "ERR_CONFIG_FAILED",
      /SIGKILL/,
    ],
    [
      "it never exports",
      evaluated("await new Promise(() => setInterval(() => {}, 1e6))"),
      "ERR_CONFIG_TIMEOUT",
      /nothing after 1 s/,
    ],
    ["it never ends", evaluated("for (;;);"), "ERR_CONFIG_TIMEOUT", /nothing after 1 s/],
    [
      "it awaits nothing that comes",
      evaluated("await new Promise(() => {})"),
      "ERR_CONFIG_FAILED",
      /exit code 0/,
    ],
    ["it exports nothing", evaluated(""), "ERR_CONFIG_INVALID", /the default export is undefined/],
    [
      "it exports a list in a list",
      evaluated(`export default [[{ ${fields} }]]`),
      "ERR_CONFIG_INVALID",
      /can't be written/,
    ],
    [
      "a function in it",
      evaluated(`export default { ${fields}, exec: ["/bin/true", () => 1] }`),
      "ERR_CONFIG_INVALID",
      /exec\[1\] is a function/,
    ],
    [
      "a getter that throws",
      evaluated(`export default { ${fields}, get user() { throw new Error("no") } }`),
      "ERR_CONFIG_INVALID",
      /reading user throws an error: Error: no/,
    ],
    [
      "__proto__ as a field",
      evaluated(
        `export default JSON.parse('{"name":"shop","exec":["/bin/true"],"sockets":[{"listen":80}],"__proto__":{"user":"root"}}')`,
      ),
      "ERR_CONFIG_INVALID",
      /__proto__/,
    ],
    [
      "too much",
      evaluated(`export default { ${fields}, description: "x".repeat(5e6) }`),
      "ERR_CONFIG_SIZE",
      /more than 4 MiB/,
    ],
    [
      "forged words",
      evaluated(
        `import { writeSync } from "node:fs";\nwriteSync(3, "nonsense\\n");\nsetInterval(() => {}, 1e6);\nawait new Promise(() => {});`,
      ),
      "ERR_CONFIG_FAILED",
      /sockact\.config\.mjs/,
    ],
    [
      "an answer of another form",
      evaluated(
        `import { writeSync } from "node:fs";\nwriteSync(3, '{"error":{"kind":"thrown","message":7}}\\n');\nawait new Promise(() => {});`,
      ),
      "ERR_CONFIG_FAILED",
      /file descriptor 3/,
    ],
    [
      "words that would move the cursor",
      evaluated(`console.log("\\u001B[2Jprinted");\nthrow new Error("\\u001B[2Jthrown");`),
      "ERR_CONFIG_FAILED",
      // oxlint-disable-next-line no-control-regex
      /^[^\u001B]*printed\n[^\u001B]*thrown[^\u001B]*$/,
    ],
    [
      "wrong fields, all of them",
      evaluated(`export default { name: "a b", exec: ["true"], sockets: [{ listen: 0 }] }`),
      "ERR_CONFIG_INVALID",
      /name: [^\n]*\n.*exec\[0\]: [^\n]*\n.*sockets\[0\]\.listen: /,
    ],
    [
      "one name for two services",
      evaluated(`export default [{ ${fields} }, { ${fields} }]`),
      "ERR_CONFIG_INVALID",
      /two descriptions with the name shop/,
    ],
  ])("%s", (_, files, code, message) => {
    const { status, stderr, stdout } = unitsIn(folderWith(files), [], { SOCKACT_CONFIG_TIMEOUT: "1" });
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`(${code})`);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
    expect(status).toBe(code === "ERR_CONFIG_SEVERAL" ? 2 : 1);
  });

  it("a named one that does not exist, or is of another format", () => {
    const folder = folderWith({ "a.yaml": "" });
    expect(unitsIn(folder, ["-c", "b.json"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("ERR_CONFIG_MISSING") as string,
    });
    expect(unitsIn(folder, ["-c", "a.yaml"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("ERR_CONFIG_MISSING") as string,
    });
  });

  it("Ctrl-C ends it, with the process that evaluates it", async () => {
    const folder = folderWith({
      "sockact.config.mjs": `import { writeFileSync } from "node:fs";\nwriteFileSync("pid", String(process.pid));\nfor (;;);`,
    });
    const child = spawn(process.execPath, [sockact, "units"], { cwd: folder, stdio: "ignore" });
    const ended = once(child, "exit");
    const file = join(folder, "pid");
    await vi.waitUntil(() => existsSync(file) && readFileSync(file, "utf8") !== "", { timeout: 10_000 });
    child.kill("SIGINT");
    expect(await ended).toEqual([null, "SIGINT"]);
    const pid = Number(readFileSync(file, "utf8"));
    await vi.waitUntil(() => !isRunning(pid), { timeout: 5000 });
  });
});

describe.skipIf(!isRoot)("root", () => {
  const config = {
    "sockact.config.json": { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }] },
  };
  const file = "sockact.config.json";

  it("uses a config that root alone may write", () => {
    const folder = folderWith(config);
    expect(unitsIn(folder).status).toBe(0);
    chmodSync(folder, 0o700);
    expect(unitsIn(folder).status).toBe(0);
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      "the file may be written by everyone",
      (folder) => chmodSync(join(folder, file), 0o646),
      /every user may write it[^]*chmod o-w .*json/,
    ],
    [
      "the file may be written by a group",
      (folder) => {
        chownSync(join(folder, file), 0, 1);
        chmodSync(join(folder, file), 0o664);
      },
      /its group 1 may write it/,
    ],
    [
      "the folder may be written by everyone",
      (folder) => chmodSync(folder, 0o777),
      /sockact app \w+: every user may write it/,
    ],
    [
      "another user owns the file",
      (folder) => chownSync(join(folder, file), 65_534, 0),
      /user 65534 owns it, and not root[^]*with sudo as the user who owns it/,
    ],
    ["another user owns the folder", (folder) => chownSync(folder, 65_534, 0), /user 65534 owns it/],
  ])("does not use a config if %s", (_, change, message) => {
    const folder = folderWith(config);
    change(folder);
    const { status, stderr, stdout } = unitsIn(folder);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("ERR_CONFIG_UNSAFE");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });

  it("does not evaluate what it refuses", () => {
    const folder = folderWith({
      "sockact.config.mjs": `import { writeFileSync } from "node:fs";\nwriteFileSync("evaluated", "");`,
    });
    chmodSync(join(folder, "sockact.config.mjs"), 0o666);
    expect(unitsIn(folder).stderr).toContain("ERR_CONFIG_UNSAFE");
    expect(existsSync(join(folder, "evaluated"))).toBe(false);
  });

  it("looks where symbolic links lead, and who may change them", () => {
    const elsewhere = folderWith(config);
    const folder = folderWith({ [file]: { link: join(elsewhere, file) } });
    expect(unitsIn(folder).status).toBe(0);
    chmodSync(elsewhere, 0o777);
    expect(unitsIn(folder).stderr).toContain("ERR_CONFIG_UNSAFE");
    chmodSync(elsewhere, 0o755);
    expect(unitsIn(folder, ["-c", join(folder, file)]).status).toBe(0);
    chmodSync(folder, 0o777);
    expect(unitsIn(folder, ["-c", join(folder, file)]).stderr).toContain("ERR_CONFIG_UNSAFE");
  });

  it("refuses a SUDO_UID that is no user's", () => {
    for (const uid of ["4294967000", "x", "-1", ""])
      expect(unitsIn(folderWith(config), [], { SUDO_UID: uid })).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("ERR_INVOKER") as string,
      });
  });
});

describeWith({ privateSystemd: true }, "under sudo, a config", () => {
  let systemd: PrivateSystemd;
  const folder = "/var/lib/apps/shop";

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const passwd = readFileSync("/etc/passwd", "utf8");
    const group = readFileSync("/etc/group", "utf8");
    await systemd.write(
      "/etc/passwd",
      `${passwd.trimEnd()}\nana:x:4001:4001:Ana:/var/lib/apps:/bin/sh\nben:x:4002:4002::/:/bin/sh\n`,
    );
    await systemd.write(
      "/etc/group",
      `${group.trimEnd()}\nana:x:4001:\nben:x:4002:ana\nstaff2:x:4003:ana,ben\n`,
    );
    await systemd.mustRun(["mkdir", "-p", folder]);
    await systemd.mustRun(["chown", "-R", "ana:ana", "/var/lib/apps"]);
  });
  afterAll(() => systemd?.close());

  async function units(
    text: string,
    {
      name = "sockact.config.ts",
      mode = "644",
      owner = "ana",
      program = `${systemd.project}/packages/cli/bin/sockact.cjs`,
    } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    await systemd.mustRun(["sh", "-c", `rm -f ${folder}/*`]);
    await systemd.write(`${folder}/${name}`, text);
    await systemd.mustRun(["chown", owner, `${folder}/${name}`]);
    await systemd.mustRun(["chmod", mode, `${folder}/${name}`]);
    return systemd.run([systemd.node, program, "units", "--json"], {
      cwd: folder,
      env: {
        SUDO_UID: "4001",
        SUDO_GID: "0",
        SUDO_USER: "root",
        NO_COLOR: "1",
        NODE_OPTIONS: "",
        SECRET: "x",
      },
    });
  }

  it.each(["ts", "mjs", "cjs"])(
    "is evaluated as the user who has called sudo, and in no way as root: %s",
    async (format) => {
      const code = `
const attempts = { setuid: () => process.setuid(0), seteuid: () => process.seteuid(0), setgroups: () => process.setgroups([0]), shadow: () => fs.readFileSync("/etc/shadow") };
const refused = Object.entries(attempts).flatMap(([name, attempt]) => { try { attempt(); return []; } catch { return name; } });
const told = { uid: process.getuid(), euid: process.geteuid(), gid: process.getgid(), groups: process.getgroups().sort(), refused,
  status: fs.readFileSync("/proc/self/status", "utf8").match(/^Cap(?:Prm|Eff|Amb):.*$|^Uid:.*$/gm).join(" ").replace(/\\s+/g, " "),
  home: process.env.HOME, secret: process.env.SECRET ?? "", cwd: process.cwd() };
const value = { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }], description: JSON.stringify(told) };
`;
      const [first, last] =
        format === "cjs"
          ? [`const fs = require("fs");`, "module.exports = value;"]
          : [`import fs from "node:fs";`, "export default value;"];
      const { stdout, stderr } = await units(`${first}${code}${last}`, { name: `sockact.config.${format}` });
      expect(stderr).toBe("");
      const [{ description }] = JSON.parse(stdout) as [{ description: { description: string } }];
      expect(JSON.parse(description.description)).toEqual({
        uid: 4001,
        euid: 4001,
        gid: 4001,
        groups: [4001, 4002, 4003],
        refused: ["setuid", "seteuid", "setgroups", "shadow"],
        status:
          "Uid: 4001 4001 4001 4001 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000",
        home: "/var/lib/apps",
        secret: "",
        cwd: folder,
      });
    },
  );

  const config = `export default { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }] };`;

  it("may be written by the user's own group, in which nobody else is", async () => {
    expect(await units(config, { owner: "ana:ana", mode: "664" })).toMatchObject({ code: 0 });
  });

  it.each([
    [{ owner: "ben" }, /user 4002 owns it, and not root or ana/],
    [{ mode: "666" }, /every user may write it/],
    [{ owner: "ana:staff2", mode: "664" }, /its group 4003 may write it/],
  ])("is refused if others may write it: %j", async (options, message) => {
    expect(await units(config, options)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(message) as string,
    });
  });

  it("is evaluated by a sockact that root alone can read, as npx of root installs it", async () => {
    const copy = "/var/lib/root-only";
    const { project } = systemd;
    await systemd.mustRun(["mkdir", "-p", "--mode=700", `${copy}/node_modules`]);
    await systemd.mustRun([
      "cp",
      "-r",
      ...["bin", "dist", "package.json"].map((name) => `${project}/packages/cli/${name}`),
      copy,
    ]);
    for (const name of ["jiti", "commander"]) {
      const places = [`${project}/packages/cli/node_modules/${name}`, `${project}/node_modules/${name}`];
      await systemd.mustRun([
        "sh",
        "-c",
        `cp -rL "$1" "$3" 2>/dev/null || cp -rL "$2" "$3"`,
        "sh",
        ...places,
        `${copy}/node_modules`,
      ]);
    }
    for (const name of ["sockact.config.ts", "sockact.config.mjs"]) {
      const result = await units(`export default { ${fields}, description: String(process.getuid()) };`, {
        name,
        program: `${copy}/bin/sockact.cjs`,
      });
      expect(result.stderr).toBe("");
      expect(JSON.parse(result.stdout)).toMatchObject([{ description: { description: "4001" } }]);
    }
  });

  it("that the user can't read is an error, though root can", async () => {
    const { code, stderr } = await units(config, { owner: "root", mode: "600" });
    expect(stderr).toMatch(/EACCES|permission denied/i);
    expect(stderr).toContain("who must be allowed to read it");
    expect(code).toBe(1);
  });
});
