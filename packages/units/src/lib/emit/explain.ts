import type { AppDescription } from "../description/app.ts";
import { profiles, sandboxDirectives } from "../read/sandbox/directives.ts";
import type { HardeningProfile } from "../description/hardening.ts";
import { buildUnits } from "./emit.ts";

/** Why a directive is in a unit file, or is not. */
export interface Explanation {
  /** The unit file: `shop.service`. */
  readonly unit: string;
  /** The profile of the description. */
  readonly profile: HardeningProfile;
  readonly section: "Unit" | "Socket" | "Container" | "Service" | "Install";
  readonly directive: string;
  /** What stands after the `=`; for a directive that is left out, the one value that is meant, or nothing if it is any. */
  readonly value?: string;
  /**
   * Who wrote it: the description by a field of its own, this package by itself; or neither. `acknowledged` is said of a line besides, or of
   * one that is missing: the linter finds an error or a warning there, which the description acknowledges.
   */
  readonly status: "asked" | "added" | "left out" | "acknowledged";
  /** One sentence, or a few. */
  readonly reason: string;
  /** What the program can no longer do, if it can notice. */
  readonly cost?: string;
}

const sandboxed = new Map(Object.values(sandboxDirectives).map((directive) => [directive.key, directive]));

/** A variable whose name, or whose address with a password, looks like a secret. */
const mayBeSecret = /^"?\w*(?:SECRET|PASSWORD|PASSWD|TOKEN|KEY)=|:\/\/[^\s/:@]*:[^\s/@]+@/i;

const askedInTheOpen =
  "The description asks for it. Every user of the machine can read a unit file, and systemctl shows it to them: write a secret into environmentFile or credentials.";

const sample = (hardening: HardeningProfile): AppDescription => ({
  name: "app",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  sockets: [{ listen: 80 }],
  hardening,
});

/**
 * Tells of each line that `emitUnits` writes for a description why it is there, and of each directive that could confine the service more why
 * it is not; in the order of the files, then what the linter finds and the description acknowledges, what is left out last. With no description, it tells so of the least one, once for each profile that
 * is a sandbox.
 *
 * Throws a `UnitError` for a description that cannot be written.
 */
export function explain(description?: AppDescription): readonly Explanation[] {
  if (description === undefined) return profiles.flatMap((profile) => explain(sample(profile)));
  const { units, service, acknowledged } = buildUnits(description);
  const { profile, leftOut } = service.sandbox;
  const written = units.flatMap(({ unit, sections }) =>
    sections.flatMap(({ name: section, lines }) =>
      lines.map(({ key, value, reason }): Explanation => {
        const directive = section === "Service" ? sandboxed.get(key) : undefined;
        // What a proxy can no longer do is no price, and a port method that opens a directive has its own reason.
        const isPaid = unit === service.unit && (reason === undefined || reason === directive?.reason);
        const costs = isPaid ? directive?.cost : undefined;
        const cost = typeof costs === "object" ? costs[profile] : costs;
        return {
          unit,
          profile,
          section,
          directive: key,
          value,
          status: reason === undefined ? "asked" : "added",
          reason:
            reason ??
            directive?.reason ??
            (key === "Environment" && mayBeSecret.test(value)
              ? askedInTheOpen
              : "The description asks for it."),
          ...(cost === undefined ? {} : { cost }),
        };
      }),
    ),
  );
  const isWritten = (key: string, value?: string) =>
    written.some((line) => line.directive === key && (value === undefined || line.value === value));
  return [
    ...written,
    ...acknowledged.map(({ file, section, at, edits = [], code, severity, why }): Explanation => ({
      unit: file,
      profile,
      section,
      directive: at?.key ?? edits[0]?.key ?? "",
      ...(at === undefined ? {} : { value: at.value }),
      status: "acknowledged",
      reason: `${code}, ${severity === "error" ? "an error" : "a warning"} of the linter: ${why}`,
    })),
    // A container has none of the sandbox, and all of what Podman does by itself.
    ...(units.some(({ unit }) => unit === service.unit) ? leftOut : [])
      .filter(({ key, value }) => !isWritten(key, value))
      .map(({ key, value, reason }): Explanation => ({
        unit: service.unit,
        profile,
        section: "Service",
        directive: key,
        ...(value === undefined ? {} : { value }),
        status: "left out",
        reason,
      })),
  ];
}

/** What `explain` tells as plain text: under each unit, section and profile the directives, each with its reason below it. */
export function explanationText(explanations: readonly Explanation[]): string {
  return explanations
    .map((explanation, index) => {
      const { directive, value = "", reason, cost } = explanation;
      const before = explanations[index - 1];
      const isNew = before === undefined || heading(before) !== heading(explanation);
      const next = explanations[index + 1];
      // A reason that holds for the next line too stands below that.
      const told = next?.reason === reason && next.directive === directive && next.unit === explanation.unit;
      return [
        ...(isNew ? [`${before === undefined ? "" : "\n"}${heading(explanation)}\n`] : []),
        `${directive}=${value}`,
        ...(told ? [] : [`    ${reason}`]),
        ...(told || cost === undefined ? [] : [`    The cost: ${cost}`]),
      ]
        .map((line) => `${line}\n`)
        .join("");
    })
    .join("");
}

function heading({ unit, section, profile, status }: Explanation): string {
  return status === "left out" || status === "acknowledged"
    ? `${unit}, ${status} (${profile})`
    : `${unit} [${section}] (${profile})`;
}
