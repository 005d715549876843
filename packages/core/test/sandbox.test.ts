import { expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, SANDBOX } from "@sockact/testkit";

describeWith({ privateSystemd: true }, "in the tightest sandbox of systemd.exec(5)", () => {
  test("TCP, path and abstract sockets are served, and each has its address", async () => {
    await using systemd = await bootPrivateSystemd();
    const listen = ["80", "127.0.0.1:81", "/run/app.sock", "@app"];
    await systemd.installUnits({
      "app.socket": `[Socket]\n${listen.map((address) => `ListenStream=${address}\n`).join("")}`,
      "app.service": `[Service]
ExecStart=${systemd.node} ${systemd.project}/packages/core/test/programs/listen.mjs
${SANDBOX}
NonBlocking=true
`,
    });
    await systemd.start("app.socket");
    for (const url of ["http://localhost:80/", "http://127.0.0.1:81/"]) {
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
    }
    for (const socketPath of ["/run/app.sock", "@app"]) {
      expect(await systemd.request({ url: "http://app/", socketPath })).toMatchObject({ status: 200 });
    }
    const listens = JSON.parse(await systemd.waitForJournal("app.service", /"event":"listens"/)) as {
      sockets: { address: string }[];
    };
    const addresses = listens.sockets.map(({ address }) => address);
    expect(addresses).toEqual(["[::]:80", "127.0.0.1:81", "/run/app.sock", "@app"]);
    expect(await systemd.journal("app.service")).not.toContainEqual(expect.stringContaining("Warning"));
  });
});

describeWith({ privateSystemd: true }, "with a private root directory", () => {
  test("an app is activated as usual", async () => {
    await using systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mkdir", "-p", "/run/root"]);
    await systemd.installUnits({
      "app.socket": "[Socket]\nListenStream=80\n",
      "app.service": `[Service]
ExecStart=${systemd.node} ${systemd.project}/packages/core/test/programs/listen.mjs
RootDirectory=/run/root
MountAPIVFS=yes
BindReadOnlyPaths=/usr /etc ${systemd.node} ${systemd.project}
BindReadOnlyPaths=-/bin -/lib -/lib64
NonBlocking=true
`,
    });
    await systemd.start("app.socket");
    expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    expect(await systemd.journal("app.service")).toContainEqual(
      expect.stringContaining("sockact: listening on [::]:80"),
    );
  });
});
