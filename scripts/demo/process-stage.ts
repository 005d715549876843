import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endingWithParent } from "../../packages/testing/src/end-with-parent.ts";
import { Clients } from "./clients.ts";
import { appFile, cert, clientsProgram, type Framework, key, type Stage, type StagedApp } from "./stage.ts";

/**
 * The idle timeout in milliseconds. After a shorter run, `sockact run` would assume a crash and delay the
 * next start.
 */
const idleTimeout = 1000;
const cli = fileURLToPath(new URL("../../packages/cli/bin/sockact.cjs", import.meta.url));

/** Runs the apps behind `sockact run --on-demand`, on free ports, as the user who runs the demo. */
export function processStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), "sockact-demo-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
  writeFileSync(join(folder, "cert.pem"), cert);
  const program = start([process.execPath, clientsProgram, cert], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return {
    title: "run --on-demand, on free ports",
    clients: new Clients(program),
    listen: (framework) => listen(framework, folder),
    close: () => end(program),
  };
}

async function listen(framework: Framework, folder: string): Promise<StagedApp> {
  // This file stands for the code of the app. When it changes, sockact run restarts the app.
  const edited = join(folder, `${framework}.txt`);
  writeFileSync(edited, "");
  const options = [
    "--on-demand",
    "--watch",
    edited,
    "-l",
    "127.0.0.1:0",
    "-n",
    "http",
    "-l",
    "127.0.0.1:0",
    "-n",
    "https",
  ];
  const run = start([process.execPath, cli, "run", ...options, "--", process.execPath, appFile(framework)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      // The same variable as in a service with LoadCredential=.
      CREDENTIALS_DIRECTORY: folder,
      SOCKACT_IDLE_TIMEOUT: `${idleTimeout}ms`,
    },
  });
  const log: string[] = [];
  const [http, https] = await new Promise<string[]>((resolve, reject) => {
    run.once("close", () => reject(new Error(["sockact run has ended:", ...log].join("\n"))));
    for (const output of [run.stdout, run.stderr])
      createInterface({ input: output! }).on("line", (line) => {
        log.push(line);
        if (line.includes("listening on 127.0.0.1"))
          resolve(Array.from(line.matchAll(/:(\d+)/g), ([, port]) => port!));
      });
  });
  const untilGone = async (pid: number) => {
    while (isRunning(pid)) await delay(10);
  };
  return {
    framework,
    http: `http://127.0.0.1:${http}`,
    https: `https://127.0.0.1:${https}`,
    listening: async () => `sockact run listens on ports ${http} and ${https}`,
    restartReason: "sockact run, after an edit",
    restart: async (pid) => {
      writeFileSync(edited, "edited");
      await untilGone(pid);
    },
    idleTimeout,
    untilAsleep: untilGone,
    score: async () => undefined,
    log: async () => log,
    [Symbol.asyncDispose]: () => end(run),
  };
}

/**
 * Starts a program that ends when this process ends, for any reason. It runs in a separate process group, so
 * Ctrl-C does not reach it.
 */
function start(command: readonly string[], options: SpawnOptions): ChildProcess {
  const [program, ...args] = endingWithParent(command);
  const child = spawn(program!, args, { ...options, detached: true });
  const kill = () => killGroup(child, "SIGKILL");
  process.once("exit", kill);
  child.once("close", () => process.off("exit", kill));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The process group has already ended.
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
