import process from "node:process";
import { Command } from "commander";

/** `sockact hosts`. */
export function hostsCommand(): Command {
  return new Command("hosts")
    .description(
      `Show the host names that the machine's proxy serves for services of sockact:
the app and its state, the last visit, the certificate and for how long it is
valid. It wakes no app.`,
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
LAST VISIT is "now" if the app answers somebody. An app that sleeps had its last
visitor one idleTimeout before it went to sleep. For an app that runs, only the
time since it woke is known.

CERTIFICATE is what the proxy shows to a browser on this machine: who has issued
the certificate, and how long it is valid. It is "?" if nothing answers on port
443. sockact doctor also looks at the DNS records.

The states are those of sockact status.

Examples:
  sockact hosts
  sockact hosts --json | jq -r '.hosts[] | .host + " " + .certificate.until'

Exit codes:
  0  shown
  1  systemd could not be asked
  2  the arguments are wrong`,
    )
    .action(async (options: { json?: boolean }) => {
      const { hosts } = await import("../hosts/hosts.ts");
      process.exitCode = await hosts(options);
    });
}
