import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, realpathSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { describe, expect, it } from "vitest";
import { type DetectedApp, detectApp } from "../src/lib/app/detect-app.ts";
import { findNode } from "../src/lib/app/find-node.ts";
import { sourceFiles } from "../src/lib/app/source-files.ts";
import { unitNameOf } from "../src/lib/app/unit-name.ts";
import { adapterNodeApp } from "./adapter-node.ts";
import { describeApp } from "../src/lib/app/describe-app.ts";
import { type Files, folderWith } from "./app-folder.ts";

type Found = Partial<Omit<DetectedApp, "node">>;

async function detect(files: Files, entry?: string): Promise<DetectedApp> {
  const folder = folderWith(files);
  const app = await detectApp({ folder, entry });
  return { ...app, entry: app.entry.replace(`${folder}/`, ""), folder: app.folder.replace(folder, ".") };
}

const express = `const express = require("express");\nconst app = express();\n`;
// Node 22.18 and later.
const canStrip = "typescript" in process.features && process.features.typescript !== false;

const layouts: [string, Files, Found][] = [
  [
    "five lines of Express",
    {
      "package.json": { name: "shop", dependencies: { express: "^5.0.0" } },
      "server.js": `${express}app.get("/", (req, res) => res.send("hi"));\napp.listen(3000);\n`,
    },
    {
      name: "shop",
      entry: "server.js",
      framework: "express",
      port: 3000,
      hasSockact: false,
      launcher: undefined,
      notes: [],
    },
  ],
  [
    "an app without package.json",
    { "index.mjs": `import { createServer } from "node:http";\ncreateServer().listen(8080, "localhost");\n` },
    { entry: "index.mjs", port: 8080, host: "localhost", framework: undefined },
  ],
  [
    "express-generator",
    {
      "package.json": {
        name: "my-app",
        version: "0.0.0",
        private: true,
        scripts: { start: "node ./bin/www" },
        dependencies: {
          "cookie-parser": "~1.4.4",
          debug: "~2.6.9",
          express: "~4.16.1",
          "http-errors": "~1.6.3",
        },
      },
      "app.js": `${express}module.exports = app;\n`,
      "bin/www": `#!/usr/bin/env node
var app = require('../app');
var http = require('http');
var port = normalizePort(process.env.PORT || '3000');
app.set('port', port);
var server = http.createServer(app);
server.listen(port);
function normalizePort(val) { var port = parseInt(val, 10); return port; }
`,
    },
    { name: "my-app", entry: "bin/www", framework: "express", port: 3000, arguments: [] },
  ],
  [
    "Koa as an ES module, with our line, started by nodemon",
    {
      "package.json": {
        name: "@acme/koa-shop",
        type: "module",
        main: "src/index.js",
        scripts: {
          start:
            "cross-env NODE_OPTIONS=--max-old-space-size=512 COLOUR=red PORT=4000 nodemon --watch src src/index.js --verbose",
        },
        dependencies: { koa: "^3", "@sockact/koa": "^1" },
      },
      "src/index.js": `import { app } from "./app.js";\nconst { PORT = 8080 } = process.env;\napp.listen(PORT);\n`,
      "src/app.js": `import Koa from "koa";\nimport { systemdListen } from "@sockact/koa";\nexport const app = new Koa().use(systemdListen());\n`,
    },
    {
      name: "koa-shop",
      entry: "src/index.js",
      framework: "koa",
      hasSockact: true,
      port: 4000,
      launcher: "cross-env",
      arguments: ["--verbose"],
      environment: { NODE_OPTIONS: "--max-old-space-size=512", COLOUR: "red" },
    },
  ],
  [
    "Fastify in TypeScript, built",
    {
      "package.json": {
        name: "api",
        type: "module",
        scripts: {
          build: "tsc",
          start: "npm run build && tsx src/server.ts",
          dev: "tsx watch src/server.ts",
        },
        dependencies: { fastify: "^5", "@sockact/fastify": "^1" },
      },
      "tsconfig.json": `{\n  // the compiler\n  "compilerOptions": { "outDir": "./build", "rootDir": "src" }\n}`,
      "src/server.ts": `import Fastify from "fastify";\nimport { systemdListen } from "@sockact/fastify";\nconst app: Fastify = Fastify();\nawait app.listen({ host: "0.0.0.0", port: Number(process.env.PORT ?? 5000) });\n`,
      "build/server.js": `import Fastify from "fastify";\n`,
    },
    {
      entry: "build/server.js",
      framework: "fastify",
      port: 5000,
      hasSockact: true,
      launcher: "tsx",
      nodeArguments: [],
    },
  ],
  [
    "NestJS",
    {
      "package.json": {
        name: "nest-app",
        scripts: { build: "nest build", start: "nest start", "start:prod": "node dist/main" },
        dependencies: { "@nestjs/core": "^11", "@nestjs/platform-express": "^11" },
      },
      "tsconfig.json": { compilerOptions: { module: "commonjs", outDir: "./dist", baseUrl: "./" } },
      "src/main.ts": `async function bootstrap() { const app = await NestFactory.create(AppModule); await app.listen(process.env.PORT ?? 3000); }`,
      "dist/main.js": `const core_1 = require("@nestjs/core");\nasync function bootstrap() {\n  const app = await core_1.NestFactory.create(app_module_1.AppModule);\n  await app.listen(process.env.PORT ?? 3000);\n}\n`,
    },
    { entry: "dist/main.js", framework: "nestjs", port: 3000, launcher: "nest" },
  ],
  [
    "Next.js, by the link that npm makes",
    {
      "package.json": {
        name: "web",
        scripts: { start: "next start -p 4321" },
        dependencies: { next: "15", react: "19" },
      },
      "node_modules/next/dist/bin/next": `#!/usr/bin/env node\n`,
      "node_modules/.bin/next": { link: "../next/dist/bin/next" },
    },
    {
      entry: "node_modules/next/dist/bin/next",
      arguments: ["start", "-p", "4321"],
      framework: "next",
      port: 4321,
      launcher: "next",
    },
  ],
  [
    "Next.js, by the shell script that pnpm makes",
    {
      "package.json": {
        name: "web",
        scripts: { start: "pnpm exec next start" },
        dependencies: { next: "15" },
      },
      "node_modules/.pnpm/next@15/node_modules/next/dist/bin/next.js": `\n`,
      "node_modules/.bin/next": `#!/bin/sh\nbasedir=$(dirname "$0")\nexec node  "$basedir/../.pnpm/next@15/node_modules/next/dist/bin/next.js" "$@"\n`,
    },
    {
      entry: "node_modules/.pnpm/next@15/node_modules/next/dist/bin/next.js",
      arguments: ["start"],
      framework: "next",
      port: 3000,
      launcher: "pnpm",
    },
  ],
  [
    "Next.js, standalone, and Nuxt",
    {
      "package.json": { name: "web", dependencies: { nuxt: "4" } },
      ".output/server/index.mjs": `\n`,
      ".next/standalone/server.js": `\n`,
    },
    { entry: ".output/server/index.mjs", framework: "nuxt", port: 3000 },
  ],
  [
    "a port from .env, and variables that nothing else reads",
    {
      "package.json": { scripts: { start: "node --env-file=.env --enable-source-maps main.js" } },
      ".env": `SECRET=abc\nexport PORT="4567"\n`,
      "main.js": `require("http").createServer().listen(process.env.PORT);\n`,
    },
    { entry: "main.js", port: 4567, nodeArguments: ["--env-file=.env", "--enable-source-maps"] },
  ],
  ...["-r dotenv/config", "--require=dotenv/config", "--import dotenv/config", "--import=dotenvx/config"].map(
    (option): [string, Files, Found] => [
      `an app whose .env is read by ${option}`,
      {
        "package.json": { scripts: { start: `node ${option} main.js` } },
        ".env": `A=1\n`,
        "main.js": `require("http").createServer().listen(3000);\n`,
      },
      { entry: "main.js", isEnvFileRead: true },
    ],
  ),
  [
    "node --watch, and a debugger",
    {
      "package.json": {
        scripts: {
          start: "npm run serve",
          serve: "node --watch --watch-path=src --inspect=0.0.0.0:9229 app.js | pino-pretty",
        },
      },
      "app.js": `// app.listen(1111)\n/* listen(2222) */\nconst url = "http://x:3333";\napp.set("port", process.env.PORT || 7000);\napp.listen(app.get("port"), () => {});\n`,
    },
    { entry: "app.js", port: 7000, launcher: "npm", nodeArguments: [] },
  ],
  [
    "an app that listens on a path",
    { "server.js": `http.createServer().listen("/run/app/3000.sock");\n` },
    { entry: "server.js", port: undefined },
  ],
  [
    "a port in a variable with a type, hono",
    {
      "package.json": { type: "module", dependencies: { hono: "4", "@hono/node-server": "1" } },
      "index.js": `import { serve } from "@hono/node-server";\nconst port = parseInt(process.env.PORT || "8787", 10);\nserve({ fetch: app.fetch, port });\n`,
    },
    { entry: "index.js", framework: "hono", port: 8787 },
  ],
  [
    "a bundle with sockact in it",
    {
      "package.json": { main: "dist/bundle.cjs" },
      "dist/bundle.cjs": `var a = globalThis[Symbol.for("sockact.1")];\n`,
    },
    { entry: "dist/bundle.cjs", hasSockact: true },
  ],
  [
    "tsx with its options",
    {
      "package.json": {
        scripts: { start: "dotenv -e .env.production -- tsx --tsconfig tsconfig.app.json index.ts" },
      },
      "index.ts": `app.listen(3000);\n`,
      ".env.production": "A=1",
      ".env": "B=1",
      "node_modules/tsx/package.json": {},
    },
    {
      entry: "index.ts",
      nodeArguments: canStrip ? [] : ["--import", "tsx"],
      launcher: "dotenv",
      environmentFiles: [expect.stringMatching(/\/\.env\.production$/) as string],
      notes: expect.arrayContaining([
        expect.stringContaining("gives the app the variables of .env.production"),
      ]) as string[],
      port: 3000,
    },
  ],
  [
    "many variables, of which each names others",
    {
      "server.js": `${Array.from({ length: 600 }, (_, at) => `const v${at} = v${(at + 1) % 600} + v${(at + 7) % 600};`).join("\n")}\napp.listen(v0);\n`,
    },
    { entry: "server.js", port: undefined },
  ],
  [
    "pm2",
    {
      "package.json": { scripts: { start: "pm2-runtime start server.js -i max" } },
      "server.js": `app.listen(80)`,
    },
    { entry: "server.js", port: 80, launcher: "pm2-runtime" },
  ],
  [
    "a start script that a shell has to run",
    { "package.json": { scripts: { start: "node $(cat entry)" } }, "server.js": `app.listen(80)` },
    { entry: "server.js", launcher: undefined },
  ],
];

describe("the app in a folder", () => {
  it.each(layouts)("is found: %s", async (_, files, expected) => {
    expect(await detect(files)).toMatchObject({ folder: ".", ...expected });
  });

  it.each<[script: string, taken: string[], left: string[]]>([
    ["dotenv -- node server.js", [".env"], []],
    ["dotenv -e a -e b -- node server.js", ["b", "a"], []],
    ["dotenv -e=a -e missing -e=b node server.js", ["b", "a"], []],
    ["dotenv -o -e a -e b -- node server.js", ["a", "b"], []],
    ["dotenvx run -f a --env-file=b -- node server.js", ["b", "a"], []],
    ["dotenvx run --overload -f a -f b -- node server.js", ["a", "b"], []],
    ["dotenv -e a -- dotenv -e b -- node server.js", ["b", "a"], []],
    ["dotenvx run -e A=1 -f a -- node server.js", ["a"], ["-e of dotenvx"]],
    ["dotenv -e a -v A=1 -- node server.js", ["a"], ["-v of dotenv"]],
    ["dotenv -e a -c test -- node server.js", ["a"], ["-c of dotenv"]],
  ])("takes the files of variables of %s, the winner last", async (start, taken, left) => {
    const files = { ".env": "A=1", a: "A=2", b: "A=3", "server.js": "app.listen(80)" };
    const folder = folderWith({ "package.json": { scripts: { start } }, ...files });
    const { environmentFiles, notes, entry } = await detectApp({ folder });
    expect(basename(entry)).toBe("server.js");
    expect(environmentFiles.map((file) => basename(file))).toEqual(taken);
    expect(notes.flatMap((note) => /^(.*) is left out/.exec(note)?.slice(1) ?? [])).toEqual(left);
  });

  it("is found in a workspace, even from a folder inside it", async () => {
    const folder = folderWith({
      "package.json": { name: "root", workspaces: ["apps/*"] },
      "apps/api/package.json": {
        name: "@acme/api",
        main: "src/index.js",
        dependencies: { "@acme/lib": "*" },
      },
      "apps/api/src/index.js": `require("@acme/lib");\nrequire("./deep");\napp.listen(3001);\n`,
      "apps/api/src/deep/index.js": `require("@sockact/core").listen;\n`,
    });
    const app = await detectApp({ folder: join(folder, "apps/api/src") });
    expect(app).toMatchObject({
      folder: join(folder, "apps/api"),
      name: "api",
      hasSockact: true,
      port: 3001,
    });
    const named = await detectApp({ folder, entry: "apps/api/src/index.js" });
    expect(named).toEqual(app);
  });

  it("is the file that was named, without what the start script gives another one", async () => {
    const files = {
      "package.json": { scripts: { start: "COLOUR=red node server.js --fast" } },
      "server.js": "app.listen(1000)",
      "admin.js": "app.listen(2000)",
    };
    expect(await detect(files, "admin.js")).toMatchObject({
      entry: "admin.js",
      arguments: [],
      environment: {},
      port: 2000,
    });
    expect(await detect(files, "./server.js")).toMatchObject({
      arguments: ["--fast"],
      environment: { COLOUR: "red" },
      port: 1000,
    });
  });

  it.each([
    ["next start", "next/dist/bin/next", [143]],
    ["vite preview", "vite/bin/vite.js", [143]],
    ["serve", "serve/build/main.js", undefined],
  ])("knows the exit status of %s at SIGTERM", async (start, file, successExitStatus) => {
    const [name = ""] = start.split(" ");
    const app = await detect({
      "package.json": { scripts: { start }, dependencies: { [name]: "*", vite: "*" } },
      [`node_modules/${file}`]: `#!/usr/bin/env node\n`,
      [`node_modules/.bin/${name}`]: { link: `../${file}` },
    });
    expect(describeApp(app).successExitStatus).toEqual(successExitStatus);
  });

  describe("of SvelteKit's adapter-node", () => {
    it("takes the one socket itself: it gets neither a preload nor the descriptor for messages", async () => {
      const app = await detect(adapterNodeApp, "build/index.js");
      expect(app).toMatchObject({
        framework: "sveltekit",
        hasSockact: false,
        takesOneSocket: true,
        port: 3000,
      });
      const description = describeApp(app, { listen: ["80"], systemd: 257 });
      expect(description).toMatchObject({ name: "svelte-shop", type: "exec", sockets: [{ listen: 80 }] });
      expect(description).not.toHaveProperty("preload");
    });

    it("is also found in a server that imports it, and minified", async () => {
      const text = adapterNodeApp["build/index.js"]
        .replaceAll(/^\/\/.*\n/gm, "")
        .replaceAll("'", "`")
        .replaceAll(/\n\s*/g, " ");
      const files = { ...adapterNodeApp, "build/index.js": text, "start.js": `import "./build/index.js";\n` };
      expect(await detect(files, "start.js")).toMatchObject({ takesOneSocket: true });
    });

    it("is not found with a server of its own, nor in a version that reads no LISTEN_FDS", async () => {
      const own = `import { handler } from "./build/handler.js";\nimport "./build/env.js";\nimport { createServer } from "node:http";\nprocess.on("sveltekit:shutdown", () => {});\ncreateServer(handler).listen(3000);\n`;
      const app = await detect({ ...adapterNodeApp, "server.js": own }, "server.js");
      expect(app).toMatchObject({ takesOneSocket: false });
      expect(describeApp(app, { systemd: 257 })).toMatchObject({ type: "notify-reload", preload: true });
      const earlier = adapterNodeApp["build/index.js"].replaceAll("LISTEN_FDS", "LISTEN");
      const old = { ...adapterNodeApp, "build/index.js": earlier };
      expect(await detect(old, "build/index.js")).toMatchObject({ takesOneSocket: false });
    });

    it("refuses what its server can't do", async () => {
      const app = await detect(adapterNodeApp, "build/index.js");
      for (const listen of [["80", "81"], ["localhost:3000"]])
        expect(() => describeApp(app, { listen })).toThrow(/accepts one socket only/);
      expect(() => describeApp(app, { idleTimeout: "5min" })).toThrow(/--idle-timeout has no effect/);
    });
  });

  it("has the reasons in its notes", async () => {
    const { notes } = await detect({
      "package.json": {
        scripts: { start: "npm run build && nodemon server.js | pino-pretty" },
        dependencies: { "@sockact/express": "1" },
      },
      ".env": "A=1",
      "server.js": "app.listen(80)",
    });
    expect(notes).toEqual([
      expect.stringContaining("runs npm run build first"),
      expect.stringContaining("not to pino-pretty"),
      expect.stringContaining("nodemon starts the app in a separate process"),
      expect.stringContaining("package.json names @sockact/express, but server.js"),
    ]);
  });
});

describeWith({ root: true }, "a package.json above the app's folder", () => {
  it.each([
    ["of root", 0, "above"],
    ["of the folder's owner", 1, "above"],
    ["of another user", 2, "alice"],
  ])("%s", async (_, uid, name) => {
    const folder = folderWith({
      "package.json": {
        name: "above",
        scripts: { start: "NODE_OPTIONS=--require=./x.js node alice/server.js" },
      },
      "alice/server.js": "",
    });
    chownSync(join(folder, "package.json"), uid, 0);
    chownSync(join(folder, "alice"), 1, 0);
    for (const entry of [undefined, "server.js"]) {
      const app = await detectApp({ folder: join(folder, "alice"), entry });
      expect(app).toMatchObject({ name, entry: join(folder, "alice/server.js") });
      expect(Object.keys(app.environment)).toEqual(name === "above" ? ["NODE_OPTIONS"] : []);
    }
  });
});

it("is searched in so many files, bytes and imports as an app has, since its author may be another user", () => {
  const many = (count: number) => Array.from({ length: count }, (_, number) => `import "./f${number}.js";`);
  const found = (files: Files) =>
    sourceFiles(join(folderWith(files), "server.js")).map(({ path }) => basename(path));
  const large = Object.fromEntries(many(9).map((_, number) => [`f${number}.js`, " ".repeat(1_900_000)]));
  expect(found({ ...large, "server.js": many(9).join("\n") })).toHaveLength(1 + 5);
  expect(found({ "f999.js": "", "server.js": many(1_001).join("\n") })).toEqual(["server.js", "f999.js"]);
  expect(found({ "f1000.js": "", "server.js": many(1_001).join("\n") })).toEqual(["server.js"]);
});

describe("a start script", () => {
  const server = `require("node:http").createServer().listen(3000);\n`;

  it.each<[string, Files, string, boolean]>([
    ["node .", { "index.js": server }, "index.js", false],
    [
      "node .",
      { "package.json": { main: "lib/web.js" }, "lib/web.js": server, "index.js": "" },
      "lib/web.js",
      false,
    ],
    ["node ./", { "package.json": { main: "lib" }, "lib/index.js": server }, "lib/index.js", false],
    ["next start", { "server.js": server }, "server.js", true],
    ["node gone.js", { "server.js": server }, "server.js", true],
  ])("%j, with %j, leads to %s", async (start, files, entry, isGuessed) => {
    const manifest = { ...(files["package.json"] as object), scripts: { start } };
    const found = await detect({ ...files, "package.json": manifest });
    expect(found.entry).toBe(entry);
    expect(found.guess?.includes(start) ?? false).toBe(isGuessed);
    expect(found.notes.some((note) => note === found.guess)).toBe(isGuessed);
  });
});

it("has no escape sequences in its texts", async () => {
  const start = "\u001B[2Jnext start";
  const { notes } = await detect({ "package.json": { scripts: { start } }, "server.js": "" });
  expect(notes).toEqual([expect.stringMatching(/: next start$/)]);
});

describe("an invalid package.json", () => {
  it("may be a link to secrets, and the error shows none of them", async () => {
    const files = { secrets: "root:*:19000:0:::\n", "package.json": { link: "secrets" }, "a.js": "" };
    await expect(detect(files, "a.js")).rejects.toMatchObject({
      code: "SOCKACT_ERR_APP_MANIFEST",
      message: expect.stringMatching(/^can't read .*package\.json: it is not valid JSON[^:]*$/) as string,
    });
  });

  it.each([
    ["a device", (path: string) => symlinkSync("/dev/zero", path)],
    ["a pipe", (path: string) => execFileSync("mkfifo", [path])],
  ])("is not read: %s", async (_, make) => {
    const folder = folderWith({ "a.js": "" });
    make(join(folder, "package.json"));
    await expect(detectApp({ folder, entry: "a.js" })).rejects.toMatchObject({
      code: "SOCKACT_ERR_APP_MANIFEST",
      message: expect.stringContaining("it is not a regular file") as string,
    });
  });
});

describe("an app that can't be run", () => {
  it.each<[string, Files, string | undefined, string, RegExp]>([
    ["no file", { "package.json": {} }, undefined, "SOCKACT_ERR_APP_ENTRY", /found no file/],
    ["a name that is not there", { "a.js": "" }, "b.js", "SOCKACT_ERR_APP_ENTRY", /b\.js does not exist/],
    ["a folder as the entry", { "lib/a.js": "" }, "lib", "SOCKACT_ERR_APP_ENTRY", /lib does not exist/],
    [
      "a broken package.json",
      { "package.json": "{", "a.js": "" },
      "a.js",
      "SOCKACT_ERR_APP_MANIFEST",
      /can't read .*package\.json/,
    ],
    [
      "NestJS that was not built",
      {
        "package.json": {
          scripts: { start: "nest start", build: "nest build" },
          dependencies: { "@nestjs/core": "11" },
        },
        "src/main.ts": "",
      },
      undefined,
      "SOCKACT_ERR_APP_BUILD",
      /dist\/main\.js, which has not been built/,
    ],
    [
      "TypeScript with decorators, not built",
      { "package.json": { dependencies: { "@nestjs/core": "11" } }, "src/main.ts": "" },
      undefined,
      "SOCKACT_ERR_APP_BUILD",
      /src\/main\.ts is TypeScript/,
    ],
  ])("is refused: %s", async (_, files, entry, code, message) => {
    await expect(detect(files, entry)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it("is refused if the folder does not exist", async () => {
    await expect(detectApp({ folder: "/no/such/folder" })).rejects.toMatchObject({
      code: "SOCKACT_ERR_APP_FOLDER",
    });
  });
});

describe("Node", () => {
  it("is the one that runs, by a path that stays", () => {
    const { path, version } = findNode();
    expect(realpathSync(path)).toBe(realpathSync(process.execPath));
    expect(version).toBe(process.versions.node);
  });

  it.each([
    [".nvm/versions/node/v22.18.0/bin/node", "nvm", "22.18.0"],
    [".local/share/fnm/node-versions/v24.1.0/installation/bin/node", "fnm", "24.1.0"],
    [".volta/tools/image/node/20.19.1/bin/node", "volta", "20.19.1"],
    [".asdf/installs/nodejs/22.1.0/bin/node", "asdf", "22.1.0"],
    [".local/share/mise/installs/node/26.0.0/bin/node", "mise", "26.0.0"],
    ["snap/node/9000/bin/node", "snap", undefined],
    ["tools/node", "other", undefined],
  ])("comes from where its path says: %s", (path, origin, version) => {
    const file = join(folderWith({ [path]: "" }), path);
    chmodSync(file, 0o755);
    expect(findNode(file)).toEqual({ path: file, origin, version });
  });

  it("tells its version by its headers, and is not run", () => {
    const folder = folderWith({
      "include/node/node_version.h":
        "#define NODE_MAJOR_VERSION 21\n#define NODE_MINOR_VERSION 7\n#define NODE_PATCH_VERSION 3\n",
      "bin/node": "",
    });
    const file = join(folder, "bin/node");
    chmodSync(file, 0o755);
    expect(findNode(file).version).toBe("21.7.3");
  });
});

it.each([
  ["@acme/Web Shop", "web-shop"],
  ["ssh", "ssh-app"],
  ["backup", "backup-app"],
  ["systemd-x", "app-systemd-x"],
  ["Über.service", "uber"],
  ["日本", "app"],
  ["../..", "app"],
  ["-a", "a"],
])("the package %j gives the unit's name %j", (from, to) => {
  expect(unitNameOf(from)).toBe(to);
});

describe("an app that only this machine can reach stays so", () => {
  it.each<[string, unknown[]]>([
    [`app.listen(3002, "127.0.0.1");`, ["127.0.0.1:3002"]],
    [`app.listen({ port: 3002, host: "::1" });`, ["[::1]:3002"]],
    [
      `const host = process.env.HOST ?? "localhost";\napp.listen(3002, host);`,
      ["127.0.0.1:3002", "[::1]:3002"],
    ],
    [`a.listen(3002, "127.0.0.1"); b.listen(3002, "::1");`, ["127.0.0.1:3002", "[::1]:3002"]],
    [`a.listen(3002, "127.0.0.1"); b.listen(3002);`, [3002]],
    [`app.listen(3002, "0.0.0.0");`, [3002]],
    [`app.listen(3002, () => console.log("localhost"));`, [3002]],
  ])("%s", async (code, listen) => {
    const folder = folderWith({ "package.json": `{ "name": "my-app" }`, "server.js": code });
    const app = await detectApp({ folder, entry: "server.js" });
    expect(describeApp(app).sockets?.flatMap((socket) => socket.listen)).toEqual(listen);
  });

  it("by its start script", async () => {
    const scripts = { start: "node server.js --port 3002 --host 127.0.0.1" };
    const folder = folderWith({
      "package.json": JSON.stringify({ name: "my-app", scripts }),
      "server.js": "",
    });
    expect(describeApp(await detectApp({ folder })).sockets).toEqual([{ listen: "127.0.0.1:3002" }]);
  });
});

describe("the port of an app is sure", () => {
  it.each<[string, string, boolean]>([
    ["one server", `createServer().listen(process.env.PORT || 3000);`, true],
    ["two on the same port", `a.listen(3000, "127.0.0.1"); b.listen(3000, "::1");`, true],
    ["one for metrics before it", `metrics.listen(9464); app.listen(3000);`, false],
    ["one for metrics after it", `app.listen(process.env.PORT || 3000); metrics.listen(9464);`, false],
    ["one whose port does not show", `metrics.listen(9464); app.listen(config.get("port"));`, false],
    ["one whose port is a default of a library", `metrics.listen(9464); serve({ fetch: app.fetch });`, false],
    ["a function of that name", `function listen(server) { server.listen(3000); }`, false],
  ])("%s", async (_, code, isSure) => {
    const folder = folderWith({ "package.json": `{ "name": "my-app" }`, "server.js": code });
    const app = await detectApp({ folder, entry: "server.js" });
    expect(app.isPortSure).toBe(isSure);
    expect(describeApp(app).environment?.["SOCKACT_PORT"]).toBe(isSure ? "3000" : undefined);
  });
});
