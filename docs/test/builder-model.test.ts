// What the unit builder makes, in real processes and in a real systemd.
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
  bootPrivateSystemd,
  certificateOf,
  describeWith,
  freeAddress,
  httpRequest,
  preloading,
  socketActivate,
  startProcess,
  type PrivateSystemd,
} from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { build } from "../.vitepress/theme/builder/model/build.ts";
import { initialState, type BuilderState } from "../.vitepress/theme/builder/model/state.ts";
import { binds, frameworks, profiles } from "./lib/builder-states.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../..");

/** All combinations of some fields. */
function combinations(fields: {
  [Field in keyof BuilderState]?: readonly BuilderState[Field][];
}): BuilderState[] {
  return Object.entries(fields).reduce<BuilderState[]>(
    (states, [field, values]) =>
      states.flatMap((state) => values.map((value) => ({ ...state, [field]: value }))),
    [initialState],
  );
}

/** The program of a state is not called node if it is not Node. */
const withProgram = (state: BuilderState): BuilderState =>
  state.framework === "other" ? { ...state, runtime: "/usr/bin/env", arguments: "true" } : state;

const plain = { listen: "80", name: "", tls: false };
const secure = { listen: "443", name: "", tls: true };

// The weights are those of systemd 257, and before 254 it does not know which directives imply others.
describeWith({ commands: ["systemd-analyze"], systemd: 254 }, "the score", () => {
  it("is that of systemd-analyze security, whatever is chosen", { timeout: 120_000 }, async () => {
    const states = combinations({
      framework: ["express", "unchanged", "other"],
      bind: binds,
      hardening: profiles,
      sockets: [[plain], [secure]],
      user: ["", "www-data"],
      script: ["/srv/shop/server.js", "/home/me/shop/server.js"],
      watchdog: ["", "30s"],
      backend: ["", "/run/shop/app.sock"],
      systemd: [undefined, 239, 245, 252, 257],
    });
    const scores = new Map<string, string>();
    for (const state of states) {
      const { files, score } = build(withProgram(state));
      const service = files.find(({ name }) => name === "shop.service");
      // Two services that differ only in lines like these have the same score.
      const kept = service?.text.replaceAll(
        /^(?:Exec|Environment|Restart|Working|Watchdog|Type|OpenFile).*\n/gm,
        "",
      );
      if (kept !== undefined)
        scores.set(
          `${kept}\n[Service]\nExecStart=/usr/bin/true\n`,
          `${score!.value.toFixed(1)} ${score!.word}`,
        );
    }
    const folder = mkdtempSync(join(tmpdir(), "sockact-scores-"));
    try {
      const units = [...scores.keys()].map((text, index) => {
        const unit = join(folder, `s${index}.service`);
        writeFileSync(unit, text);
        return unit;
      });
      const { stdout } = await run("systemd-analyze", ["security", "--no-pager", "--offline=yes", ...units], {
        maxBuffer: 1e9,
      });
      const rated = [...stdout.matchAll(/Overall exposure level for s\d+\.service: ([\d.]+ \w+)/g)];
      expect(rated.length).toBeGreaterThan(100);
      expect([...scores.values()]).toEqual(rated.map(([, said]) => said));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describeWith({ commands: ["systemd-socket-activate"] }, "the app's code", () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /** Writes the code of a state into a folder with the packages of the repository and a certificate. Returns what Node runs. */
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

  it.each(
    nodeFrameworks
      .flatMap((framework) => ["server.js", "server.mjs"].map((file) => [framework, file] as const))
      .filter(([framework, file]) => framework !== "nestjs" || file === "server.js"),
  )("of %s in %s answers over http and https on the sockets that systemd passes", async (framework, file) => {
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
  });
});
