// `sockact metrics install`: an endpoint for Prometheus, and a timer that writes a file.
import { existsSync, readFileSync, statSync } from "node:fs";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SERVICE = "sockact-metrics.service";
const FILE = "/var/lib/prometheus/node-exporter/sockact.prom";

const needs = { privateSystemd: true, commands: ["dbus-daemon", "openssl"] };

describeWith(needs, "sockact metrics install", () => {
  let systemd: PrivateSystemd;
  /** What the installation has printed. */
  let printed: string;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const app = `require("node:http").createServer((q, r) => r.end("shop")).listen({ fd: 3 });`;
    await systemd.write("/var/lib/shop-app/app.cjs", app);
    const exec = [systemd.node, "/var/lib/shop-app/app.cjs"];
    await systemd.installUnits(emitUnits({ name: "shop", exec, sockets: [{ listen: 80 }] }));
    await systemd.start("shop.socket");
    printed = await sockact("metrics", "install", "--yes", "--idle-timeout", "1s");
  });
  afterAll(() => systemd?.close());

  const sockact = async (...args: string[]) =>
    systemd.mustRun([systemd.node, systemd.inside(new URL("../bin/sockact.cjs", import.meta.url)), ...args]);
  const scrape = async (path = "/metrics") => systemd.request(`http://127.0.0.1:9464${path}`);
  const valueOf = (text: string, sample: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length + 1);

  test("a scrape wakes the endpoint, and no app that sleeps", async () => {
    expect(printed).toContain("http://127.0.0.1:9464/ answers 200 OK");
    await systemd.waitForUnit(SERVICE, "ActiveState", "inactive");
    const { status, body } = await scrape();
    expect(status).toBe(200);
    expect(valueOf(body, 'sockact_app_state{app="shop",state="asleep"}')).toBe("1");
    // It is an app too.
    expect(valueOf(body, 'sockact_app_state{app="sockact-metrics",state="awake"}')).toBe("1");
    expect(await systemd.show("shop.service", "ActiveState")).toBe("inactive");
    // It never ran.
    expect(await systemd.show("shop.service", "InvocationID")).toBe("");
    await systemd.waitForUnit(SERVICE, "ActiveState", "inactive");
    expect(await systemd.show(SERVICE, "Result")).toBe("success");
    expect(await systemd.show(SERVICE, "NRestarts")).toBe("0");
    // It writes its counters when it falls asleep.
    const kept = readFileSync(systemd.hostPath("/var/lib/sockact-metrics/counters.json"), "utf8");
    expect(JSON.parse(kept)).toMatchObject({ apps: { shop: {} } });
  });

  test("an app that is awake and idle is not held awake by scrapes", async () => {
    expect((await systemd.request("http://127.0.0.1/")).body).toBe("shop");
    expect(await systemd.show("shop.service", "InvocationID")).not.toBe("");
    const { body } = await scrape();
    expect(valueOf(body, 'sockact_app_state{app="shop",state="awake"}')).toBe("1");
    await systemd.stop("shop.service");
    expect(valueOf((await scrape("/metrics?again")).body, 'sockact_app_up{app="shop"}')).toBe("1");
  });

  test("it runs as a user without rights, and can write nothing but its counters", async () => {
    expect(await systemd.show(SERVICE, "User")).toBe("sockact-metrics");
    const rated = await systemd.run(["systemd-analyze", "security", "--threshold=10", SERVICE]);
    expect(rated.stdout).toMatch(/Overall exposure level for sockact-metrics\.service: 0\.\d SAFE/);
  });

  /** What a program can do that has taken over the service. */
  async function canDo(service: string, attempts: Readonly<Record<string, string>>): Promise<string[]> {
    const script = Object.entries(attempts).map(
      ([what, command]) => `if ${command}; then echo "can: ${what}" >&2; fi`,
    );
    await systemd.write("/var/lib/taken/over.sh", script.join("\n"));
    const folder = `/etc/systemd/system/${service}.d`;
    const lines = ["Type=oneshot", "Restart=no", "ExecStart=", "ExecStart=/bin/sh /var/lib/taken/over.sh"];
    await systemd.write(`${folder}/taken.conf`, `[Service]\n${lines.join("\n")}\n`);
    await systemd.stop(service);
    await systemd.systemctl("daemon-reload");
    await systemd.start(service);
    const said = await systemd.journal(service, "service");
    await systemd.mustRun(["rm", "-r", folder]);
    await systemd.systemctl("daemon-reload");
    return said.filter((line) => line.startsWith("can: ")).map((line) => line.slice("can: ".length));
  }
  const connect = `require("net").connect(80).on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
  const openPort = `require("net").createServer().on("error", () => process.exit(1)).listen(9229, () => process.exit(0))`;
  const forbidden = {
    "writes to /etc": "echo x >/etc/x",
    "writes to /run": "echo x >/run/x",
    "writes to the folder of sockact": "echo x >/var/lib/sockact/sockact-metrics/files/x",
    "stops units": "systemctl --no-ask-password stop shop.socket",
    "starts units": "systemctl --no-ask-password start shop.service",
    "runs a program as root": "systemd-run --no-ask-password true",
    "drains apps": "touch /var/lib/sockact/drained/shop",
  };

  test("a program that has taken it over can only read", { tags: "campaign" }, async () => {
    const attempts = {
      "reads the state of units": "systemctl show --property=ActiveState shop.socket",
      "reads the journal": "journalctl --lines=1 --unit=shop.socket | grep shop",
      "writes its counters": "echo x >$STATE_DIRECTORY/x",
      "reads secrets": "cat /etc/shadow",
      "connects to apps": `${systemd.node} -e '${connect}'`,
      "changes the certificates": "echo x >/run/sockact-metrics-certificates.json",
      ...forbidden,
    };
    expect(await canDo(SERVICE, attempts)).toEqual([
      "reads the state of units",
      "reads the journal",
      "writes its counters",
    ]);
  });

  test("it shows when certificates expire that only root may read", { tags: "campaign" }, async () => {
    const [certificate, key] = ["/etc/shop.pem", "/etc/shop.key"];
    await systemd.mustRun(
      `openssl req -x509 -newkey rsa:2048 -noenc -days 30 -subj /CN=shop -keyout ${key} -out ${certificate}`.split(
        " ",
      ),
    );
    await systemd.mustRun(["chmod", "600", certificate]);
    await systemd.mustRun(["mkfifo", "/etc/shop.pipe"]);
    await systemd.mustRun(["ln", "-s", "/etc/shadow", "/etc/link.pem"]);
    const files = [certificate, key, "/etc/shop.pipe", "/etc/link.pem", "/dev/zero"];
    const lines = files.map((file, index) => `LoadCredential=${index}:${file}\n`);
    await systemd.write("/etc/systemd/system/shop.service.d/tls.conf", `[Service]\n${lines.join("")}`);
    await systemd.systemctl("daemon-reload");
    // Its timer does so each hour.
    await systemd.start("sockact-metrics-certificates.service");
    expect(await systemd.show("sockact-metrics-certificates.timer", "ActiveState")).toBe("active");
    const { body } = await scrape("/metrics?certificates");
    const until = await systemd.mustRun(["openssl", "x509", "-noout", "-enddate", "-in", certificate]);
    const expiry = Date.parse(until.replace("notAfter=", "")) / 1000;
    expect(
      valueOf(body, `sockact_certificate_expiry_timestamp_seconds{app="shop",certificate="${certificate}"}`),
    ).toBe(String(expiry));
    // The file has nothing else, and the endpoint may not write it.
    const path = systemd.hostPath("/run/sockact-metrics-certificates.json");
    const expiries = { shop: { [certificate]: expiry }, "sockact-metrics": {} };
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(expiries);
    expect(statSync(path)).toMatchObject({ uid: 0, mode: 0o100644 });

    const attempts = {
      "reads every file": "cat /etc/shadow",
      "connects to this machine": `${systemd.node} -e '${connect}'`,
      "writes the counters": "echo x >/var/lib/sockact-metrics/x",
      "listens for a debugger": `${systemd.node} -e '${openPort}'`,
      ...forbidden,
    };
    expect(await canDo("sockact-metrics-certificates.service", attempts)).toEqual([
      "reads every file",
      "connects to this machine",
    ]);
  });

  test("each scrape is answered while systemd executes itself again", { tags: "campaign" }, async () => {
    const refused: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      let isDone = false;
      const reexec = systemd.mustRun(["systemctl", "daemon-reexec"]).finally(() => (isDone = true));
      while (!isDone) {
        const { status, body } = await scrape();
        if (status !== 200) refused.push(body);
      }
      await reexec;
    }
    expect(refused).toEqual([]);
  });

  test("it answers at addresses of IPv4, IPv6 and a unix socket", { tags: "campaign" }, async () => {
    const path = "/run/metrics.sock";
    const urls = ["http://127.0.0.1:9464/metrics", "http://[::1]:9100/metrics"];
    const listen = ["127.0.0.1:9464", "[::1]:9100", path].flatMap((address) => ["--listen", address]);
    await sockact("metrics", "install", "--yes", "--idle-timeout", "1s", ...listen);
    for (const to of [...urls, { url: "http://metrics/metrics", socketPath: path }]) {
      await systemd.waitForUnit(SERVICE, "ActiveState", "inactive");
      const { status, body } = await systemd.request(to);
      expect(status).toBe(200);
      expect(valueOf(body, 'sockact_app_state{app="sockact-metrics",state="awake"}')).toBe("1");
    }
    // A warning would be about a socket that nothing serves.
    expect(await systemd.journal(SERVICE)).not.toContainEqual(expect.stringContaining("SOCKACT_WARN"));
  });

  test(
    "the file of a timer: whole, readable by all, and removed by uninstall",
    { tags: "campaign" },
    async () => {
      const path = systemd.hostPath(FILE);
      await systemd.mustRun(["mkdir", "-p", FILE.replace(/[^/]*$/, "")]);
      const said = await sockact("metrics", "install", "--textfile", FILE, "--every", "1s", "--yes");
      expect(said).toContain("sockact status sockact-metrics");
      expect(existsSync(systemd.hostPath("/etc/systemd/system/sockact-metrics.socket"))).toBe(false);
      await expect.poll(() => existsSync(path)).toBe(true);
      const { ino, mode } = statSync(path);
      expect(mode & 0o777).toBe(0o644);
      // The timer replaces it, and a reader has the old one or the new one.
      await vi.waitUntil(
        () => {
          expect(readFileSync(path, "utf8")).toMatch(/^# HELP [^]*\nsockact_build_info\{.*\} 1\n$/);
          return statSync(path).ino !== ino;
        },
        { timeout: 30_000, interval: 5 },
      );
      await systemd.stop("sockact-metrics.timer");
      await systemd.waitForUnit(SERVICE, "ActiveState", "inactive");

      // A disk that is full leaves the old one.
      const folder = FILE.replace(/\/[^/]*$/, "");
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3", "tmpfs", folder]);
      await systemd.write(FILE, "old\n");
      const { code } = await systemd.run(["systemctl", "start", SERVICE]);
      expect(code).toBe(1);
      expect(readFileSync(path, "utf8")).toBe("old\n");
      await systemd.mustRun(["umount", folder]);

      await sockact("uninstall", "sockact-metrics", "--yes", "--purge");
      const left = [
        FILE,
        `${FILE}.new`,
        "/run/sockact-metrics.prom",
        "/run/sockact-metrics-certificates.json",
        "/var/lib/sockact-metrics",
      ];
      expect(left.filter((each) => existsSync(systemd.hostPath(each)))).toEqual([]);
      for (const timer of ["sockact-metrics.timer", "sockact-metrics-certificates.timer"])
        expect(await systemd.show(timer, "LoadState")).toBe("not-found");
    },
  );
});
