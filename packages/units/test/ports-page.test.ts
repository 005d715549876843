// Gitea's pair of units, which docs/ports.md shows, with a real systemd.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits } from "../src/index.ts";
import { gitea } from "./gitea.ts";

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
