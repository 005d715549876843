import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { readJsonFile } from "../shared/read-file.ts";
import { atBoot, noCounters, type Run } from "./app-counters.ts";
import type { SavedAppValues } from "./app-values.ts";
import { type Counters, emptyCounters } from "./counters.ts";

/** Whether a value has the types of another one. Numbers are not negative. */
function hasForm(value: unknown, form: unknown): boolean {
  if (typeof form === "number") return typeof value === "number" && Number.isFinite(value) && value >= 0;
  if (typeof form !== "object" || form === null) return typeof value === typeof form;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(form))
    return Array.isArray(value) && value.length === form.length && value.every((each) => hasForm(each, 0));
  return Object.entries(form).every(
    ([name, part]) => part === null || hasForm((value as Record<string, unknown>)[name], part),
  );
}

const allHaveForm = (values: unknown, form: unknown): boolean =>
  typeof values === "object" && values !== null && Object.values(values).every((each) => hasForm(each, form));

const aRun: Run = { invocation: "", began: 0, isReady: true, isStopping: true, isWake: true, cpu: 0 };

/** Whether these are values of apps' own metrics. An app chooses their names and numbers. */
const areOwn = (own: unknown): own is SavedAppValues =>
  allHaveForm(own, { time: 0, lives: {}, carried: {} }) &&
  Object.values(own as SavedAppValues).every(
    ({ lives, carried }) =>
      allHaveForm(lives, "") &&
      allHaveForm(carried, { family: "", type: "", isCounter: true }) &&
      Object.values(carried).every(({ value }) => Number.isFinite(value)),
  );

function isCounters(value: unknown): value is Counters {
  if (!hasForm(value, emptyCounters())) return false;
  const { format, cursor, apps } = value as Counters;
  return (
    format === 1 &&
    // It becomes an argument of journalctl.
    /^(?:[\da-z]=[\da-f]+(?:;|$))*$/.test(cursor) &&
    allHaveForm(apps, noCounters()) &&
    Object.values(apps).every(
      ({ ended, now }) =>
        allHaveForm(ended, 0) &&
        hasForm(now, atBoot()) &&
        allHaveForm(now.runs, aRun) &&
        allHaveForm(now.restarts, "") &&
        allHaveForm(now.failed, true) &&
        allHaveForm(now.sockets, { listens: true, job: 0 }) &&
        (now.asleepSince === null || hasForm(now.asleepSince, 0)) &&
        (now.isHealthy === null || typeof now.isHealthy === "boolean"),
    )
  );
}

/** The counters in a file. Undefined if the file is missing, or has another form. */
export function readCounters(path: string): Counters | undefined {
  try {
    const value = readJsonFile(path);
    return isCounters(value) ? { ...value, own: areOwn(value.own) ? value.own : {} } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the counters. If that fails, as on a full disk, the file stays as it was. */
export function writeCounters(path: string, counters: Counters): void {
  const temporary = `${path}.new`;
  try {
    const file = openSync(temporary, "w", 0o600);
    try {
      writeFileSync(file, JSON.stringify(counters));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    remove(temporary);
    throw new CliError(
      "SOCKACT_ERR_WRITE",
      `can't write ${path}: ${(cause as Error).message}`,
      "Check that the folder exists, that you may write there, and that the disk is not full. Until then, the counters are lost when this process ends.",
      { exitCode: EXIT.failed, cause },
    );
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Another program has made a folder of this name.
  }
}
