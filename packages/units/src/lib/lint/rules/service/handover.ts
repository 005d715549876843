import { handoverCommand, resultFile, resultFolder } from "../../../node/handover.ts";
import { valuesOf, type LoadedUnit, type Setting } from "../../../parse/load.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { unitNameParts } from "../../../systemd/unit-names.ts";
import { addSetting, changeSetting } from "../../findings/edits.ts";
import type { FileEdit, Rule } from "../../findings/finding.ts";
import type { ServiceSubject, Variable } from "../../subjects/subjects.ts";
import { foldersIn, inService, nodeOptionsOf, notifies } from "./settings.ts";

/** The assignment of SOCKACT_HANDOVER, if the service hands over. */
function handoverOf({ environment }: ServiceSubject): Setting | undefined {
  const variable = environment.get("SOCKACT_HANDOVER");
  return booleanOf(variable?.value) === true ? variable!.setting : undefined;
}

/** Whether a file is in a folder that systemd creates for the service. */
function isInOwnFolder(unit: LoadedUnit, path: string): boolean {
  const file = path.replace(/^\/run\/user\/\d+\//, "/run/");
  return foldersIn(unit, { RuntimeDirectory: "/run/" }).some((folder) => file.startsWith(`${folder}/`));
}

/**
 * A command that only sends SIGHUP. The command that waits for the result also sends it, so it can replace
 * this one.
 */
const onlySignals = /^(?:\/usr)?\/bin\/kill\s+(?:-s\s+|-)(?:SIG)?(?:HUP|1)\s+\$\{?MAINPID\}?$/;

/** How `systemctl reload` gets the result of a handover. */
interface Reload {
  handover: Setting;
  commands: readonly Setting[];
  /** Whether a command waits for the result. */
  waits: boolean;
  /** The file with the result. */
  file: Variable | undefined;
  /** A folder for that file. */
  folder: string;
}

function reloadOf(service: ServiceSubject): Reload | undefined {
  const handover = handoverOf(service);
  if (handover === undefined) return undefined;
  const { unit, environment } = service;
  const { prefix, instance } = unitNameParts(unit.name);
  const commands = valuesOf(unit, "Service", "ExecReload");
  return {
    handover,
    commands,
    waits: commands.some(({ value }) => value.includes("SOCKACT_RELOAD_RESULT")),
    file: environment.get("SOCKACT_RELOAD_RESULT"),
    folder: resultFolder(prefix, instance !== undefined),
  };
}

/**
 * Edits that make `systemctl reload` fail if the handover does. None if the unit has a command with another
 * purpose.
 */
function waitingEdits({ unit }: ServiceSubject, { commands, waits, file, folder }: Reload): FileEdit[] {
  const hasOther = commands.length > 1 || commands.some(({ value }) => !onlySignals.test(value));
  // These two have a special meaning in folder names.
  if ((!waits && hasOther) || /[:\\]/.test(folder)) return [];
  const needed = [
    ...(waits ? [] : [changeSetting(unit, "Service", "ExecReload", handoverCommand)]),
    ...(file === undefined
      ? [
          addSetting(unit, "Service", "Environment", `SOCKACT_RELOAD_RESULT=${resultFile(folder)}`),
          addSetting(unit, "Service", "RuntimeDirectory", folder),
        ]
      : []),
  ];
  // If a drop-in would override one of them, the others have no effect.
  return needed.some((edits) => edits.length === 0) ? [] : needed.flat();
}

export type HandoverCode = "handover-impossible" | "handover-unheard";

/** Rules for a service that hands over to its new version on reload. */
export const handoverRules: Readonly<Record<HandoverCode, Rule<ServiceSubject>>> = {
  "handover-impossible": {
    severity: "error",
    why: "On a reload, the app starts its new version, passes it the listening sockets, and tells systemd the process ID of the new version. An app that gets a single connection has no listening socket, and exits when it starts. With a Type= that does not notify, systemd does not follow the new process, and each reload fails (SOCKACT_ERR_HANDOVER_UNSUPPORTED). With --permission, Node starts no process without --allow-child-process.",
    man: "@sockact/core",
    find: (service) => {
      const { unit, sockets, user } = service;
      const handover = handoverOf(service);
      if (handover === undefined) return [];
      const input = inService(unit, "StandardInput");
      const accepting = sockets.find(({ accepts }) => accepts);
      if (input?.value === "socket" || accepting !== undefined) {
        const why =
          input?.value === "socket" ? "StandardInput=socket" : `Accept=yes in ${accepting!.unit.name}`;
        return [
          {
            at: handover,
            message: `SOCKACT_HANDOVER with ${why}`,
            fix: "remove SOCKACT_HANDOVER",
            inDescription: { field: "handover", fix: "leave it out, or accept" },
          },
        ];
      }
      const options = nodeOptionsOf(service);
      const permission = options.find(({ option }) => /^--(?:experimental-)?permission$/.test(option));
      if (permission !== undefined && !options.some(({ option }) => option === "--allow-child-process"))
        return [
          {
            at: permission.at,
            message: `SOCKACT_HANDOVER with ${permission.option}`,
            fix: `--allow-child-process after ${permission.option}`,
          },
        ];
      if (notifies(unit)) return [];
      const type = inService(unit, "Type");
      const openFile = inService(unit, "OpenFile");
      return [
        {
          at: handover,
          message: `SOCKACT_HANDOVER with Type=${type?.value ?? "simple, the default"}`,
          fix: openFile ? "Type=notify" : "Type=notify and OpenFile=/run/systemd/notify:notify",
          inDescription: { field: "type", fix: "write 'notify', or leave it out" },
          edits:
            // systemd may reject the job because of its other lines, and an edit must not activate it.
            (user && !openFile) || type?.value === "oneshot"
              ? []
              : [
                  ...changeSetting(unit, "Service", "Type", "notify"),
                  ...(openFile ? [] : addSetting(unit, "Service", "OpenFile", "/run/systemd/notify:notify")),
                ],
        },
      ];
    },
  },
  "handover-unheard": {
    severity: "warning",
    why: "If the new version does not start, the old one keeps serving. Only a command in ExecReload= can then make `systemctl reload` fail: it waits for the result in the file that SOCKACT_RELOAD_RESULT names. Without it, your deploy script does not notice that the old version still runs. In a folder of RuntimeDirectory=, only the app and the command can write to the file.",
    man: "systemd.service(5)",
    find: (service) => {
      const reload = reloadOf(service);
      if (reload === undefined) return [];
      const { handover, commands, waits, file, folder } = reload;
      const ownFile = `Environment=SOCKACT_RELOAD_RESULT=${resultFile(folder)} and RuntimeDirectory=${folder}`;
      if (file !== undefined && !isInOwnFolder(service.unit, file.value)) {
        const message = `${file.value} is not in a folder of RuntimeDirectory=`;
        return [{ at: file.setting, message, fix: ownFile }];
      }
      if (waits && file !== undefined) return [];
      const command = "an ExecReload= that waits for the result, as emitUnits writes it";
      return [
        {
          at: commands[0] ?? handover,
          message: waits
            ? "SOCKACT_HANDOVER without SOCKACT_RELOAD_RESULT"
            : "SOCKACT_HANDOVER without an ExecReload= that waits for the result",
          fix: [...(waits ? [] : [command]), ...(file === undefined ? [ownFile] : [])].join(", "),
          edits: waitingEdits(service, reload),
        },
      ];
    },
  },
};
