import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { text as readText } from "node:stream/consumers";
import { promisify } from "node:util";
import {
  certificateOf,
  describeWith,
  freeAddress,
  httpRequest,
  preloading,
  socketActivate,
  startProcess,
} from "@sockact/testkit";
import { afterAll, expect, it, vi } from "vitest";
import { build } from "../.vitepress/theme/builder/model/build.ts";
import { initialState, type BuilderState } from "../.vitepress/theme/builder/model/state.ts";
import { frameworks } from "./lib/builder-states.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../..");
const plain = { listen: "80", name: "", tls: false };
const secure = { listen: "443", name: "", tls: true };
const waiting = { timeout: 20_000, interval: 50 };

describeWith({ commands: ["systemd-socket-activate"] }, "the app's code", () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /**
   * Writes the code for a state into a folder that has the packages of the repository and a certificate.
   * Returns the file that Node runs.
   */
  async function appOf(state: BuilderState): Promise<{ cwd: string; file: string }> {
    const cwd = mkdtempSync(join(tmpdir(), "sockact-builder-"));
    folders.push(cwd);
    symlinkSync(join(repository, "node_modules"), join(cwd, "node_modules"));
    const { key, cert } = certificateOf("localhost");
    copyFileSync(key, join(cwd, "key.pem"));
    copyFileSync(cert, join(cwd, "cert.pem"));
    const code = build(state).code!;
    mkdirSync(dirname(join(cwd, code.file)), { recursive: true });
    writeFileSync(join(cwd, code.file), code.text);
    writeFileSync(join(cwd, "package.json"), "{}");
    if (state.framework !== "nestjs") return { cwd, file: code.file };
    cpSync(join(repository, "examples/frameworks/nest/src/app.module.ts"), join(cwd, "src/app.module.ts"));
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    const options =
      "--module commonjs --moduleResolution bundler --target es2022 --strict --types node --esModuleInterop --skipLibCheck --ignoreConfig --experimentalDecorators --emitDecoratorMetadata --rootDir src --outDir dist src/main.ts src/app.module.ts";
    await run(process.execPath, [tsc, ...options.split(" ")], { cwd }).catch(({ stdout }) => {
      throw new Error(stdout);
    });
    return { cwd, file: "dist/main.js" };
  }

  async function overHttps(address: string): Promise<string> {
    const [response] = await once(get(`https://${address}/`, { rejectUnauthorized: false }), "response");
    return readText(response);
  }

  const nodeFrameworks = frameworks.filter((framework) => framework !== "other");
  const register = join(repository, "packages/register/dist/index.cjs");

  // For NestJS, the file is always compiled from main.ts.
  const apps = nodeFrameworks
    .flatMap((framework) => ["server.js", "server.mjs"].map((file) => [framework, file] as const))
    .filter(([framework, file]) => framework !== "nestjs" || file === "server.js");

  it.each(apps)(
    "of %s in %s answers over http and https on the sockets that systemd passes",
    async (framework, file) => {
      const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
      const sockets = [
        { ...plain, listen: addresses[0] },
        { ...secure, listen: addresses[1] },
      ];
      const app = await appOf({ ...initialState, framework, script: `/srv/shop/${file}`, sockets });
      await using running = await socketActivate(addresses, [process.execPath, app.file], {
        cwd: app.cwd,
        names: ["http", "https"],
        env: preloading(framework === "unchanged" ? register : undefined),
      });
      expect((await httpRequest(addresses[0])).body).toMatch(/^hello/);
      expect(await overHttps(addresses[1])).toMatch(/^hello/);
      expect(running.stderr).not.toContain("SOCKACT_");
    },
  );

  it.each(apps)(
    "of %s in %s listens by itself, for a proxy and with a capability",
    async (framework, file) => {
      const script = `/srv/shop/${file}`;
      const path = join(mkdtempSync(join(tmpdir(), "sockact-backend-")), "app.sock");
      folders.push(dirname(path));
      const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
      const sockets = [
        { ...plain, listen: addresses[0] },
        { ...secure, listen: addresses[1] },
      ];
      const state = {
        ...initialState,
        framework,
        script,
        environment: "LOG_LEVEL=debug",
        folder: "/srv/shop/uploads",
      };
      const behind = await appOf({ ...state, bind: "proxy", backend: "/run/shop/app.sock" });
      const beside = await appOf({ ...state, bind: "capability", sockets });
      await using _behind = startProcess([process.execPath, behind.file], {
        cwd: behind.cwd,
        env: { PORT: path },
      });
      await using _beside = startProcess([process.execPath, beside.file], { cwd: beside.cwd });
      expect((await vi.waitFor(() => httpRequest(path), waiting)).body).toMatch(/^hello/);
      expect((await vi.waitFor(() => httpRequest(addresses[0]), waiting)).body).toMatch(/^hello/);
      expect(await vi.waitFor(() => overHttps(addresses[1]), waiting)).toMatch(/^hello/);
    },
  );
});
