import { basename, dirname, isAbsolute, resolve } from "node:path";
import { MODULE_NOT_FOUND, OPEN_DENIED } from "../../printed/node.ts";
import { SQLITE_DENIED } from "../../printed/programs.ts";
import { isInHome } from "../../shared/folders.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { isFolderReadOnly } from "../../systemd/writing-hints.ts";
import { appError, type FailedCall, failedCalls } from "../facts/app-output.ts";
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
      "Write `StateDirectory=` into the service, and let the app write to that folder. Or allow the folder with `ReadWritePaths=`.",
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
      if (found.length > 0) return found.map((call) => readOnly(call, properties, subject));
      const line = output.find(({ message }) => SQLITE_DENIED.test(message));
      return line === undefined || properties.get("ProtectSystem") !== "strict"
        ? []
        : database(line, properties, subject);
    },
  },
  {
    code: "file-refused",
    severity: "error",
    title: "the service's user may not use a file",
    why: "The app runs as the user of the service, who may have fewer permissions than you.",
    looksAt: "EACCES and EPERM in the output of the app, and the modes along the path.",
    remedy:
      "Change the owner or the mode of the file or the folder. For data of the app, use `StateDirectory=`.",
    explains: ofCrash,
    async find(subject) {
      const [calls, properties] = await subject.all(failedCalls, serviceUnit);
      const refused = calls.filter(
        ({ code, target }) =>
          ["EACCES", "EPERM"].includes(code) &&
          target.startsWith("/") &&
          hiddenBy(target, properties) === undefined,
      );
      return Promise.all(
        refused.map(async ({ code, call, target, line }): Promise<Found> => {
          const obstacle = await obstacleTo(subject, target, "read");
          const who = (await subject.get(serviceUser))?.name ?? properties.get("User");
          const isClosed = obstacle?.kind === "closed";
          return {
            message: isClosed
              ? `${who} may not ${call} ${target}: ${obstacle.path} has mode ${obstacle.mode}.`
              : `${who} may not ${call} ${target} (${code}).`,
            evidence: quoted([line]),
            fix: "If the app needs the file, give the user of the service permission. For data of the app, use StateDirectory=: its folder belongs to that user.",
            copy: [`ls -ld ${shellWord(isClosed ? obstacle.path : target)}`],
          };
        }),
      );
    },
  },
];

/** System folders. */
const ofSystem =
  /^\/(?:(?:bin|boot|dev|etc|lib\w*|proc|root|run|sbin|sys|usr|var\/(?:backups|cache|lib|log|mail|spool))(?:\/|$)|$)/;

function readOnly({ target, line }: FailedCall, properties: Unit, subject: Subject): Found {
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
  const folder = dirname(path);
  const [state] = properties.list("StateDirectory");
  const user = properties.get("User") || "root";
  const isDynamic = properties.get("DynamicUser") === "yes";
  // The path comes from the app's output, so do not suggest to open a system folder for it.
  const isOfSystem = ofSystem.test(folder);
  // A service must not own a person's home directory.
  const isHome = isInHome(path);
  const staysClosed = isDynamic || isOfSystem || isHome;
  const own = ownFolder(state, name);
  // A dynamic user owns no other folder.
  const elsewhere = isDynamic
    ? "It can't own another folder, because DynamicUser= creates a user at each start. For another folder, write the owner of that folder into User=."
    : isOfSystem
      ? "It should not write to a folder of the system."
      : isHome
        ? `Or move the app out of the home, to a folder such as /srv/${name} that belongs to ${user}.`
        : `Or let it write to its present folder, which must then belong to ${user}.`;
  const lines = [
    ...(state === undefined ? [`StateDirectory=${name}`] : []),
    ...(staysClosed ? [] : [`ReadWritePaths=${listedPath(folder)}`]),
  ];
  return {
    message: `The app can't write ${path}: the sandbox makes it read-only.`,
    evidence: [...quoted([line]), properties.evidence(directives.join("\n"))],
    fix: `${own} ${elsewhere}`,
    copy: [
      ...(staysClosed
        ? [`path.join(process.env.STATE_DIRECTORY, ${JSON.stringify(basename(path))}) // in the app`]
        : user === "root"
          ? []
          : [`chown ${shellWord(user)} ${shellWord(folder)}`]),
      ...(lines.length > 0 ? addLines(subject, service, ...lines) : []),
    ],
  };
}

const ownFolder = (state: string | undefined, name: string): string =>
  `Let the app write to /var/lib/${state ?? name}. STATE_DIRECTORY has this path${state === undefined ? `, and StateDirectory=${name} creates the folder` : ""}.`;

/** SQLite does not print the path of its file. */
function database(line: JournalLine, properties: Unit, subject: Subject): Found {
  const { service, name } = subject;
  const [state] = properties.list("StateDirectory");
  return {
    message: "SQLite can't open its file, or can't write to it: the sandbox allows only some folders.",
    evidence: [...quoted([line]), properties.evidence("ProtectSystem=strict")],
    fix: `${ownFolder(state, name)} For another folder, write ReadWritePaths= and its owner as User=.`,
    copy: [
      `path.join(process.env.STATE_DIRECTORY, ${JSON.stringify(`${name}.sqlite`)}) // in the app`,
      ...(state === undefined ? addLines(subject, service, `StateDirectory=${name}`) : []),
    ],
  };
}
