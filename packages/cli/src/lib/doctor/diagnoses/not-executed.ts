import { sentence } from "@sockact/shared/texts";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Found } from "../model/diagnosis.ts";

/** The file exists and is executable, but the kernel does not execute it. */
export async function whyNotExecuted(path: string, reason = "no reason was given"): Promise<Found> {
  const loader = await loaderOf(path);
  if (/No such file/.test(reason) && loader !== undefined)
    return {
      message: `${path} exists, but it needs ${loader}, which does not exist.${/musl/.test(loader) ? " It is built for Alpine Linux." : ""}`,
      fix: "Install a Node that is built for this system.",
    };
  if (/Exec format error/.test(reason))
    return {
      message: `This machine can't run ${path}: ${sentence(reason)}`,
      fix: "Install a Node that is built for this processor. A script needs a first line such as #!/bin/sh.",
    };
  return {
    message: `systemd can't execute ${path}: ${sentence(reason)}`,
    fix: "Look for NoExecPaths= in the unit, for a file system that is mounted with noexec, and for SELinux or AppArmor.",
  };
}

/**
 * The program that the kernel starts with it: the dynamic loader of an ELF file, or the program in a script's
 * first line.
 */
async function loaderOf(path: string): Promise<string | undefined> {
  let file;
  try {
    // open() would block on a FIFO.
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
