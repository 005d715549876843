import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";

describeWith({ privateSystemd: true, commands: ["podman", "crun"] }, "in a container of Podman", () => {
  let systemd: PrivateSystemd;
  const root = "/run/rootfs";

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const folders = ["usr", "etc", "proc", "sys", "dev", "tmp", "run"].map((folder) => `${root}/${folder}`);
    await systemd.mustRun(["mkdir", "-p", ...folders]);
    for (const folder of ["bin", "lib", "lib64"])
      await systemd.mustRun(["ln", "-s", `usr/${folder}`, `${root}/${folder}`]);
    // Podman's defaults can't be set in the namespaces of these tests.
    await systemd.write(
      "/run/containers.conf",
      '[containers]\ndefault_sysctls = []\nlog_driver = "passthrough"\n',
    );
  });
  afterAll(() => systemd?.close());

  /** Starts the socket of a program in a container. */
  async function install(options: string, service = ""): Promise<void> {
    const podman =
      "podman --root=/run/podman --runroot=/run/podman/run --storage-driver=vfs --cgroup-manager=cgroupfs";
    const mounts = ["/usr", systemd.project, systemd.node]
      .map((path) => `--volume=${path}:${path}:ro`)
      .join(" ");
    const units = {
      "app.socket": "[Socket]\nListenStream=80\n",
      "app.service": `[Service]
Environment=CONTAINERS_CONF=/run/containers.conf
ExecStart=${podman} run --rm ${options} --cgroups=disabled --network=none ${mounts} --rootfs ${root} \\
  ${systemd.node} ${systemd.project}/packages/core/test/programs/listen.mjs
${service}
`,
    };
    // Without this, systemd-analyze would check Podman's own units too.
    await systemd.installUnits(units, { verify: false });
    await systemd.start("app.socket");
  }

  test("that has no network, an app serves the socket that systemd gave to Podman", async () => {
    await install("");
    expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    expect(JSON.parse(await systemd.waitForJournal("app.service", /"event":"listens"/))).toMatchObject({
      activated: true,
      sockets: [{ fd: 3, name: "app.socket", address: "[::]:80" }],
    });
    await systemd.stop("app.socket", "app.service");
  });

  // Podman's generator writes units like these.
  test("an app sleeps with its own exit status, which Podman passes on, and wakes", async () => {
    const options = "-d --sdnotify=conmon --env=SOCKACT_IDLE_TIMEOUT=20ms --env=SOCKACT_IDLE_EXIT_STATUS=42";
    await install(
      options,
      "Type=notify\nNotifyAccess=all\nRestart=always\nRestartSec=1s\nRestartPreventExitStatus=42\nSuccessExitStatus=42",
    );
    for (const _ of [1, 2]) {
      expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
      await systemd.waitForUnit("app.service", "ActiveState", "inactive");
      expect(await systemd.show("app.service", "ExecMainStatus")).toBe("42");
    }
    expect(await systemd.show("app.service", "NRestarts")).toBe("0");
    await systemd.stop("app.socket", "app.service");
  });
});
