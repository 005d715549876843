import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { failedCalls } from "../facts/failed-calls.ts";
import { serviceProperties } from "../facts/properties.ts";
import { hiddenBy, obstacleTo } from "../facts/reach.ts";
import { quoted } from "../facts/service-run.ts";
import { serviceUser } from "../facts/user.ts";

/** The service's user has no permission for a file. */
export const fileRefused: Diagnosis = {
  code: "file-refused",
  severity: "error",
  title: "the service's user may not use a file",
  why: "The app runs as the user of the service, who may have fewer permissions than you.",
  looksAt: "EACCES and EPERM in the output of the app, and the modes along the path.",
  remedy:
    "Change the owner or the mode of the file or the folder. For data of the app, use `StateDirectory=`.",
  explains: ofCrash,
  async find(subject) {
    const [calls, properties] = await Promise.all([subject.get(failedCalls), subject.get(serviceProperties)]);
    const refused = calls.filter(
      ({ code, target }) =>
        ["EACCES", "EPERM"].includes(code) &&
        target.startsWith("/") &&
        hiddenBy(target, properties) === undefined,
    );
    return Promise.all(
      refused.map(async ({ code, call, target, line }): Promise<Found> => {
        const user = await subject.get(serviceUser);
        const obstacle = await obstacleTo(target, { user, service: properties, wants: "read" });
        const closed = obstacle?.kind === "closed" ? obstacle : undefined;
        const who = user?.name ?? properties.get("User");
        return {
          unit: subject.service,
          message:
            closed === undefined
              ? `${who} may not ${call} ${target} (${code}).`
              : `${who} may not ${call} ${target}: ${closed.path} has mode ${closed.mode}.`,
          evidence: quoted([line]),
          fix: "If the app needs the file, give the user of the service permission. For data of the app, use StateDirectory=: its folder belongs to that user.",
          copy: closed === undefined ? [`ls -ld ${target}`] : [`ls -ld ${closed.path}`],
        };
      }),
    );
  },
};
