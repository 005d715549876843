import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { DEADLINE, describeWith, systemdVersion } from "@sockact/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { adapterNodeApp } from "./adapter-node.ts";
import { appThatServicesSee, type Files } from "./app-folder.ts";
import { sockactIn } from "./outcome.ts";
import { sockact } from "./run.ts";

const app: Files = {
  "package.json": {
    name: "shop",
    scripts: { start: "COLOUR=red nodemon server.js --fast" },
    dependencies: { express: "5" },
  },
  "server.js": `require("express")().listen(process.env.PORT || 3000);\n`,
  ".env": "A=1\n",
};

/** An older systemd passes nothing by which a service could say that it has handed over. */
const canHandOver = (systemdVersion() ?? Infinity) >= 253;

const shop = (files: Files = app): string => appThatServicesSee(files);

describe("sockact init", () => {
  it("says what it has found, and writes a config", () => {
    const folder = shop();
    const { status, stdout, stderr } = sockactIn(folder, ["init", "--yes"], { npm_command: "exec" });
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /app +shop, with express\n +runs +node server\.js --fast\n +port +3000\n +Node +\d+\.[^]*The start script is "COLOUR=red nodemon/,
    );
    expect(stdout).toContain(`Wrote ${folder}/sockact.config.mjs\n`);
    expect(stdout).toContain("npx sockact install");
    const text = readFileSync(join(folder, "sockact.config.mjs"), "utf8");
    expect(text).toContain(`/** @type {import("@sockact/units").AppDescription} */\nexport default {\n`);
    expect(text).toContain(`  exec: ["node", "./server.js", "--fast"],\n`);
    expect(text).toContain(`  sockets: [{ listen: 3000 }],\n`);
    expect(text).toContain(`  environment: { COLOUR: "red", SOCKACT_PORT: "3000" },\n`);
    expect(text).toContain(`  preload: true,\n`);
    expect(text).not.toContain("\n\n\n");
    expect(text.split("\n").filter((line) => line.length > 110)).toEqual([]);
  });

  it("writes a config for a site with host names", () => {
    const folder = shop();
    const hosts = ["--host", "shop.example.com", "--host", "www.example.com"];
    const { status, stderr } = sockactIn(folder, ["init", "--yes", "--name", "web", ...hosts]);
    expect(stderr).not.toContain("error");
    expect(status).toBe(0);
    const text = readFileSync(join(folder, "sockact.config.mjs"), "utf8");
    expect(text).toContain(`  hosts: ["shop.example.com", "www.example.com"],\n`);
    expect(text).toContain(`  sockets: [{ listen: "/run/web.sock" }],\n`);
    const port = sockactIn(folder, ["init", "--yes", "--force", ...hosts, "--listen", "80"]);
    expect(port.status).toBe(2);
    expect(port.stderr).toContain("--host: shop does not listen on one unix socket");
    expect(sockactIn(folder, ["init", "--yes", "--force", "--host", "a b"]).stderr).toContain("--host has");
  });

  it.each<[string, string[], string, Files]>([
    ["JavaScript", [], "sockact.config.mjs", {}],
    ["an ES module", [], "sockact.config.js", { "package.json": { name: "shop", type: "module" } }],
    ["JSON", ["--format", "json"], "sockact.config.json", {}],
    ["TypeScript", ["--format", "ts"], "sockact.config.ts", {}],
  ])("writes what describes the same service in each format: %s", (_, args, name, files) => {
    const folder = shop({ ...app, "package.json": { name: "shop" }, ...files });
    const options = [
      "server.js",
      "--listen",
      "80",
      "--environment-file",
      ".env",
      "--run-as",
      "www-data",
      "--hardening",
      "inbound",
      "--idle-timeout",
      "10min",
      ...(canHandOver ? ["--handover"] : []),
    ];
    const { stdout, stderr } = sockactIn(folder, ["init", ...options, ...args, "--yes"]);
    expect(stderr + stdout).toContain(`Wrote ${join(folder, name)}\n`);
    const byConfig = JSON.parse(sockactIn(folder, ["units", "--json"]).stdout) as [{ description: object }];
    expect(byConfig[0].description).toMatchObject({
      name: "shop",
      exec: [expect.stringMatching(/^\/.*node/), join(folder, "server.js")],
      sockets: [{ listen: 80 }],
      environmentFile: [join(folder, ".env")],
      user: "www-data",
      hardening: "inbound",
      idleTimeout: "10min",
      ...(canHandOver && { handover: true }),
      // What sockact install writes there.
      preload: "/var/lib/sockact/shop/files/register.cjs",
    });
  });

  it.each<[string, string, Files]>([
    [
      "TypeScript, where the compiler does not take the config for the app",
      "sockact.config.ts",
      { "tsconfig.json": { include: ["src"] } },
    ],
    [
      "JavaScript, where the compiler would take it for the app",
      "sockact.config.mjs",
      { "tsconfig.json": { compilerOptions: { outDir: "dist" } } },
    ],
  ])("chooses the format by the app: %s", (_, name, files) => {
    const folder = shop({ ...app, ...files });
    const { stdout } = sockactIn(folder, ["init", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ file: join(folder, name) });
  });

  it("writes neither a preload nor messages to systemd for SvelteKit's adapter-node", () => {
    const folder = shop(adapterNodeApp);
    const { status, stdout, stderr } = sockactIn(folder, ["init", "build/index.js", "--yes"]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining("the app uses them itself") as string,
    });
    expect(stdout).not.toContain("npm install @sockact/core");
    const config = readFileSync(join(folder, "sockact.config.js"), "utf8");
    expect(config).toContain('type: "exec"');
    expect(config).not.toContain("preload");
  });

  it("prints what it found as JSON, and writes nothing", () => {
    const folder = shop();
    const { stdout, stderr } = sockactIn(folder, ["init", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      found: {
        folder,
        entry: join(folder, "server.js"),
        framework: "express",
        port: 3000,
        launcher: "nodemon",
        hasSockact: false,
      },
      description: { name: "shop", exec: ["node", "./server.js", "--fast"] },
      file: join(folder, "sockact.config.mjs"),
    });
    expect(stderr).toBe("");
    expect(readdirSync(folder).filter((name) => name.startsWith("sockact"))).toEqual([]);
  });

  it("does not ask without a terminal, and has a hint", () => {
    const folder = shop();
    const { status, stderr } = sockactIn(folder, ["init"]);
    expect(stderr).toMatch(/can't ask without a terminal[^]*--yes/);
    expect(status).not.toBe(0);
    expect(existsSync(join(folder, "sockact.config.mjs"))).toBe(false);
  });

  it("says which line a newer systemd can have, if the app calls sockact and no systemd is here", () => {
    const files = {
      ...app,
      "server.js": `require("@sockact/core").listen(require("node:http").createServer());\n`,
    };
    // Without systemctl.
    const env = { PATH: "/nowhere" };
    const folder = shop(files);
    expect(sockactIn(folder, ["init", "--yes"], env).stdout).toContain('add type: "notify-reload" to it');
    expect(readFileSync(join(folder, "sockact.config.mjs"), "utf8")).not.toContain("  type:");
    expect(sockactIn(shop(files), ["init", "--yes", "--handover"], env).stdout).not.toContain(
      "notify-reload",
    );
    expect(sockactIn(shop(), ["init", "--yes"], env).stdout).not.toContain("notify-reload");
  });

  it("replaces a config only with --force, and never one of another format", () => {
    const folder = shop();
    const file = join(folder, "sockact.config.mjs");
    writeFileSync(file, "mine");
    const refused = sockactIn(folder, ["init", "--yes"]);
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("SOCKACT_ERR_WRITE_EXISTS") as string,
    });
    expect(readFileSync(file, "utf8")).toBe("mine");
    const other = sockactIn(folder, ["init", "--yes", "--format", "json", "--force"]);
    expect(other.stderr).toContain(`there is a config already: ${file}`);
    expect(existsSync(join(folder, "sockact.config.json"))).toBe(false);
    expect(sockactIn(folder, ["init", "--yes", "--force"]).status).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("shop");
  });

  it("does not let Node read a file of variables, because its NODE_OPTIONS could run code", () => {
    const folder = shop({
      ...app,
      "evil.cjs": `require("node:fs").writeFileSync("evil-ran", "");`,
      ".env": "NODE_OPTIONS=--require ./evil.cjs\n",
    });
    for (const option of [["--environment-file", ".env"], ["--environment-file=.env"]])
      expect(sockactIn(folder, ["init", "--yes", "--force", ...option]).status).toBe(0);
    expect(existsSync(join(folder, "evil-ran"))).toBe(false);
    expect(readFileSync(join(folder, "sockact.config.mjs"), "utf8")).toContain(`environmentFile: ["./.env"]`);
  });

  it("refuses what can't be written as units, before it writes", () => {
    const folder = shop();
    const { status, stderr } = sockactIn(folder, ["init", "--yes", "--listen", "99999", "--name", "a b"]);
    expect(stderr).toMatch(/name: [^]*sockets\[0\]\.listen: /);
    expect(status).toBe(1);
    expect(existsSync(join(folder, "sockact.config.mjs"))).toBe(false);
  });
});

it("prints no control characters of the app", () => {
  const start = "node server.js '\u001B[2J' '\u009B2J\r'";
  const folder = shop({ "package.json": { name: "shop", scripts: { start } }, "server.js": "" });
  const { status, stdout, stderr } = sockactIn(folder, ["init", "--yes"]);
  expect({ status, stderr }).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/runs +node server\.js/) as string,
  });
  // oxlint-disable-next-line no-control-regex
  expect(stdout + stderr).not.toMatch(/[\r\u001B\u0080-\u009F]/);
});

describeWith({ root: true }, "sockact init under sudo", () => {
  it("gives the config to the user who has called sudo", () => {
    const folder = shop();
    chownSync(folder, 65_534, 65_534);
    expect(sockactIn(folder, ["init", "--yes"], { SUDO_UID: "65534" })).toMatchObject({ status: 0 });
    expect(statSync(join(folder, "sockact.config.mjs")).uid).toBe(65_534);
  });
});

describeWith({ commands: ["script"] }, "the questions of sockact init", () => {
  it("are answered in a terminal", async () => {
    const folder = shop();
    const { screen, status } = await inTerminal(folder, [
      ["starts the app", "\r"],
      ["the service called", "\u007F\u007F\u007F\u007Fstore\r"],
      ["does it listen", "\u007F\u007F\u007F\u007F99999\r"],
      ["65535", "\u007F\u007F\u007F\u007F\u007F80\r"],
      ["Which user", "\r"],
      ["The app has a .env file", "\r"],
      ["connect to something", "\u001B[B\r"],
      ["May the app end", "\u001B[B\r"],
      ...(canHandOver ? ([["new version of the app start", "\u001B[B\r"]] as [string, string][]) : []),
      ["get the sockets", "\r"],
    ]);
    expect(screen).toContain("Wrote");
    expect(status).toBe(0);
    const text = readFileSync(join(folder, "sockact.config.mjs"), "utf8");
    expect(text).toMatch(
      /name: "store"[^]*listen: 80 [^]*environmentFile: \["\.\/\.env"\][^]*idleTimeout: "10min"[^]*preload: true[^]*hardening: "inbound"/,
    );
    expect(text.includes("handover: true")).toBe(canHandOver);
  });

  it("end with Ctrl-C, and nothing is written", async () => {
    const folder = shop();
    const { screen, status } = await inTerminal(folder, [["starts the app", "\u0003"]]);
    expect(screen).toContain("SOCKACT_ERR_CANCELLED");
    expect(status).toBe(130);
    expect(existsSync(join(folder, "sockact.config.mjs"))).toBe(false);
  });
});

describeWith({ commands: ["script"] }, "a terminal", () => {
  it("gets no control characters of an app's arguments with its units", () => {
    const start = "node server.js '\u009B2Jargument'";
    const cwd = shop({ "package.json": { name: "shop", scripts: { start } }, "server.js": "" });
    const command = `'${process.execPath}' '${sockact}' units`;
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], { cwd, encoding: "utf8" });
    expect(stdout).toMatch(/^ExecStart=.*argument/m);
    expect(stdout).not.toMatch(/[\u0080-\u009F]/);
  });
});

/** Types into a terminal, which script(1) makes. Each answer is sent once its question is there. */
async function inTerminal(
  folder: string,
  answers: [string, string][],
): Promise<{ screen: string; status: number | null }> {
  // Without a width, the prompts break lines after each character.
  const command = `stty cols 80 rows 40; exec '${process.execPath}' '${sockact}' init`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm", NO_COLOR: "1", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let screen = "";
  let unread = "";
  const left = [...answers];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += stripVTControlCharacters(text);
    unread += stripVTControlCharacters(text);
    const [question, keys] = left[0] ?? [];
    if (question === undefined || !unread.includes(question)) return;
    left.shift();
    unread = "";
    child.stdin.write(keys!);
  });
  const [status] = (await once(child, "close", { signal: AbortSignal.timeout(DEADLINE) })) as [number | null];
  return { screen, status };
}
