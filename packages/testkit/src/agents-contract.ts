import { join } from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, test } from "vitest";
import { startWithFds } from "./activated-process.ts";
import { type AppProcess, startProcess } from "./app-process.ts";
import { httpRequest } from "./http-request.ts";
import { AGENTS, AGENTS_EXPRESS_4, installAgents } from "./install-agents.ts";
import { closeAll, portOf, rawSocket } from "./raw-sockets.ts";

type Format = "ESM" | "CommonJS";

interface Agent {
  /** What Node is told to load before the app, as the agent's own documentation has it. */
  preload: Record<Format, string[]>;
  env?: Record<string, string>;
  /** What it prints of a request for `GET /hello`, with the route that the framework knows. */
  recorded: RegExp;
}

const GET_HELLO = /^\{"event":"recorded","name":"GET \/hello"\}$/;

/** Each prints what it has recorded, and sends nothing to anybody. */
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
  },
  "Sentry 11": {
    preload: { ESM: ["--import", "./sentry11.mjs"], CommonJS: ["--import", "./sentry11.mjs"] },
    recorded: GET_HELLO,
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

/** The app of each framework, without the end of its name. */
const apps: Record<string, string> = {
  "Express 4": join(AGENTS_EXPRESS_4, "app-express"),
  "Express 5": join(AGENTS, "app-express"),
  "Koa 3": join(AGENTS, "app-koa"),
  "Fastify 5": join(AGENTS, "app-fastify"),
};

/** What `systemdListen()` promises of an app under a tracing agent: each works as it does alone. */
export function agentsContract(): void {
  beforeAll(installAgents, 300_000);

  describe.each(Object.keys(agents))("under %s", (agent) => {
    describe.each(Object.keys(apps))("%s", (framework) => {
      test.each([true, false])("serves and is traced, with no warning, activated: %s", async (activated) => {
        // Two at a time: the agents' start is all that takes long here.
        await Promise.all(
          formatsOf(agent, framework, activated).map(async (format) => {
            const plain = await plainOf(agent, framework, format);
            expect(await seenOf(agent, framework, format, activated)).toEqual(plain);
          }),
        );
      });
    });

    test("Koa 3, systemdListen({ app }): serves and is traced, with no warning", async () => {
      const plain = await plainOf(agent, "Koa 3", "CommonJS");
      expect(await seenOf(agent, "Koa 3", "CommonJS", true, { NAMED: "1" })).toEqual(plain);
    });
  });

  test.each(Object.keys(agents))(
    "under %s, Koa 3, systemdListen() called before Koa is loaded: serves and is traced",
    async (agent) => {
      const plain = await plainOf(agent, "Koa 3", "CommonJS");
      expect(await seenOf(agent, "Koa 3", "CommonJS", true, { EARLY: "1" })).toEqual(plain);
    },
  );
}

/** All of them with `npm run test:long`. A usual run has each agent, each framework and each format, but not each with every other. */
function formatsOf(agent: string, framework: string, activated: boolean): Format[] {
  const formats: Format[] = ["ESM", "CommonJS"];
  if (process.env["SOCKACT_LONG"]) return formats;
  const cell = Object.keys(agents).indexOf(agent) + Object.keys(apps).indexOf(framework);
  return [formats[(cell + Number(activated)) % 2] as Format];
}

interface Seen {
  format: Format;
  /** How many functions are in the request path of Express or Koa. */
  layers: number | undefined;
  stderr: string;
  /** The names of all the requests that the agent has recorded. */
  requests: string[];
}

const plains = new Map<string, Promise<Seen>>();

/** The same of the app without `systemdListen()`: agents have warnings of their own. */
function plainOf(agent: string, framework: string, format: Format): Promise<Seen> {
  const cell = [agent, framework, format].join();
  const known = plains.get(cell) ?? seenOf(agent, framework, format, false, { PLAIN: "1" });
  plains.set(cell, known);
  return known;
}

/** Makes one request, waits until the agent has recorded it, and reports what could be different without us. */
async function seenOf(
  agent: string,
  framework: string,
  format: Format,
  activated: boolean,
  more: Record<string, string> = {},
): Promise<Seen> {
  const { preload, env, recorded } = agents[agent] as Agent;
  const command = [
    process.execPath,
    ...preload[format],
    `${apps[framework]}.${format === "ESM" ? "mjs" : "cjs"}`,
  ];
  const options = { cwd: AGENTS, env: { ...env, ...more } };
  const fds = activated ? [rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true })] : [];
  const [passed] = fds.map(portOf);
  await using running: AppProcess = activated
    ? startWithFds(fds, command, options)
    : startProcess(command, options);
  closeAll(fds);
  const { port, layers } = await running.event<{ port: number; layers?: number }>("listening");
  expect(port, "it listens where it was told to").toBe(passed ?? port);
  const { status, json } = await httpRequest(`localhost:${port}`, "/hello");
  expect(status).toBe(200);
  expect(json()).toEqual({ pid: running.pid });
  await running.line(recorded);
  const requests = Array.from(
    running.stdout.matchAll(/"(?:name|resource)":"((?:GET|WebTransaction)[^"]*)"/g),
    ([, name = ""]) => name,
  );
  return { format, layers, requests, stderr: running.stderr.replaceAll(/\(node:\d+\)/g, "(node)") };
}
