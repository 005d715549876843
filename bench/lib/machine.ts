import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";

/** The machine of a result. */
export interface Machine {
  node: string;
  processor: string;
  cores: number;
  /** In GB. */
  memory: number;
  kernel: string;
  /** The version of systemd; `undefined` if there is none. */
  systemd: string | undefined;
  /** The kind of virtual machine or container; `none` for neither. */
  virtualization: string;
}

export function describeMachine(): Machine {
  return {
    node: process.version,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    systemd: /^systemd (\S+)/.exec(outputOf("systemctl", "--version"))?.[1],
    virtualization: outputOf("systemd-detect-virt").trim() || "unknown",
  };
}

/** The measured commit, marked if the checkout has changes. */
export function commitOf(checkout: string): string {
  return outputOf("git", "-C", checkout, "describe", "--always", "--dirty").trim() || "unknown";
}

function outputOf(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    // On a real machine, systemd-detect-virt exits with 1 and prints "none".
    return (error as { stdout?: string }).stdout ?? "";
  }
}

/** The effect of other work on the machine. */
export interface Noise {
  /** The load average of the last minute, before the whole run and after this bench. */
  load: [before: number, after: number];
  /** The share of the processor time that the host gave to other virtual machines, from 0 to 1. */
  stolen: number;
}

/** The load average of the last minute. */
export const currentLoad = (): number => loadavg()[0] ?? 0;

/**
 * Returns a function that reports the noise since this call.
 *
 * @param before the load average before the first bench of a run. A later reading contains the load of the
 *   previous bench
 */
export function watchNoise(before: number): () => Noise {
  const [stolen, total] = processorTimes();
  return () => {
    const [stolenNow, totalNow] = processorTimes();
    return {
      load: [before, currentLoad()],
      stolen: (stolenNow - stolen) / Math.max(1, totalNow - total),
    };
  };
}

/** From proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. Guests are a part of user. */
function processorTimes(): [stolen: number, total: number] {
  const times = /^cpu +(.+)/.exec(readFileSync("/proc/stat", "utf8"))![1]!.split(" ").slice(0, 8).map(Number);
  return [times[7]!, times.reduce((sum, time) => sum + time, 0)];
}

/** Above this share of stolen time, figures vary more than most differences between the arms. */
const MUCH_STOLEN = 0.03;

/** Why the figures are unreliable; `undefined` for a quiet machine. */
export function noiseWarning({ load: [before], stolen }: Noise, cores: number): string | undefined {
  const reasons = [
    before > cores / 2 && `the load average was ${before.toFixed(1)} before the bench began`,
    stolen > MUCH_STOLEN &&
      `other virtual machines took ${(100 * stolen).toFixed(0)} % of the processor time`,
  ].filter((reason) => reason !== false);
  return reasons.length === 0
    ? undefined
    : `This machine is too noisy to tell small differences: ${reasons.join(", and ")}.`;
}
