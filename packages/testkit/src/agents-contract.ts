import { join } from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, test } from "vitest";
import { startWithFds } from "../../testing/src/activated-process.ts";
import { type AppProcess, startProcess } from "../../testing/src/app-process.ts";
import { httpRequest } from "../../testing/src/http-request.ts";
import { AGENTS, AGENTS_EXPRESS_4, installAgents } from "./install-agents.ts";
import { preloading } from "../../testing/src/preload.ts";
import { closeAll, portOf, rawSocket } from "../../testing/src/raw-sockets.ts";

type Format = "ESM" | "CommonJS";

interface Agent {
  /** The options that load the agent before the app, from the agent's documentation. */
  preload: Record<Format, string[]>;
  env?: Record<string, string>;
  /** The agent's output for `GET /hello`, with the route of the framework. */
  recorded: RegExp;
  /** Whether it also records the probes that sockact answers. */
  recordsProbes?: boolean;
}

const GET_HELLO = /^\{"event":"recorded","name":"GET \/hello"\}$/;

/** Each agent prints its records and sends nothing. */
const agents: Record<string, Agent> = {
  OpenTelemetry: {
    preload: {
      ESM: ["--import", "./opentelemetry.mjs"],
      CommonJS: ["--require", "./opentelemetry.cjs"],
    },
    env: { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" },
    recorded: GET_HELLO,
  },
  "Sentry 10": {
    preload: { ESM: ["--import", "./sentry10.mjs"], CommonJS: ["--require", "./sentry10.cjs"] },
    recorded: GET_HELLO,
    recordsProbes: true,
  },
  "Sentry 11": {
    preload: { ESM: ["--import", "./sentry11.mjs"], CommonJS: ["--import", "./sentry11.mjs"] },
    recorded: GET_HELLO,
    recordsProbes: true,
  },
  "dd-trace": {
    preload: { ESM: ["--import", "dd-trace/initialize.mjs"], CommonJS: ["--require", "dd-trace/init"] },
    env: {
      DD_TRACE_EXPERIMENTAL_EXPORTER: "log",
      DD_TRACE_STARTUP_LOGS: "false",
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
      DD_REMOTE_CONFIGURATION_ENABLED: "false",
      DD_CRASHTRACKING_ENABLED: "false",
    },
    recorded: /"name":"(express|koa|fastify)\.request","resource":"GET \/hello"/,
  },
  "New Relic": {
    preload: {
      ESM: ["--import", "newrelic/esm-loader.mjs", "--require", "./new-relic.cjs"],
      CommonJS: ["--require", "./new-relic.cjs"],
    },
    env: {
      NEW_RELIC_APP_NAME: "app",
      NEW_RELIC_LICENSE_KEY: "0".repeat(40),
      // A port on which no process listens.
      NEW_RELIC_HOST: "127.0.0.1",
      NEW_RELIC_PORT: "9",
      NEW_RELIC_LOG_ENABLED: "false",
      ...Object.fromEntries(
        ["AWS", "AZURE", "GCP", "PCF"].map((cloud) => [`NEW_RELIC_UTILIZATION_DETECT_${cloud}`, "false"]),
      ),
    },
    recorded: /"name":"WebTransaction\/.*(Expressjs|Koa|Fastify)\/GET\/\/hello"/,
  },
};

/** The folder of each framework's apps, and the suffix of their names. */
const apps: Record<string, [folder: string, app: string]> = {
  "Express 4": [AGENTS_EXPRESS_4, "express"],
  "Express 5": [AGENTS, "express"],
  "Koa 3": [AGENTS, "koa"],
  "Fastify 5": [AGENTS, "fastify"],
};

/** Each agent with each framework, and both with each format. */
const cells: [agent: string, framework: string, format: Format][] = Object.keys(agents).flatMap(
  (agent, row) =>
    Object.keys(apps).map((framework, column): [string, string, Format] => [
      agent,
      framework,
      (row + column) % 2 === 0 ? "ESM" : "CommonJS",
    ]),
);

/** What `systemdListen()` promises for an app with a tracing agent: both work as they do without sockact. */
export function agentsContract(): void {
  beforeAll(installAgents, 300_000);

  test.each(cells)(
    "under %s, %s, %s: serves and is traced, with no warning",
    async (agent, framework, format) => {
      const plain = await plainOf(agent, framework, format);
      expect(await seenOf(agent, framework, format, { app: "app", activated: true })).toEqual(plain);
    },
  );

  test.each(cells.filter(([, framework]) => framework === "Express 5"))(
    "under %s, %s, %s, not activated: serves and is traced, with no warning",
    async (agent, framework, format) => {
      const plain = await plainOf(agent, framework, format);
      expect(await seenOf(agent, framework, format, { app: "app", activated: false })).toEqual(plain);
    },
  );

  describe.each(Object.keys(agents))("under %s, Koa 3", (agent) => {
    test.each([
      ["systemdListen({ app })", "NAMED"],
      ["systemdListen() called before Koa is loaded", "EARLY"],
    ])("%s: serves and is traced, with no warning", async (_, variable) => {
      const plain = await plainOf(agent, "Koa 3", "CommonJS");
      const how: How = { app: "app", activated: true, env: { [variable]: "1" } };
      expect(await seenOf(agent, "Koa 3", "CommonJS", how)).toEqual(plain);
    });
  });
}

/**
 * What the preload promises for an app with a tracing agent: both work as they do without sockact.
 *
 * @param preload the folder of its files, for `--import` and for `--require`
 */
export function agentsContractByPreload(preload: string): void {
  beforeAll(installAgents, 300_000);

  test.each(cells)(
    "under %s, %s, %s, by the preload alone: serves and is traced, with no warning",
    async (agent, framework, format) => {
      const plain = await plainOf(agent, framework, format);
      // Before the agent, as in units, and after it.
      const how: How = {
        app: "plain",
        activated: true,
        ...(format === "CommonJS"
          ? { env: { PORT: "3000", ...preloading(join(preload, "index.cjs")) } }
          : { env: { PORT: "3000" }, flags: ["--import", join(preload, "index.js")] }),
      };
      expect(await seenOf(agent, framework, format, how)).toEqual(plain);
    },
  );
}

interface Seen {
  format: Format;
  /** How many functions are in the request path of Express or Koa. */
  layers: number | undefined;
  stderr: string;
  /** The names of all requests that the agent recorded. */
  requests: string[];
}

/** The options for starting the app, besides its agent. */
interface How {
  /** `app` has `systemdListen()`, `plain` does not use sockact. */
  app: "app" | "plain";
  activated: boolean;
  env?: Record<string, string>;
  /** After the agent's options. */
  flags?: string[];
}

const plains = new Map<string, Promise<Seen>>();

/** The same for the app without sockact, because agents also print warnings. */
function plainOf(agent: string, framework: string, format: Format): Promise<Seen> {
  const cell = [agent, framework, format].join();
  const known = plains.get(cell) ?? seenOf(agent, framework, format, { app: "plain", activated: false });
  plains.set(cell, known);
  return known;
}

/**
 * Makes one request, waits until the agent has recorded it, and reports everything that sockact could change.
 */
async function seenOf(
  agent: string,
  framework: string,
  format: Format,
  { app, activated, env: more, flags = [] }: How,
): Promise<Seen> {
  const { preload, env, recorded, recordsProbes = false } = agents[agent] as Agent;
  const [folder, name] = apps[framework] as [string, string];
  const file = join(folder, `${app}-${name}.${format === "ESM" ? "mjs" : "cjs"}`);
  const command = [process.execPath, ...preload[format], ...flags, file];
  const options = { cwd: AGENTS, env: { ...env, ...more, SOCKACT_HEALTH: "/healthz" } };
  const fds = activated ? [rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true })] : [];
  const [passed] = fds.map(portOf);
  await using running: AppProcess = activated
    ? startWithFds(fds, command, options)
    : startProcess(command, options);
  closeAll(fds);
  const { port, layers } = await running.event<{ port: number; layers?: number }>("listening");
  expect(port, "it listens where it was told to").toBe(passed ?? port);
  // Without sockact, nothing answers probes.
  if (app === "app" || activated)
    expect(await httpRequest(`localhost:${port}`, "/healthz")).toMatchObject({ status: 200, body: "ready" });
  const { status, json } = await httpRequest(`localhost:${port}`, "/hello");
  expect(status).toBe(200);
  expect(json()).toEqual({ pid: running.pid });
  await running.line(recorded);
  const requests = Array.from(
    running.stdout.matchAll(/"(?:name|resource)":"((?:GET|WebTransaction)[^"]*)"/g),
    ([, request = ""]) => request,
  ).filter((request) => !(recordsProbes && request === "GET /healthz"));
  // A preload logs its events. The apps with `systemdListen()` do not.
  const stderr = running.stderr.replaceAll(/\(node:\d+\)/g, "(node)").replaceAll(/^sockact: .*\n/gm, "");
  return { format, layers, requests, stderr };
}
