import { isUnitName, unitNameParts } from "./unit-names.ts";

/** A part of a unit name, as printed by systemd-escape(1) --unescape. */
function unescapedPart(text: string): string {
  return text
    .replaceAll("-", "/")
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The folders of the system manager, by specifier. */
const folders: Record<string, string> = {
  C: "/var/cache",
  E: "/etc",
  L: "/var/log",
  S: "/var/lib",
  T: "/tmp",
  V: "/var/tmp",
  h: "/root",
  t: "/run",
};

/**
 * Expands the specifiers of systemd.unit(5) whose value follows from the unit's name or the system manager's
 * folders. Other specifiers, even invalid ones, stay unchanged.
 */
export function expandSpecifiers(text: string, name: string): string {
  if (!text.includes("%") || !isUnitName(name)) return text;
  const { prefix, instance = "", type } = unitNameParts(name);
  const last = prefix.slice(prefix.lastIndexOf("-") + 1);
  const known = (letter: string): string | undefined => {
    if (letter === "%") return "%";
    if (letter === "I") return unescapedPart(instance);
    if (letter === "J") return unescapedPart(last);
    if (letter === "N") return name.slice(0, -type.length - 1);
    if (letter === "P") return unescapedPart(prefix);
    if (letter === "i") return instance;
    if (letter === "j") return last;
    if (letter === "n") return name;
    return letter === "p" ? prefix : folders[letter];
  };
  return text.replace(/%(.)/gs, (whole, letter: string) => known(letter) ?? whole);
}

/** The specifiers that systemd 257 accepts. */
const letters = "aAbBcCdDEfgGhHiIjJlLmMnNopPqrsStTuUvVwWyY";

/**
 * A specifier that systemd does not know, or `undefined`. systemd then ignores the line, or rejects the unit.
 */
export function unknownSpecifier(text: string): string | undefined {
  if (!text.includes("%")) return undefined;
  return [...text.matchAll(/%([A-Za-z0-9%])/g)].find(
    ([, letter]) => letter !== "%" && !letters.includes(letter!),
  )?.[0];
}
