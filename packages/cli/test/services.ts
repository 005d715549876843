// What the tests of `sockact status`, `logs`, `reload` and `restart` have in common: services of a private
// systemd.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { CommandResult, PrivateSystemd } from "@sockact/testkit";
import { type AppDescription, emitUnits } from "@sockact/units";
import { sockactInside } from "./run.ts";

/** What programs/service.mjs reads. */
export interface Release {
  version?: number;
  crash?: boolean;
  silent?: boolean;
  /** A file that it writes at its start, and at a reload. */
  writes?: string;
  /** Whether it prints a warning as sockact does if the app does not listen. */
  warns?: boolean;
  reload?: "fail" | "slow";
  /** Whether it logs no event. */
  quiet?: boolean;
  /** Whether it has onReload. */
  reloads?: boolean;
  /** Whether its onStop ends. */
  stops?: boolean;
  /** A port that it opens by itself. */
  port?: number;
  /** Whether its code turns handover on. */
  handover?: boolean;
}

/** Runs `sockact` inside. */
export function sockact(systemd: PrivateSystemd, ...args: string[]): Promise<CommandResult> {
  return systemd.run([...sockactInside(systemd), ...args], { timeout: 60_000 });
}

/** Says what the service does at its next start, or reload. */
export function release(systemd: PrivateSystemd, name: string, contents: Release = {}): Promise<void> {
  return systemd.write(`/etc/${name}.json`, JSON.stringify({ version: 1, ...contents }));
}

/** Installs a service of programs/service.mjs, and starts its sockets. */
export async function install(
  systemd: PrivateSystemd,
  description: Partial<AppDescription> & Pick<AppDescription, "name" | "sockets">,
  contents: Release = {},
): Promise<void> {
  const { name } = description;
  await release(systemd, name, contents);
  const units = emitUnits({
    exec: [systemd.node, `${systemd.project}/packages/cli/test/programs/service.mjs`, name],
    type: "notify",
    ...description,
  });
  await systemd.installUnits(units);
  const sockets = Object.keys(units).filter((unit) => unit.endsWith(".socket"));
  await systemd.start(...sockets);
}

/** A client that is connected until `kill()`. */
export async function openClient(
  systemd: PrivateSystemd,
  target: { port: number; host?: string } | { path: string },
): Promise<ChildProcess> {
  const script = `require("node:net").connect(${JSON.stringify(target)}, () => console.log("connected")).on("error", () => {})`;
  const client = systemd.spawn([systemd.node, "--eval", script]);
  await once(createInterface({ input: client.stdout! }), "line");
  return client;
}
