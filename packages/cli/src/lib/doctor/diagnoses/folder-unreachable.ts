import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { serviceProperties } from "../facts/properties.ts";
import { obstacleTo, wayRound } from "../facts/reach.ts";
import { failedStep, quoted, serviceRun } from "../facts/service-run.ts";
import { serviceUser } from "../facts/user.ts";

/** The service can't change to its working directory. */
export const folderUnreachable: Diagnosis = {
  code: "folder-unreachable",
  severity: "error",
  title: "the service can't change to the folder of WorkingDirectory=",
  why: "systemd changes to the folder as the user of the service, inside the sandbox. If that fails, systemd does not start the program.",
  looksAt:
    "`status=200/CHDIR` in the journal, the modes along the path, and directives such as `ProtectHome`.",
  remedy: "Correct the path or the modes of its folders, or move the app below `/srv` or `/opt`.",
  explains: [...ofCrash, "home-hidden", "temporary-hidden"],
  async find(subject) {
    const failed = failedStep(await subject.get(serviceRun));
    if (failed?.step !== "CHDIR") return [];
    const [properties, user] = await Promise.all([subject.get(serviceProperties), subject.get(serviceUser)]);
    const folder = properties.get("WorkingDirectory").replace(/^!/, "");
    const obstacle = await obstacleTo(folder, { user, service: properties, wants: "enter" });
    const { host, service } = subject;
    const evidence = [
      ...quoted(failed.lines),
      { text: `WorkingDirectory=${folder}`, source: `${host.manager.systemctl} show ${service}` },
    ];
    return [
      obstacle === undefined
        ? {
            unit: service,
            message: `The service can't change to ${folder}${failed.reason === undefined ? "" : `: ${failed.reason}`}.`,
            evidence,
            fix: "Correct WorkingDirectory=, or the permissions of the folder.",
            copy: [`${host.manager.systemctl} edit --full ${service}`],
          }
        : { unit: service, evidence, ...wayRound(obstacle, { user, unit: service, what: folder }) },
    ];
  },
};
