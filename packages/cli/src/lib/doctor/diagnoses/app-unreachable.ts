import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { appError } from "../facts/app-error.ts";
import { serviceProperties } from "../facts/properties.ts";
import { obstacleTo, wayRound } from "../facts/reach.ts";
import { quoted } from "../facts/service-run.ts";
import { serviceUser } from "../facts/user.ts";
import { MODULE_NOT_FOUND, OPEN_DENIED } from "../../printed/node.ts";

/** Node does not find the app, although it exists. */
export const appUnreachable: Diagnosis = {
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
    const [, kind, missing] = MODULE_NOT_FOUND.exec(error?.message ?? "") ?? [];
    const isModule = kind === "module";
    const path = isModule ? missing : OPEN_DENIED.exec(error?.message ?? "")?.[1];
    if (error === undefined || path === undefined || !isAbsolute(path) || !(await isKnown(path))) return [];
    const [properties, user] = await Promise.all([subject.get(serviceProperties), subject.get(serviceUser)]);
    const obstacle = await obstacleTo(path, { user, service: properties, wants: "read" });
    if (obstacle === undefined || obstacle.kind === "missing" || obstacle.kind === "unknown") return [];
    // Other diagnoses handle files that the app opens.
    if (!isModule && !isLoading(error.block.map(({ message }) => message).join("\n"))) return [];
    return [
      {
        unit: subject.service,
        evidence: quoted(error.lines),
        ...wayRound(obstacle, { user, unit: subject.service, what: path }),
      },
    ];
  },
};

/** Whether Node itself was reading a module: the stack has no frame of the app. */
const isLoading = (stack: string): boolean => !/^ +at (?!.*node:)/m.test(stack);

/** Whether the doctor sees the file, or may not look. */
function isKnown(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === "EACCES",
  );
}
