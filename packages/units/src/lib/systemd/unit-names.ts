import { escapeUnitName } from "./escaping.ts";
import { refusing, type Refusal } from "../problems.ts";

const refusal = refusing("SOCKACT_ERR_UNIT_NAME");

/** systemd.unit(5): 255 characters with the suffix. File systems have the same limit. */
const longest = 255;

const suffixes = "service socket target device mount automount swap path timer slice scope".split(" ");

/** Why this can't be a unit name in a dependency, or `undefined`. */
export function refusedUnitName(name: string): Refusal | undefined {
  const [, stem, suffix] = /^([\w:.@\\-]+)\.([a-z]+)$/.exec(name) ?? [];
  if (stem === undefined || suffix === undefined || !suffixes.includes(suffix)) {
    return refusal("not the name of a unit", "write it in full, as in postgresql.service");
  }
  return refusedStem(stem) ?? refusedLength(name);
}

/**
 * System units and templates that other units and administrators rely on. Files in /etc/systemd/system would
 * override them.
 */
const ofSystem = new Set(
  `autovt console-getty container-getty cron crond dbus dbus-broker emergency getty init NetworkManager polkit rescue rsyslog serial-getty
   ssh sshd syslog systemd user user-runtime-dir`.split(/\s+/),
);

/** Why this can't be a unit name without suffix, or `undefined`. */
export function refusedName(name: string): Refusal | undefined {
  if (!/^[\w:.@\\-]+$/.test(name)) {
    return refusal(
      "not the name of a unit",
      `use only ASCII letters, digits and : _ . @ \\ -; systemd-escape(1) writes it ${JSON.stringify(escapeUnitName(name))}`,
    );
  }
  if (name.endsWith(".service") || name.endsWith(".socket")) {
    return refusal("it has a suffix", "leave out .service or .socket: the name is for both units");
  }
  if (name.startsWith(".") || name.startsWith("-")) {
    return refusal(
      `it begins with ${name[0]}`,
      "systemd skips hidden files, and commands would read - as an option",
    );
  }
  if (name.startsWith("systemd-") || ofSystem.has(name.replace(/@.*/, ""))) {
    return refusal(
      "the system has a unit with that name, and yours would replace it",
      "choose another name, such as shop",
    );
  }
  return refusedStem(name) ?? refusedLength(`${name}.service`);
}

/** Why this can't be the instance of a template, or `undefined`. */
export function refusedInstance(name: string): Refusal | undefined {
  if (/^[\w:.@\\-]+$/.test(name)) return undefined;
  return refusal(
    "not the name of an instance",
    `use only ASCII letters, digits and : _ . @ \\ -; systemd-escape(1) writes it ${JSON.stringify(escapeUnitName(name))}`,
  );
}

export function refusedLength(name: string): Refusal | undefined {
  return name.length > longest
    ? {
        code: "SOCKACT_ERR_UNIT_LENGTH",
        message: `the unit's name has ${name.length} characters`,
        hint: `with its suffix it has at most ${longest}`,
      }
    : undefined;
}

function refusedStem(stem: string): Refusal | undefined {
  if (stem.startsWith("@"))
    return refusal("the name begins with @", "write the template's name before the @");
  if (stem.endsWith("@")) {
    return refusal(
      "it names a template, which systemd cannot run",
      "name an instance: app@blue; for the template itself, leave out the @ and write template: true",
    );
  }
  return undefined;
}

/** The parts of a unit name; see systemd.unit(5). */
export interface UnitName {
  /** The part before the `@`, or before the suffix. */
  prefix: string;
  /** The part after the `@`. Empty for a template, `undefined` without an `@`. */
  instance: string | undefined;
  /** The suffix without its dot: `service`. */
  type: string;
}

export function unitNameParts(name: string): UnitName {
  const [, prefix = name, instance, type = ""] = /^([^@]*)(?:@(.*))?\.([^.]*)$/s.exec(name) ?? [];
  return { prefix, instance, type };
}

/** Whether this is a valid unit name; see systemd.unit(5). */
export const isUnitName = (name: string): boolean => /^[\w:.@\\-]{1,255}$/.test(name);

/** Returns `app@.service` for `app@blue.service`, or `undefined` if the name is not that of an instance. */
export function templateOf(name: string): string | undefined {
  const { prefix, instance, type } = unitNameParts(name);
  return instance ? `${prefix}@.${type}` : undefined;
}
