// A host that is taken out of its load balancers: `sockact drain` and `undrain`, and the socket that answers
// probes.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { bootPrivateSystemd, type CommandResult, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { install, openClient, sockact } from "./services.ts";

const probe = "http://127.0.0.1:8081/";

describeWith({ privateSystemd: true, systemd: 253 }, "a host behind a load balancer", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }], healthSocket: 8081 });
    await systemd.systemctl("enable", "shop.socket");
    await install(systemd, {
      name: "pair",
      sockets: [{ listen: 82 }],
      rolling: true,
      environment: {},
      health: "/healthz",
    });
    await install(systemd, { name: "blog", sockets: [{ listen: 83 }] });
    await systemd.installUnits({
      "each.socket": "[Socket]\nListenStream=84\nAccept=yes\n",
      "each@.service":
        "[Service]\nExecStart=/bin/cat\nStandardInput=socket\nEnvironment=A=1 SOCKACT_HEALTH=/healthz\n",
    });
    await systemd.start("each.socket");
  });
  afterAll(() => systemd?.close());
  afterEach(() => systemd.run(["rm", "-rf", "/var/lib/sockact/drained"]));

  const isDrained = (name: string): boolean =>
    existsSync(systemd.hostPath(`/var/lib/sockact/drained/${name}`));
  const statusOf = async (name: string): Promise<Record<string, unknown>> =>
    (
      JSON.parse((await sockact(systemd, "status", name, "--json")).stdout) as {
        services: [Record<string, unknown>];
      }
    ).services[0];

  describe("sockact drain", () => {
    it("makes probes fail until sockact undrain, while clients are served", async () => {
      expect(await sockact(systemd, "drain", "shop")).toEqual({
        code: 0,
        stderr: "",
        stdout: expect.stringMatching(
          /^shop is drained: probes get 503\. New clients go elsewhere once the load balancer has probed it\.\nTo end that, also after a reboot: .* undrain shop\n$/,
        ),
      });
      expect(await systemd.request(probe)).toMatchObject({ status: 503, body: "drained" });
      expect((await systemd.request("http://127.0.0.1:80/")).status).toBe(200);
      expect(await sockact(systemd, "undrain", "shop.service")).toEqual({
        code: 0,
        stderr: "",
        stdout: "shop is no longer drained. Clients come back when the load balancer has probed it.\n",
      });
      expect(await systemd.request(probe)).toMatchObject({ status: 200, body: "ready" });
      expect(existsSync(systemd.hostPath("/var/lib/sockact"))).toBe(false);
    });

    it("prints what docs/drain.md shows", async () => {
      const { stdout, stderr } = await systemd.run(
        [...sockactInside(systemd), "drain", "shop", "--wait", "3s"],
        {
          env: { npm_command: "exec", SUDO_UID: "0" },
        },
      );
      // This Node is not on the path of sudo.
      await expect(`${stdout}${stderr}`.replace('sudo env "PATH=$PATH" npx', "sudo npx")).toMatchFileSnapshot(
        "../../../docs/outputs/drain.txt",
      );
    });

    it("does nothing twice", async () => {
      await sockact(systemd, "drain", "shop");
      expect(await sockact(systemd, "drain", "shop")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("shop is already drained."),
      });
      await sockact(systemd, "undrain", "shop");
      expect(await sockact(systemd, "undrain", "shop")).toMatchObject({
        code: 0,
        stdout: "shop was not drained.\n",
      });
    });

    it("takes several services, a pair of instances, and a service for each connection", async () => {
      const { stdout, stderr } = await sockact(systemd, "drain", "pair@blue.service", "each", "--json");
      expect({ stderr, reports: JSON.parse(stdout) as unknown }).toEqual({
        stderr: "",
        reports: [
          { name: "pair", drained: true, changed: true },
          { name: "each", drained: true, changed: true },
        ],
      });
      expect([isDrained("pair"), isDrained("each")]).toEqual([true, true]);
      const undone = await sockact(systemd, "undrain", "pair", "each", "--json");
      expect(JSON.parse(undone.stdout)).toEqual([
        { name: "pair", drained: false, changed: true },
        { name: "each", drained: false, changed: true },
      ]);
    });

    it("warns if nothing answers probes", async () => {
      const { code, stderr } = await sockact(systemd, "drain", "blog");
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(
          /^warning: the units of blog have neither health nor healthSocket\. Unless .* no load balancer notices this\.\n$/,
        ),
      });
    });

    it("changes nothing if one of the names is unknown", async () => {
      expect(await sockact(systemd, "drain", "shop", "blag")).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/SOCKACT_ERR_UNIT_UNKNOWN[^]*Did you mean blog\?/),
      });
      expect(isDrained("shop")).toBe(false);
    });

    it("needs root for a service of the system", async () => {
      const asNobody = (command: string): Promise<CommandResult> =>
        systemd.run([
          ..."setpriv --reuid=1 --regid=1 --clear-groups".split(" "),
          ...sockactInside(systemd),
          command,
          "shop",
        ]);
      expect(await asNobody("drain")).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/SOCKACT_ERR_INSTALL_WRITE[^]*Run it as root/),
      });
      await sockact(systemd, "drain", "shop");
      expect(await asNobody("undrain")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("SOCKACT_ERR_INSTALL_WRITE"),
      });
      expect(isDrained("shop")).toBe(true);
    });

    it("lets the service read its file although root keeps its files for itself", async () => {
      await systemd.mustRun([
        "sh",
        "-c",
        'umask 077; exec "$@"',
        "sh",
        ...sockactInside(systemd),
        "drain",
        "shop",
      ]);
      expect(await systemd.request(probe)).toMatchObject({ status: 503 });
    });

    it("waits until no client is connected", async () => {
      const client = await openClient(systemd, { port: 80 });
      const waiting = sockact(systemd, "drain", "shop", "--wait", "15s", "--json");
      await systemd.waitUntil(async () => isDrained("shop"), "it is drained");
      client.kill();
      await once(client, "close");
      const { code, stdout } = await waiting;
      expect({ code, reports: JSON.parse(stdout) as unknown }).toEqual({
        code: 0,
        reports: [{ name: "shop", drained: true, changed: true, connections: 0, quiet: true }],
      });
    });

    it("says how many are connected when the time is over, and stays drained", async () => {
      const client = await openClient(systemd, { port: 80 });
      expect(await sockact(systemd, "drain", "shop", "--wait", "1s")).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /after 1s, shop has 1 open connection\. .* \(SOCKACT_ERR_DRAIN_WAIT\)\n/,
        ),
      });
      expect(isDrained("shop")).toBe(true);
      client.kill();
    });

    it("counts a client that the app has not accepted yet", async () => {
      expect(await systemd.request("http://127.0.0.1:80/")).toMatchObject({ status: 200 });
      // While it is stopped, the app would not see that earlier clients have gone.
      await systemd.waitUntil(async () => {
        const sockets = await systemd.mustRun(["cat", "/proc/net/tcp", "/proc/net/tcp6"]);
        // Port 80, ESTABLISHED or CLOSE_WAIT.
        return !/:0050 \S+ (?:01|08) /.test(sockets);
      }, "no client is connected");
      await systemd.systemctl("kill", "--signal=SIGSTOP", "shop.service");
      const client = await openClient(systemd, { port: 80 });
      const { code, stderr } = await sockact(systemd, "drain", "shop", "--wait", "1s");
      await systemd.systemctl("kill", "--signal=SIGCONT", "shop.service");
      client.kill();
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          /after 1s, shop has 1 open connection\. .* \(SOCKACT_ERR_DRAIN_WAIT\)\n/,
        ),
      });
    });

    it("does not call a service quiet that gets short connections until the end", async () => {
      const script = `const { connect } = require("node:net");
        setInterval(() => connect(80, "127.0.0.1", function () { this.write("GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n"); })
          .on("error", () => {}).resume(), 60);`;
      const client = systemd.spawn([systemd.node, "--eval", script]);
      const { code, stderr, stdout } = await sockact(systemd, "drain", "shop", "--wait", "6s", "--json");
      client.kill();
      await once(client, "close");
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          /after 6s, shop (?:still gets short|has \d+ open) connections?\. .*SOCKACT_ERR_DRAIN_WAIT/,
        ),
      });
      expect(JSON.parse(stdout)).toMatchObject([{ name: "shop", drained: true, quiet: false }]);
    });

    it.each(["30", "soon", "0", "infinity"])("refuses --wait %s, and drains nothing", async (wait) => {
      expect(await sockact(systemd, "drain", "shop", "--wait", wait)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--wait must be a duration above 0 with its unit"),
      });
      expect(isDrained("shop")).toBe(false);
    });
  });

  it("undrain removes the file of a service that is gone", async () => {
    await systemd.write("/var/lib/sockact/drained/gone", "");
    expect(await sockact(systemd, "undrain", "gone")).toMatchObject({ code: 0 });
    expect(isDrained("gone")).toBe(false);
    expect(await sockact(systemd, "undrain", "../gone")).toMatchObject({ code: 1 });
  });

  it("status shows the health socket with its service, and whether it is drained", async () => {
    const all = await sockact(systemd, "status");
    expect(all.stdout).toMatch(/^shop /m);
    expect(all.stdout).not.toContain("health");
    expect(await statusOf("shop")).toMatchObject({
      drained: false,
      sockets: [{ unit: "shop.socket" }],
      health: {
        unit: "shop-health.socket",
        active: "active",
        addresses: [{ address: "[::]:8081", listens: true }],
      },
      warnings: [],
    });
    expect(await statusOf("shop-health.socket")).toMatchObject({ name: "shop" });
    expect(await statusOf("blog")).toMatchObject({ drained: false, health: null });
    await sockact(systemd, "drain", "shop");
    expect((await sockact(systemd, "status", "shop")).stdout).toMatch(
      /^● shop (?:awake|asleep), drained\n(?:.*\n)+ {2}Health {5}shop-health\.socket: listens, static/,
    );
    expect((await sockact(systemd, "status")).stdout).toMatch(/^shop .* (?:awake|asleep), drained /m);
  });

  it("status warns about a health socket that does not listen, and the fix opens it again", async () => {
    await systemd.stop("shop-health.socket");
    const { warnings } = await statusOf("shop");
    expect(warnings).toEqual([
      {
        code: "not-listening",
        units: ["shop-health.socket"],
        message: "shop-health.socket does not listen, so load balancers leave this host out",
        fix: "systemctl start shop-health.socket",
      },
    ]);
    await systemd.start("shop-health.socket");
    expect((await statusOf("shop"))["warnings"]).toEqual([]);
  });

  it("the doctor finds nothing wrong", async () => {
    const { stdout } = await sockact(systemd, "doctor", "shop", "--json");
    expect(stdout).not.toContain("shop-health");
  });

  it("a restart keeps the health socket open, and logs has no probe", async () => {
    const restarted = await sockact(systemd, "restart", "shop");
    expect(restarted.code).toBe(0);
    expect((await systemd.request(probe)).status).toBe(200);
    const { code, stdout } = await sockact(systemd, "logs", "shop");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.not.stringContaining("probe") });
  });
});
