import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { type UnitFile, unitFiles } from "../facts/unit-files.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";

/** A drop-in takes back what the unit says. */
export const dropInOverrides: Diagnosis = {
  code: "drop-in-overrides",
  severity: "info",
  title: "a drop-in overrides lines of the unit",
  why: "systemd reads a drop-in after the unit, so the value in the drop-in applies. An empty value also removes all earlier values.",
  looksAt: "The drop-ins of each unit.",
  remedy: "Nothing, if the drop-in is yours. Otherwise remove it with `systemctl revert`.",
  async find(subject) {
    const files = await subject.get(unitFiles);
    const { systemctl } = subject.host.manager;
    const mains = new Map(
      files.filter(({ path }) => !path.endsWith(".conf")).map((file) => [file.unit, file]),
    );
    return files.flatMap((dropIn): Found[] => {
      const main = mains.get(dropIn.unit);
      if (main === undefined || main === dropIn) return [];
      const replaced = replacedBy(dropIn, main);
      if (replaced.length === 0) return [];
      const names = [...new Set(replaced.map(({ key }) => key))];
      return [
        {
          unit: dropIn.unit,
          message: `${dropIn.path} replaces ${names.map((name) => `${name}=`).join(", ")} of ${dropIn.unit}.`,
          evidence: [
            {
              // An empty value removes earlier lines, so all lines of the drop-in matter.
              text: assignmentsIn(dropIn.text)
                .filter(({ key }) => names.includes(key))
                .map(({ key, value }) => `${key}=${value}`)
                .join("\n"),
              source: dropIn.path,
            },
          ],
          fix: `If you do not want that, remove the drop-in. ${systemctl} revert removes all drop-ins of the unit.`,
          copy: [`${systemctl} cat ${dropIn.unit}`],
        },
      ];
    });
  },
};

/** The assignments of a drop-in to directives that the unit has too, where they do not just add to a list. */
function replacedBy(dropIn: UnitFile, main: UnitFile): { key: string; value: string }[] {
  const own = new Set(assignmentsIn(main.text).map(({ section, key }) => `${section}.${key}`));
  return assignmentsIn(dropIn.text).filter(
    ({ section, key, value }) => own.has(`${section}.${key}`) && (value === "" || !isList(section, key)),
  );
}

/** Directives whose lines add to a list. */
function isList(section: string, key: string): boolean {
  return (
    section === "Unit" ||
    section === "Install" ||
    /^(?:Listen\w+|Environment\w*|Exec\w+|\w*Paths|\w+Directory|SystemCallFilter|RestrictAddressFamilies|IPAddress\w+|LoadCredential\w*|SetCredential\w*|OpenFile|Sockets|CapabilityBoundingSet|AmbientCapabilities|SupplementaryGroups|TemporaryFileSystem)$/.test(
      key,
    )
  );
}
