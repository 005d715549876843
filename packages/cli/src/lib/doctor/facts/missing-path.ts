import { stat } from "node:fs/promises";
import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";
import { failedStep, serviceRun } from "./service-run.ts";

/** The path that systemd has not found when it set up the sandbox. */
export async function pathMissingInSandbox(subject: Subject): Promise<string | undefined> {
  const failed = failedStep(await subject.get(serviceRun));
  if (failed?.step !== "NAMESPACE") return undefined;
  const details = failed.lines.map(({ message }) => message).join("\n");
  // systemd 252 names the path below the root that it makes. 257 names it as it is.
  const named = /mount namespacing: (?:\/run\/systemd\/unit-root(?=\/))?(\/\S+): No such file/.exec(
    details,
  )?.[1];
  if (named !== undefined || failed.reason !== "No such file or directory") return named;
  // systemd 262 does not name it.
  const service = await subject.get(serviceProperties);
  for (const given of directives.flatMap((name) => service.list(name))) {
    const path = given.replace(/^\+/, "").split(":")[0]!;
    if (!path.startsWith("-") && (await isMissing(path))) return path;
  }
  return undefined;
}

/** Paths that must exist, unless - is before them; systemd.exec(5). */
const directives = [
  "BindPaths",
  "BindReadOnlyPaths",
  "ReadWritePaths",
  "ReadOnlyPaths",
  "InaccessiblePaths",
  "ExecPaths",
  "NoExecPaths",
];

const isMissing = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT",
  );
