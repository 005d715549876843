import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { failedStep, quoted, serviceRun } from "../facts/service-run.ts";

/** systemd could not set up what the unit asks for, so it has started nothing. The more common steps have diagnoses of their own. */
export const startStepFailed: Diagnosis = {
  code: "start-step-failed",
  severity: "error",
  title: "systemd can't set up the service",
  why: "Before systemd starts the program it sets up the sandbox, the folders and the credentials. If a step fails, it starts nothing.",
  looksAt: "`Failed at step …` in the journal",
  remedy: "the directive of that step, such as `ReadWritePaths=` for NAMESPACE",
  explains: ofCrash,
  async find(subject) {
    const failed = failedStep(await subject.get(serviceRun));
    if (failed === undefined || ["EXEC", "CHDIR", "USER", "GROUP"].includes(failed.step)) return [];
    const details = failed.lines.map(({ message }) => message).join("\n");
    const path = /mount namespacing: (\/\S+): No such file/.exec(details)?.[1];
    const { host, service } = subject;
    return [
      {
        unit: service,
        message:
          path === undefined
            ? `systemd can't set up ${service}: step ${failed.step}${failed.reason === undefined ? "" : `, ${failed.reason}`}.`
            : `systemd can't set up the sandbox of ${service}: there is no ${path}.`,
        evidence: quoted(failed.lines),
        fix:
          path === undefined
            ? (fixes[failed.step] ??
              "Correct what the unit says of it. systemd.exec(5) lists the steps under Process Exit Codes.")
            : "Make the folder, or write - before the path in the unit, such as ReadWritePaths=-/srv/data. A folder of the app is better made by StateDirectory=.",
        copy: path === undefined ? [`${host.manager.systemctl} cat ${service}`] : [`mkdir -p ${path}`],
      },
    ];
  },
};

const fixes: Readonly<Record<string, string>> = {
  NAMESPACE:
    "Correct the paths of the sandbox. In a container without the right to make namespaces, leave out PrivateTmp=, ProtectSystem= and the like.",
  CREDENTIALS: "Correct the path of LoadCredential=, and see that root can read the file.",
  STATE_DIRECTORY: "See what is at the path of StateDirectory=: it must be a folder, or not exist.",
  RUNTIME_DIRECTORY: "See what is at the path of RuntimeDirectory=: it must be a folder, or not exist.",
  CACHE_DIRECTORY: "See what is at the path of CacheDirectory=: it must be a folder, or not exist.",
  LOGS_DIRECTORY: "See what is at the path of LogsDirectory=: it must be a folder, or not exist.",
  SECCOMP: "Correct SystemCallFilter=. In a container, seccomp may not be there: leave the filter out.",
  LIMITS: "Correct LimitNOFILE= and the like. Without root, a limit can only be lowered.",
  CAPABILITIES: "Correct CapabilityBoundingSet= and AmbientCapabilities=.",
  NETWORK: "PrivateNetwork= needs the right to make namespaces. In a container, leave it out.",
  STDIN: "Correct StandardInput=.",
  STDOUT: "Correct StandardOutput=.",
  STDERR: "Correct StandardError=.",
};
