// npm run demo: runs the examples of each framework behind sockets that systemd holds. As root on a machine with systemd, they have the ports 80
// and 443; otherwise other ports. They speak plain HTTP on both. The output fits 80 columns: npm run demo:picture makes a picture of it.
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

/** Chooses the most real way to run the examples that this computer has. Says why if that is not a systemd. */
async function chooseStage(): Promise<Stage> {
  const reason = whyNoPrivateSystemd();
  if (reason === undefined) {
    try {
      return await privateStage();
    } catch (error) {
      sayFallback(messageOf(error));
    }
  } else sayFallback(`${reason}.`);
  if (isInstalled("systemd-socket-activate")) return socketActivateStage();
  say(paint("yellow", "This computer has no systemd-socket-activate either."));
  return ownActivatorStage();
}

function sayFallback(reason: string): void {
  say(paint("yellow", "This demo can't boot a systemd here, so it uses other ports than 80 and 443."));
  say(paint("yellow", `The reason: ${reason}`));
}

function show({ units, listening, answers, logName, log }: Performance): void {
  const row = (label: string, text: string) => say(`  ${paint("dim", label.padEnd(9))} ${text}`);
  say();
  say(paint("bold", units.filter((unit) => unit.endsWith(".service")).join()));
  for (const { socket, address } of listening)
    row("listening", `${paint("cyan", address.padEnd(16))} ${paint("dim", socket)}`);
  for (const { url, body, milliseconds } of answers) {
    row("GET", `${paint("cyan", url)} ${paint("dim", `${Math.round(milliseconds)} ms`)}`);
    row("", paint("green", body));
  }
  row("answered", whoAnswered(answers));
  row(logName, log.join(`\n${" ".repeat(12)}`));
}

function whoAnswered(answers: Answer[]): string {
  const { uid, pid } = JSON.parse(answers.at(-1)?.body ?? "{}") as { uid: number; pid: number };
  return `by pid ${pid} (uid ${paint("bold", String(uid))}), which the first request started`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Without these handlers, Node would end without an `exit` event, whose handlers stop what still runs.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

// The reader has closed the pipe, as in `npm run demo | head`.
process.stdout.once("error", () => process.exit(1));

const start = performance.now();
let stage: Stage | undefined;
try {
  const examples = await Promise.all(["express", "koa", "fastify"].map(load));
  stage = await chooseStage();
  say(`${paint("bold", "sockact")} ${paint("dim", "on")} ${stage.title}. Plain HTTP on each port.`);
  for (const description of examples) show(await stage.perform(description));
  await stage.close();
  say();
  say(
    `${paint("green", "✓")} ${examples.length} apps in ${((performance.now() - start) / 1000).toFixed(1)} s. Nothing is left running.`,
  );
} catch (error) {
  say();
  say(`${paint("red", "✗")} ${messageOf(error)}`);
  process.exitCode = 1;
  await stage?.close();
}
