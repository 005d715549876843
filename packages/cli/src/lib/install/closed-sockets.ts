import { join } from "node:path";
import { assignmentsIn } from "../shared/unit-text.ts";
import { unitFolder } from "./places.ts";
import type { PreparedInstall } from "./plan.ts";

/** Whether systemd applies the new file only when the socket is opened again. It may run though its file is gone. */
export function hasNewSocket(
  { plan, files }: Pick<PreparedInstall, "plan" | "files">,
  unit: string,
): boolean {
  const file = files.find(({ path }) => path === join(unitFolder(plan, unit), unit));
  if (file === undefined || file.state === "same") return false;
  return file.previous === undefined || socketSection(file.previous) !== socketSection(file.text.toString());
}

function socketSection(text: string): string {
  return assignmentsIn(text)
    .filter(({ section }) => section === "Socket")
    .map((assignment) => assignment.text)
    .join("");
}
