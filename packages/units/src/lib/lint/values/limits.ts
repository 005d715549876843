import { timeSpanOf } from "../../systemd/time-spans.ts";
import { controllers } from "../../systemd/value-names.ts";
import { bytesOf, wholeOf } from "../../systemd/amounts.ts";
import {
  choice,
  either,
  expanded,
  limit,
  memory,
  orEmpty,
  plainWords,
  valueWhere,
  whole,
  type ReadValue,
} from "./readers.ts";

export const ofDevice =
  (read: ReadValue): ReadValue =>
  (text, unit) => {
    const [, value] = /^\S+\s+(\S.*)$/s.exec(text) ?? [];
    return value === undefined
      ? { is: "a device with no value", write: "the device, a space, and the value" }
      : read(value, unit);
  };

export const throughput: ReadValue = either(
  valueWhere((text) => /^\d+(?:\.\d+)?[KMGTPE]?$/.test(text), "not a limit", "a number with its unit: 5M"),
  choice("infinity"),
);

export const coredumpFilter: ReadValue = plainWords(
  valueWhere(
    (text) =>
      /^[\da-f]+$|^0x[\da-f]+$/i.test(text) ||
      /^(?:all|default|private-anonymous|shared-anonymous|private-file-backed|shared-file-backed|elf-headers|private-huge|shared-huge|private-dax|shared-dax)$/.test(
        text,
      ),
    "not a kind of memory",
    "names as in systemd.exec(5), or a mask in hexadecimal",
  ),
);

export const cpuSet: ReadValue = plainWords(
  expanded(
    valueWhere(
      (text) =>
        text.split(",").every((range) => {
          const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range) ?? [];
          return first !== undefined && Number(first) <= Number(last);
        }),
      "not a set of CPUs",
      "numbers and ranges: 0-3 5",
    ),
  ),
);

export const controller: ReadValue = valueWhere(
  (text) => controllers.has(text),
  "not a controller",
  "yes, no, or names of controllers such as cpu memory",
);

export const weight: ReadValue = whole(1, 10_000);

export const someMemory: ReadValue = orEmpty(memory(0));

export const anyMemory: ReadValue = orEmpty(memory());

export const signed: ReadValue = whole(-(2 ** 31), 2 ** 31 - 1);

export const countLimit: ReadValue = limit((text) => {
  const value = wholeOf(text);
  return value !== undefined && value >= 0 ? value : undefined;
}, "a whole number");

export const sizeLimit: ReadValue = limit(bytesOf, "bytes, a number with its unit such as 64M");

const niceLimits = limit((text) => {
  const value = wholeOf(text);
  if (value === undefined) return undefined;
  if (/^[+-]/.test(text)) return value >= -20 && value <= 19 ? 20 - value : undefined;
  return value <= 40 ? value : undefined;
}, "a nice level with its sign, from -20 to +19");

export const nice: ReadValue = (text, unit) => niceLimits(text.replace("infinity", ""), unit);

export const timeLimit = (unitless: number): ReadValue =>
  limit(
    (text) => (/^\d+$/.test(text) ? Number(text) * unitless : timeSpanOf(text)),
    "a time span such as 10min",
  );
