import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { buildUnits, UnitError, UnitSet } from "@sockact/units";
import { findNode } from "../app/find-node.ts";
import { filesFolder } from "../install/install.ts";
import { installServices } from "../install-app/install-app.ts";
import { preloadCopy } from "../install-app/preload-copy.ts";
import type { WantedService } from "../install-app/wanted-service.ts";
import { CliError } from "../shared/cli-error.ts";
import { METRICS as NAME } from "../systemd/timed-service.ts";
import { CERTIFICATES_FILE } from "./certificates-file.ts";
import { PORT } from "./endpoint.ts";
import { collectorFlag, scrapeConfig } from "./scrape-config.ts";
import { certificateUnits, describeEndpoint, textfilesOf, textfileUnits } from "./metrics-units.ts";

/** The options of `sockact metrics install`. */
export interface MetricsInstallOptions {
  listen?: string[] | undefined;
  group?: string | undefined;
  idleTimeout?: string | undefined;
  textfile?: string | undefined;
  every?: string | undefined;
  runAs?: string | undefined;
  node?: string | undefined;
  dryRun?: boolean | undefined;
  yes?: boolean | undefined;
  force?: boolean | undefined;
  json?: boolean | undefined;
}

/** Only this machine can connect. */
const LISTEN = `127.0.0.1:${PORT}`;

/** Longer than the interval of a usual scrape, so that the counters stay in memory between scrapes. */
const IDLE_TIMEOUT = "2min";

const EVERY = "30s";

/** `sockact metrics install`. Returns the exit code. */
export async function installMetrics(options: MetricsInstallOptions): Promise<number> {
  checkOptions(options);
  return installServices(async (systemd) => [wanted(options, systemd)], {
    ...options,
    user: false,
    preload: false,
    start: true,
    request: true,
    timeout: 60,
  });
}

function wanted(options: MetricsInstallOptions, systemd: number | undefined): WantedService {
  const { listen = [LISTEN], group, idleTimeout = IDLE_TIMEOUT, textfile, every = EVERY } = options;
  const program = join(filesFolder({ name: NAME, user: false }), "metrics-endpoint.cjs");
  const preload = preloadCopy({ name: NAME, user: false });
  const choices = {
    node: findNode(options.node).path,
    program,
    preload: preload.path,
    systemd,
    user: options.runAs ?? NAME,
  };
  const made = built(() => {
    if (textfile !== undefined) return textfileUnits(choices, { file: textfile, every });
    const description = describeEndpoint(choices, { listen, idleTimeout, group });
    return { description, units: buildUnits(description) };
  });
  return {
    description: made.description,
    units: new UnitSet([...made.units.files, ...certificateUnits(choices).files]),
    account: options.runAs === undefined ? NAME : undefined,
    app: undefined,
    config: undefined,
    folder: "/",
    // At run time, this code is in dist, next to the program.
    extraFiles: [
      { path: program, text: readFileSync(new URL("metrics-endpoint.cjs", import.meta.url)), mode: 0o644 },
      ...(textfile === undefined ? [preload] : []),
    ],
    made: [...(textfile === undefined ? [] : textfilesOf(textfile)), CERTIFICATES_FILE],
    bound: [],
    unread: [],
    envFile: undefined,
    reader: textfile === undefined ? scrapeConfig(listen, hostname()) : collectorFlag(textfile),
    notes: notesOn(textfile === undefined ? listen : []),
  };
}

/** The addresses of the machine itself, and paths of unix sockets. */
const isLocal = (address: string): boolean => /^(?:127\.|\[::1\]|[/@])/.test(address);

function notesOn(listen: readonly string[]): string[] {
  const open = listen.filter((address) => !isLocal(address));
  if (open.length === 0) return [];
  return [
    `Every client that reaches ${open.join(", ")} can read the names, addresses and states of the services. Let only Prometheus through, for example with your firewall, or with IPAddressAllow= in: systemctl edit sockact-metrics.socket`,
  ];
}

function built<Made extends { units: UnitSet }>(build: () => Made): Made {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof UnitError)) throw cause;
    throw new CliError("SOCKACT_ERR_USAGE", cause.message, cause.hint, { cause });
  }
}

function checkOptions({ textfile, every, listen, group, idleTimeout }: MetricsInstallOptions): void {
  const usage = (message: string, hint: string) => {
    throw new CliError("SOCKACT_ERR_USAGE", message, hint);
  };
  const ofEndpoint = Object.entries({ "--listen": listen, "--group": group, "--idle-timeout": idleTimeout });
  const [given] = ofEndpoint.find(([, value]) => value !== undefined) ?? [];
  if (textfile !== undefined && given !== undefined)
    usage(
      `--textfile and ${given} exclude each other`,
      "The metrics are in a file, or an endpoint answers with them. Leave one of the options out.",
    );
  if (group !== undefined && listen?.every((address) => address.startsWith("/")) !== true)
    usage("--group is for a unix socket", "Such as --listen /run/sockact-metrics.sock");
  if (textfile === undefined && every !== undefined)
    usage("--every needs --textfile", "An endpoint reads the metrics when it is asked.");
  if (textfile !== undefined && (!/^\/.*[^/]\.prom$/.test(textfile) || join(textfile) !== textfile))
    usage(
      `--textfile must be the absolute path of a file that ends with .prom; got ${JSON.stringify(textfile)}`,
      "Such as /var/lib/prometheus/node-exporter/sockact.prom",
    );
  if (
    textfile !== undefined &&
    statSync(dirname(textfile), { throwIfNoEntry: false })?.isDirectory() !== true
  )
    usage(
      `the folder ${dirname(textfile)} does not exist`,
      "It is that of --collector.textfile.directory of node_exporter.",
    );
  if (every !== undefined && !/^[1-9]\d*(?:s|min|h)$/.test(every))
    usage(
      `--every must be a duration such as 30s; got ${JSON.stringify(every)}`,
      "Its units are s, min and h.",
    );
}
