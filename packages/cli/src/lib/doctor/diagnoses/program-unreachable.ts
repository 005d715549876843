import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { AppDescription } from "@sockact/units";
import type { Manifest } from "../../install/transaction.ts";
import { sudoCommand } from "../../shared/own-command.ts";
import { shellWord } from "../../shared/shell-words.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { installation } from "../facts/installation.ts";
import { program } from "../facts/program.ts";
import { serviceProperties } from "../facts/properties.ts";
import { obstacleTo, wayRound } from "../facts/reach.ts";
import { pathMissingInSandbox } from "../facts/missing-path.ts";
import { failedStep, quoted, serviceRun } from "../facts/service-run.ts";
import { serviceUser } from "../facts/user.ts";

type WayOut = Pick<Found, "message" | "fix" | "copy">;

/** systemd can't execute the program of ExecStart=, which often is Node from nvm. */
export const programUnreachable: Diagnosis = {
  code: "program-unreachable",
  severity: "error",
  title: "systemd can't execute the program of ExecStart=",
  why: "The user of the service must be able to run the program inside the sandbox. Node from nvm, fnm, Volta or asdf is in the home folder of one user. Other users may not enter that folder, and ProtectHome= hides it.",
  looksAt:
    "`status=203/EXEC` in the journal, or `status=226/NAMESPACE` if `BindReadOnlyPaths` names the program; the modes along the path, and directives such as `ProtectHome`.",
  remedy: "Install Node in `/usr/bin` or `/usr/local/bin`, and write its path into `ExecStart=`.",
  explains: [...ofCrash, "start-step-failed", "home-hidden", "temporary-hidden", "exec-relative"],
  async find(subject) {
    const failed = failedStep(await subject.get(serviceRun));
    if (failed === undefined) return [];
    const missing = await pathMissingInSandbox(subject);
    if (failed.step !== "EXEC" && missing === undefined) return [];
    const [properties, user] = await Promise.all([subject.get(serviceProperties), subject.get(serviceUser)]);
    const { host, service } = subject;
    // Not the path in the journal: other programs can write there too.
    const path = (await subject.get(program))?.path;
    if (path === undefined || (missing !== undefined && missing !== path)) return [];
    const obstacle = await obstacleTo(path, { user, service: properties, wants: "execute" });
    const about = { unit: service, evidence: quoted(failed.lines) };
    const installed = await subject.get(installation);
    if (obstacle?.kind === "missing" && installed !== undefined)
      return [{ ...about, ...gone(path, obstacle.path, installed) }];
    const edit = `${host.manager.systemctl} edit --full ${service}`;
    if (obstacle === undefined)
      return [
        { ...about, ...(await whyNotExecuted(path, failed.reason ?? "no reason was given")), copy: [edit] },
      ];
    const way = wayRound(obstacle, { user, unit: service, what: path });
    if (!/^node\d*$/.test(basename(path)) || obstacle.kind === "missing") return [{ ...about, ...way }];
    return [
      {
        ...about,
        message: way.message,
        fix: "Copy Node to a place where every service can run it. Node is a single file. Then correct its path in the unit.",
        copy: [`cp ${path} /usr/local/bin/node`, edit, "  ExecStart=/usr/local/bin/node …"],
      },
    ];
  },
};

/** The program has been removed since the installation, as nvm removes a version of Node. */
function gone(path: string, missing: string, { config, description }: Manifest): WayOut {
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
    copy: [`cd ${shellWord(folder)}`, `${sudoCommand()} install`],
  };
}

/** The file exists and may be executed, but the kernel does not execute it. */
async function whyNotExecuted(path: string, reason: string): Promise<{ message: string; fix: string }> {
  const loader = await loaderOf(path);
  if (/No such file/.test(reason) && loader !== undefined)
    return {
      message: `${path} exists, but it needs ${loader}, which does not exist.${/musl/.test(loader) ? " It is built for Alpine Linux." : ""}`,
      fix: "Install a Node that is built for this system.",
    };
  if (/Exec format error/.test(reason))
    return {
      message: `This machine can't run ${path}: ${reason}.`,
      fix: "Install a Node that is built for this processor. A script needs a first line such as #!/bin/sh.",
    };
  return {
    message: `systemd can't execute ${path}: ${reason}.`,
    fix: "Look for NoExecPaths= in the unit, for a file system that is mounted with noexec, and for SELinux or AppArmor.",
  };
}

/** The program that the kernel starts along with it: the dynamic loader of an ELF file, or the program in a script's first line. */
async function loaderOf(path: string): Promise<string | undefined> {
  let file;
  try {
    // A FIFO would keep open() waiting.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
    const text = buffer.toString("latin1", 0, bytesRead);
    return /^#! *(\S+)/.exec(text)?.[1] ?? /^\u007FELF[^]*?(\/[\w/.-]*ld-[\w.-]+)\0/.exec(text)?.[1];
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
