// docs/start.md, command by command, as a reader types them.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeWith } from "@sockact/testkit";
import { expect, test } from "vitest";
import { useTypedPage } from "./typed-page.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

describeWith({ privateSystemd: true, commands: ["curl", "script"] }, "docs/start.md", () => {
  const cache = "/root/.npm/_npx/1";
  const folder = "/srv/shop";
  let systemd: PrivateSystemd;
  let packed: PackedPackages;

  beforeAll(async () => {
    [systemd, packed] = await Promise.all([bootPrivateSystemd(), PackedPackages.packForRun()]);
    // The private systemd has neither sudo nor a registry. The programs in /usr/local/bin stand in for them.
    const mounts = [
      "for path in /srv /root /usr/local/bin; do mount -t tmpfs -o mode=755 tmpfs $path; done; chmod 700 /root",
      `touch /usr/local/bin/node; mount --bind ${systemd.node} /usr/local/bin/node`,
    ];
    await systemd.mustRun(["sh", "-ec", mounts.join("\n")]);
    const programs = {
      sudo: 'exec "$@"',
      npx: `shift; exec node ${cache}/node_modules/sockact/bin/sockact.cjs "$@"`,
      npm: `[ "$1" = install ] || exec node ${npmProgram("npm")} "$@"`,
    };
    for (const [name, script] of Object.entries(programs))
      await systemd.write(`/usr/local/bin/${name}`, `#!/bin/sh\n${script}\n`);
    await systemd.mustRun(["sh", "-c", "cd /usr/local/bin; chmod 755 sudo npx npm"]);
    await systemd.mustRun(["mkdir", "-p", cache]);
    packed.install(systemd.hostPath(cache), ["sockact"]);
  }, 60_000);
  afterAll(() => systemd?.close());

  /** Types commands, and returns what the terminal shows. */
  async function type(commands: string, cwd = folder): Promise<string> {
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", npm_command: "exec", SUDO_UID: "0" };
    const typed = typeCommands((command, options) => systemd.spawn(command, options), commands, { cwd, env });
    const code = await typed.ended;
    expect({ code, shown: typed.shown }).toEqual({ code: 0, shown: typed.shown });
    return typed.shown;
  }

  test("sections 1 to 4 lead from an empty folder to an answer on port 80", async () => {
    for (const block of blocks("1. ", "sh")) await type(block, "/");
    page.installPackages(["express", "@sockact/express"]);
    await page.systemd.write(`${folder}/server.js`, blocks("1. ", "js")[0] as string);

    const [start, ask] = blocks("2. ", "sh") as [string, string];
    const asked = `${start.trim()} & until ${ask.trim()}; do sleep 0.05; done; kill $!`;
    expect(await type(asked)).toContain("hello");

    const shown = await type(blocks("3. ", "sh")[0] as string);
    const [, plan] = /(shop \(express\)[^]*\.service\n)/.exec(shown) ?? [];
    await expect(masked(plan)).toMatchFileSnapshot(output("start-plan"));
    const [, installed] = /(✓ shop is installed[^]*)/.exec(shown) ?? [];
    await expect(masked(installed)).toMatchFileSnapshot(output("start-installed"));

    expect(await type(blocks("4. ", "sh")[0] as string)).toBe("hello");
  });

  test("section 5 runs the changed app", async () => {
    const file = `${folder}/server.js`;
    const code = await page.systemd.mustRun(["cat", file]);
    await page.systemd.write(file, code.replace('"hello"', '"hello again"'));
    expect(await type(blocks("5. ", "sh")[0] as string)).toMatch(/hello again$/);
  });

  test("section 6 shows the service and its log", async () => {
    const [commands] = blocks("6. ", "sh") as [string];
    const shown = await type(commands);
    expect(shown).toContain("awake");
    expect(shown).toContain("sockact: listening on");
  });

  test("section 7 removes the service, and leaves the code and the port", async () => {
    await type(blocks("7. ", "sh")[0] as string);
    await expect(page.systemd.request("http://localhost/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await page.systemd.mustRun(["ls", `${folder}/server.js`]);
    expect((await page.systemd.run(["systemctl", "cat", "shop.service"])).code).not.toBe(0);
  });
});

const output = (name: string): string => join(repository, `docs/outputs/${name}.txt`);

/** What differs from run to run, and from machine to machine, is replaced. */
function masked(text: string | undefined): string {
  return (text ?? "")
    .replaceAll("/usr/local/bin/node", "/usr/bin/node")
    .replace(/after [\d.,]+ m?s\b/, "after 250 ms");
}
