// What the tests of the doctor's diagnoses have in common: services with one fault each.
import type { PrivateSystemd } from "@sockact/testkit";
import { type AppDescription, emitUnits } from "@sockact/units";
import type { Report } from "../src/lib/doctor/report.ts";
import { doctorCommand, type Finding } from "./doctor.ts";

/** A service with something wrong. */
export interface Fault {
  /** Further fields of its description. */
  description?: Partial<AppDescription>;
  /** The code of its app, before it listens. */
  app?: string;
  /** The code that listens. */
  listens?: string;
  /** Lines to add to the service, or to the socket. */
  service?: string;
  socket?: string;
  /** Lines to take out of the service. */
  without?: RegExp;
  /** Whether the service does not require its socket, and is started without it. */
  isAlone?: true;
  /** The whole code of its app. */
  text?: string;
  /** What its journal says when the fault has happened; by default, that it has ended. */
  until?: RegExp;
  /** Whether systemd starts it again every second. */
  loops?: true;
}

/** For an app that stays up. */
export const isReady = /^sockact: ready/;

/** The code of an app that listens on the sockets. */
export const appText = (
  systemd: PrivateSystemd,
  { app = "", listens = "await listen(server);" }: Fault = {},
): string => `
import { createServer } from "node:http";
import { listen } from "${systemd.project}/packages/core/dist/index.js";
${app}
const server = createServer((request, response) => response.end("here"));
${listens}
`;

/** Installs services, makes each of them start, and waits until it is up or has ended. */
export async function installFaults(systemd: PrivateSystemd, faults: Record<string, Fault>): Promise<void> {
  await Promise.all(
    Object.entries(faults).map(async ([name, fault]) => {
      const path = `/srv/${name}/server.mjs`;
      await systemd.write(path, fault.text ?? appText(systemd, fault));
      const units = emitUnits({
        name,
        exec: [systemd.node, path],
        sockets: [{ listen: `/run/${name}.sock` }],
        ...fault.description,
      });
      for (const [file, text] of Object.entries(units)) {
        const isSocket = file.endsWith(".socket");
        const without = fault.isAlone ? /^(?:Requires|After|Also)=.*\n/gm : fault.without;
        const kept = isSocket || !without ? text : text.replaceAll(without, "");
        // So that a service that ends again and again leaves the machine some time.
        const calm = fault.loops ? "" : "RestartSec=1h\n";
        const lines = isSocket ? (fault.socket ?? "") : calm + (fault.service ?? "");
        // At the end of the section, where they count.
        const end = kept.includes("\n[Install]") ? "\n[Install]" : /$/;
        await systemd.write(
          `/etc/systemd/system/${file}`,
          kept.replace(end, (found) => `\n${lines}\n${found}`),
        );
      }
    }),
  );
  await systemd.systemctl("daemon-reload");
  const names = Object.keys(faults);
  const withSocket = names.filter((name) => !faults[name]!.isAlone);
  await systemd.run(["systemctl", "enable", "--now", ...withSocket.map((name) => `${name}.socket`)]);
  await systemd.run(["systemctl", "start", "--no-block", ...names.map((name) => `${name}.service`)]);
  for (const [name, { until = /Failed with result|Deactivated successfully/ }] of Object.entries(faults))
    await systemd.waitForJournal(`${name}.service`, until, 20_000);
}

/** What the doctor finds in each service, by the name of the service. One question is answered sooner than many. */
export async function askAll(systemd: PrivateSystemd): Promise<Map<string, Finding[]>> {
  const { stdout, stderr, code } = await systemd.run(doctorCommand(systemd, "--json"));
  if (code > 2 || stdout === "") throw new Error(`sockact doctor ended with ${code}: ${stderr}`);
  const { services } = JSON.parse(stdout) as Report;
  return new Map(services.map(({ service, findings }) => [service.replace(".service", ""), [...findings]]));
}
