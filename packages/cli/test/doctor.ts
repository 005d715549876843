// What the tests of `sockact doctor` have in common.
import { bootPrivateSystemd, type PrivateSystemd } from "@sockact/testkit";
import { type AppDescription, emitUnits } from "@sockact/units";
import { sockactInside } from "./run.ts";
import type { Finding } from "../src/lib/doctor/model/diagnosis.ts";
import type { Report } from "../src/lib/doctor/report.ts";

export type { Finding };

/** What `sockact doctor --json` has printed, and how it ended. */
export interface Answer extends Report {
  code: number;
  /** All findings, of whatever service. */
  findings: Finding[];
  codes: string[];
  /** The finding with this code. The error says what was found instead. */
  finding(code: string): Finding;
}

/** Boots a systemd with a folder /srv that can be written. */
export async function bootForDoctor(): Promise<PrivateSystemd> {
  const systemd = await bootPrivateSystemd();
  await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  return systemd;
}

/** The command line of `sockact doctor` inside. */
export const doctorCommand = (systemd: PrivateSystemd, ...args: string[]): string[] => [
  ...sockactInside(systemd),
  "doctor",
  ...args,
];

/** What the doctor finds in each service, by the name of the service. One question is answered sooner than many. */
export async function askAll(systemd: PrivateSystemd): Promise<Map<string, Finding[]>> {
  const { stdout, stderr, code } = await systemd.run(doctorCommand(systemd, "--json"), { timeout: 120_000 });
  if (code > 2 || stdout === "") throw new Error(`sockact doctor ended with ${code}: ${stderr}`);
  const { services } = JSON.parse(stdout) as Report;
  return new Map(
    services.map(({ service, findings }) => [service.replace(/@?\.service$/, ""), [...findings]]),
  );
}

/** Asks the doctor, as root or as a command such as setpriv(1) has it. */
export async function ask(
  systemd: PrivateSystemd,
  unit: string,
  through: string[] = [],
  ...options: string[]
): Promise<Answer> {
  const command = doctorCommand(systemd, unit, "--json", ...options);
  const { stdout, stderr, code } = await systemd.run([...through, ...command], { timeout: 60_000 });
  if (code > 2 || stdout === "") throw new Error(`sockact doctor ended with ${code}: ${stderr}`);
  const report = JSON.parse(stdout) as Report;
  const findings = report.services.flatMap((service) => service.findings);
  return {
    ...report,
    code,
    findings,
    codes: findings.map((finding) => finding.code),
    finding(wanted) {
      const found = findings.find((finding) => finding.code === wanted);
      if (!found) throw new Error(`${wanted} was not found, but:\n${JSON.stringify(report, null, 2)}`);
      return found;
    },
  };
}

/** Installs the units of a description, which `change` may spoil, and starts and enables the sockets. */
export async function install(
  systemd: PrivateSystemd,
  description: Partial<AppDescription> & { name: string },
  change: (text: string, file: string) => string = (text) => text,
): Promise<void> {
  const units = emitUnits({
    exec: [systemd.node, "/srv/shop/server.js"],
    sockets: [{ listen: `/run/${description.name}.sock` }],
    ...description,
  });
  const spoilt = Object.entries(units).map(([file, text]) => [file, change(text, file)] as const);
  for (const [file, text] of spoilt) await systemd.write(`/etc/systemd/system/${file}`, text);
  // As systemctl enable, which would have systemd read all of its units once more.
  const wants = "/etc/systemd/system/sockets.target.wants";
  const sockets = Object.keys(units).filter((file) => file.endsWith(".socket"));
  const links = sockets.map((file) => `ln -sf ../${file} ${wants}/${file}`);
  await systemd.mustRun([
    "sh",
    "-c",
    [`mkdir -p ${wants}`, ...links, "systemctl daemon-reload"].join(" && "),
  ]);
  // A fault may keep them from starting.
  await systemd.run(["systemctl", "start", ...sockets]);
}

/** Ends the services of these names, and removes their units. The next `install()` has systemd read its units anew. */
export async function remove(systemd: PrivateSystemd, ...names: string[]): Promise<void> {
  const units = names.flatMap((name) => [`${name}.socket`, `${name}.service`]);
  const list = units.join(" ");
  const files = units.flatMap((unit) =>
    ["", "sockets.target.wants/"].flatMap((folder) => [
      `/etc/systemd/system/${folder}${unit}`,
      `/etc/systemd/system/${unit}.d`,
    ]),
  );
  // A unit that is not there makes a command fail, and the next ones have to run anyway.
  const script = `systemctl kill --signal=KILL ${list}; systemctl stop ${list}; rm -rf ${files.join(" ")}; systemctl reset-failed`;
  await systemd.run(["sh", "-c", script]);
}

/** A server as sockact's own programs are: it serves the passed socket. */
export const plainServer = `require("node:http").createServer((_, response) => response.end("here")).listen({ fd: 3 });`;
