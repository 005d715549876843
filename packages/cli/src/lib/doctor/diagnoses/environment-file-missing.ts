import { access } from "node:fs/promises";
import { stepsTo } from "../../shared/path-steps.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";
import { ENVIRONMENT_FILES_FAILED } from "../../printed/systemd.ts";

/** The first folder on the way to a file that does not exist. */
async function missingFolder(path: string): Promise<string | undefined> {
  const last = (await stepsTo(path)).at(-1);
  return last?.error?.code === "ENOENT" && last.path !== path ? last.path : undefined;
}

/** systemd can't read a file of variables. */
export const environmentFileMissing: Diagnosis = {
  code: "environment-file-missing",
  severity: "error",
  title: "systemd can't read the file of EnvironmentFile=",
  why: "systemd does not start the service if it can't read this file, unless the path begins with -.",
  looksAt: "`Failed to load environment files` in the journal, and the files of `EnvironmentFiles`.",
  remedy: "Create the file, or write `EnvironmentFile=-/path`.",
  explains: ofCrash,
  async find(subject) {
    const { manager } = await subject.get(serviceRun);
    const line = manager.findLast(({ message }) => ENVIRONMENT_FILES_FAILED.test(message));
    if (line === undefined) return [];
    const properties = await subject.get(serviceProperties);
    const files = Array.from(
      properties.get("EnvironmentFiles").matchAll(/^(\/.*?) \(ignore_errors=no\)$/gm),
      ([, path]) => path!,
    );
    const missing = await Promise.all(
      files.map((path) =>
        access(path).then(
          () => [],
          () => [path],
        ),
      ),
    );
    const [path] = missing.flat();
    const { host, service } = subject;
    const folder = path === undefined ? undefined : await missingFolder(path);
    return [
      {
        unit: service,
        message:
          path === undefined
            ? `systemd can't read a file of EnvironmentFile=.`
            : `EnvironmentFile= names ${path}, which does not exist${folder === undefined ? "" : `: there is no ${folder}`}.`,
        evidence: [
          ...quoted([line]),
          ...(path === undefined
            ? []
            : [{ text: `EnvironmentFile=${path}`, source: `${host.manager.systemctl} show ${service}` }]),
        ],
        fix:
          folder === undefined
            ? "Create the file so that only root can read it. Or write - before its path if the app does not need it."
            : `If ${folder} has moved, move it back, or install the service again from its new place. Otherwise create the file again, with its variables.`,
        copy: path === undefined || folder !== undefined ? [] : [`install -m 600 /dev/null ${path}`],
      },
    ];
  },
};
