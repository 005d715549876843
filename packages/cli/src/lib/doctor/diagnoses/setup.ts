import { basename, dirname } from "node:path";
import type { AppDescription } from "@sockact/units";
import type { Manifest } from "../../install/install.ts";
import { ENVIRONMENT_FILES_FAILED, STARTED, STEP_FAILED } from "../../printed/systemd.ts";
import { ownCommand, userOption } from "../../shared/own-command.ts";
import { stepsTo } from "../../shared/path-steps.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { createUserCommand } from "../../shared/users.ts";
import { missingFilesText, missingStartFiles } from "../../systemd/start-files.ts";
import { installation, unitFiles } from "../facts/files.ts";
import { quoted } from "../facts/journal.ts";
import { program } from "../facts/program.ts";
import { serviceUnit } from "../facts/units.ts";
import { groupNumber, obstacleTo, wayRound } from "../facts/reach.ts";
import { failedStep, serviceRun } from "../facts/runs.ts";
import { boundPaths, errorAt, pathMissingInSandbox } from "../facts/sandbox.ts";
import { addLines, readJournal } from "../model/commands.ts";
import { type Diagnosis, type Found, ofCrash } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";
import { whyNotExecuted } from "./not-executed.ts";

/** Steps of systemd before the start of the app that failed. */
export const setup: readonly Diagnosis[] = [
  {
    // The more common steps have separate diagnoses.
    code: "start-step-failed",
    severity: "error",
    title: "systemd can't set up the service",
    why: "Before systemd starts the program, it sets up the sandbox, the folders and the credentials, and runs the commands of ExecStartPre=. If one of these steps fails, systemd does not start the program.",
    looksAt: "`Failed at step …` and `Control process exited` in the journal.",
    remedy:
      "Correct the directive of the step that failed, such as `ReadWritePaths=` for NAMESPACE, or the command of `ExecStartPre=`.",
    explains: ofCrash,
    async find(subject) {
      const [run, failed, path, properties] = await subject.all(
        serviceRun,
        failedStep,
        pathMissingInSandbox,
        serviceUnit,
      );
      // After the start, the failed command may be from ExecReload= or ExecStop=.
      const isUp = run.manager.some(({ message }) => STARTED.test(message));
      if (run.end === undefined && run.control !== undefined && !isUp) return commandFailed(subject);
      if (failed === undefined || ["EXEC", "CHDIR", "USER", "GROUP"].includes(failed.step)) return [];
      const { service } = subject;
      const evidence = quoted(failed.lines);
      const look = `${subject.systemctl} cat ${service}`;
      const [file] =
        failed.step === "CREDENTIALS"
          ? await missingStartFiles(
              (await subject.get(unitFiles)).flatMap(({ unit, text }) => (unit === service ? text : [])),
            )
          : [];
      if (file !== undefined)
        return {
          message: `${missingFilesText([file])}.`,
          evidence,
          fix: "Put the file there so that root can read it. Or correct the path: as credentials in the config, or in the unit.",
          copy: [look],
        };
      if (path === undefined)
        return {
          message: `systemd can't set up ${service}: step ${failed.step}${failed.reason === undefined ? "" : `, ${failed.reason}`}.`,
          evidence,
          fix:
            fixes[failed.step] ??
            "Correct the directive of this step. systemd.exec(5) lists the steps under Process Exit Codes.",
          copy: [look],
        };
      const message = `systemd can't set up the sandbox of ${service}: there is no ${path}`;
      if (boundPaths(properties).includes(path))
        return {
          message: `${message}, which BindReadOnlyPaths= or BindPaths= names.`,
          evidence,
          fix: "If the app has moved, install it again from its new folder. Otherwise put back what is missing.",
          copy: [look],
        };
      return {
        message: `${message}.`,
        evidence,
        fix: "Create the folder, or write - before the path in the unit, such as ReadWritePaths=-/srv/data. For data of the app, StateDirectory= is better: it creates the folder.",
        copy: [`mkdir -p ${path}`],
      };
    },
  },
  {
    code: "user-missing",
    severity: "error",
    title: "the user or the group of the service does not exist",
    why: "systemd does not start a service whose user or group it does not find. With DynamicUser=yes, systemd creates a user at each start.",
    looksAt: "`status=217/USER` and `216/GROUP` in the journal, `User`, `Group` and `SupplementaryGroups`.",
    remedy:
      "Create the user with `useradd --system --shell /usr/sbin/nologin NAME`, or write `DynamicUser=yes` into the service.",
    explains: ofCrash,
    async find(subject) {
      const [failed, properties] = await subject.all(failedStep, serviceUnit);
      if (failed?.step !== "USER" && failed?.step !== "GROUP") return [];
      const isUser = failed.step === "USER";
      const lines = (isUser ? ["User"] : ["Group", "SupplementaryGroups"])
        .map((name) => `${name}=${properties.get(name)}`)
        .filter((line) => !line.endsWith("="));
      const evidence = [...quoted(failed.lines), properties.evidence(lines.join("\n"))];
      if (isUser) {
        const name = properties.get("User");
        return {
          message: `The user ${name} does not exist.`,
          evidence,
          fix: "Create the user. Or let systemd create one at each start: the name must then not belong to a real user.",
          copy: [createUserCommand(name), "# or", ...addLines(subject, subject.service, "DynamicUser=yes")],
        };
      }
      const groups = [...properties.list("SupplementaryGroups"), ...properties.list("Group")];
      const known = await Promise.all(groups.map(groupNumber));
      const name = groups.find((_, index) => known[index] === undefined) ?? "of the unit";
      return {
        message: `The group ${name} does not exist.`,
        evidence,
        fix: "Create the group, or correct its name.",
        copy: [`groupadd --system ${name}`],
      };
    },
  },
  {
    code: "environment-file-missing",
    severity: "error",
    title: "systemd can't read the file of EnvironmentFile=",
    why: "systemd does not start the service if it can't read this file, unless the path begins with -.",
    looksAt: "`Failed to load environment files` in the journal, and the files of `EnvironmentFiles`.",
    remedy: "Create the file, or write `EnvironmentFile=-/path`.",
    explains: ofCrash,
    async find(subject) {
      const [{ manager }, properties] = await subject.all(serviceRun, serviceUnit);
      const said = manager.findLast(({ message }) => ENVIRONMENT_FILES_FAILED.test(message));
      if (said === undefined) return [];
      const files = properties.get("EnvironmentFiles").matchAll(/^(\/.*?) \(ignore_errors=no\)$/gm);
      const missing = await Promise.all(
        Array.from(files, async ([, path = ""]) => ((await errorAt(path)) === undefined ? [] : [path])),
      );
      const [path] = missing.flat();
      if (path === undefined)
        return {
          message: `systemd can't read a file of EnvironmentFile=.`,
          evidence: quoted([said]),
          fix: createFile,
        };
      const folder = await missingFolder(path);
      return {
        message: `EnvironmentFile= names ${path}, which does not exist${folder === undefined ? "" : `: there is no ${folder}`}.`,
        evidence: [...quoted([said]), properties.evidence(`EnvironmentFile=${path}`)],
        fix:
          folder === undefined
            ? createFile
            : `If ${folder} has moved, move it back, or install the service again from its new place. Otherwise create the file again, with its variables.`,
        copy: folder === undefined ? [`install -m 600 /dev/null ${path}`] : [],
      };
    },
  },
  {
    // Often, the program is a Node from nvm.
    code: "program-unreachable",
    severity: "error",
    title: "systemd can't execute the program of ExecStart=",
    why: "The user of the service must be able to run the program inside the sandbox. Node from nvm, fnm, Volta or asdf is in the home folder of one user. Other users may not enter that folder, and ProtectHome= hides it.",
    looksAt:
      "`status=203/EXEC` in the journal, or `status=226/NAMESPACE` if `BindReadOnlyPaths` names the program; the modes along the path, and directives such as `ProtectHome`.",
    remedy: "Install Node in `/usr/bin` or `/usr/local/bin`, and write its path into `ExecStart=`.",
    explains: [...ofCrash, "start-step-failed", "home-hidden", "temporary-hidden", "exec-relative"],
    async find(subject) {
      const [failed, missing, command, installed] = await subject.all(
        failedStep,
        pathMissingInSandbox,
        program,
        installation,
      );
      // Not the path in the journal, because other programs can write there too.
      const path = command?.path;
      if (failed === undefined || path === undefined) return [];
      if (missing === undefined ? failed.step !== "EXEC" : missing !== path) return [];
      const obstacle = await obstacleTo(subject, path, "execute");
      const evidence = quoted(failed.lines);
      const edit = `${subject.systemctl} edit --full ${subject.service}`;
      if (obstacle === undefined)
        return { evidence, ...(await whyNotExecuted(path, failed.reason)), copy: [edit] };
      if (obstacle.kind === "missing" && installed !== undefined)
        return { evidence, ...gone(path, obstacle.path, installed, subject.host.manager.user) };
      const way = wayRound(obstacle, subject.service, path);
      if (!/^node\d*$/.test(basename(path)) || obstacle.kind === "missing") return { evidence, ...way };
      return {
        message: way.message,
        evidence,
        fix: "Copy Node to a place where every service can run it. Node is a single file. Then correct its path in the unit.",
        copy: [`cp ${path} /usr/local/bin/node`, edit, "  ExecStart=/usr/local/bin/node …"],
      };
    },
  },
];

/** The directives with commands that can make a start fail. A failed ExecStop= can't. */
const commands = ["ExecCondition", "ExecStartPre", "ExecStartPost"] as const;

/** A command before or after the app failed, so systemd canceled the start. */
async function commandFailed(subject: Subject): Promise<Found> {
  const { service } = subject;
  const [{ control, output, manager }, properties] = await subject.all(serviceRun, serviceUnit);
  const { code, status, name, line } = control!;
  const how = code === "exited" ? `exited with ${status}` : `was killed by SIG${name}`;
  const given = commands.filter((each) => properties.get(each) !== "");
  // `{ path=/bin/false ; argv[]=/bin/false ; … ; code=exited ; status=1 }`
  const ended = new RegExp(`; code=${code} ; status=${status}[ /]`);
  const directive =
    given.find((each) => ended.test(properties.get(each))) ?? (given.length === 1 ? given[0] : undefined);
  const reason = manager.find(({ message }) => STEP_FAILED.test(message));
  return {
    message: `A command of ${directive === undefined ? "the service" : `${directive}= of ${service}`} ${how}, so systemd did not start the app.`,
    evidence: quoted([...output.slice(-3), reason, line]),
    fix: "Correct the command, or write - before its path if the app does not need it.",
    copy: [`${subject.systemctl} cat ${service}`, readJournal(subject)],
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

const createFile =
  "Create the file so that only root can read it. Or write - before its path if the app does not need it.";

/** The first missing folder in a path. */
async function missingFolder(path: string): Promise<string | undefined> {
  const last = (await stepsTo(path)).at(-1);
  return last?.error?.code === "ENOENT" && last.path !== path ? last.path : undefined;
}

/** The program has been removed since the installation, as nvm removes a version of Node. */
function gone(
  path: string,
  missing: string,
  { name, config, description }: Manifest,
  isUser: boolean,
): Found {
  const { workingDirectory, exec = [] } = (description ?? {}) as Partial<AppDescription>;
  const entry = exec.findLast((word) => typeof word === "string" && word.startsWith("/"));
  const folder =
    config !== undefined
      ? dirname(config)
      : typeof workingDirectory === "string"
        ? workingDirectory
        : dirname(typeof entry === "string" ? entry : "/the/folder/of/your/app/server.js");
  return {
    message: `${path} does not exist${missing === path ? "" : `: there is no ${missing}`}.`,
    fix: `Install the service again with the Node that you have now${config === undefined ? ", with the same options as before" : ""}. If the config or an option names this path, correct it first.`,
    copy: [`cd ${shellWord(folder)}`, ownCommand("install", "--name", name, ...userOption(isUser))],
  };
}
