import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { advisoriesIn, whyNotAsked } from "./lib/audit-report.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs the command with a registry whose answers come from the listener. */
async function audit(
  registry: RequestListener,
  env: Record<string, string> = {},
): Promise<{ status: number | null; output: string }> {
  const server = createServer(registry);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const child = execFile(
        "npm",
        ["run", "--silent", "audit"],
        { cwd: root, env: { ...process.env, npm_config_registry: `http://127.0.0.1:${port}`, ...env } },
        (_, stdout, stderr) => resolve({ status: child.exitCode, output: stdout + stderr }),
      );
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Knows one vulnerability of each of these packages. */
function vulnerable(severities: Record<string, string>): RequestListener {
  return (request, response) => {
    request.resume().on("end", () => {
      const name = decodeURIComponent(request.url?.slice(1) ?? "");
      const advisories = Object.entries(severities).map(([vulnerablePackage, severity]) => [
        vulnerablePackage,
        [{ id: 1, url: "https://example.org/1", title: "It burns", severity, vulnerable_versions: "*" }],
      ]);
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify(name.startsWith("-/") ? Object.fromEntries(advisories) : { name, versions: {} }),
      );
    });
  };
}

function advisory(
  severity: string,
  id = "GHSA-1",
): { title: string; url: string; severity: string; range: string } {
  return { title: "It burns", url: `https://github.com/advisories/${id}`, severity, range: "<2" };
}

const report = {
  vulnerabilities: {
    helper: { via: [advisory("low")] },
    tool: { via: [advisory("low")] },
    runner: { via: ["tool", advisory("low"), advisory("moderate")] },
    fastify: { via: [advisory("high", "GHSA-jx2c-rxcm-jvmq")] },
  },
};

test("counts a low advisory only in what users install, and a moderate one everywhere", () => {
  expect(advisoriesIn(report, new Set(["helper"]))).toEqual([
    "helper <2, low: It burns (https://github.com/advisories/GHSA-1)",
    "runner <2, moderate: It burns (https://github.com/advisories/GHSA-1)",
  ]);
});

test("counts an advisory that we have accepted only in what users install", () => {
  expect(advisoriesIn(report, new Set(["fastify"]))).toContain(
    "fastify <2, high: It burns (https://github.com/advisories/GHSA-jx2c-rxcm-jvmq)",
  );
});

test("tells a registry that refused from one that knows nothing", () => {
  expect(whyNotAsked({ vulnerabilities: {} })).toBeUndefined();
  expect(whyNotAsked({ message: "405 Method Not Allowed", error: { summary: "" } })).toBe(
    "405 Method Not Allowed",
  );
  expect(whyNotAsked({ error: { summary: "no lockfile" } })).toBe("no lockfile");
});

describeWith({ commands: ["git"], tags: "campaign" }, "npm run audit", () => {
  test("fails for a moderate vulnerability of what we develop with, leaves out a low one, and asks the registry, whatever the configuration of npm says", async () => {
    const { status, output } = await audit(vulnerable({ turbo: "moderate", vitest: "low" }), {
      npm_config_offline: "true",
      npm_config_prefer_offline: "true",
      npm_config_omit: "dev",
    });
    expect(output).toMatch(
      /^package-lock\.json: turbo .*, moderate: It burns \(https:\/\/example\.org\/1\)$/m,
    );
    expect(output).not.toContain("vitest");
    expect(status).toBe(1);
  });

  test("passes if the registry knows nothing", async () => {
    expect(await audit(vulnerable({}))).toEqual({ status: 0, output: "No known vulnerabilities.\n" });
  });

  test("does not pass if the registry refuses to answer", async () => {
    const { status, output } = await audit((_, response) => response.writeHead(405).end());
    expect(output).toMatch(
      /^NOT CHECKED, since the registry did not answer:\npackage-lock\.json: 405 Method Not Allowed/m,
    );
    expect(output).not.toContain("No known vulnerabilities");
    expect(status).toBe(2);
  });
});
