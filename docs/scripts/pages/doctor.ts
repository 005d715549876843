import { diagnoses } from "../../../packages/cli/src/lib/doctor/diagnoses.ts";
import { sameNames } from "./same-names.ts";

/** The diagnoses of each theme, by their codes. */
const themes: Record<string, string> = {
  "The units and their sockets": `unit-not-loaded unit-outdated install-interrupted config-differs unit-edited drop-in-overrides socket-inactive socket-not-open not-enabled timer-inactive socket-failed port-taken port-forbidden
    address-missing loopback-only socket-in-namespace socket-starts-other service-without-socket`,
  "Starts, and services that exit": `start-limit-hit trigger-limit-hit restart-loop idle-spin never-ready start-step-failed app-crashed service-failed module-missing
    node-old runtime-bun node-options-refused`,
  "The app and its sockets": `launcher event-loop-blocked socket-not-claimed socket-name-unknown proxy-header client-forgeable port-ignored app-warning`,
  "Host names":
    "proxy-inactive proxy-port proxy-config site-missing host-taken caddy-admin certificate-expired certificate-expires certificate-other-host certificate-missing dns-missing dns-elsewhere",
  "Reload and handover": `reload-failed handover-failed handover-waiting handover-unsupported handover-unfinished handover-unit-changed`,
  "Users, files and the sandbox": `user-missing environment-file-missing program-unreachable folder-unreachable app-unreachable file-hidden file-read-only
    file-refused syscall-killed jit-crashed memory-exhausted descriptors-exhausted address-family-refused network-cut security-denied`,
};

/** A sentence of a phrase. These names begin with a small letter everywhere. */
const sentence = (text: string): string =>
  `${/^(?:systemd|sockact)\b/.test(text) ? text[0] : text[0]!.toUpperCase()}${text.slice(1)}.`;

/** The entry of each diagnosis of the doctor. */
export function doctorCodes(): string {
  const byCode = new Map(diagnoses.map((diagnosis) => [diagnosis.code, diagnosis]));
  const named = Object.values(themes).flatMap((codes) => codes.split(/\s+/));
  sameNames("the themes of the diagnoses", named, [...byCode.keys()]);
  return Object.entries(themes)
    .map(([theme, codes]) => {
      const entries = codes.split(/\s+/).map((code) => {
        const { severity, title, why, looksAt, remedy } = byCode.get(code)!;
        return [
          `### \`${code}\`\n`,
          `${sentence(title)} ${why}\n`,
          `- **Severity:** ${severity}`,
          `- **Looks at:** ${looksAt}`,
          `- **Fix:** ${remedy}\n`,
        ].join("\n");
      });
      return [`## ${theme}\n`, ...entries].join("\n");
    })
    .join("\n");
}
