import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AppDescription } from "../../description/app.ts";
import { UnitError } from "../../problems.ts";
import { emitUnits } from "../../emit/emit.ts";
import { explain } from "../../emit/explain.ts";
import { lintUnits } from "../../lint/lint.ts";
import { nodeOption, nodeOptionWords } from "../../node/command-line.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  preload: true,
  sockets: [{ listen: 80 }],
};

/** An app that a script of its package starts. */
const next = {
  exec: ["/srv/shop/node_modules/.bin/next", "start"],
  workingDirectory: "/srv/shop",
} satisfies Partial<AppDescription>;

const file = "/srv/shop/node_modules/@sockact/register/dist/index.cjs";

function unitsOf(more: Partial<AppDescription>): Record<string, string> {
  return emitUnits({ ...shop, ...more });
}

/** The lines of the service that match. */
function linesOf(more: Partial<AppDescription>, pattern = /^ExecStart=|NODE_OPTIONS|SOCKACT_MAP/): string[] {
  const [, service] = Object.entries(unitsOf(more)).findLast(([unit]) => /service$|container$/.test(unit))!;
  return service.split("\n").filter((line) => pattern.test(line));
}

/** Where the problems of a description are, and what they say. */
function problemsOf(more: object): string[] {
  try {
    emitUnits({ ...shop, ...more });
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    return error.problems.map(({ path, code, message, hint }) =>
      hint === "" ? `${path} has no hint` : `${path} ${code.slice("SOCKACT_ERR_UNIT_".length)}: ${message}`,
    );
  }
  return [];
}

describe("preload", () => {
  it("is an argument of Node, so that child processes do not load it", () => {
    expect(linesOf({})).toEqual([`ExecStart=/usr/bin/node --require ${file} /srv/shop/server.js`]);
    expect(linesOf({ preload: false })).toEqual(["ExecStart=/usr/bin/node /srv/shop/server.js"]);
    expect(linesOf({ exec: ["/usr/bin/env", "node", "--no-warnings", "/srv/shop/dist/main.js"] })).toEqual([
      `ExecStart=/usr/bin/env node --require ${file} --no-warnings /srv/shop/dist/main.js`,
    ]);
  });

  it("is in NODE_OPTIONS where a script starts Node, and that makes the service one of Node", () => {
    const lines = linesOf({ ...next, type: "notify" }, /NODE_|OpenFile|MemoryDeny|IDLE_EXIT/);
    expect(lines).toEqual([
      "OpenFile=/run/systemd/notify:notify",
      "OpenFile=/run/systemd/journal/socket:journal:graceful",
      "Environment=NODE_ENV=production",
      "Environment=SOCKACT_IDLE_EXIT_STATUS=42",
      `Environment=NODE_OPTIONS=--require=${file}`,
    ]);
  });

  it("is found in the folder in which the app starts, or where the description says", () => {
    expect(linesOf({ workingDirectory: "/srv/100% mine/" })).toEqual([
      'ExecStart=/usr/bin/node --require "/srv/100%% mine/node_modules/@sockact/register/dist/index.cjs" /srv/shop/server.js',
    ]);
    expect(linesOf({ workingDirectory: { specifier: "/srv/%p" } })).toEqual([
      "ExecStart=/usr/bin/node --require /srv/%p/node_modules/@sockact/register/dist/index.cjs /srv/shop/server.js",
    ]);
    for (const preload of ["/opt/$1/p.cjs", { path: "/opt/$1/p.cjs" }])
      expect(linesOf({ preload })).toEqual([
        "ExecStart=/usr/bin/node --require /opt/$$1/p.cjs /srv/shop/server.js",
      ]);
  });

  it("has a percent sign in its path, and in the other options", () => {
    const environment = { NODE_OPTIONS: "--title=100%" };
    expect(linesOf({ ...next, environment, preload: "/opt/100% mine/p.cjs" }, /NODE_OPTIONS/)).toEqual([
      "Environment=NODE_OPTIONS=--title=100%%",
      'Environment="NODE_OPTIONS=--title=100%% \\"--require=/opt/100%% mine/p.cjs\\""',
    ]);
  });

  it("is added to the options that Node has already", () => {
    const environment = { NODE_OPTIONS: '--title="a b" --no-warnings' };
    const own = 'Environment="NODE_OPTIONS=--title=\\"a b\\" --no-warnings"';
    const merged = own.replace(/"$/, ` --jitless --require=${file}"`);
    expect(linesOf({ ...next, environment, jitless: true }, /NODE_OPTIONS/)).toEqual([own, merged]);
    expect(linesOf({ environment }, /NODE_OPTIONS/)).toEqual([own]);
  });

  it("is in NODE_OPTIONS of a container, with the path that it has in the image", () => {
    const container = { image: "localhost/shop:1" };
    const inImage = { preload: true, workingDirectory: "/app", container } as const;
    const [line] = linesOf({ ...inImage, exec: undefined });
    expect(line).toBe(
      "Environment=NODE_OPTIONS=--require=/app/node_modules/@sockact/register/dist/index.cjs",
    );
    const preload = { path: "/a$b/p.cjs", map: { "/run/$x.sock": "http" } };
    const sockets = [{ name: "http", listen: 80 }];
    expect(linesOf({ ...inImage, exec: ["node", "main.js"], preload, sockets })).toEqual([
      "Environment=SOCKACT_MAP=/run/$$x.sock=http",
      "Environment=NODE_OPTIONS=--require=/a$$b/p.cjs",
    ]);
  });

  it("names the socket of each listen()", () => {
    const sockets = [
      { name: "http", listen: 80 },
      { name: "https", listen: 443 },
      { name: "admin", listen: "/run/shop.sock" },
      { name: "local", listen: "[::1]:81" },
    ];
    const map = { 3000: ["http", "https"], "/run/100% mine.sock": "admin", "[::1]:3000": "local" };
    expect(linesOf({ sockets, preload: { map } }, /SOCKACT_MAP/)).toEqual([
      'Environment="SOCKACT_MAP=/run/100%% mine.sock=admin,3000=http,3000=https,[::1]:3000=local"',
    ]);
  });

  it("lets a program with another port method notify", () => {
    for (const bind of ["capability", "proxy"] as const)
      expect(linesOf({ bind, type: "notify" }, /ExecStart=|OpenFile/)).toEqual([
        "OpenFile=/run/systemd/notify:notify",
        "OpenFile=/run/systemd/journal/socket:journal:graceful",
        `ExecStart=/usr/bin/node --require ${file} /srv/shop/server.js`,
      ]);
  });

  it.each<[string, Partial<AppDescription>]>([
    ["a rolling restart", { rolling: true }],
    ["a template", { template: true, sockets: [{ listen: { specifier: "/run/shop-%i.sock" } }] }],
    ["a user's own service manager", { manager: "user", uid: 1000, sockets: [{ listen: 8080 }] }],
    ["no sandbox", { hardening: "none" }],
    ["a process for each connection", { sockets: [{ listen: 80, accept: true }] }],
  ])("is the same for %s", (_title, more) => {
    expect(linesOf(more)).toEqual(linesOf({}));
  });

  it("is read with homes where it is in one, and refused where the service's user could not read it", () => {
    const preload = "/home/me/shop/preload.cjs";
    expect(linesOf({ preload, user: "me" }, /ProtectHome/)).toEqual(["ProtectHome=read-only"]);
    expect(problemsOf({ preload })).toEqual([
      `preload CONFLICT: "${preload}": on most systems, other users can't enter home directories, and this service has a separate user`,
    ]);
  });

  it("has its reason in a comment, and in the result of explain", () => {
    const reason =
      "Node loads this file before the app, and the file passes the sockets to the app's own listen().";
    const description = { ...shop, ...next };
    expect(emitUnits(description, { comments: true })["shop.service"]).toContain(
      `# ${reason}\nEnvironment=NODE_OPTIONS=--require`,
    );
    expect(explain(description).filter((told) => told.reason === reason)).toMatchObject([
      { directive: "Environment", status: "added" },
    ]);
  });

  it.each<[string, object, string[]]>([
    ["a number", { preload: 1 }, ["preload TYPE: 1 is not a path"]],
    ["null", { preload: { path: null } }, ["preload.path TYPE: null is not a path"]],
    ["an unknown field", { preload: { file: "/a.cjs" } }, ['preload.file FIELD: "file" is not a field']],
    [
      "a bare name",
      { preload: "@sockact/register" },
      [
        'preload PATH: "@sockact/register": not an absolute path: a child process in another folder would not find it, and Node would not start',
      ],
    ],
    ["a path with ..", { preload: "/srv/../p.cjs" }, ['preload PATH: "/srv/../p.cjs": it contains ..']],
    [
      "the folder of the package",
      { preload: "/srv/shop/node_modules/@sockact/register" },
      ['preload PATH: "/srv/shop/node_modules/@sockact/register": not the path of a .cjs or .js file'],
    ],
    [
      "its ES module",
      { preload: file.replace(".cjs", ".js") },
      [
        `preload PATH: "${file.replace(".cjs", ".js")}": an ES module, which Node 20 cannot load with --require`,
      ],
    ],
    [
      "a path that no unit file can say",
      { preload: "/srv/\0.cjs" },
      ['preload TEXT: "/srv/\\u0000.cjs": it contains a NUL byte'],
    ],
    [
      "a preload in a folder that the service has of its own",
      { preload: "/tmp/p.cjs" },
      [expect.stringMatching(/^exec LINT: temporary-hidden: \/tmp\/p\.cjs is in a temporary folder/)],
    ],
    [
      "a preload that a directive hides",
      { raw: { Service: { InaccessiblePaths: "/srv/shop/node_modules" } } },
      [
        expect.stringMatching(
          /^raw\.Service\.InaccessiblePaths LINT: program-hidden: .*index\.cjs could not be read/,
        ),
      ],
    ],
    [
      "true where nothing tells the folder of the app",
      { ...next, workingDirectory: undefined },
      [
        "preload MISSING: true means node_modules/@sockact/register/dist/index.cjs in the app's folder, and the description does not show that folder",
      ],
    ],
    [
      "true where the app has no folder",
      { workingDirectory: false },
      [
        "preload MISSING: true means node_modules/@sockact/register/dist/index.cjs in the app's folder, and the description does not show that folder",
      ],
    ],
    [
      "true in an image whose folder is not told",
      { exec: ["node", "/srv/shop/server.js"], container: { image: "localhost/shop:1" } },
      [
        "preload MISSING: true means node_modules/@sockact/register/dist/index.cjs in the app's folder, and the description does not show that folder",
      ],
    ],
    [
      "a program that is not Node",
      { exec: ["/usr/bin/python3", "/srv/shop/app.py"], workingDirectory: "/srv/shop" },
      ['preload CONFLICT: "/usr/bin/python3" is not Node, and only Node loads a preload'],
    ],
    [
      "bun",
      { exec: ["/usr/bin/bun", "/srv/a.js"], preload: "/p.cjs" },
      ['preload CONFLICT: "/usr/bin/bun" is not Node, and only Node loads a preload'],
    ],
    [
      "a proxy",
      { bind: "proxy" },
      ['preload CONFLICT: with bind: "proxy" systemd passes no socket to the program'],
    ],
    [
      "a capability",
      { bind: "capability" },
      ['preload CONFLICT: with bind: "capability" systemd passes no socket to the program'],
    ],
    [
      "a preload that the command has already",
      { exec: ["/usr/bin/node", "--import=@sockact/register", "/srv/shop/server.js"] },
      ['preload CONFLICT: exec already loads "@sockact/register"'],
    ],
    [
      "a preload that NODE_OPTIONS has already",
      { environment: { NODE_OPTIONS: `-r ${file}` } },
      [`preload CONFLICT: NODE_OPTIONS in environment already loads "${file}"`],
    ],
    [
      "options that are passed on, over which its own would win",
      { ...next, passEnvironment: ["NODE_OPTIONS"] },
      [
        "preload CONFLICT: NODE_OPTIONS is written into the unit, and the NODE_OPTIONS of passEnvironment would have no effect",
      ],
    ],
    [
      "options with which Node does not start",
      { environment: { NODE_OPTIONS: '--title="app' } },
      ["environment.NODE_OPTIONS VARIABLE: Node does not start, because a double quote in it is not closed"],
    ],
  ])("refuses %s", (_title, more, problems) => {
    expect(problemsOf(more)).toEqual(problems);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["npm", ["/usr/bin/npm", "start"], /^exec LINT: exec-launcher: np/],
    ["npx", ["/usr/bin/npx", "next", "start"], /^exec LINT: exec-launcher: np/],
    ["a shell that may stay", ["/bin/sh", "-c", "next start"], /^exec LINT: exec-shell: sh runs the app/],
  ])("refuses %s, to which the sockets would be lost", (_title, exec, problem) => {
    expect(problemsOf({ ...next, exec })).toEqual([expect.stringMatching(problem)]);
    expect(problemsOf({ ...next, exec: ["/bin/sh", "-c", "exec next start"] })).toEqual([]);
  });

  it.each([
    ["npm", ["/usr/bin/npm", "start"]],
    ["npm", ["/usr/bin/env", "npm", "start"]],
    ["node --watch", ["/usr/bin/node", "--watch", "server.js"]],
  ])("does not ask for the folder of an app that %s would run", (launcher, exec) => {
    expect(() => unitsOf({ exec })).toThrow(
      `write exec: ['/usr/bin/node', '/srv/shop/server.js'] with the app's file: ${launcher} would run the app as a child process`,
    );
    expect(() => unitsOf({ exec: ["/srv/shop/start"] })).toThrow("write workingDirectory: '/srv/shop' too");
  });

  it.each<[string, unknown, string[]]>([
    ["a string in its place", "3000=http", ['preload.map TYPE: "3000=http" is not an object']],
    ["nothing in it", {}, ["preload.map MISSING: it is empty"]],
    [
      "a name that no socket has",
      { 3000: "web" },
      ['preload.map.3000 CHOICE: "web" is not the name of a socket'],
    ],
    [
      "a number in the place of a name",
      { 3000: 80 },
      ["preload.map.3000 TYPE: 80 is not the name of a socket"],
    ],
    [
      "a port that does not exist",
      { 70000: "http" },
      ['preload.map.70000 ADDRESS: "70000" is not a port or path on which an app listens'],
    ],
    [
      "a place with a comma",
      { "a,b": "http" },
      ['preload.map["a,b"] ADDRESS: "a,b" is not a port or path on which an app listens'],
    ],
    [
      "a name that the variable cannot hold",
      { 3000: "a=b" },
      [
        'preload.map.3000 NAME: "a=b": SOCKACT_MAP cannot contain a name with a comma, an =, or a space at either end',
      ],
    ],
  ])("refuses a map with %s", (_title, map, problems) => {
    const sockets = [
      { name: "http", listen: 80 },
      { name: "a=b", listen: 81 },
    ];
    expect(problemsOf({ sockets, preload: { map } })).toEqual(problems);
  });

  it.each<[string, object, string[]]>([
    [
      "sockets without a name",
      { sockets: [{ listen: 80 }] },
      ['preload.map.3000 CHOICE: "http" is not the name of a socket'],
    ],
    [
      "a map that environment has already",
      { environment: { SOCKACT_MAP: "3000=http" } },
      ["preload.map CONFLICT: the description also sets SOCKACT_MAP"],
    ],
    [
      "a program that is passed no socket",
      { bind: "proxy", type: "notify" },
      ['preload.map CONFLICT: with bind: "proxy" systemd passes no socket to the program'],
    ],
    [
      "a single connection",
      { sockets: [{ name: "http", listen: 80, accept: true }] },
      ["preload.map CONFLICT: with accept, the service gets one connection, whose name you cannot set"],
    ],
  ])("refuses a map for %s", (_title, more, problems) => {
    const sockets = [{ name: "http", listen: 80 }];
    expect(problemsOf({ sockets, preload: { map: { 3000: "http" } }, ...more })).toEqual(problems);
  });

  it("refuses a map with one name for two ports, but not for two hosts of one port", () => {
    const sockets = [{ name: "http", listen: 80 }];
    expect(problemsOf({ sockets, preload: { map: { 3000: "http", 3001: "http" } } })).toEqual([
      expect.stringMatching(
        /^preload\.map LINT: map-name-repeated: SOCKACT_MAP gives "http" to 3000 and to 3001\. /,
      ),
    ]);
    const map = { "127.0.0.1:3000": "http", "[::1]:3000": "http", "localhost:3000": "http" };
    expect(problemsOf({ sockets, preload: { map } })).toEqual([]);
  });

  it("refuses a name in SOCKACT_MAP of environment that no socket has", () => {
    expect(problemsOf({ environment: { SOCKACT_MAP: "3000=web" } })).toEqual([
      expect.stringContaining("map-name-unknown: no socket of the service has the name"),
    ]);
  });
});

describe("lintUnits", () => {
  const pair = (lines: string, exec = "/srv/app/node_modules/.bin/next start") => ({
    "app.socket":
      "[Socket]\nListenStream=80\nTriggerLimitIntervalSec=0\n[Install]\nWantedBy=sockets.target\n",
    "app.service": `[Unit]\nRequires=app.socket\nAfter=app.socket\nStartLimitIntervalSec=0\n[Service]\nExecStart=${exec}\nRestart=always\nRestartSec=1s\nDynamicUser=yes\n${lines}\n[Install]\nAlso=app.socket\n`,
  });
  const codes = (files: Record<string, string>) => lintUnits(files).map(({ code }) => code);

  it("knows by a preload that a script starts Node", () => {
    const preload = `Environment=NODE_OPTIONS=--require=${file}`;
    expect(codes(pair("MemoryDenyWriteExecute=yes"))).toEqual([]);
    expect(codes(pair(`MemoryDenyWriteExecute=yes\n${preload}`))).toEqual(["jit-killed"]);
    expect(codes(pair(preload, '/bin/sh -c "next start"'))).toEqual(["exec-shell"]);
    expect(codes(pair(preload, '/bin/sh -c "npm start"'))).toEqual(["exec-launcher"]);
  });

  it("finds a preload that the sandbox hides", () => {
    const preload = "Environment=NODE_OPTIONS=--require=/home/me/p.cjs";
    expect(codes(pair(`${preload}\nProtectHome=yes`))).toEqual(["home-hidden"]);
    expect(codes(pair("", "/usr/bin/node -r /tmp/p.cjs /srv/app/server.js"))).toEqual(["temporary-hidden"]);
  });

  it("does not say which names are wrong where it does not know all sockets", () => {
    const map = "Environment=SOCKACT_MAP=3000=http";
    expect(codes(pair(map))).toEqual(["map-name-unknown"]);
    expect(codes(pair(`${map}\nSockets=app.socket other.socket`))).toEqual([]);
    expect(codes({ "app.service": pair(map)["app.service"] })).toEqual([]);
    expect(codes(pair("Environment=SOCKACT_MAP=3000=app.socket"))).toEqual([]);
  });

  it("says nothing of an option that a drop-in changes, as long as it keeps the preload", () => {
    const options = (more: string) => `[Service]\nEnvironment="NODE_OPTIONS=--require=${file}${more}"\n`;
    const files = pair(`Environment=NODE_OPTIONS=--require=${file}`);
    expect(codes({ ...files, "app.service.d/a.conf": options(" --title=a") })).toEqual([]);
    expect(codes({ ...files, "app.service.d/a.conf": options("").replace(file, "/b.cjs") })).toEqual([
      "preload-replaced",
    ]);
  });
});

describe("a SOCKACT_MAP that another one replaces", () => {
  const socket = (name: string) =>
    `[Socket]\nListenStream=80\nFileDescriptorName=${name}\nService=app.service\n`;
  const findings = (...maps: string[]) =>
    lintUnits({
      "http.socket": socket("http"),
      "admin.socket": socket("admin").replace("80", "81"),
      "app.service": `[Service]\nExecStart=/usr/bin/node /srv/app/server.js\n${maps.map((map) => `Environment=${map}\n`).join("")}`,
    }).filter(({ code }) => code.startsWith("map-"));

  it("is found, with the line that has all entries", () => {
    const first = "SOCKACT_MAP=3000=http";
    expect(findings(first, "SOCKACT_MAP=3001=admin")).toMatchObject([
      {
        code: "map-replaced",
        message: "SOCKACT_MAP=3001=admin replaces an earlier value with 3000=http",
        fix: "write all entries in one line: SOCKACT_MAP=3000=http,3001=admin",
      },
    ]);
  });

  it("is right if the new one has each port, or if an empty line takes the first one back", () => {
    expect(findings("SOCKACT_MAP=3000=http", "SOCKACT_MAP=3000=admin,3001=http")).toEqual([]);
    expect(findings("SOCKACT_MAP=3000=http", "", "SOCKACT_MAP=3001=admin")).toEqual([]);
  });
});

describe("NODE_OPTIONS", () => {
  it.each(["plain", "a b", 'a"b', "a\\b", '"a\\ b"', "é %n $HOME", "\\", "tab\tand\nline"])(
    "reaches Node as it is written: %j",
    (name) => {
      const folder = mkdtempSync(join(tmpdir(), "sockact-options-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const path = join(folder, name, "p.cjs");
      mkdirSync(join(folder, name));
      writeFileSync(path, "console.log(JSON.stringify([__filename, process.title]))");
      const options = ["--title=a b", `--require=${path}`];
      const text = options.map(nodeOption).join(" ");
      expect(nodeOptionWords(text)).toEqual(options);
      const said = execFileSync(process.execPath, ["-e", "0"], {
        env: { NODE_OPTIONS: text },
        encoding: "utf8",
      });
      expect(JSON.parse(said)).toEqual([path, "a b"]);
    },
  );

  it.each(['"a', 'a" b', '"a\\"', 'a "" "'])("is refused by Node, and here, if it is %j", (text) => {
    expect(nodeOptionWords(text)).toBeUndefined();
    expect(() =>
      execFileSync(process.execPath, ["-e", "0"], { env: { NODE_OPTIONS: text }, stdio: "pipe" }),
    ).toThrow("invalid value for NODE_OPTIONS");
  });
});
