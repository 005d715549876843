// npm run demo: Express, Koa and Fastify apps with sockets that systemd opens. As root on a machine with
// systemd, they use ports 80 and 443. Otherwise, they use other ports and no sandbox. The output fits into 80
// columns, because npm run demo:picture makes a picture of it.
import process from "node:process";
import { styleText } from "node:util";
import { whyNoPrivateSystemd } from "../packages/testing/src/boot-private-systemd.ts";
import { count, type Narrator, perform, type Performance, wholeMs } from "./demo/perform.ts";
import { processStage } from "./demo/process-stage.ts";
import type { Stage } from "./demo/stage.ts";
import { systemdStage } from "./demo/systemd-stage.ts";

const colours = process.stdout.isTTY && process.stdout.hasColors();
const paint = (style: Parameters<typeof styleText>[0], text: string) =>
  colours ? styleText(style, text) : text;
const say = (line = "") => console.log(line);

/**
 * Runs the apps under systemd if this computer can boot one. Otherwise, prints the reason and runs them under
 * `sockact run`.
 */
async function chooseStage(): Promise<Stage> {
  let reason = whyNoPrivateSystemd();
  if (reason === undefined) {
    try {
      return await systemdStage();
    } catch (error) {
      reason = messageOf(error);
    }
  }
  say(paint("yellow", "This demo can't boot a systemd here, so it leaves out ports 80 and 443,"));
  say(paint("yellow", "the separate user of each app, and the sandbox. The reason:"));
  for (const line of wrapped(reason)) say(paint("yellow", line));
  return processStage();
}

/** The lines of a string, each at most as wide as a terminal. */
function wrapped(text: string): string[] {
  return text
    .split("\n")
    .flatMap((line) => line.match(/.{1,80}(?:\s|$)|\S+/g) ?? [])
    .map((line) => line.trimEnd());
}

const narrator: Narrator = {
  title: (text) => say(`\n${paint("bold", text)}`),
  row: (label, text) => say(`  ${paint("dim", label.padEnd(11))} ${highlighted(text)}`),
};
const silent: Narrator = { title: () => {}, row: () => {} };

/** Colors addresses in one color, and measured values in another. */
function highlighted(text: string): string {
  return text
    .replaceAll(/https?:\/\/\S+/g, (address) => paint("cyan", address))
    .replaceAll(/\b[\d,]+ (?:ms|MB)|\b0 failed|\b[\d.]+ SAFE|\bE[A-Z]{5,}\b/g, (fact) =>
      paint("green", fact),
    );
}

const columns = (...cells: string[]) =>
  cells
    .map((cell, index) => cell.padEnd([11, 13, 36, 10, 8][index]!))
    .join("")
    .trimEnd();

function tableRow({ framework, start, load, wake, score = "" }: Performance): string {
  const restart = `${count(load.requests)} requests, 0 failed, ${wholeMs(load.longest)}`;
  return highlighted(columns(`  ${framework}`, wholeMs(start), restart, wholeMs(wake), score));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Without these handlers, a signal would end Node without an `exit` event. The handlers of that event stop
// the processes that still run.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

// The reader has closed the pipe, as in `npm run demo | head`.
process.stdout.once("error", () => process.exit(1));

const start = performance.now();
let stage: Stage | undefined;
try {
  stage = await chooseStage();
  say(`${paint("bold", "sockact")} ${stage.title}`);
  const express = await perform(stage, "Express", narrator);
  say();
  say(
    paint(
      "bold",
      columns(
        "All three",
        "first start",
        "restart under load, longest wait",
        "wakes in",
        express.score === undefined ? "" : "sandbox",
      ),
    ),
  );
  say(tableRow(express));
  for (const framework of ["Koa", "Fastify"] as const) say(tableRow(await perform(stage, framework, silent)));
  await stage.close();
  say();
  say(
    `${paint("green", "✓")} No request failed, in ${((performance.now() - start) / 1000).toFixed(1)} s. Nothing is left running.`,
  );
} catch (error) {
  say();
  say(`${paint("red", "✗")} ${messageOf(error)}`);
  process.exitCode = 1;
  await stage?.close();
}
