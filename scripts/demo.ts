// npm run demo: each example of examples/ behind sockets that systemd holds. As root on a machine with systemd it uses the ports 80 and 443,
// otherwise others. Both speak plain HTTP.
import process from "node:process";
import { styleText } from "node:util";
import { whyNoPrivateSystemd } from "../packages/testkit/src/boot-private-systemd.ts";
import { privateStage } from "./lib/private-stage.ts";
import { isInstalled, ownActivatorStage, socketActivateStage } from "./lib/process-stage.ts";
import type { Answer, Example, Performance, Stage } from "./lib/stage.ts";

const colours = process.stdout.isTTY && process.stdout.hasColors();
const paint = (style: Parameters<typeof styleText>[0], text: string) =>
  colours ? styleText(style, text) : text;
const say = (line = "") => console.log(line);

async function load(name: string): Promise<Example> {
  const url = new URL(`../examples/${name}/sockact.config.js`, import.meta.url);
  const { default: description } = (await import(url.href)) as { default: Example };
  return description;
}

/** The closest to a real systemd that this computer has; says why when that is not one. */
async function chooseStage(): Promise<Stage> {
  const reason = whyNoPrivateSystemd();
  if (reason) {
    say(
      paint(
        "yellow",
        `No systemd of its own for this demo, so it uses other ports than 80 and 443: ${reason}.`,
      ),
    );
  } else {
    try {
      return await privateStage();
    } catch (error) {
      say(
        paint(
          "yellow",
          `No systemd of its own for this demo, so it uses other ports than 80 and 443. ${messageOf(error)}`,
        ),
      );
    }
  }
  if (isInstalled("systemd-socket-activate")) return socketActivateStage();
  say(paint("yellow", "Nor is there systemd-socket-activate."));
  return ownActivatorStage();
}

function show(name: string, { units, listening, answers, logName, log }: Performance): void {
  const row = (label: string, text: string) => say(`  ${paint("dim", label.padEnd(10))} ${text}`);
  const service = units.filter((unit) => unit.endsWith(".service"));
  const sockets = units.filter((unit) => unit.endsWith(".socket"));
  say();
  say(paint("bold", name));
  row("units", `${sockets.join(", ")} → ${service.join()}`);
  for (const { socket, address } of listening)
    row("listening", `${paint("cyan", address.padEnd(16))} ${paint("dim", socket)}`);
  for (const { url, body, milliseconds } of answers) {
    row("GET", `${paint("cyan", url)} ${paint("dim", `${Math.round(milliseconds)} ms`)}`);
    row("", paint("green", body));
  }
  row("answered", whoAnswered(answers));
  row(logName, log.join("\n             "));
}

function whoAnswered(answers: Answer[]): string {
  const { uid, pid } = JSON.parse(answers.at(-1)?.body ?? "{}") as { uid: number; pid: number };
  return `uid ${paint("bold", String(uid))}, pid ${pid}, started by the first request`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Node would end without the `exit` event, in which what still runs is stopped.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

// Whoever read us has had enough: `npm run demo | head`.
process.stdout.once("error", () => process.exit(1));

const start = performance.now();
let stage: Stage | undefined;
try {
  const examples = await Promise.all(["express", "koa", "fastify"].map(load));
  stage = await chooseStage();
  say(`${paint("bold", "sockact")} ${paint("dim", "on")} ${stage.title}, plain HTTP on each port`);
  for (const description of examples) show(description.name, await stage.perform(description));
  await stage.close();
  say();
  say(
    `${paint("green", "✓")} ${examples.length} apps in ${((performance.now() - start) / 1000).toFixed(1)} s; nothing is left behind.`,
  );
} catch (error) {
  say();
  say(`${paint("red", "✗")} ${messageOf(error)}`);
  process.exitCode = 1;
  await stage?.close();
}
