import { emitUnits, UnitError } from "@sockact/units";

/** A valid unit name from the name of a package or folder. */
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
  // A suffix does not help if a name begins like one of systemd's units.
  return [name, `${name}-app`].find((one) => isUnitName(one)) ?? `app-${name}`;
}

/** Whether this is a valid unit name and not one of the system's. */
export function isUnitName(name: string): boolean {
  try {
    emitUnits({ name, exec: ["/usr/bin/true"], sockets: [{ listen: 80 }], hardening: "none" });
    return true;
  } catch (error) {
    if (error instanceof UnitError) return !error.problems.some(({ path }) => path === "name");
    throw error;
  }
}
