import { emitUnits, UnitError } from "@sockact/units";

/** A name that a unit can have, from the name of a package or a folder. */
export function unitNameOf(text: string): string {
  const plain = text
    .slice(0, 300)
    .replace(/^@[^/]*\//, "")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^\w.-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
    .replace(/\.(?:service|socket)$/, "")
    .slice(0, 100)
    .toLowerCase();
  const name = plain === "" ? "app" : plain;
  // A suffix does not help a name that begins as the names of systemd's own units.
  return [name, `${name}-app`].find((one) => isUnitName(one)) ?? `app-${name}`;
}

/** Whether units may have this name, which is not one of the system's own. */
export function isUnitName(name: string): boolean {
  try {
    emitUnits({ name, exec: ["/usr/bin/true"], sockets: [{ listen: 80 }], hardening: "none" });
    return true;
  } catch (error) {
    if (error instanceof UnitError) return !error.problems.some(({ path }) => path === "name");
    throw error;
  }
}
