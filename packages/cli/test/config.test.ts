import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DEADLINE, describeWith } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { describe, expect, it, vi } from "vitest";
import { type Files, folderWith } from "./app-folder.ts";
import { unitsIn } from "./outcome.ts";
import { isRunning, sockact } from "./run.ts";

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
        "sockact.config.ts": `import { DEADLINE, describeWith } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
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
    [
      "an ES module in a folder of CommonJS",
      {
        "package.json": { type: "commonjs" },
        "port.mjs": "export default 80;",
        "sockact.config.js": `import port from "./port.mjs";\nexport default { ${fields.replace("80", "port")} };`,
      },
    ],
    [
      "CommonJS by package.json, which has the word export",
      {
        "package.json": { type: "commonjs" },
        "sockact.config.js": `/*\nexport default */\nmodule.exports = { ${fields} };`,
      },
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

  it("may have another name, and be in another folder", () => {
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

  it("may print, but not to standard output", () => {
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
});

describeWith({ commands: ["script"] }, "a config, in a terminal,", () => {
  it("gets no terminal, and the processes that it has started end with it", async () => {
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
      timeout: DEADLINE,
    });
    expect(stdout).toContain(`"description": "none"`);
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    await vi.waitUntil(() => !isRunning(pid), { timeout: DEADLINE });
  });
});

describe("a config that is refused", () => {
  const evaluated = (code: string): Files => ({ "sockact.config.mjs": code });
  it.each<[string, Files, string, RegExp]>([
    [
      "two configs",
      { "sockact.config.js": "", "sockact.config.json": "" },
      "SOCKACT_ERR_CONFIG_SEVERAL",
      /several configs in .*: sockact\.config\.js, sockact\.config\.json/,
    ],
    [
      "a syntax error",
      { "sockact.config.mjs": "export default {\n  name: \n};\n" },
      "SOCKACT_ERR_CONFIG_SYNTAX",
      /sockact\.config\.mjs:3/,
    ],
    [
      "a syntax error of CommonJS",
      { "sockact.config.cjs": "module.exports = {\n  name: \n};\n" },
      "SOCKACT_ERR_CONFIG_SYNTAX",
      /sockact\.config\.cjs:3/,
    ],
    [
      "a syntax error of an ES module in a folder of CommonJS",
      { "package.json": { type: "commonjs" }, "sockact.config.js": "export default {\n  name: \n};\n" },
      "SOCKACT_ERR_CONFIG_SYNTAX",
      /^(?!.*Warning)[^]*sockact\.config\.js:3/,
    ],
    [
      "a syntax error of TypeScript",
      { "sockact.config.ts": "export default {\n  name: \n};\n" },
      "SOCKACT_ERR_CONFIG_SYNTAX",
      /sockact\.config\.ts:3/,
    ],
    [
      "a syntax error of JSON",
      { "sockact.config.json": `{\n  "name": "shop",\n}\n` },
      "SOCKACT_ERR_CONFIG_SYNTAX",
      /sockact\.config\.json:3:1/,
    ],
    [
      "JSON that ends early",
      { "sockact.config.json": `{\n  "name":` },
      "SOCKACT_ERR_CONFIG_SYNTAX",
      /sockact\.config\.json:2:/,
    ],
    [
      "it throws",
      evaluated("\n\nthrow new Error('boom');"),
      "SOCKACT_ERR_CONFIG_FAILED",
      /sockact\.config\.mjs:3:\d+ throws an error: boom/,
    ],
    [
      "it throws in TypeScript",
      { "sockact.config.ts": "const a: number = 1;\n\nthrow new Error('boom');" },
      "SOCKACT_ERR_CONFIG_FAILED",
      /sockact\.config\.ts:3:\d+ throws an error: boom/,
    ],
    ["it throws no error", evaluated("throw null"), "SOCKACT_ERR_CONFIG_FAILED", /throws an error: null/],
    [
      "it imports what is not installed",
      evaluated(`import "nothing";`),
      "SOCKACT_ERR_CONFIG_FAILED",
      /nothing[^]*npm install/,
    ],
    [
      "it kills the process",
      evaluated("process.kill(process.pid, 'SIGKILL')"),
      "SOCKACT_ERR_CONFIG_FAILED",
      /SIGKILL/,
    ],
    [
      "it never exports",
      evaluated("await new Promise(() => setInterval(() => {}, 1e6))"),
      "SOCKACT_ERR_CONFIG_TIMEOUT",
      /has not exported anything after 1 s/,
    ],
    [
      "it never ends",
      evaluated("for (;;);"),
      "SOCKACT_ERR_CONFIG_TIMEOUT",
      /has not exported anything after 1 s/,
    ],
    [
      "it awaits nothing that comes",
      evaluated("await new Promise(() => {})"),
      "SOCKACT_ERR_CONFIG_FAILED",
      /exit code 0/,
    ],
    ["it exports nothing", evaluated(""), "SOCKACT_ERR_CONFIG_INVALID", /the default export is undefined/],
    [
      "no list as its command, with its folder in a home",
      evaluated(
        'export default { name: "shop", exec: 5, workingDirectory: "/home/me/shop", sockets: [{ listen: 80 }] };',
      ),
      "SOCKACT_ERR_CONFIG_INVALID",
      /exec: 5 is not an array/,
    ],
    [
      "it exports a list in a list",
      evaluated(`export default [[{ ${fields} }]]`),
      "SOCKACT_ERR_CONFIG_INVALID",
      /can't be written/,
    ],
    [
      "a function in it",
      evaluated(`export default { ${fields}, exec: ["/bin/true", () => 1] }`),
      "SOCKACT_ERR_CONFIG_INVALID",
      /exec\[1\] is a function/,
    ],
    [
      "a getter that throws",
      evaluated(`export default { ${fields}, get user() { throw new Error("no") } }`),
      "SOCKACT_ERR_CONFIG_INVALID",
      /reading user throws an error: Error: no/,
    ],
    [
      "__proto__ as a field",
      evaluated(
        `export default JSON.parse('{"name":"shop","exec":["/bin/true"],"sockets":[{"listen":80}],"__proto__":{"user":"root"}}')`,
      ),
      "SOCKACT_ERR_CONFIG_INVALID",
      /__proto__/,
    ],
    [
      "too much",
      evaluated(`export default { ${fields}, description: "x".repeat(5e6) }`),
      "SOCKACT_ERR_CONFIG_SIZE",
      /more than 4 MiB/,
    ],
    [
      "forged words",
      evaluated(
        `import { writeSync } from "node:fs";\nwriteSync(3, "nonsense\\n");\nsetInterval(() => {}, 1e6);\nawait new Promise(() => {});`,
      ),
      "SOCKACT_ERR_CONFIG_FAILED",
      /sockact\.config\.mjs/,
    ],
    [
      "an answer of another form",
      evaluated(
        `import { writeSync } from "node:fs";\nwriteSync(3, '{"error":{"kind":"thrown","message":7}}\\n');\nawait new Promise(() => {});`,
      ),
      "SOCKACT_ERR_CONFIG_FAILED",
      /file descriptor 3/,
    ],
    [
      "words that would move the cursor",
      evaluated(`console.log("\\u001B[2Jprinted");\nthrow new Error("\\u001B[2Jthrown");`),
      "SOCKACT_ERR_CONFIG_FAILED",
      // oxlint-disable-next-line no-control-regex
      /^[^\u001B]*printed\n[^\u001B]*thrown[^\u001B]*$/,
    ],
    [
      "wrong fields, all of them",
      evaluated(`export default { name: "a b", exec: ["true"], sockets: [{ listen: 0 }] }`),
      "SOCKACT_ERR_CONFIG_INVALID",
      /name: [^\n]*\n.*exec\[0\]: [^\n]*\n.*sockets\[0\]\.listen: /,
    ],
    [
      "one name for two services",
      evaluated(`export default [{ ${fields} }, { ${fields} }]`),
      "SOCKACT_ERR_CONFIG_INVALID",
      /two descriptions with the name shop/,
    ],
    [
      "one host name for two services",
      evaluated(
        `export default ["shop", "blog"].map((name) => ({ ${fields}, name, hosts: ["a.example"], sockets: [{ listen: "/run/" + name + ".sock" }] }))`,
      ),
      "SOCKACT_ERR_CONFIG_INVALID",
      /the host name a\.example in two descriptions/,
    ],
  ])("%s", (_, files, code, message) => {
    // On a busy machine, any other config may take longer than a second.
    const env: Record<string, string> =
      code === "SOCKACT_ERR_CONFIG_TIMEOUT" ? { SOCKACT_CONFIG_TIMEOUT: "1" } : {};
    const { status, stderr, stdout } = unitsIn(folderWith(files), [], env);
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`(${code})`);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
    expect(status).toBe(code === "SOCKACT_ERR_CONFIG_SEVERAL" ? 2 : 1);
  });

  it("a named file that does not exist, or has another format", () => {
    const folder = folderWith({ "a.yaml": "" });
    expect(unitsIn(folder, ["-c", "b.json"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("SOCKACT_ERR_CONFIG_MISSING") as string,
    });
    expect(unitsIn(folder, ["-c", "a.yaml"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("SOCKACT_ERR_CONFIG_MISSING") as string,
    });
  });

  it("Ctrl-C ends it, with the process that evaluates it", async () => {
    const folder = folderWith({
      "sockact.config.mjs": `import { writeFileSync } from "node:fs";\nwriteFileSync("pid", String(process.pid));\nfor (;;);`,
    });
    const child = spawn(process.execPath, [sockact, "units"], { cwd: folder, stdio: "ignore" });
    const ended = once(child, "exit");
    const file = join(folder, "pid");
    await vi.waitUntil(() => existsSync(file) && readFileSync(file, "utf8") !== "", { timeout: DEADLINE });
    child.kill("SIGINT");
    expect(await ended).toEqual([null, "SIGINT"]);
    const pid = Number(readFileSync(file, "utf8"));
    await vi.waitUntil(() => !isRunning(pid), { timeout: DEADLINE });
  });
});
