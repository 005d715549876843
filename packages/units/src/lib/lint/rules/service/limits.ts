import { valuesOf, type LoadedUnit } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { timeSpanOf } from "../../../systemd/time-spans.ts";
import { shareOf } from "../../values/readers.ts";
import { tooSmall } from "../../../node/limits.ts";
import { inService, isApp, listeners, notifies, runsAsRoot } from "./settings.ts";

/** Directives that show that the program writes files. */
const writes = /^(?:State|Cache|Logs)Directory$|^PIDFile$|^Standard(?:Output|Error)$/;

/** Limits that are too low for every server. Higher limits count as intended. */
const tinyLimits: Readonly<
  Record<string, { isTiny: (value: string, unit: LoadedUnit) => boolean; instead: string; more?: string }>
> = {
  CPUQuota: { isTiny: (value) => (shareOf(value) ?? 1) < 0.05, instead: "50%", more: ", or more" },
  LimitCPU: {
    isTiny: (value) => (timeSpanOf(value.replace(/:.*/, "")) ?? Infinity) < 3_600_000,
    instead: "infinity",
  },
  LimitFSIZE: {
    // A program that writes no files works with 0, which is a common way to forbid writing.
    isTiny: (value, { settings }) =>
      /^0\w?(?::|$)/.test(value) &&
      settings.some(
        (setting) =>
          setting.section === "Service" &&
          writes.test(setting.key) &&
          (!setting.key.startsWith("Standard") || /^(?:file|append|truncate):/.test(setting.value)),
      ),
    instead: "infinity",
  },
};

export type LimitsCode = "memory-tiny" | "limit-tiny" | "limit-low";

/** Limits of memory, files and processor time. */
export const limitsRules: Readonly<Record<LimitsCode, Rule<ServiceSubject>>> = {
  "memory-tiny": {
    severity: "warning",
    why: "The kernel kills a program that needs more memory than this. No program starts with less than 1 MiB. A number without a unit means bytes.",
    man: "systemd.resource-control(5)",
    find: ({ unit }) =>
      ["MemoryMax", "MemoryHigh"].flatMap((key) => {
        const setting = inService(unit, key);
        const count = /^\d+$/.test(setting?.value ?? "") ? Number(setting!.value) : Infinity;
        return count >= 2 ** 20
          ? []
          : [
              {
                at: setting!,
                message: `${key}=${setting!.value} is less than 1 MiB`,
                fix:
                  count === 0
                    ? `${key}=512M, or as much as it needs`
                    : `${key}=${count}M, if you meant mebibytes`,
              },
            ];
      }),
  },
  "limit-tiny": {
    severity: "warning",
    why: "With a few percent of one CPU, each request takes seconds. LimitCPU= limits the processor time of all requests together, and then ends the program (SIGXCPU). With LimitFSIZE=0, each write to a file ends it (SIGXFSZ).",
    man: "systemd.exec(5)",
    find: (service) =>
      !isApp(service) || listeners(service).length === 0
        ? []
        : Object.entries(tinyLimits).flatMap(([key, { isTiny, instead, more = "" }]) => {
            const setting = inService(service.unit, key);
            return setting === undefined || !isTiny(setting.value, service.unit)
              ? []
              : [
                  {
                    at: setting,
                    message: `${key}=${setting.value} for a server`,
                    fix: ["remove it, or ", { [key]: instead }, more],
                  },
                ];
          }),
  },
  "limit-low": {
    severity: "error",
    why: "With less than this, Node aborts, or the kernel or systemd kills it, at the start or later. systemd then restarts it again and again.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program, environment } = service;
      if (program?.isNode !== true) return [];
      const valueOfLimit = (key: string) => {
        // Process limits do not apply to root.
        const setting = key === "LimitNPROC" && runsAsRoot(service) ? undefined : inService(unit, key);
        return setting && { text: setting.value, setting };
      };
      const options = [
        ...program.words,
        ...[...environment].map(([name, { value }]) => `${name}=${value}`),
        ...valuesOf(unit, "Service", "EnvironmentFile").map(() => "UV_THREADPOOL_SIZE"),
      ];
      return tooSmall(valueOfLimit, { notifies: notifies(unit), options }).map(
        ({ key, value: { setting }, why, instead, better }) => ({
          at: setting,
          message: `${key}=${setting.value}: ${why}`,
          fix: [
            "remove it, or ",
            { [key]: instead },
            ...(better === undefined ? [] : [", and ", { [better]: "" }, " to limit memory"]),
          ],
        }),
      );
    },
  },
};
