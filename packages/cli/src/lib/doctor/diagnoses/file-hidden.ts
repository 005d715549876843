import { access } from "node:fs/promises";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { failedCalls } from "../facts/failed-calls.ts";
import { serviceProperties } from "../facts/properties.ts";
import { hiddenBy } from "../facts/reach.ts";
import { quoted } from "../facts/service-run.ts";

/** The app does not find a file that is there. */
export const fileHidden: Diagnosis = {
  code: "file-hidden",
  severity: "error",
  title: "the sandbox hides a file that exists",
  why: "The sandbox gives the service a separate view of the file system. For the app, a file that the sandbox hides does not exist.",
  looksAt:
    "ENOENT and EACCES in the output of the app, whether the file exists, and the directive that hides it, such as `ProtectHome`.",
  remedy: "Move the file, or make it visible with `BindReadOnlyPaths=`.",
  explains: ofCrash,
  async find(subject) {
    const [calls, properties] = await Promise.all([subject.get(failedCalls), subject.get(serviceProperties)]);
    const { host, service } = subject;
    const found = calls.map(async ({ code, target, line }): Promise<Found[]> => {
      // ProtectHome= replaces a home by a folder that only root may enter.
      const directive = ["ENOENT", "EACCES"].includes(code) ? hiddenBy(target, properties) : undefined;
      if (directive === undefined || !(await exists(target))) return [];
      return [
        {
          unit: service,
          message: `The app does not find ${target}. The file exists, but ${directive} hides it.`,
          evidence: [
            ...quoted([line]),
            { text: directive, source: `${host.manager.systemctl} show ${service}` },
          ],
          fix: "Move the file to a place that the service can see, such as /etc or /srv. Or make it visible to the service.",
          copy: addLines(host, service, `BindReadOnlyPaths=${target}`),
        },
      ];
    });
    return (await Promise.all(found)).flat();
  },
};

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
