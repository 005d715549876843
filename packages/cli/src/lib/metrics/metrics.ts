import { nearest } from "@sockact/shared/nearest";
import { print, printJson } from "../output/print.ts";
import { CliError } from "../shared/cli-error.ts";
import { tell } from "../shared/messages.ts";
import { ownCommand } from "../shared/own-command.ts";
import { findService } from "../systemd/activated-units.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { byMetric } from "./by-metric.ts";
import { metrics, type Sample } from "./catalog.ts";
import { openCollector } from "./collector.ts";
import { expositionText } from "./exposition.ts";

/** The options of `sockact metrics`. */
export interface MetricsOptions {
  all?: boolean;
  json?: boolean;
  user?: boolean;
}

/**
 * Prints the metrics of these services, by default of all, and returns the exit code.
 *
 * @param commands the subcommands, for which a name may be a typing error
 */
export async function printMetrics(
  names: readonly string[],
  { all, json = false, user }: MetricsOptions,
  commands: readonly string[],
): Promise<number> {
  const manager = new ServiceManager({ user });
  const wanted: string[] = [];
  for (const name of names)
    wanted.push((await findService(manager, name).catch((error) => misspelt(error, name, commands))).name);
  const collector = openCollector(manager, {
    all: all === true || names.length > 0,
    onProblem: ({ message, hint }) => tell(`${message}\n${hint}\n`),
  });
  const sampled = await collector.sample();
  collector.close();
  const samples =
    names.length === 0 ? sampled : sampled.filter(({ labels }) => wanted.includes(labels["app"] ?? ""));
  if (json) printJson({ metrics: metricsJson(samples) });
  else print(expositionText(samples));
  return 0;
}

function misspelt(error: unknown, name: string, commands: readonly string[]): never {
  const near = nearest(name, commands);
  if (!(error instanceof CliError) || error.code !== "SOCKACT_ERR_UNIT_UNKNOWN" || near === undefined)
    throw error;
  const { code, message, hint, exitCode } = error;
  throw new CliError(code, message, `Did you mean ${ownCommand("metrics", near)}?\n${hint}`, {
    exitCode,
    cause: error,
  });
}

/** The metrics that have samples. */
const metricsJson = (all: readonly Sample[]) =>
  byMetric(all).map(([name, own]) => {
    const { type, help, otel } = metrics[name];
    const samples = own.map(({ labels, suffix, value }) => ({ labels, suffix, value }));
    return { name, otel, type, help, samples };
  });
