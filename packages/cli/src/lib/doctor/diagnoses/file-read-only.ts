import { dirname } from "node:path";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { failedCalls } from "../facts/failed-calls.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";

/** The app writes where the sandbox lets it only read. */
export const fileReadOnly: Diagnosis = {
  code: "file-read-only",
  severity: "error",
  title: "the app can't write a file",
  why: "With ProtectSystem=strict a service can write only to its own folders, such as that of StateDirectory=, and to /dev, /proc and /sys.",
  looksAt: "EROFS in what the app has printed, `ProtectSystem` and `ReadOnlyPaths`",
  remedy: "`StateDirectory=`, and write there; or `ReadWritePaths=`",
  explains: ofCrash,
  async find(subject) {
    const [calls, properties] = await Promise.all([subject.get(failedCalls), subject.get(serviceProperties)]);
    const { host, service } = subject;
    const { name } = subject;
    const directives = ["ProtectSystem", "ReadOnlyPaths", "ProtectHome"]
      .map((directive) => `${directive}=${properties.get(directive)}`)
      .filter((line) => !/=(?:no)?$/.test(line));
    return calls
      .filter(({ code }) => code === "EROFS")
      .map(({ target, line }): Found => {
        const isOfSandbox = directives.length > 0;
        return {
          unit: service,
          message: `The app can't write ${target}: ${isOfSandbox ? "the sandbox makes it read-only" : "its file system is mounted read-only"}.`,
          evidence: [
            ...quoted([line]),
            ...(isOfSandbox
              ? [{ text: directives.join("\n"), source: `${host.manager.systemctl} show ${service}` }]
              : []),
          ],
          fix: isOfSandbox
            ? `Let the app write below /var/lib/${name}, which StateDirectory=${name} makes and whose path is in STATE_DIRECTORY. Or let it write where it does now.`
            : "Let the app write elsewhere.",
          copy: isOfSandbox
            ? addLines(host, service, `StateDirectory=${name}`, `ReadWritePaths=${dirname(target)}`)
            : [],
        };
      });
  },
};
