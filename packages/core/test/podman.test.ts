import { expect, test } from "vitest";
import { bootPrivateSystemd, describeWith } from "@sockact/testkit";

describeWith({ privateSystemd: true, commands: ["podman", "crun"] }, "in a container of Podman", () => {
  test("that has no network, an app serves the socket that systemd gave to Podman", async () => {
    await using systemd = await bootPrivateSystemd();
    const root = "/run/rootfs";
    const folders = ["usr", "etc", "proc", "sys", "dev", "tmp", "run"].map((folder) => `${root}/${folder}`);
    await systemd.mustRun(["mkdir", "-p", ...folders]);
    for (const folder of ["bin", "lib", "lib64"])
      await systemd.mustRun(["ln", "-s", `usr/${folder}`, `${root}/${folder}`]);
    // What Podman sets by itself can't be set in the namespaces of these tests.
    await systemd.write(
      "/run/containers.conf",
      '[containers]\ndefault_sysctls = []\nlog_driver = "passthrough"\n',
    );
    const podman =
      "podman --root=/run/podman --runroot=/run/podman/run --storage-driver=vfs --cgroup-manager=cgroupfs";
    const mounts = ["/usr", systemd.project, systemd.node]
      .map((path) => `--volume=${path}:${path}:ro`)
      .join(" ");
    const units = {
      "app.socket": "[Socket]\nListenStream=80\n",
      "app.service": `[Service]
Environment=CONTAINERS_CONF=/run/containers.conf
ExecStart=${podman} run --rm --cgroups=disabled --network=none ${mounts} --rootfs ${root} \\
  ${systemd.node} ${systemd.project}/packages/core/test/programs/listen.mjs
`,
    };
    // Podman's own units, which systemd-analyze would look at too, are of no interest.
    await systemd.installUnits(units, { verify: false });
    await systemd.start("app.socket");
    expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    expect(JSON.parse(await systemd.waitForJournal("app.service", /"event":"listens"/))).toMatchObject({
      activated: true,
      sockets: [{ fd: 3, name: "app.socket", address: "[::]:80" }],
    });
    await systemd.stop("app.service");
  });
});
