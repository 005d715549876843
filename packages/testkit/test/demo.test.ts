import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { textOfPicture } from "../../../scripts/lib/screen-picture.ts";
import { DEADLINE, startProcess } from "../../testing/src/app-process.ts";
import { describeWith } from "../src/requires.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const command = [process.execPath, "--conditions=@sockact/source", "--import", "tsx", "scripts/demo.ts"];

/** For a machine on which everything is slow. */
const DEADLINE_OF_DEMO = 300_000;
vi.setConfig({ testTimeout: DEADLINE_OF_DEMO });
afterAll(() => vi.resetConfig());

/** The lines that a terminal of 80 columns would break when each value has as many digits as it ever has. */
const tooWide = (lines: readonly string[]): string[] =>
  lines
    .map((line) =>
      line
        .replaceAll(/\b\d+ ms +(?=\S)/g, (cell) => "12345 ms ".padEnd(cell.length))
        .replaceAll(/\b\d+ ms\b(?! )/g, "12345 ms")
        .replaceAll(/\d+ MB\b/g, "123 MB")
        .replaceAll(/(?<=127\.0\.0\.1:|ports? |and )\d{4,}/g, "54321")
        .replaceAll(/(?<=\bpid )\d+/g, "4194304")
        .replaceAll(/(?<=\buid )\d+/g, "1234567"),
    )
    .filter((line) => line.length > 80);

/** The lines without the values that differ between runs: times, amounts, process IDs and user IDs. */
const stable = (lines: readonly string[]): string[] =>
  lines
    .filter((line) => line !== "")
    .map((line) =>
      line
        .replace(/systemd \d+/, "systemd N")
        .replaceAll(/\d+(?:\.\d+)? (m?s|MB)\b/g, "N $1")
        .replaceAll(/[\d,]+ requests|(?<=requests +)[\d,]+(?= sent,)/g, "N requests")
        .replaceAll(/\b(uid|pid) \d+/g, "$1 N")
        // An older systemd rates the same sandbox a little worse.
        .replaceAll(/\b0\.[24](?= SAFE)/g, "N")
        .replaceAll(/(?<=\S) +/g, " "),
    );

describeWith({ privateSystemd: true }, "npm run demo with a systemd", () => {
  test(
    "prints the same as its picture in README.md, and no warning",
    { timeout: DEADLINE_OF_DEMO },
    async () => {
      await using demo = startProcess(command, { cwd: root });
      const status = await demo.ended;
      expect(demo.stdout).toContain("No request failed");
      expect({ status, stderr: demo.stderr }).toEqual({ status: 0, stderr: "" });
      expect(demo.stdout).not.toMatch(/warning/i);
      const printed = ["$ npm run demo", ...demo.stdout.split("\n")];
      expect(tooWide(printed)).toEqual([]);
      const picture = textOfPicture(readFileSync(join(root, "docs/public/demo.svg"), "utf8"));
      expect(stable(printed), "npm run demo:picture makes the picture anew").toEqual(stable(picture));
    },
  );
});

test("the picture of the demo is small, and contains nothing about the computer that made it", () => {
  const svg = readFileSync(join(root, "docs/public/demo.svg"), "utf8");
  expect(svg.length).toBeLessThan(60_000);
  expect(svg).not.toMatch(/\/(?:home|root|work|tmp)\b/);
  expect(svg).toContain("<title");
});

test("the clients of the demo end without a message when the demo is killed", async () => {
  const demo = `
    import { spawn } from "node:child_process";
    import http from "node:http";
    const stdio = ["ignore", "inherit", "inherit", "ipc"];
    const clients = spawn(process.execPath, ["scripts/demo/clients-program.mjs"], { stdio });
    const server = http.createServer(() => process.kill(process.pid, "SIGKILL"));
    server.listen(0, "127.0.0.1", () =>
      clients.send({ call: "get", options: ["http://127.0.0.1:" + server.address().port] }));`;
  await using killed = startProcess([process.execPath, "--input-type=module", "--eval", demo], { cwd: root });
  // The clients have the same standard error. It is closed when they end too.
  const status = await killed.ended;
  expect({ status, stderr: killed.stderr }).toEqual({ status: "SIGKILL", stderr: "" });
});

describeWith({ otherUsers: true }, "npm run demo as a user who is not root", () => {
  const asUser =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : [];

  /**
   * Starts the demo with a separate temporary folder. `left` lists the files that remain there, and the
   * processes that still run.
   */
  function startDemo(words: readonly string[], env: Record<string, string> = {}) {
    const folder = mkdtempSync(join(tmpdir(), "demo-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const runs = (pid: string) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`TMPDIR=${folder}\0`);
      } catch {
        return false;
      }
    };
    return {
      demo: startProcess([...prepare(folder), ...words], { cwd: root, env: { TMPDIR: folder, ...env } }),
      left: () => [
        ...readdirSync(folder).filter((name) => name.startsWith("sockact-demo-")),
        ...readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && runs(entry)),
      ],
    };
  }

  /** The folder must belong to the user. */
  const prepare = (folder: string) =>
    asUser.length === 0
      ? []
      : ["sh", "-c", 'chown 65534 "$1" && shift && exec "$@"', "sh", folder, ...asUser];

  /** Waits until nothing is left, or until the deadline. Resolves to what is left. */
  async function leftInTheEnd(left: () => string[]): Promise<string[]> {
    const deadline = performance.now() + DEADLINE;
    while (left().length > 0 && performance.now() < deadline) await delay(20);
    return left();
  }

  async function afterCtrlC(label: string) {
    const { demo, left } = startDemo(command);
    await demo.line(new RegExp(`^  ${label} `));
    demo.kill("SIGINT");
    return { status: await demo.ended, left: await leftInTheEnd(left) };
  }

  test("prints what it leaves out, and shows the rest on other ports", { tags: "campaign" }, async () => {
    const { demo, left } = startDemo(command);
    const status = await demo.ended;
    expect(demo.stdout).toContain("No request failed");
    expect({ status, stderr: demo.stderr }).toEqual({ status: 0, stderr: "" });
    expect(tooWide(demo.stdout.split("\n"))).toEqual([]);
    expect(demo.stdout).toMatch(
      /leaves out ports 80 and 443,\n.*sandbox\. The reason:\n.+ without root needs /,
    );
    expect(demo.stdout).toMatch(/https:\/\/127\.0\.0\.1:\d+\/ answered .*\n.*\n.*certificate verified/);
    expect(demo.stdout).toMatch(/requests +[\d,]+ sent, 0 failed/);
    expect(demo.stdout).toMatch(/answered in \d+ ms, by the new pid/);
    for (const framework of ["Express", "Koa", "Fastify"])
      expect(demo.stdout).toMatch(new RegExp(`  ${framework} .* requests, 0 failed`));
    expect(await leftInTheEnd(left)).toEqual([]);
  });

  test(
    "when a request fails, prints this with the log of the app, and exits with 1",
    { tags: "campaign" },
    async () => {
      // The tenth request of each process gets no answer, before the restart and after it.
      const plant = `import http from "node:http";
      const { emit } = http.Server.prototype;
      let requests = 0;
      if (process.argv[1]?.endsWith("/apps/express.mjs")) http.Server.prototype.emit = function (event, ...args) {
        if (event !== "request" || ++requests !== 10) return emit.call(this, event, ...args);
        return args[0].socket.destroy();
      }`;
      const preload = `--import=data:text/javascript,${encodeURIComponent(plant)}`;
      const { demo, left } = startDemo(command, { NODE_OPTIONS: preload });
      expect({ status: await demo.ended, stderr: demo.stderr }).toEqual({ status: 1, stderr: "" });
      expect(demo.stdout).toMatch(/✗ 2 of [\d,]+ requests failed during the restart: ECONNRESET \(2\)\n/);
      expect(demo.stdout).toMatch(/The log of Express:\n {2}\[sockact run\] watching /);
      expect(await leftInTheEnd(left)).toEqual([]);
    },
  );

  test("leaves nothing behind after Ctrl-C during the load", { tags: "campaign" }, async () => {
    expect(await afterCtrlC("clients")).toEqual({ status: 1, left: [] });
  });

  test.each(["listening", "restart", "asleep", "Express"])(
    "Ctrl-C after the line of %s leaves nothing behind",
    { tags: "campaign" },
    async (label) => {
      expect(await afterCtrlC(label)).toEqual({ status: 1, left: [] });
    },
  );

  test("ends when its pipe is closed, and leaves nothing behind", { tags: "campaign" }, async () => {
    const { demo, left } = startDemo(["sh", "-c", '"$@" | head -n 6', "sh", ...command]);
    expect(await demo.ended).toBe(0);
    expect(demo.stdout.split("\n")).toHaveLength(7);
    expect(await leftInTheEnd(left)).toEqual([]);
  });
});
