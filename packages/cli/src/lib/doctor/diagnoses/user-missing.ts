import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { serviceProperties } from "../facts/properties.ts";
import { groupNumber } from "../facts/user.ts";
import { failedStep, quoted, serviceRun } from "../facts/service-run.ts";

/** The user or the group of the service does not exist. */
export const userMissing: Diagnosis = {
  code: "user-missing",
  severity: "error",
  title: "the user or the group of the service does not exist",
  why: "systemd does not start a service whose user or group it does not find. With DynamicUser=yes, systemd creates a user at each start.",
  looksAt: "`status=217/USER` and `216/GROUP` in the journal, `User`, `Group` and `SupplementaryGroups`.",
  remedy: "Create the user with `useradd --system`, or write `DynamicUser=yes` into the service.",
  explains: ofCrash,
  async find(subject) {
    const failed = failedStep(await subject.get(serviceRun));
    if (failed?.step !== "USER" && failed?.step !== "GROUP") return [];
    const properties = await subject.get(serviceProperties);
    const { host, service } = subject;
    const isUser = failed.step === "USER";
    const directives = isUser ? ["User"] : ["Group", "SupplementaryGroups"];
    const lines = directives
      .map((name) => `${name}=${properties.get(name)}`)
      .filter((line) => !line.endsWith("="));
    const groups = [...properties.list("SupplementaryGroups"), ...properties.list("Group")];
    const known = await Promise.all(groups.map(groupNumber));
    const name = isUser
      ? properties.get("User")
      : (groups.find((_, index) => known[index] === undefined) ?? "of the unit");
    return [
      {
        unit: service,
        message: `The ${isUser ? "user" : "group"} ${name} does not exist.`,
        evidence: [
          ...quoted(failed.lines),
          { text: lines.join("\n"), source: `${host.manager.systemctl} show ${service}` },
        ],
        fix: isUser
          ? "Create the user. Or let systemd create one at each start: the name must then not belong to a real user."
          : "Create the group, or correct its name.",
        copy: isUser
          ? [
              `useradd --system --shell /usr/sbin/nologin ${name}`,
              "# or",
              ...addLines(host, service, "DynamicUser=yes"),
            ]
          : [`groupadd --system ${name}`],
      },
    ];
  },
};
