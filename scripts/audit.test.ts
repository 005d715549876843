import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { root } from "./lib/packages.ts";

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
      const advisories = Object.entries(severities).map(([vulnerablePackage, severity]) => {
        const id = vulnerablePackage === "fastify" ? "GHSA-jx2c-rxcm-jvmq" : "1";
        const advisory = { id: 1, url: `https://example.org/${id}`, title: "It burns", severity };
        return [vulnerablePackage, [{ ...advisory, vulnerable_versions: "*" }]];
      });
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify(name.startsWith("-/") ? Object.fromEntries(advisories) : { name, versions: {} }),
      );
    });
  };
}

describeWith({ commands: ["git"], tags: "campaign" }, "npm run audit", () => {
  test("fails for a low vulnerability of what users install and a moderate one of what we develop with, leaves out others, and asks the registry, whatever the configuration of npm says", async () => {
    const registry = vulnerable({ commander: "low", turbo: "moderate", vitest: "low", fastify: "high" });
    const { status, output } = await audit(registry, {
      npm_config_offline: "true",
      npm_config_prefer_offline: "true",
      npm_config_omit: "dev",
    });
    for (const line of ["commander .*, low", "turbo .*, moderate"])
      expect(output).toMatch(
        new RegExp(`^package-lock\\.json: ${line}: It burns \\(https://example\\.org/1\\)$`, "m"),
      );
    expect(output).not.toMatch(/vitest|fastify/);
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
