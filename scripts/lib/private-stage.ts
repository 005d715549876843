import process from "node:process";
import { fileURLToPath } from "node:url";
import { emitUnits } from "@sockact/units";
import { bootPrivateSystemd } from "../../packages/testkit/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../packages/testkit/src/private-systemd.ts";
import { ask, type Example, type Performance, type Stage } from "./stage.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the examples on ports 80 and 443, under a systemd that is booted for them. */
export async function privateStage(): Promise<Stage> {
  const start = performance.now();
  const systemd = await bootPrivateSystemd();
  const version = /^systemd (\d+)/.exec(await systemd.systemctl("--version"))?.[1];
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  return {
    title: `systemd ${version}, booted in ${seconds} s for this demo`,
    perform: (description) => perform(systemd, description),
    close: () => systemd.close(),
  };
}

async function perform(systemd: PrivateSystemd, description: Example): Promise<Performance> {
  const units = emitUnits({
    ...description,
    exec: description.exec.map((word) => asSeenInside(systemd, word)),
  });
  const service = `${description.name}.service`;
  const sockets = Object.keys(units).filter((name) => name.endsWith(".socket"));
  await systemd.installUnits(units);
  try {
    await systemd.start(...sockets);
    const listening = await Promise.all(
      sockets.map(async (socket) => ({
        socket,
        address: (await systemd.show(socket, "Listen")).replace(" (Stream)", ""),
      })),
    );
    const bases = listening.map(({ address }) => `http://localhost:${address.replace(/.*:/, "")}`);
    const answers = await ask(bases, (url) => systemd.request({ url, timeout: 5_000 }));
    // The answer may be quicker than the journal. An app without a logger, as the one of Fastify, has one line.
    await systemd.waitForJournal(service, /is listening on/);
    if ((await systemd.journal(service)).some((line) => line.startsWith("sockact: ")))
      await systemd.waitForJournal(service, /sockact: ready/);
    return {
      units: Object.keys(units),
      listening,
      answers,
      logName: "journal",
      log: await systemd.journal(service, "service"),
    };
  } catch (error) {
    const journal = (await systemd.journal(service)).slice(-20).map((line) => `  ${line}`);
    throw new Error([messageOf(error), `The journal of ${service}:`, ...journal].join("\n"), {
      cause: error,
    });
  } finally {
    // The next example uses the same ports.
    await systemd.stop(...sockets, service);
  }
}

/** Services of a private systemd see the project and Node at other paths, since they can't see /home or /root. */
function asSeenInside(systemd: PrivateSystemd, word: string): string {
  if (word === process.execPath) return systemd.node;
  return word.startsWith(root) ? `${systemd.project}/${word.slice(root.length)}` : word;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
