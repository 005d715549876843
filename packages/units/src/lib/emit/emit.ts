import type { AppDescription } from "../description/app.ts";
import { objectOf } from "../read/fields/fields.ts";
import { UnitError, type UnitProblem } from "../problems.ts";
import { healthUnitsOf } from "./health.ts";
import { readPortMethod } from "./ports/read-method.ts";
import { readService, type Service } from "../read/service.ts";
import { readSockets } from "../read/sockets.ts";
import { withRaw } from "../read/fields/raw.ts";
import { knowsDirective } from "../systemd/versions.ts";
import { byteLength } from "../systemd/text.ts";
import { UnitSet } from "../model/unit-set.ts";
import { entriesOf, textWithReasons } from "../write/lines.ts";
import { readAcknowledged, reportFindings, type PlacedFinding } from "./findings.ts";
import { hintsInSockets } from "../read/misplaced-fields.ts";

/** Options of `emitUnits`. */
export interface EmitOptions {
  /** Whether a comment above each added directive gives the reason. The default is `false`. */
  comments?: boolean | undefined;
}

/** systemd rejects a unit with a line of 1 MiB or more. */
const longestLine = 1_048_575;

/**
 * Returns the unit files of a description or of units, as strings by file name. Throws the errors of
 * `buildUnits`.
 */
export function emitUnits(
  description: AppDescription | UnitSet,
  { comments = false }: EmitOptions = {},
): Record<string, string> {
  const units = toUnits(description);
  if (!comments) return units.texts();
  return Object.fromEntries([...units.files].map(([name, file]) => [name, textWithReasons(file)]));
}

/** The units of a description, or the argument if it is units. */
export function toUnits(description: AppDescription | UnitSet): UnitSet {
  return description instanceof UnitSet ? description : buildUnits(description);
}

/** What is known about units from `buildUnits`. */
export interface Built {
  service: Service;
  /** The linter's errors and warnings that the description acknowledges. */
  acknowledged: PlacedFinding[];
}

const built = new WeakMap<UnitSet, Built>();

/** What is known about units from `buildUnits`. Undefined for other units. */
export const builtFrom = (units: UnitSet): Built | undefined => built.get(units);

/**
 * Builds the units of a service and its sockets: the sockets first, then the service. Each line has the field
 * that it comes from, or the reason why this package adds it.
 *
 * One socket is `<name>.socket`. Several sockets are `<name>-<socket's name>.socket`. The service is
 * `<name>.service` or, with `rolling`, the template `<name>@.service`. `bind: 'capability'` writes no socket
 * unit. `bind: 'proxy'` also writes `<name>@proxy.service`. With `container`, the service is
 * `<name>.container`. `healthSocket` also writes `<name>-health.socket` and `<name>-health@.service`.
 *
 * The same description always gives the same units. A field's value can't end its line, and systemd expands
 * no specifier or variable in it. `lintUnits` finds no error and no warning in the units, except the
 * acknowledged ones.
 *
 * Throws a `UnitError` with the code `SOCKACT_ERR_UNIT_DESCRIPTION`, which lists the problems.
 */
export function buildUnits(description: AppDescription): UnitSet {
  const problems: UnitProblem[] = [];
  const source = objectOf(description, "description", "write { name, exec, sockets }", problems);
  if (source === undefined) throw new UnitError(problems);
  const service = readService(source, problems);
  const sockets = readSockets(source.sockets, service, problems, hintsInSockets);
  const method = readPortMethod(source, problems);
  method.report(source, problems);
  const codes = readAcknowledged(source.acknowledge, problems);
  if (problems.length > 0) throw new UnitError(problems);

  const { systemd } = service.arrangement;
  const units = [...method.units(service, sockets, source), ...healthUnitsOf(service, sockets)].map(
    ({ unit, sections, raw = {} }) => ({
      unit,
      // An added directive must not require a newer systemd than the description allows.
      sections: withRaw(sections, raw, problems).map(({ name, lines }) => ({
        name,
        lines: lines.filter(
          ({ key, value, reason }) => reason === undefined || knowsDirective(systemd, key, value),
        ),
      })),
    }),
  );
  for (const { unit, sections } of units) {
    const hasInstance = unit.includes("@");
    for (const { key, value } of sections.flatMap(({ lines }) => lines)) {
      // systemd expands nothing in this value, so its percent signs are literal.
      const isLiteral = key.startsWith("SetCredential");
      if (!hasInstance && !isLiteral && /(?<!%)(?:%%)*%[iI]/.test(value)) {
        problems.push({
          code: "SOCKACT_ERR_UNIT_CONFLICT",
          path: `${unit} ${key}=`,
          message: "%i is the name of an instance, and this unit has no instances",
          hint: "leave it out, or write template: true",
        });
      }
      // A UTF-16 code unit has at most three bytes.
      if ((key.length + value.length) * 3 < longestLine) continue;
      const length = byteLength(`${key}=${value}`);
      if (length <= longestLine) continue;
      problems.push({
        code: "SOCKACT_ERR_UNIT_LENGTH",
        path: `${unit} ${key}=`,
        message: `the line has ${length} bytes`,
        hint: `systemd reads at most ${longestLine}: put the values in a file`,
      });
    }
  }
  if (problems.length > 0) throw new UnitError(problems);
  const set = new UnitSet(
    units.map(({ unit, sections }) => [unit, { entries: entriesOf(sections), open: false }]),
  );
  const acknowledged = reportFindings({ units: set, service, sockets }, codes, problems);
  if (problems.length > 0) throw new UnitError(problems);
  built.set(set, { service, acknowledged });
  return set;
}
