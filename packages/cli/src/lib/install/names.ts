import { CliError } from "../shared/cli-error.ts";

/** systemd.unit(5): a unit name has at most 255 characters, including its suffix. */
const LONGEST_UNIT = 255;

const suffixes = /\.(?:service|socket|target|device|mount|automount|swap|path|timer|slice|scope|container)$/;

/** The folders that a service of these names would share with sockact. */
const ownFolders = { sockact: "/var/lib/sockact", drained: "/var/lib/sockact/drained" };

/** Throws if this is not a service name without suffix. The name becomes part of paths. */
export function checkName(name: string): void {
  const fail = (why: string, hint: string) => {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_NAME",
      `${JSON.stringify(shortened(name))} can't be the name of a service: ${why}`,
      hint,
    );
  };
  if (name === "sockact" || name === "drained")
    fail(`sockact has its own files in ${ownFolders[name]}`, "Choose a name such as shop.");
  if (name === "") fail("it is empty", "Choose a name such as shop.");
  if (suffixes.test(name)) fail("it has a suffix", `Leave the suffix out: ${name.replace(suffixes, "")}`);
  if (!/^[A-Za-z0-9_][A-Za-z0-9:_.\\-]*$/.test(name)) {
    fail(
      "it may have only ASCII letters, digits and : _ . \\ -, and must begin with a letter or a digit",
      "Choose a name such as shop.",
    );
  }
  if (name.length > LONGEST_UNIT - "@.container".length)
    fail(`it has ${name.length} characters`, "Choose a shorter one.");
}

/** Whether a unit may belong to the service of this name. */
export function isUnitOf(name: string, unit: string): boolean {
  if (unit.length > LONGEST_UNIT || !unit.startsWith(name)) return false;
  return /^(?:[-@][A-Za-z0-9:_.\\@-]*)?\.(?:service|socket|timer|target|container)$/.test(
    unit.slice(name.length),
  );
}

function shortened(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
