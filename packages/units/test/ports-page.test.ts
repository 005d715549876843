// The units that docs/ports.md, docs/rolling-restart.md and docs/handover.md show, and Gitea's pair of units with a real systemd.
import { fileURLToPath } from "node:url";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppDescription, emitUnits } from "../src/index.ts";
import { sandboxDirectives } from "../src/lib/read/sandbox/directives.ts";
import { gitea } from "./gitea.ts";

/** A file of docs, which the page shows. */
const shown = (file: string): string => fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url));

describe("the units that docs/ports.md, docs/rolling-restart.md and docs/handover.md show", () => {
  const shop: AppDescription = {
    name: "shop",
    exec: ["/usr/bin/node", "/srv/shop/server.js"],
    sockets: [{ listen: 80 }],
    hardening: "none",
  };
  const sandbox = new Set(Object.values(sandboxDirectives).map(({ key }) => key));
  /** A unit without its sandbox, which another page has. */
  const withoutSandbox = (text: string): string =>
    text
      .split("\n")
      .filter((line) => !sandbox.has(line.split("=")[0]!) || /=CAP_/.test(line))
      .join("\n");

  it.each<[string, AppDescription, Record<string, string>]>([
    ["of Gitea", gitea, { "gitea.socket": "outputs/gitea.socket", "gitea.service": "outputs/gitea.service" }],
    [
      "by a socket",
      shop,
      { "shop.socket": "outputs/shop-by-socket.socket", "shop.service": "outputs/shop-by-socket.service" },
    ],
    [
      "by a capability",
      { ...shop, bind: "capability" },
      { "shop.service": "outputs/shop-by-capability.service" },
    ],
    [
      "by a proxy",
      { ...shop, bind: "proxy", backend: "/run/shop/app.sock", idleTimeout: "5min" },
      {
        "shop.socket": "outputs/shop-by-proxy.socket",
        "shop@proxy.service": "outputs/shop-by-proxy@proxy.service",
        "shop.service": "outputs/shop-by-proxy.service",
      },
    ],
    [
      "of a rolling pair",
      { ...shop, rolling: true },
      { "shop.socket": "outputs/shop-rolling.socket", "shop@.service": "outputs/shop-rolling@.service" },
    ],
  ])("%s", async (_title, description, files) => {
    const units = emitUnits(description);
    expect(Object.keys(units).toSorted()).toEqual(Object.keys(files).toSorted());
    for (const [unit, text] of Object.entries(units))
      await expect(`# ${unit}\n${withoutSandbox(text)}`).toMatchFileSnapshot(shown(files[unit]!));
  });

  it("of a service that hands over", async () => {
    const { "shop.service": service } = emitUnits({ ...shop, handover: true });
    await expect(`# shop.service\n${withoutSandbox(service!)}`).toMatchFileSnapshot(
      shown("outputs/shop-handover.service"),
    );
  });
});

/** Stands for Gitea: like Gitea, it uses a passed socket, and listens on port 80 itself if there is none. */
const program = `#!/run/sockact/node
const { createServer } = require("node:http");
const isPassed = process.env.LISTEN_PID === String(process.pid);
createServer((request, response) => response.end(String(process.getuid()))).listen(isPassed ? { fd: 3 } : 80);
`;

describeWith({ privateSystemd: true }, "Gitea's units, with a program in its place,", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["sh", "-ec", "mount -t tmpfs -o mode=755 tmpfs /home; useradd --uid 1600 git"]);
    await systemd.write(gitea.exec![0] as string, program, 0o755);
  });
  afterAll(() => systemd?.close());

  it("without its socket, the service may not listen on port 80", async () => {
    const { "gitea.service": service } = emitUnits(gitea);
    const alone = service!.replace(/^(?:Requires|After|Also)=gitea\.socket\n/gm, "");
    await systemd.installUnits({ "gitea.service": alone }, { verify: false });
    await systemd.start("gitea.service");
    const message = await systemd.waitForJournal("gitea.service", /permission denied/);
    expect(message).toContain("listen EACCES: permission denied");
    await systemd.stop("gitea.service");
  });

  it("with its socket, it answers on port 80 as the user git, and keeps the port over a restart", async () => {
    await systemd.installUnits(emitUnits(gitea), { verify: false });
    await systemd.start("gitea.socket");
    expect((await systemd.request("http://localhost/")).body).toBe("1600");
    const restarted = systemd.restart("gitea.service");
    expect((await systemd.request("http://localhost/")).body).toBe("1600");
    await restarted;
  });
});
