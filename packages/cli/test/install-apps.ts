// Apps as their users write them.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { PackedPackages } from "@sockact/testkit";
import { adapterNodeApp } from "./adapter-node.ts";
import { compile } from "./compile.ts";

export interface App {
  name: string;
  /** The packages that it has installed. */
  packages: string[];
  /** The arguments of `sockact install`. */
  args: string[];
  /** Writes the app into an empty folder. */
  write(folder: string): Promise<void> | void;
  /** What it answers. */
  answer: RegExp;
  /** Whether systemd can't reload it, because it sends no messages. */
  isSilent?: boolean;
}

function writeFiles(folder: string, files: Record<string, string | object>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), typeof content === "string" ? content : JSON.stringify(content));
  }
}

export const apps: App[] = [
  {
    name: "express",
    packages: ["express", "@sockact/express"],
    args: ["server.js", "--name", "shop", "--listen", "80"],
    write: (folder) =>
      writeFiles(folder, {
        "server.js": `const app = require("express")();
app.use(require("@sockact/express").systemdListen());
app.get("/", (req, res) => res.send("uid " + process.getuid()));
app.listen(3000);
`,
      }),
    answer: /^uid \d+$/,
  },
  {
    name: "plain",
    packages: [],
    args: ["--listen", "80"],
    write: (folder) =>
      writeFiles(folder, {
        "package.json": { name: "@acme/plain", scripts: { start: "nodemon server.js" } },
        "server.js": `const http = require("http");
http.createServer((request, response) => response.end("uid " + process.getuid())).listen(process.env.PORT || 3000);
`,
      }),
    answer: /^uid \d+$/,
  },
  {
    name: "sveltekit",
    packages: [],
    args: ["build/index.js", "--listen", "80"],
    write: (folder) => writeFiles(folder, adapterNodeApp),
    answer: /^uid \d+$/,
    isSilent: true,
  },
  {
    name: "fastify",
    packages: ["fastify", "@sockact/fastify"],
    args: ["--listen", "80"],
    async write(folder) {
      writeFiles(folder, {
        "package.json": { name: "fastify-app", scripts: { build: "tsc", start: "node dist/server.js" } },
        "tsconfig.json": { compilerOptions: { outDir: "dist", rootDir: "src", module: "commonjs" } },
        "src/server.ts": `import fastify from "fastify";
import { systemdListen } from "@sockact/fastify";
const app = fastify();
app.register(systemdListen);
app.get("/", async (): Promise<string> => "uid " + process.getuid!());
app.listen({ port: 3000 });
`,
      });
      await compile(folder);
    },
    answer: /^uid \d+$/,
  },
  {
    name: "koa",
    packages: ["koa", "@sockact/koa"],
    args: ["server.js", "--listen", "80"],
    write: (folder) =>
      writeFiles(folder, {
        "package.json": { name: "koa-app", type: "module" },
        "server.js": `import { systemdListen } from "@sockact/koa";
import Koa from "koa";
const app = new Koa();
app.use(systemdListen());
app.use((ctx) => { ctx.body = "uid " + process.getuid(); });
app.listen(3000);
`,
      }),
    answer: /^uid \d+$/,
  },
  {
    name: "express-generator",
    packages: ["express", "cookie-parser", "debug", "http-errors", "morgan", "@sockact/express"],
    args: ["--name", "generated", "--listen", "80"],
    write(folder) {
      const require = createRequire(import.meta.url);
      const generator = join(
        dirname(require.resolve("express-generator/package.json")),
        "bin/express-cli.js",
      );
      execFileSync(process.execPath, [generator, "--no-view", "--force", folder], { stdio: "ignore" });
      const file = join(folder, "app.js");
      const line = "app.use(require('@sockact/express').systemdListen());";
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace("app.use(logger('dev'));", `${line}\napp.use(logger('dev'));`));
    },
    answer: /Welcome to Express/,
  },
  {
    name: "nest",
    packages: [
      "@nestjs/common",
      "@nestjs/core",
      "@nestjs/platform-express",
      "reflect-metadata",
      "rxjs",
      "@sockact/express",
    ],
    args: ["--listen", "80"],
    async write(folder) {
      writeFiles(folder, {
        "package.json": {
          name: "nest-app",
          scripts: { build: "nest build", start: "nest start" },
          dependencies: { "@nestjs/core": "*", "@nestjs/common": "*" },
        },
        "nest-cli.json": { sourceRoot: "src" },
        "src/app.module.ts": `import { Controller, Get, Module } from "@nestjs/common";
@Controller()
class AppController {
  @Get()
  index(): string { return "uid " + process.getuid!(); }
}
@Module({ controllers: [AppController] })
export class AppModule {}
`,
        "src/main.ts": `import { NestFactory } from "@nestjs/core";
import { systemdListen } from "@sockact/express";
import { AppModule } from "./app.module";
async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.use(systemdListen());
  await app.listen(process.env.PORT ?? 3000);
}
bootstrap();
`,
      });
      await compile(folder);
    },
    answer: /^uid \d+$/,
  },
];

/** An app in a folder that is empty yet, with its packages. */
export async function writeApp(app: App, folder: string, packed: PackedPackages): Promise<void> {
  // Compilers don't find out where they are in a folder of another mount namespace.
  const temporary = mkdtempSync(join(tmpdir(), "sockact-app-"));
  try {
    await app.write(temporary);
    packed.install(temporary, app.packages);
    cpSync(temporary, folder, { recursive: true });
    chmodSync(folder, 0o755);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
