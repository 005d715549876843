import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { serviceProperties } from "../facts/properties.ts";
import { boundPaths } from "../facts/reach.ts";
import { pathMissingInSandbox } from "../facts/missing-path.ts";
import { failedStep, quoted, type ServiceRun, serviceRun } from "../facts/service-run.ts";
import type { Subject } from "../model/subject.ts";
import { STARTED, STEP_FAILED } from "../../printed/systemd.ts";

/** systemd could not set up the service, so it did not start the program. The more common steps have separate diagnoses. */
export const startStepFailed: Diagnosis = {
  code: "start-step-failed",
  severity: "error",
  title: "systemd can't set up the service",
  why: "Before systemd starts the program, it sets up the sandbox, the folders and the credentials, and runs the commands of ExecStartPre=. If one of these steps fails, systemd does not start the program.",
  looksAt: "`Failed at step …` and `Control process exited` in the journal.",
  remedy:
    "Correct the directive of the step that failed, such as `ReadWritePaths=` for NAMESPACE, or the command of `ExecStartPre=`.",
  explains: ofCrash,
  async find(subject) {
    const run = await subject.get(serviceRun);
    // After the start, the failed command may be one of ExecReload= or ExecStop=.
    const isUp = run.manager.some(({ message }) => STARTED.test(message));
    if (run.end === undefined && run.control !== undefined && !isUp)
      return [await commandFailed(subject, run)];
    const failed = failedStep(run);
    if (failed === undefined || ["EXEC", "CHDIR", "USER", "GROUP"].includes(failed.step)) return [];
    const path = await pathMissingInSandbox(subject);
    const { host, service } = subject;
    const look = `${host.manager.systemctl} cat ${service}`;
    const bound = boundPaths(await subject.get(serviceProperties));
    if (path !== undefined && bound.includes(path))
      return [
        {
          unit: service,
          message: `systemd can't set up the sandbox of ${service}: there is no ${path}, which BindReadOnlyPaths= or BindPaths= names.`,
          evidence: quoted(failed.lines),
          fix: "If the app has moved, install it again from its new folder. Otherwise put back what is missing.",
          copy: [look],
        },
      ];
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
              "Correct the directive of this step. systemd.exec(5) lists the steps under Process Exit Codes.")
            : "Create the folder, or write - before the path in the unit, such as ReadWritePaths=-/srv/data. For data of the app, StateDirectory= is better: it creates the folder.",
        copy: path === undefined ? [look] : [`mkdir -p ${path}`],
      },
    ];
  },
};

/** The directives with commands that can make a start fail. An ExecStop= that fails can't. */
const commands = ["ExecCondition", "ExecStartPre", "ExecStartPost"] as const;

/** A command that runs before or after the app failed, so systemd cancelled the start. */
async function commandFailed(subject: Subject, { control, output, manager }: ServiceRun): Promise<Found> {
  const { host, service } = subject;
  const properties = await subject.get(serviceProperties);
  const { code, status, name } = control!;
  const how = code === "exited" ? `exited with ${status}` : `was killed by SIG${name}`;
  const given = commands.filter((each) => properties.get(each) !== "");
  // `{ path=/bin/false ; argv[]=/bin/false ; … ; code=exited ; status=1 }`
  const ended = new RegExp(`; code=${code} ; status=${status}[ /]`);
  const directive =
    given.find((each) => ended.test(properties.get(each))) ?? (given.length === 1 ? given[0] : undefined);
  const reason = manager.find(({ message }) => STEP_FAILED.test(message));
  return {
    unit: service,
    message: `A command of ${directive === undefined ? "the service" : `${directive}= of ${service}`} ${how}, so systemd did not start the app.`,
    evidence: quoted([...output.slice(-3), ...(reason ? [reason] : []), control!.line]),
    fix: "Correct the command, or write - before its path if the app does not need it.",
    copy: [`${host.manager.systemctl} cat ${service}`, readJournal(host.manager, service)],
  };
}

const fixes: Readonly<Record<string, string>> = {
  NAMESPACE:
    "Correct the paths of the sandbox. In a container that may not create namespaces, leave out directives such as PrivateTmp= and ProtectSystem=.",
  CREDENTIALS: "Correct the path of LoadCredential=, and make sure that root can read the file.",
  STATE_DIRECTORY: "Look at the path of StateDirectory=: it must be a folder, or must not exist.",
  RUNTIME_DIRECTORY: "Look at the path of RuntimeDirectory=: it must be a folder, or must not exist.",
  CACHE_DIRECTORY: "Look at the path of CacheDirectory=: it must be a folder, or must not exist.",
  LOGS_DIRECTORY: "Look at the path of LogsDirectory=: it must be a folder, or must not exist.",
  SECCOMP: "Correct SystemCallFilter=. In a container, seccomp may be missing: leave the filter out.",
  LIMITS: "Correct the limits, such as LimitNOFILE=. Without root, a limit can only be lowered.",
  CAPABILITIES: "Correct CapabilityBoundingSet= and AmbientCapabilities=.",
  NETWORK:
    "systemd may not create the namespace for PrivateNetwork=. In a container, leave the directive out.",
  STDIN: "Correct StandardInput=.",
  STDOUT: "Correct StandardOutput=.",
  STDERR: "Correct StandardError=.",
};
