import type { AppDescription } from "../description/app.ts";
import { objectOf } from "../read/fields/fields.ts";
import { UnitError, type UnitProblem } from "../problems.ts";
import { readPortMethod } from "./ports/read-method.ts";
import { refuseSocketsInPrivateFolders } from "./private-folders.ts";
import { readService, type Service } from "../read/service.ts";
import { readSockets } from "../read/sockets.ts";
import { withRaw } from "../read/fields/raw.ts";
import { knowsDirective } from "../systemd/versions.ts";
import { byteLength } from "../systemd/text.ts";
import { unitText } from "../write/lines.ts";
import { readAcknowledged, refuseFindings, type PlacedFinding, type WrittenUnit } from "./findings.ts";
import { hintsInSockets } from "../read/misplaced-fields.ts";

/** How `emitUnits` writes. */
export interface EmitOptions {
  /** Whether each directive that was not asked for has its reason in a comment above it; by default not. */
  comments?: boolean | undefined;
}

/** systemd fails a unit that has a line of 1 MiB or more. */
const longestLine = 1_048_575;

/**
 * Writes the unit files of a service and its sockets: texts by file name, the sockets first, then the service.
 *
 * One socket gives `<name>.socket`; several give `<name>-<socket's name>.socket` each. The service is `<name>.service` or, with `rolling`,
 * the template `<name>@.service`. With `bind: 'capability'` there is no socket unit; with `bind: 'proxy'` there is
 * `<name>@proxy.service` besides; with `container` the service is `<name>.container`. The same description always gives the same
 * text. Nothing that a field holds can end its line, expand as a specifier of systemd.unit(5) or as a variable. `lintUnits` has no error
 * and no warning for what is written, but those that the description acknowledges.
 *
 * Throws a `UnitError` with code `ERR_UNIT_DESCRIPTION` that holds every problem of the description.
 */
export function emitUnits(description: AppDescription, options: EmitOptions = {}): Record<string, string> {
  return Object.fromEntries(
    buildUnits(description).units.map(({ unit, sections, text }) => [
      unit,
      options.comments === true ? unitText(sections, true) : text,
    ]),
  );
}

/** The units of a description, by line, and its service. */
export interface BuiltUnits {
  units: WrittenUnit[];
  service: Service;
  /** The errors and warnings of the linter that the description acknowledges. */
  acknowledged: PlacedFinding[];
}

/** Reads a description; throws what `emitUnits` throws. */
export function buildUnits(description: AppDescription): BuiltUnits {
  const problems: UnitProblem[] = [];
  const source = objectOf(description, "description", "write { name, exec, sockets }", problems);
  if (source === undefined) throw new UnitError(problems);
  const service = readService(source, problems);
  const sockets = readSockets(source.sockets, service, problems, hintsInSockets);
  const method = readPortMethod(source, problems);
  method.refuse(source, problems);
  const codes = readAcknowledged(source.acknowledge, problems);
  if (problems.length > 0) throw new UnitError(problems);

  const { systemd } = service.arrangement;
  const units = method
    .units(service, sockets, source)
    .map(({ unit, sections, raw = {}, rawPath = "raw" }) => ({
      unit,
      // What nobody asked for must not ask for a newer systemd than there is.
      sections: withRaw(sections, raw, rawPath, problems).map(({ name, lines }) => ({
        name,
        lines: lines.filter(
          ({ key, value, reason }) => reason === undefined || knowsDirective(systemd, key, value),
        ),
      })),
    }));
  refuseSocketsInPrivateFolders(units, sockets, problems);
  for (const { unit, sections } of units) {
    const hasInstance = unit.includes("@");
    for (const { key, value } of sections.flatMap(({ lines }) => lines)) {
      // It expands nothing, and so has its percent signs as they are.
      const isLiteral = key.startsWith("SetCredential");
      if (!hasInstance && !isLiteral && /(?<!%)(?:%%)*%[iI]/.test(value)) {
        problems.push({
          code: "ERR_UNIT_CONFLICT",
          path: `${unit} ${key}=`,
          message: "%i is the instance, and the unit has none",
          hint: "leave it out, or write template: true",
        });
      }
      const length = byteLength(`${key}=${value}`);
      if (length <= longestLine) continue;
      problems.push({
        code: "ERR_UNIT_LENGTH",
        path: `${unit} ${key}=`,
        message: `the line has ${length} bytes`,
        hint: `systemd reads at most ${longestLine}: put the values in a file`,
      });
    }
  }
  if (problems.length > 0) throw new UnitError(problems);
  const written = units.map(({ unit, sections }) => ({ unit, sections, text: unitText(sections, false) }));
  const acknowledged = refuseFindings(
    { units: written, service, sockets, description: source },
    codes,
    problems,
  );
  if (problems.length > 0) throw new UnitError(problems);
  return { units: written, service, acknowledged };
}
