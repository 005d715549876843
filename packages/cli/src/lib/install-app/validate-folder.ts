import { foldersIn } from "../install/install.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { liesIn } from "../shared/folders.ts";
import { ownValues, type WantedService } from "./wanted-service.ts";

/** Throws if the app is in a folder that systemd would use for the service, or that a unit can't name. */
export function validateFolder(service: WantedService): WantedService {
  const { description, folder, app } = service;
  const fail = (message: string, hint: string): never => {
    throw new CliError("SOCKACT_ERR_INSTALL_APP", message, hint, { exitCode: EXIT.failed });
  };
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1F\x7F]|\s$/.test(folder))
    fail(
      `a unit can't name the folder ${JSON.stringify(folder)}`,
      "Rename it. The name must not have a line break, or a space at its end.",
    );
  const words = (description.exec ?? []).filter((word) => typeof word === "string");
  const taken = stateFolders(service);
  const inside = [...(app === undefined ? [] : [folder]), ...words].find((path) =>
    taken.some((state) => liesIn(state, path)),
  );
  if (inside !== undefined)
    fail(
      `${inside} is in a folder that systemd gives to the service ${description.name}, for its data`,
      `systemd would move the app, and the service could change it. Move the app, for example to /srv/${description.name}, or choose another name${app === undefined ? "" : ": --name"}.`,
    );
  return service;
}

/** The folders that systemd creates for the service, and that the service's user owns. */
function stateFolders(service: WantedService): string[] {
  if (service.description.manager === "user") return [];
  const wordsOf = (directive: string) => ownValues(service, directive).join(" ");
  return foldersIn({ user: false, root: "/" }, wordsOf)
    .filter(({ kind }) => kind !== "runtime")
    .flatMap(({ path, privatePath }) => [path, privatePath]);
}
