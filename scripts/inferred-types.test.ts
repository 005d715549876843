// What an app infers from an adapter, and exports, where only the adapter is in reach: as pnpm installs it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./lib/packages.ts";

/** Puts a package where pnpm does: beside its dependencies, and linked from the app. */
function install(app: string, name: string, dependencies: readonly string[]): string {
  const modules = join(app, "node_modules/.pnpm", name, "node_modules");
  const folder = join(modules, "@sockact", name);
  for (const file of ["package.json", "dist"])
    cpSync(join(root, "packages", name, file), join(folder, file), { recursive: true });
  for (const other of dependencies)
    symlinkSync(
      join(app, "node_modules/.pnpm", other, "node_modules/@sockact", other),
      join(modules, "@sockact", other),
    );
  return folder;
}

const exported = (name: string): string => `
import { checkHealth, keepAwake, proxyHeader, type ActivationError, type SystemdListenOptions } from "@sockact/${name}";
export { systemdListen } from "@sockact/${name}";
export const options = (given: SystemdListenOptions) => ({ ...given });
export const rest = ({ name, ...more }: SystemdListenOptions) => more;
export const tls = (given: SystemdListenOptions) => given.tls;
export const socketsOf = (given: SystemdListenOptions) => Object.entries(given.sockets ?? {});
export const onEvent = (given: SystemdListenOptions) => given.onEvent;
export const drainTimeout = (given: SystemdListenOptions) => given.drainTimeout;
export const code = (error: ActivationError) => error.code;
export const health = checkHealth();
export const release = keepAwake();
export const source = (header: ReturnType<typeof proxyHeader>) => header?.source;
export const tlvs = (header: ReturnType<typeof proxyHeader>) => header?.tlvs;
`;

test.each(["express", "koa"])("an app of %s exports what it infers, without a type of its own", (name) => {
  const app = mkdtempSync(join(tmpdir(), "sockact types "));
  onTestFinished(() => rmSync(app, { recursive: true }));
  install(app, "notify", []);
  install(app, "core", ["notify"]);
  const link = join(app, "node_modules/@sockact", name);
  mkdirSync(dirname(link));
  symlinkSync(install(app, name, ["core"]), link);
  symlinkSync(join(root, "node_modules/@types"), join(app, "node_modules/@types"));
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
  writeFileSync(join(app, "app.ts"), exported(name));
  const options = [
    "--declaration",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--types",
    "node",
  ];
  const { stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), [...options, "app.ts"], {
    cwd: app,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});
