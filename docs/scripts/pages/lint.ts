import { lintUnits, type FindingCode } from "@sockact/units";
import type { Rule } from "../../../packages/units/src/lib/lint/findings/finding.ts";
import { rules } from "../../../packages/units/src/lib/lint/lint.ts";
import { environmentRules } from "../../../packages/units/src/lib/lint/rules/service/environment.ts";
import { handoverRules } from "../../../packages/units/src/lib/lint/rules/service/handover.ts";
import { installRules } from "../../../packages/units/src/lib/lint/rules/service/install.ts";
import { lifecycleRules } from "../../../packages/units/src/lib/lint/rules/service/lifecycle.ts";
import { limitsRules } from "../../../packages/units/src/lib/lint/rules/service/limits.ts";
import { notifyRules } from "../../../packages/units/src/lib/lint/rules/service/notify.ts";
import { otherUnitsRules } from "../../../packages/units/src/lib/lint/rules/service/other-units.ts";
import { preloadRules } from "../../../packages/units/src/lib/lint/rules/service/preload.ts";
import { proxyProtocolRules } from "../../../packages/units/src/lib/lint/rules/service/proxy-protocol.ts";
import { portsRules } from "../../../packages/units/src/lib/lint/rules/service/ports.ts";
import { programRules } from "../../../packages/units/src/lib/lint/rules/service/program.ts";
import { restartsRules } from "../../../packages/units/src/lib/lint/rules/service/restarts.ts";
import { sandboxRules } from "../../../packages/units/src/lib/lint/rules/service/sandbox.ts";
import { serversRules } from "../../../packages/units/src/lib/lint/rules/service/servers.ts";
import { usersRules } from "../../../packages/units/src/lib/lint/rules/service/users.ts";
import { socketRules } from "../../../packages/units/src/lib/lint/rules/socket.ts";
import { syntaxRules } from "../../../packages/units/src/lib/lint/rules/syntax.ts";
import { faults, faulty } from "../../../packages/units/test/faults.ts";
import { sameNames } from "./same-names.ts";

const themes: Record<string, Readonly<Record<string, Pick<Rule<never>, "severity" | "why" | "man">>>> = {
  "Files, lines and values": syntaxRules,
  "The socket unit": socketRules,
  "The program that the service runs": programRules,
  "The service and its sockets": { ...otherUnitsRules, ...serversRules, ...portsRules },
  "Starts, restarts and stops": { ...restartsRules, ...lifecycleRules },
  "Ready messages and the watchdog": notifyRules,
  "The handover at a reload": handoverRules,
  "Users, files and the sandbox": { ...sandboxRules, ...usersRules, ...limitsRules },
  "Environment variables": environmentRules,
  "The preload": preloadRules,
  "The PROXY protocol": proxyProtocolRules,
  "What systemctl enable does": installRules,
};

/** When fixUnits makes the change. */
const fixedWhen: Partial<Record<FindingCode, string>> = {
  "value-obsolete": "always",
  "address-conflict": "if one file has the same address twice",
  "socket-not-installed": "always",
  "free-bind": "always",
  "requires-missing":
    "if the program is Node, has only this socket and is not enabled itself, and neither unit has an ordering such as Before= or Conflicts=. The socket may have After=network.target",
  "directive-misplaced":
    "for StartLimitIntervalSec=0 under [Service], if Restart= applies to a crash, RestartSec= is at least half a second, and the service has no condition, OnFailure=, StartLimitAction= or RestartPreventExitStatus=",
  "service-missing": "if Accept=yes is in the way of a service that runs Node",
  "socket-wanted-by":
    "if the socket is for one target, needs no other unit, and has no address of a network interface and no path outside /run",
  "trigger-limit": "if Restart= applies to every exit, and RestartSec= is not in a drop-in",
  "start-limit":
    "if Restart= applies to a crash, RestartSec= is not in a drop-in, and the service has no condition, OnFailure=, StartLimitAction= or RestartPreventExitStatus=",
  "restart-fast":
    "if RestartSec= is missing, or if the service has a socket and RestartSec= is not in a drop-in",
  "stop-timeout": "if no timeout is set",
  "handover-impossible":
    "if Type= does not notify and is not oneshot, and the unit has OpenFile= or belongs to the system's service manager",
  "handover-unheard":
    "if the unit has no ExecReload=, or one that only sends SIGHUP, and SOCKACT_RELOAD_RESULT is missing or in a folder of RuntimeDirectory=",
  "open-file-path": "if the path is absolute, in a unit of the system's service manager",
  "system-call-kills": "always",
  "variable-reserved": "for LISTEN_PID and similar variables, if the quotes of the line are closed",
  "also-missing": "always",
  "unit-misspelled": "always",
};

/** The entry of each code of the linter. */
export function lintCodes(): string {
  const fixed = new Set(
    faults
      .flatMap((fault) => lintUnits(faulty(fault)))
      .flatMap(({ code, edits }) => (edits === undefined ? [] : [code])),
  );
  sameNames("the codes that --fix changes", Object.keys(fixedWhen), [...fixed]);
  sameNames("the themes of the linter", Object.values(themes).flatMap(Object.keys), Object.keys(rules));
  return Object.entries(themes)
    .map(([title, codes]) => {
      const entries = Object.entries(codes).map(([code, { severity, why, man }]) => {
        const when = fixed.has(code as FindingCode)
          ? [`- **\`--fix\`:** ${fixedWhen[code as FindingCode]}`]
          : [];
        return [
          `### \`${code}\``,
          "",
          // Vue would read <uid> as an element.
          why.replaceAll(/\S*<\w+>[^\s.,]*/g, "`$&`"),
          "",
          `- **Severity:** ${severity}`,
          ...when,
          `- **See:** ${man}`,
          "",
        ];
      });
      return [`## ${title}`, "", ...entries.flat()].join("\n");
    })
    .join("\n");
}
