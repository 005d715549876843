import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect, it, onTestFinished } from "vitest";
import { sockactIn } from "../../packages/cli/test/outcome.ts";
import { build } from "../.vitepress/theme/builder/model/build.ts";
import { initialState } from "../.vitepress/theme/builder/model/state.ts";

const apps = {
  http: `import { createServer } from "node:http";\nimport { listen } from "@sockact/core";\nlisten(createServer(), { port: 80 });\n`,
  unchanged: `import { createServer } from "node:http";\ncreateServer().listen(80);\n`,
};

/** A folder with an app. A service can see it, because it is neither in /tmp nor in a home. */
function folderOf(framework: keyof typeof apps): string {
  const folder = realpathSync(mkdtempSync("/dev/shm/sockact-routes-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "package.json"), '{ "name": "shop", "type": "module" }');
  writeFileSync(join(folder, "server.js"), apps[framework]);
  return folder;
}

/** The lines that say when the service is ready, how it reloads, and how systemd watches and restarts it. */
const lifecycleOf = (text: string): string[] =>
  text.match(/^(?:Type|NotifyAccess|OpenFile|ExecReload|Watchdog\w+|Restart\w*|Timeout\w+)=.*$/gm) ?? [];

function printed(folder: string, ...args: string[]): string {
  const { stdout, stderr, status } = sockactIn(folder, args);
  expect([status, stderr]).toEqual([0, expect.anything()]);
  return stdout;
}

// `sockact install` and `sockact units` take the description from the same function.
it.each(
  (["http", "unchanged"] as const).flatMap((framework) =>
    [249, 252, 254, 257].map((systemd) => [framework, systemd] as const),
  ),
)("the builder, units and init agree about %s on systemd %i", (framework, systemd) => {
  const folder = folderOf(framework);
  const version = ["--systemd", String(systemd)];
  const runtime = { runtime: process.execPath, script: join(folder, "server.js") };
  const { files } = build({ ...initialState, ...runtime, framework, systemd });
  const lines = lifecycleOf(files.at(-1)!.text);
  expect(lines).toContain(systemd < 253 ? "Type=exec" : "Type=notify-reload");
  expect(lifecycleOf(printed(folder, "units", "server.js", ...version))).toEqual(lines);
  printed(folder, "init", "--yes");
  // In the config for an app that calls sockact, init writes the type for the systemd of this machine.
  if (framework === "http") return;
  expect(lifecycleOf(printed(folder, "units", ...version))).toEqual(lines);
});
