import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";

describeWith({ privateSystemd: true, systemd: 253 }, "in the journal", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());
  beforeEach(async () => {
    await systemd.stop("app.socket", "other.socket", "app.service").catch(() => {});
    await systemd.mustRun(["journalctl", "--rotate", "--vacuum-time=1us"]);
  });

  /** Starts an app with these options on two sockets. */
  async function start(options: object, lines: readonly string[] = []): Promise<void> {
    await systemd.installUnits({
      "app.socket": "[Socket]\nListenStream=127.0.0.1:80\nFileDescriptorName=app\n",
      "other.socket":
        "[Socket]\nListenDatagram=127.0.0.1:80\nFileDescriptorName=other\nService=app.service\n",
      "app.service": `[Service]
Type=notify-reload
OpenFile=/run/systemd/notify:notify
Sockets=app.socket other.socket
ExecStart=${systemd.node} ${systemd.project}/packages/core/test/programs/listen.mjs
Environment='LISTEN_OPTIONS=${JSON.stringify(options)}'
${lines.join("\n")}
`,
    });
    await systemd.start("app.socket", "other.socket", "app.service");
  }

  /** The lines with this priority or a higher one. */
  async function linesOf(priority: string): Promise<string[]> {
    await systemd.mustRun(["journalctl", "--sync"]);
    const lines = await systemd.mustRun([
      "journalctl",
      "--unit=app.service",
      "--output=cat",
      `--priority=${priority}`,
    ]);
    return lines.split("\n").filter((line) => !/^app\.service: |^$/.test(line));
  }

  const fixtures = (): string => `${systemd.project}/packages/testkit/fixtures`;
  const copy = (kind: string, host = "localhost"): Promise<string> =>
    systemd.mustRun(["cp", `${fixtures()}/${host}.${kind}.pem`, `/run/${kind}.pem`]);

  test("a failed reload and its error have the priority err, and other lines info", async () => {
    await Promise.all([copy("key"), copy("cert")]);
    await start({ name: "app", tls: { key: "/run/key.pem", cert: "/run/cert.pem" } });
    await copy("cert", "example");
    await systemd.systemctl("reload", "app.service");
    await systemd.waitForJournal("app.service", /the reload failed/);
    expect(await linesOf("err")).toEqual([
      expect.stringMatching(
        /^sockact: ERR_TLS: tls\.key \(\/run\/key\.pem\) and tls\.cert \(\/run\/cert\.pem\) do not belong together/,
      ),
      "sockact: the reload failed: no certificate was replaced",
    ]);
    expect(await linesOf("info")).toContain("sockact: listening on 127.0.0.1:80");
  });

  test("a warning has the priority warning, with its hint", async () => {
    await start({ name: "app" });
    await systemd.waitForJournal("app.service", /SOCKACT_UNTAKEN/);
    expect(await linesOf("warning")).toEqual([
      expect.stringMatching(
        /^\(node:\d+\) \[SOCKACT_UNTAKEN\] SockactWarning: Nothing in this process serves other/,
      ),
      expect.stringMatching(/^Bind it/),
    ]);
  });

  test("with --no-warnings, Node prints no warning", async () => {
    await start({ name: "app" }, [
      "Environment=NODE_OPTIONS=--no-warnings",
      "Environment=SOCKACT_DRAIN_TIMEOUT=1s",
    ]);
    // READY=1 comes after the warning.
    expect(await systemd.show("app.service", "ActiveState")).toBe("active");
    expect(await linesOf("info")).toContain("sockact: ready, and the service manager was told");
    expect(await linesOf("warning")).toEqual([]);
  });

  test("if standard error is a file, no line has a prefix", async () => {
    await start({ name: "app" }, ["StandardError=file:/run/stderr.txt"]);
    expect(await systemd.mustRun(["cat", "/run/stderr.txt"])).toMatch(
      /^sockact: listening on [^]*^\(node:\d+\) \[SOCKACT_UNTAKEN\]/m,
    );
  });
});
