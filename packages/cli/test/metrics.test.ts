// `sockact metrics`, printed once.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { printedValues } from "./metrics.ts";
import { sockactInside } from "./run.ts";
import { sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253, commands: ["openssl"] }, "sockact metrics", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    for (const name of ["shop", "install"]) {
      await systemd.installUnits({
        [`${name}.socket`]: `[Socket]\nListenStream=/run/${name}.sock\n`,
        [`${name}.service`]: `[Service]\nExecStart=/bin/sleep 1000\nLoadCredential=tls.pem:/run/shop.pem\n`,
      });
      await systemd.start(`${name}.socket`);
    }
  });
  afterAll(() => systemd?.close());

  const stateOf = async (unit: string) => systemd.show(unit, "ActiveState");

  it("prints the metrics of all services, or of those that are named, and wakes none", async () => {
    const all = await sockact(systemd, "metrics");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout).toContain('\nsockact_app_state{app="shop",state="asleep"} 1\n');
    expect(all.stdout).toContain('\nsockact_wakes_total{app="install"} 0\n');
    const one = await sockact(systemd, "metrics", "shop");
    expect(one.stdout).toContain('\nsockact_app_up{app="shop"} 1\n');
    expect(one.stdout).not.toContain('app="install"');
    // A service with the name of a command.
    const named = await sockact(systemd, "metrics", "install.service");
    expect(named.stdout).toContain('\nsockact_app_up{app="install"} 1\n');
    expect((await sockact(systemd, "metrics", "nothing")).stderr).toContain("SOCKACT_ERR_UNIT_UNKNOWN");
    expect([await stateOf("shop.service"), await stateOf("install.service")]).toEqual([
      "inactive",
      "inactive",
    ]);
  });

  it("prints JSON with the names of OpenTelemetry", async () => {
    const { stdout } = await sockact(systemd, "metrics", "shop", "--json");
    const { metrics } = JSON.parse(stdout) as { metrics: { name: string }[] };
    expect(metrics.find(({ name }) => name === "sockact_starts_total")).toEqual({
      name: "sockact_starts_total",
      otel: "sockact.app.starts",
      type: "counter",
      help: expect.any(String),
      samples: [{ labels: { app: "shop" }, value: 0 }],
    });
  });

  it("does not count what a service writes about another one, nor what it writes as systemd", async () => {
    const open = "OpenFile=/run/systemd/journal/socket:journal:graceful\n";
    const record =
      "SOCKACT_EVENT=drained\nSOCKACT_CONNECTIONS_CUT=7\nUNIT=shop.service\n_SYSTEMD_UNIT=shop.service\n";
    const started =
      "MESSAGE_ID=7d4958e842da4a758f6c1cdc7b36dcc5\nUNIT=shop.service\nINVOCATION_ID=1\n_PID=1\n_UID=0\nMESSAGE=Starting\n";
    await systemd.write(
      "/run/write.cjs",
      `const fs = require("node:fs");\n${[record, started].map((text) => `fs.writeSync(3, ${JSON.stringify(text)});`).join("\n")}\n`,
    );
    await systemd.installUnits({
      "evil.socket": "[Socket]\nListenStream=/run/evil.sock\nService=evil.service\n",
      "evil.service": `[Service]\nType=oneshot\nExecStart=${systemd.node} /run/write.cjs\n${open}`,
    });
    await systemd.start("evil.service");
    await systemd.mustRun(["journalctl", "--sync"]);
    expect(await systemd.mustRun(["journalctl", "--output=json", "SOCKACT_EVENT=drained"])).toContain(
      "evil.service",
    );
    expect(await printedValues(systemd, "shop")).toMatchObject({ starts_total: 0, connections_cut_total: 0 });
    expect(await printedValues(systemd, "evil")).toMatchObject({ starts_total: 1, connections_cut_total: 7 });
  });

  it("shows when the certificate in a credential expires, and reads no key", async () => {
    const key = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      "/run/key.pem",
    ];
    const made = [
      "openssl",
      "req",
      "-x509",
      ...key,
      "-subj",
      "/CN=shop",
      "-days",
      "30",
      "-out",
      "/run/cert.pem",
    ];
    await systemd.mustRun(made);
    await systemd.mustRun(["sh", "-c", "cat /run/key.pem /run/cert.pem >/run/shop.pem"]);
    const end = await systemd.mustRun(["openssl", "x509", "-in", "/run/cert.pem", "-noout", "-enddate"]);
    const values = await printedValues(systemd, "shop");
    expect(values["certificate_expiry_timestamp_seconds{/run/shop.pem}"]).toBe(
      Date.parse(end.replace("notAfter=", "")) / 1000,
    );
  });

  it("says so if systemd does not log to the journal", async () => {
    onTestFinished(async () => void (await systemd.mustRun(["systemctl", "log-target", "journal-or-kmsg"])));
    await systemd.mustRun(["systemctl", "log-target", "null"]);
    const { code, stdout, stderr } = await sockact(systemd, "metrics");
    expect(stderr).toContain("systemd does not log to the journal");
    expect([code, stdout.includes("sockact_app_up")]).toEqual([0, true]);
  });

  it("leaves the counters out for a user who may not read the journal, and says so", async () => {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...sockactInside(systemd)];
    const { code, stdout, stderr } = await systemd.run([...nobody, "metrics"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^the journal can't be read, so no counters are shown\n.*\n.* systemd-journal/);
    expect(stdout).toContain('sockact_app_up{app="shop"} 1\n');
    expect(stdout).not.toContain("_total");
  });

  it("counts the services of a user's own manager", async () => {
    const folder = "/run/user/0";
    await systemd.mustRun(["mkdir", "--parents", "--mode=700", folder]);
    await systemd.write("/etc/systemd/user/mine.socket", "[Socket]\nListenStream=/run/mine.sock\n");
    await systemd.write("/etc/systemd/user/mine.service", "[Service]\nExecStart=/bin/sleep 1000\n");
    await systemd.start("user@0.service");
    const env = { XDG_RUNTIME_DIR: folder };
    await systemd.mustRun(["systemctl", "--user", "start", "mine.socket", "mine.service"], { env });
    await systemd.mustRun(["journalctl", "--sync"]);
    const printed = await systemd.mustRun([...sockactInside(systemd), "metrics", "--user"], { env });
    expect(printed).toContain('sockact_app_state{app="mine",state="awake"} 1\n');
    expect(printed).toContain('sockact_starts_total{app="mine"} 1\n');
    expect(printed).not.toContain('app="shop"');
    await systemd.stop("user@0.service");
  });
});
