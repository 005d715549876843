import type { AppDescription } from "../description/app.ts";
import { profiles, sandboxDirectives } from "../read/sandbox/directives.ts";
import type { HardeningProfile } from "../description/hardening.ts";
import type { UnitSet } from "../model/unit-set.ts";
import { builtFrom, toUnits } from "./emit.ts";

/** Why a directive is in a unit file, or why it is not. */
export interface Explanation {
  /** The unit file: `shop.service`. */
  readonly unit: string;
  /** The profile of the description. */
  readonly profile: HardeningProfile;
  /** The section of the unit file. */
  readonly section: "Unit" | "Socket" | "Container" | "Service" | "Install";
  /** The name of the directive without `=`. */
  readonly directive: string;
  /**
   * The value after `=`. For a directive that is left out, the one value that the entry is about; missing if
   * it is about every value.
   */
  readonly value?: string;
  /**
   * Whether a field of the description wrote the line (`asked`), this package added it (`added`), or it is
   * missing (`left out`). An `acknowledged` entry is additional: it is an error or warning of the linter that
   * the description acknowledges.
   */
  readonly status: "asked" | "added" | "left out" | "acknowledged";
  /** One sentence, or a few. */
  readonly reason: string;
  /** What the program can no longer do, if it can notice the directive. */
  readonly cost?: string;
}

const sandboxed = new Map(Object.values(sandboxDirectives).map((directive) => [directive.key, directive]));

/** A variable that looks like a secret, by its name or by a password in a URL. */
const mayBeSecret = /^"?\w*(?:SECRET|PASSWORD|PASSWD|TOKEN|KEY)=|:\/\/[^\s/:@]*:[^\s/@]+@/i;

const askedInTheOpen =
  "The description sets it. Every user of the machine can read a unit file, and systemctl shows it too. Put secrets into environmentFile or credentials.";

const askedTypes: Readonly<Record<string, string>> = {
  notify: "The app tells systemd when it is ready.",
  "notify-reload": "The app tells systemd when it is ready, and answers systemctl reload.",
};

const sample = (hardening: HardeningProfile): AppDescription => ({
  name: "app",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  sockets: [{ listen: 80 }],
  hardening,
});

/**
 * Explains each line of units from `buildUnits`, or of a description, and each directive that would make the
 * sandbox stricter but is left out. The order is that of the files, then the acknowledged findings of the
 * linter, then the directives that are left out. Without an argument, it explains a minimal description, once
 * for each profile with a sandbox.
 *
 * Throws a `UnitError` if the description is invalid, and a `TypeError` if the units are not from
 * `buildUnits`: the reasons for their lines are unknown.
 */
export function explain(description?: AppDescription | UnitSet): readonly Explanation[] {
  if (description === undefined) return profiles.flatMap((profile) => explain(sample(profile)));
  const units = toUnits(description);
  const built = builtFrom(units);
  if (built === undefined) throw new TypeError("units must be a result of buildUnits()");
  const { service, acknowledged } = built;
  const { profile, leftOut } = service.sandbox;
  const written = [...units.files].flatMap(([unit, { entries }]) =>
    entries
      .filter((entry) => entry.kind === "assignment")
      .map(({ section, key, value, reason }): Explanation => {
        const directive = section === "Service" ? sandboxed.get(key) : undefined;
        // Costs are shown only for the service itself, not for a proxy. A directive that a port method
        // relaxes has its own reason.
        const isPaid = unit === service.unit && (reason === undefined || reason === directive?.reason);
        const costs = isPaid ? directive?.cost : undefined;
        const cost = typeof costs === "object" ? costs[profile] : costs;
        return {
          unit,
          profile,
          section: section as Explanation["section"],
          directive: key,
          value,
          status: reason === undefined ? "asked" : "added",
          reason:
            reason ??
            directive?.reason ??
            (key === "Type" ? askedTypes[value] : undefined) ??
            (key === "Environment" && mayBeSecret.test(value) ? askedInTheOpen : "The description sets it."),
          ...(cost === undefined ? {} : { cost }),
        };
      }),
  );
  const isWritten = (key: string, value?: string) =>
    written.some((line) => line.directive === key && (value === undefined || line.value === value));
  return [
    ...written,
    ...acknowledged.map(({ file, at, edits = [], code, severity, why }): Explanation => ({
      unit: file,
      profile,
      section: at.section as Explanation["section"],
      ...(at.kind === "assignment"
        ? { directive: at.key, value: at.value }
        : { directive: edits[0]?.key ?? "" }),
      status: "acknowledged",
      reason: `${code}, ${severity === "error" ? "an error" : "a warning"} of the linter: ${why}`,
    })),
    // The sandbox does not apply to a container: Podman has its own.
    ...(units.files.has(service.unit) ? leftOut : [])
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

/**
 * Formats the result of `explain` as plain text: a heading for each unit, section and profile, and the reason
 * below each directive.
 */
export function explanationText(explanations: readonly Explanation[]): string {
  return explanations
    .map((explanation, index) => {
      const { directive, value = "", reason, cost } = explanation;
      const before = explanations[index - 1];
      const isNew = before === undefined || heading(before) !== heading(explanation);
      const next = explanations[index + 1];
      // A reason that also applies to the next line is printed only once, below that line.
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
