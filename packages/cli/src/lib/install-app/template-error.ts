import { CliError } from "../shared/cli-error.ts";
import { ownCommand } from "../shared/own-command.ts";

/** A template has no socket to start. Only its instances have. */
export function templateError(name: string, isUsers: boolean): CliError {
  const [folder, user] = isUsers ? ["~/.config/systemd/user", " --user"] : ["/etc/systemd/system", ""];
  return new CliError(
    "SOCKACT_ERR_USAGE",
    `${name} has template: true, and sockact install can't know its instances`,
    `Write the units: ${ownCommand()} units --out ${folder}\nThen start each instance: systemctl${user} daemon-reload && systemctl${user} enable --now ${name}@1.socket`,
  );
}
