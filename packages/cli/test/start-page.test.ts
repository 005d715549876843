// docs/start.md, command by command, as a reader types them.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeWith } from "@sockact/testkit";
import { expect, test } from "vitest";
import { useTypedPage } from "./typed-page.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

describeWith({ privateSystemd: true, commands: ["curl", "script"] }, "docs/start.md", () => {
  const page = useTypedPage("start.md");
  const { blocks, folder, type } = page;

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
