// Services for the tests of the doctor, each with one fault, and what the doctor has to find.
import { existsSync } from "node:fs";
import process from "node:process";
import { type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { type AppDescription, emitUnits } from "@sockact/units";
import { expect } from "vitest";
import type { Finding, Severity } from "../../src/lib/doctor/model/diagnosis.ts";

/** What the doctor has to find. What is left out is not compared. */
export interface Expected {
  code: string;
  severity?: Severity;
  unit?: string;
  message?: string | RegExp;
  /** The texts of all evidence, a line each. */
  evidence?: RegExp;
  /** Where one of the texts comes from. */
  source?: string;
  fix?: string;
  /** Lines that it has to contain. */
  copy?: readonly (string | RegExp)[];
}

/** A finding as it is compared. */
export const shownBy = (finding: Finding): object => ({
  ...finding,
  evidence: finding.evidence.map(({ text }) => text).join("\n"),
  sources: finding.evidence.map(({ source }) => source),
});

/** What `toMatchObject` takes. */
export function asExpected({ message, evidence, source, fix, copy, ...rest }: Expected): object {
  const matching = (pattern: string | RegExp): unknown =>
    typeof pattern === "string" ? pattern : expect.stringMatching(pattern);
  return {
    ...rest,
    ...(message !== undefined && { message: matching(message) }),
    ...(evidence && { evidence: matching(evidence) }),
    ...(source !== undefined && { sources: expect.arrayContaining([source]) as unknown }),
    ...(fix !== undefined && { fix: expect.stringContaining(fix) as unknown }),
    ...(copy && { copy: expect.arrayContaining(copy.map(matching)) as unknown }),
  };
}

/** A service, and what the doctor has to find in it. */
export interface Scenario {
  /** All that it has to find, in this order. */
  finds: readonly Expected[];
  /** Whether it finds more, which belongs to another scenario. */
  isMore?: true;
  /** Further fields of its description. */
  description?: Partial<AppDescription>;
  /** The code of its app, before it listens. */
  app?: string;
  /** The code that listens. */
  listens?: string;
  /** The whole code of its app. */
  text?: string;
  /** Lines to add to the service, or to the socket. */
  service?: string;
  socket?: string;
  /** Lines to take out of the service, or of the socket. */
  without?: RegExp;
  withoutInSocket?: RegExp;
  /** Whether only its socket starts. By default, its service starts too. */
  starts?: "socket";
  /** Whether a client connects that waits to be accepted. */
  connects?: true;
  /** Further files. */
  files?: Readonly<Record<string, string>>;
  /** When the fault has happened: what its journal says then. By default, that it has ended. */
  until?: RegExp | ((systemd: PrivateSystemd, name: string) => Promise<unknown>);
  /** Whether systemd starts it again soon after it has ended. */
  loops?: true;
  /** What happens after that. Then systemd reads its units again. */
  after?: (systemd: PrivateSystemd) => Promise<unknown>;
  /** What happens after systemd has read its units. */
  unread?: (systemd: PrivateSystemd) => Promise<unknown>;
  /** A program that the machine must have. */
  needs?: string;
}

export type Scenarios = Readonly<Record<string, Scenario>>;

/** Where each private systemd has Node and the project. */
export const node = "/run/sockact/node";
const project = "/run/sockact/project";

/**
 * How an app tells this systemd that it is ready. Before 253, systemd does not open the socket for that, so
 * systemd-notify(1) sends.
 */
export const notifying: Partial<AppDescription> =
  (systemdVersion() ?? 0) < 253 ? { openFile: false, notifyAccess: "all" } : {};

/** The line that the doctor has for an app that nobody hears. */
export const heardBy =
  (systemdVersion() ?? 0) < 253 ? "  NotifyAccess=all" : "  OpenFile=/run/systemd/notify:notify";

/** For an app that stays up. */
export const isReady = /^sockact: ready/;

/** Until a unit has this state. */
export const untilUnit =
  (suffix: string, property: string, values: string | string[]) => (systemd: PrivateSystemd, name: string) =>
    systemd.waitForUnit(name + suffix, property, values, 60_000);

/** Until systemd has started the service this often. */
export const untilStarted = (times: number) => (systemd: PrivateSystemd, name: string) =>
  systemd.waitUntil(
    async () =>
      (await systemd.journal(`${name}.service`)).filter((line) => line.startsWith("Started")).length >= times,
    `${name} was started ${times} times`,
    60_000,
  );

/** Until a service that starts has run for so long that the doctor no longer waits for its start. */
export const untilUp = (systemd: PrivateSystemd, name: string): Promise<unknown> =>
  systemd.waitUntil(
    async () => {
      const started = Number(await systemd.show(`${name}.service`, "ExecMainStartTimestampMonotonic"));
      return started > 0 && Number(process.hrtime.bigint() / 1000n) - started > 10_500_000;
    },
    `${name} has started long ago`,
    60_000,
  );

/** The code of an app that listens on the sockets. */
export const appText = ({
  app = "",
  listens = "await listen(server);",
}: Pick<Scenario, "app" | "listens"> = {}): string => `
import { createServer } from "node:http";
import { listen } from "${project}/packages/core/dist/index.js";
${app}
const server = createServer((request, response) => response.end("here"));
${listens}
`;

/** The code of an app with Express. */
export const express = (lines: string): string => `import express from "express";
import { systemdListen } from "@sockact/express";
const app = express();
${lines}`;

/** Its line that listens, and says so. */
export const listensOn = (port: number): string =>
  `app.listen(${port}, () => console.log("listening on ${port}"));`;

/** An app that serves on a port by itself. */
export const onPort = (port: number, more = ""): string => `import { createServer } from "node:http";
${more}
createServer((request, response) => response.end()).listen(${port}, () => console.log("listening on ${port}"));`;

/** Without the programs that this machine does not have. */
const possible = (scenarios: Scenarios): [string, Scenario][] =>
  Object.entries(scenarios).filter(([, { needs }]) => needs === undefined || existsSync(needs));

/** Installs all services, makes each of them start, and waits until its fault has happened. */
export async function setUp(systemd: PrivateSystemd, scenarios: Scenarios): Promise<void> {
  const all = possible(scenarios);
  await Promise.all(all.map(([name, scenario]) => write(systemd, name, scenario)));
  await systemd.systemctl("daemon-reload");
  const sockets = all.map(([name]) => `${name}.socket`);
  await systemd.run(["systemctl", "enable", "--now", ...sockets], { timeout: 60_000 });
  const started = all.filter(([, { starts, connects }]) => starts === undefined && connects === undefined);
  const services = started.map(([name]) => `${name}.service`);
  await systemd.run(["systemctl", "start", "--no-block", ...services], { timeout: 60_000 });
  const paths = all.flatMap(([name, { connects }]) => (connects ? [`/run/${name}.sock`] : []));
  const clients = `for (const path of ${JSON.stringify(paths)}) require("node:net").connect(path).on("error", () => {}); setInterval(() => {}, 1e6);`;
  systemd.spawn([node, "--eval", clients], { stdio: "ignore" });
  for (const [name, { starts, until = /Failed with result|Deactivated successfully/ }] of all)
    if (typeof until === "function") await until(systemd, name);
    else if (starts === undefined) await systemd.waitForJournal(`${name}.service`, until, 60_000);
  for (const [, { after }] of all) await after?.(systemd);
  await systemd.systemctl("daemon-reload");
  for (const [, { unread }] of all) await unread?.(systemd);
}

async function write(systemd: PrivateSystemd, name: string, scenario: Scenario): Promise<void> {
  const path = `/srv/${name}/server.mjs`;
  await systemd.write(path, scenario.text ?? appText(scenario));
  for (const [file, text] of Object.entries(scenario.files ?? {})) await systemd.write(file, text);
  const units = emitUnits({
    name,
    exec: [node, path],
    sockets: [{ listen: `/run/${name}.sock` }],
    ...scenario.description,
  });
  for (const [file, text] of Object.entries(units)) {
    const isSocket = file.endsWith(".socket");
    const without = isSocket ? scenario.withoutInSocket : scenario.without;
    const kept = without ? text.replaceAll(without, "") : text;
    // So that a service that ends again and again leaves the machine some time.
    const calm = scenario.loops ? "" : "RestartSec=9min\n";
    const lines = isSocket ? (scenario.socket ?? "") : calm + (scenario.service ?? "");
    // At the end of the section, where they count.
    const end = kept.includes("\n[Install]") ? "\n[Install]" : /$/;
    await systemd.write(
      `/etc/systemd/system/${file}`,
      kept.replace(end, (found) => `\n${lines}\n${found}`),
    );
  }
}
