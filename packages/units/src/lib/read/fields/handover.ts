import {
  handoverCommand,
  handoverTimeoutFor,
  resultFile,
  resultFolder,
  timeoutStartFor,
} from "../../node/handover.ts";
import { durationOf, spanText } from "@sockact/shared/durations";
import { listItem } from "../../systemd/escaping.ts";
import { addedFor, type Line } from "../../write/lines.ts";
import { reasonsOf } from "../../write/reasons.ts";
import type { Arrangement } from "./arrangement.ts";
import { setsVariable } from "./environment.ts";
import { folderName } from "./folders.ts";

/** The lines of a service that hands over on reload, by their place. */
export interface HandoverLines {
  command: Line[];
  environment: Line[];
  limits: Line[];
  folder: Line[];
}

const added = addedFor(reasonsOf.handover);
const addedVariable = addedFor(reasonsOf.handoverVariables);

/** A sockact variable with its reason. */
function variable(name: keyof typeof reasonsOf.handoverVariables, value: string): Line {
  return { ...addedVariable(name, listItem({ specifier: `${name}=${value}` })), key: "Environment" };
}

/** systemd's default TimeoutStartSec=, in milliseconds. */
const defaultTimeoutStart = 90_000;

/**
 * The lines for a handover. None without `handover`, or for a container, for which the field is an error.
 *
 * @param directory the line WorkingDirectory=, if there is one
 */
export function handoverLines(
  description: Record<string, unknown>,
  name: string,
  { kind }: Arrangement,
  [directory]: readonly Line[],
): HandoverLines {
  const { handover, handoverTimeout, timeoutStartSec, oomPolicy, container } = description;
  if (handover !== true || container !== undefined)
    return { command: [], environment: [], limits: [], folder: [] };
  const folder = resultFolder(folderName(name), kind === "template" || kind === "rolling");
  const start = durationOf(timeoutStartSec);
  const limit = durationOf(handoverTimeout);
  const span = start === undefined || limit !== undefined ? undefined : spanText(handoverTimeoutFor(start));
  const longerStart = start !== undefined || limit === undefined ? 0 : timeoutStartFor(limit);
  return {
    command: [added("ExecReload", handoverCommand)],
    environment: [
      variable("SOCKACT_HANDOVER", "yes"),
      ...(span === undefined ? [] : [variable("SOCKACT_HANDOVER_TIMEOUT", span)]),
      variable("SOCKACT_RELOAD_RESULT", resultFile(folder)),
      ...(directory === undefined || setsVariable(description, "PWD")
        ? []
        : [variable("PWD", directory.value)]),
    ],
    limits: [
      ...(longerStart > defaultTimeoutStart
        ? [added("TimeoutStartSec", spanText(longerStart) ?? "infinity")]
        : []),
      ...(oomPolicy === undefined ? [added("OOMPolicy", "continue")] : []),
    ],
    folder: [added("RuntimeDirectory", listItem({ specifier: folder }))],
  };
}
