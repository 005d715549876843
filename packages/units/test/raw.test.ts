import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, UnitError, type AppDescription } from "../src/index.ts";

/** Each line that raw refuses, put into the unit by hand. */
describeWith({ privateSystemd: true, systemd: 254 }, "what raw refuses", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const tells = `
const { readlinkSync } = require("node:fs");
const { createServer } = require("node:http");
const tell = (_, response) => response.end(JSON.stringify({ LISTEN_FDS: process.env.LISTEN_FDS, network: readlinkSync("/proc/self/ns/net") }));
createServer(tell).listen({ fd: process.env.FD === undefined ? 3 : Number(process.env.FD) });`;

  /** Installs a service with one more line in a section, and starts its socket. */
  async function installWith(
    name: string,
    section: "Unit" | "Service",
    line: string,
    more: Partial<AppDescription> = {},
  ): Promise<string> {
    const description: AppDescription = {
      name,
      exec: [systemd.node, "--eval", tells],
      hardening: "none",
      sockets: [{ listen: `/run/${name}.sock` }],
      ...more,
    };
    const [key, value] = line.split("=") as [string, string];
    expect(() => emitUnits({ ...description, raw: { [section]: { [key]: value } } })).toThrow(UnitError);
    const units = emitUnits(description);
    const service = `${name}.service`;
    await systemd.installUnits({
      ...units,
      [service]: units[service]!.replace(`[${section}]\n`, (header) => `${header}${line}\n`),
    });
    await systemd.start(`${name}.socket`);
    return service;
  }

  const ask = async (name: string) =>
    JSON.parse(
      (await systemd.request({ url: "http://localhost/", socketPath: `/run/${name}.sock` })).body,
    ) as {
      LISTEN_FDS?: string;
      network: string;
    };

  it("UnsetEnvironment=LISTEN_FDS leaves the program without its sockets", async () => {
    await installWith("unset", "Service", "UnsetEnvironment=LISTEN_FDS");
    expect(await ask("unset")).not.toHaveProperty("LISTEN_FDS");
  });

  it("StandardInput=socket passes the socket, and does not announce it", async () => {
    await installWith("input", "Service", "StandardInput=socket", { environment: { FD: "0" } });
    expect(await ask("input")).not.toHaveProperty("LISTEN_FDS");
  });

  it("NetworkNamespacePath= wins over PrivateNetwork=yes", async () => {
    await installWith("network", "Service", "NetworkNamespacePath=/proc/1/ns/net", {
      hardening: { profile: "none", privateNetwork: true },
    });
    const { network } = await ask("network");
    expect(network).toBe((await systemd.mustRun(["readlink", "/proc/1/ns/net"])).trim());
  });

  it("StopWhenUnneeded=yes stops the service that has just started", async () => {
    const service = await installWith("unneeded", "Unit", "StopWhenUnneeded=yes");
    await systemd.start(service);
    await systemd.waitForUnit(service, "ActiveState", "inactive");
    expect(await systemd.show(service, "Result")).toBe("success");
  });

  it("RemainAfterExit=yes keeps a service active that has ended: the next connection does not start it", async () => {
    const service = await installWith("remains", "Service", "RemainAfterExit=yes", {
      exec: ["/bin/sh", "-c", "exit 0"],
    });
    await systemd.start(service);
    await systemd.waitForUnit(service, "SubState", "exited");
    expect(await systemd.show(service, "ActiveState")).toBe("active");
  });

  it("RestartForceExitStatus=0 starts a service again that has ended well", async () => {
    const service = await installWith("again", "Service", "RestartForceExitStatus=0", {
      exec: ["/bin/sh", "-c", "exit 0"],
      restartSec: "100ms",
    });
    await systemd.start(service);
    await systemd.waitUntil(
      async () => Number(await systemd.show(service, "NRestarts")) > 1,
      "it has been started again",
    );
    expect(await systemd.show(service, "ExecMainStatus")).toBe("0");
  });
});
