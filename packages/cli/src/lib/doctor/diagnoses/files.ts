import { basename, dirname, isAbsolute, resolve } from "node:path";
import { MODULE_NOT_FOUND, OPEN_DENIED } from "../../printed/node.ts";
import { SQLITE_DENIED } from "../../printed/programs.ts";
import type { Manifest } from "../../install/install.ts";
import { chownCommand, unwritableIn, unwritableText } from "../../shared/folder-owner.ts";
import { isInHome, isOfSystem } from "../../shared/folders.ts";
import { ownCommand, userOption } from "../../shared/own-command.ts";
import { stranger } from "../../shared/permissions.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { isFolderReadOnly } from "../../systemd/writing-hints.ts";
import { appError, type FailedCall, failedCalls } from "../facts/app-output.ts";
import { installation } from "../facts/files.ts";
import { type JournalLine, quoted } from "../facts/journal.ts";
import { serviceUnit, type Unit } from "../facts/units.ts";
import { obstacleTo, serviceUser, wayRound } from "../facts/reach.ts";
import { failedStep, serviceRun } from "../facts/runs.ts";
import { errorAt, hiddenBy } from "../facts/sandbox.ts";
import { addLines, listedPath } from "../model/commands.ts";
import { type Diagnosis, type Found, ofCrash } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** Files that the app or Node can't use. */
export const files: readonly Diagnosis[] = [
  {
    code: "folder-unreachable",
    severity: "error",
    title: "the service can't change to the folder of WorkingDirectory=",
    why: "systemd changes to the folder as the user of the service, inside the sandbox. If that fails, systemd does not start the program.",
    looksAt:
      "`status=200/CHDIR` in the journal, the modes along the path, and directives such as `ProtectHome`.",
    remedy: "Correct the path or the modes of its folders, or move the app below `/srv` or `/opt`.",
    explains: [...ofCrash, "home-hidden", "temporary-hidden"],
    async find(subject) {
      const [failed, properties] = await subject.all(failedStep, serviceUnit);
      if (failed?.step !== "CHDIR") return [];
      const { folder } = properties;
      const evidence = [...quoted(failed.lines), properties.evidence(`WorkingDirectory=${folder}`)];
      const obstacle = await obstacleTo(subject, folder, "enter");
      if (obstacle) return { evidence, ...wayRound(obstacle, subject.service, folder) };
      return {
        message: `The service can't change to ${folder}${failed.reason === undefined ? "" : `: ${failed.reason}`}.`,
        evidence,
        fix: "Correct WorkingDirectory=, or the permissions of the folder.",
        copy: [`${subject.systemctl} edit --full ${subject.service}`],
      };
    },
  },
  {
    code: "app-unreachable",
    severity: "error",
    title: "the service can't read the app",
    why: "Node can't find a file that exists. The user of the service may not read it, or the sandbox hides it.",
    looksAt:
      "`Cannot find module` in the output of Node, the modes along the path, and directives such as `ProtectHome`.",
    remedy: "Move the app below `/srv` or `/opt`, and let the user of the service read it.",
    explains: [...ofCrash, "home-hidden", "temporary-hidden", "file-refused", "module-missing"],
    async find(subject) {
      const error = await subject.get(appError);
      if (error === undefined) return [];
      const [, kind, missing] = MODULE_NOT_FOUND.exec(error.message) ?? [];
      const path = kind === "module" ? missing : OPEN_DENIED.exec(error.message)?.[1];
      // The doctor can see the file, or has no permission to check.
      if (path === undefined || !isAbsolute(path) || ![undefined, "EACCES"].includes(await errorAt(path)))
        return [];
      const obstacle = await obstacleTo(subject, path, "read");
      if (obstacle === undefined || obstacle.kind === "missing" || obstacle.kind === "unknown") return [];
      // Other diagnoses report files that the app opens. If Node itself reads a module, the stack has no
      // frame of the app.
      const stack = error.block.map(({ message }) => message).join("\n");
      if (kind !== "module" && /^ +at (?!.*node:)/m.test(stack)) return [];
      return { evidence: quoted(error.lines), ...wayRound(obstacle, subject.service, path) };
    },
  },
  {
    code: "file-hidden",
    severity: "error",
    title: "the sandbox hides a file that exists",
    why: "The sandbox gives the service a separate view of the file system. For the app, a file that the sandbox hides does not exist.",
    looksAt:
      "ENOENT and EACCES in the output of the app, whether the file exists, and the directive that hides it, such as `ProtectHome`.",
    remedy: "Move the file, or make it visible with `BindReadOnlyPaths=`.",
    explains: ofCrash,
    async find(subject) {
      const [calls, properties] = await subject.all(failedCalls, serviceUnit);
      const found = calls.map(async ({ code, target, line }) => {
        // ProtectHome= replaces a home directory by a folder that only root may enter.
        const directive = ["ENOENT", "EACCES"].includes(code) ? hiddenBy(target, properties) : undefined;
        if (directive === undefined || (await errorAt(target)) !== undefined) return [];
        return {
          message: `The app does not find ${target}. The file exists, but ${directive} hides it.`,
          evidence: [...quoted([line]), properties.evidence(directive)],
          fix: "Move the file to a place that the service can see, such as /etc or /srv. Or make it visible to the service.",
          copy: addLines(subject, subject.service, `BindReadOnlyPaths=${listedPath(target)}`),
        };
      });
      return (await Promise.all(found)).flat();
    },
  },
  {
    code: "file-read-only",
    severity: "error",
    title: "the app can't write a file",
    why: "With ProtectSystem=strict, a service can write only to its own folders, such as the folder of StateDirectory=, and to /dev, /proc and /sys. Elsewhere, writing fails with EROFS, and mkdir() with recursive fails with ENOENT. SQLite writes its file and a journal next to it.",
    looksAt:
      "EROFS, ENOENT of `mkdir`, `unable to open database file` and `attempt to write a readonly database` in the output of the app, `ProtectSystem` and `ReadOnlyPaths`.",
    remedy:
      'In the app, write to `path.join(process.env.STATE_DIRECTORY, "data.txt")`: services of sockact have that folder, and others get it with `StateDirectory=`. For another folder, write its owner as `user` and the folder as `readWritePaths` into the config, or `User=` and `ReadWritePaths=` into the service.',
    explains: ofCrash,
    async find(subject) {
      const [calls, properties, { output }] = await subject.all(failedCalls, serviceUnit, serviceRun);
      const found = calls.filter(
        ({ code, call, target }) =>
          code === "EROFS" ||
          (code === "ENOENT" &&
            call === "mkdir" &&
            hiddenBy(target, properties) === undefined &&
            isFolderReadOnly(target, (name) => properties.get(name))),
      );
      const installed = await subject.get(installation);
      if (found.length > 0) return found.map((call) => readOnly(call, properties, subject, installed));
      const line = output.find(({ message }) => SQLITE_DENIED.test(message));
      return line === undefined || properties.get("ProtectSystem") !== "strict"
        ? []
        : database(line, properties, subject, installed);
    },
  },
  {
    code: "file-refused",
    severity: "error",
    title: "the service's user may not use a file",
    why: "The app runs as the user of the service, who may have fewer permissions than you.",
    looksAt: "EACCES and EPERM in the output of the app, and the owners and modes along the path.",
    remedy:
      "Change the owner or the mode of the file or the folder. For data of the app, use the folder in `STATE_DIRECTORY`.",
    explains: ofCrash,
    async find(subject) {
      const [calls, properties] = await subject.all(failedCalls, serviceUnit);
      const refused = calls.filter(
        ({ code, target }) =>
          ["EACCES", "EPERM"].includes(code) &&
          hiddenBy(resolve(properties.folder, target), properties) === undefined,
      );
      return Promise.all(
        refused.map(async ({ code, call, target, line }): Promise<Found> => {
          const path = resolve(properties.folder, target);
          const obstacle = await obstacleTo(subject, path, "read");
          const user = await subject.get(serviceUser);
          const who = user?.name ?? properties.get("User");
          const evidence = quoted([line]);
          const fix =
            "If the app needs the file, give the user of the service permission. For data of the app, write to the folder in process.env.STATE_DIRECTORY, which belongs to that user.";
          if (obstacle?.kind === "closed")
            return {
              message: `${who} may not ${call} ${target}: ${obstacle.path} has mode ${obstacle.mode}.`,
              evidence,
              fix,
              copy: [`ls -ld ${shellWord(obstacle.path)}`],
            };
          const closed =
            user && (await unwritableIn(path, { uid: user.uid ?? stranger.uid, groups: user.gids }));
          if (closed === undefined)
            return {
              message: `${who} may not ${call} ${target} (${code}).`,
              evidence,
              fix,
              copy: [`ls -ld ${shellWord(obstacle === undefined ? path : dirname(path))}`],
            };
          // A service must not own a folder of the system or a home, and a dynamic user can't own any.
          const staysClosed =
            properties.get("DynamicUser") === "yes" || isOfSystem(closed.path) || isInHome(closed.path);
          return {
            message: `${who} may not ${call} ${target} (${code}): ${unwritableText(closed, who)}.`,
            evidence,
            fix,
            copy: staysClosed
              ? [`ls -ld ${shellWord(closed.path)}`]
              : call === "mkdir"
                ? [`install -d -o ${shellWord(who)} ${shellWord(path)}`]
                : [chownCommand(closed, who, false)],
          };
        }),
      );
    },
  },
];

function readOnly(
  { call, target, line }: FailedCall,
  properties: Unit,
  subject: Subject,
  installed: Manifest | undefined,
): Found {
  const { service, name } = subject;
  const directives = ["ProtectSystem", "ReadOnlyPaths", "ProtectHome"]
    .map((directive) => `${directive}=${properties.get(directive)}`)
    .filter((each) => !/=(?:no)?$/.test(each));
  // A path in the app may be relative, unlike one in the unit.
  const path = resolve(properties.folder, target);
  if (directives.length === 0)
    return {
      message: `The app can't write ${path}: its file system is mounted read-only.`,
      evidence: quoted([line]),
      fix: "Let the app write to another place.",
    };
  const folder = call === "mkdir" ? path : dirname(path);
  const user = properties.get("User") || "root";
  const isDynamic = properties.get("DynamicUser") === "yes";
  // The path comes from the app's output, so do not suggest to open a system folder for it.
  const isSystems = isOfSystem(folder);
  // A service must not own a person's home directory.
  const isHome = isInHome(path);
  const staysClosed = isDynamic || isSystems || isHome;
  // A dynamic user owns no other folder.
  const elsewhere = isDynamic
    ? `It can't own another folder, because DynamicUser= creates a user at each start. ${anotherFolder(installed)}`
    : isSystems
      ? "It should not write to a folder of the system."
      : isHome
        ? `Or move the app out of the home, to a folder such as /srv/${name} that belongs to ${user}.`
        : `Or let it write to ${folder}, which must then belong to ${user}.`;
  const own = stateFolder(basename(path), properties, subject, installed);
  const owner = call === "mkdir" ? `install -d -o ${shellWord(user)}` : `chown ${shellWord(user)}`;
  const opened = installed?.config
    ? [
        `readWritePaths: [${JSON.stringify(folder)}] // in ${installed.config}`,
        ...reinstall(installed, installed.config, subject),
      ]
    : addLines(subject, service, `ReadWritePaths=${listedPath(folder)}`);
  return {
    message: `The app can't write ${path}: the sandbox makes it read-only.`,
    evidence: [...quoted([line]), properties.evidence(directives.join("\n"))],
    fix: `${own.fix} ${elsewhere}`,
    copy: [
      ...own.copy,
      ...(staysClosed
        ? []
        : ["# or", ...(user === "root" ? [] : [`${owner} ${shellWord(folder)}`]), ...opened]),
    ],
  };
}

/** How to write to the folder that systemd creates: the line of code first. */
function stateFolder(
  file: string,
  properties: Unit,
  subject: Subject,
  installed: Manifest | undefined,
): Pick<Found, "fix"> & { copy: string[] } {
  const { name } = subject;
  const [state] = properties.list("StateDirectory");
  const config = installed?.config;
  const created =
    state !== undefined
      ? []
      : installed && config
        ? [
            `stateDirectory: ${JSON.stringify(name)} // in ${config}`,
            ...reinstall(installed, config, subject),
          ]
        : addLines(subject, subject.service, `StateDirectory=${name}`);
  const creates = config === undefined ? `StateDirectory=${name}` : "stateDirectory";
  return {
    fix: `In the app, write to the folder in process.env.STATE_DIRECTORY: /var/lib/${state ?? name}${state === undefined ? `, which ${creates} creates` : ""}.`,
    copy: [`path.join(process.env.STATE_DIRECTORY, ${JSON.stringify(file)}) // in the app`, ...created],
  };
}

/** Applies a changed config. */
const reinstall = ({ name }: Manifest, config: string, { host }: Subject): string[] => [
  `cd ${shellWord(dirname(config))} && ${ownCommand("install", "--name", name, ...userOption(host.manager.user))}`,
];

/** How to open a folder that systemd does not create. */
const anotherFolder = (installed: Manifest | undefined): string =>
  installed === undefined
    ? "For another folder, write its owner into User=, and the folder into ReadWritePaths=."
    : `For another folder, write its owner as user and the folder as readWritePaths into ${installed.config ?? `a config: ${ownCommand("init")}`}.`;

/** SQLite does not print the path of its file. */
function database(
  line: JournalLine,
  properties: Unit,
  subject: Subject,
  installed: Manifest | undefined,
): Found {
  const own = stateFolder(`${subject.name}.sqlite`, properties, subject, installed);
  return {
    message: "SQLite can't open its file, or can't write to it: the sandbox allows only some folders.",
    evidence: [...quoted([line]), properties.evidence("ProtectSystem=strict")],
    fix: `${own.fix} ${anotherFolder(installed)}`,
    copy: own.copy,
  };
}
