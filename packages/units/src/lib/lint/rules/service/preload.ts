import { shown } from "../../../problems.ts";
import { valuesOf } from "../../../parse/load.ts";
import { wordsOf } from "../../../parse/words.ts";
import { preloadsOfOptions } from "../../../node/command-line.ts";
import { expandSpecifiers } from "../../../systemd/expansion.ts";
import { isRegister, mapEntries } from "../../../node/register.ts";
import type { Rule } from "../../findings/finding.ts";
import { passedNames } from "../../subjects/passed-names.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";

/** All values of a variable in a unit and its drop-ins. Each one overrides the previous one. */
function valuesOfVariable({ unit }: ServiceSubject, name: string): string[] {
  return valuesOf(unit, "Service", "Environment")
    .flatMap(({ value }) => wordsOf(value).words)
    .map((word) => expandSpecifiers(word, unit.name))
    .filter((word) => word.startsWith(`${name}=`))
    .map((word) => word.slice(name.length + 1));
}

/** A place in SOCKACT_MAP without its host. */
const withoutHost = (place: string): string => (/^[/@]/.test(place) ? place : place.replace(/^.*:/s, ""));

export type PreloadCode =
  | "preload-relative"
  | "preload-replaced"
  | "map-replaced"
  | "map-name-repeated"
  | "map-name-unknown";

/** The modules that Node loads before the app. */
export const preloadRules: Readonly<Record<PreloadCode, Rule<ServiceSubject>>> = {
  "preload-relative": {
    severity: "warning",
    why: "Node looks for the file in its working directory. A child process in another folder also has NODE_OPTIONS, does not find the file, and exits at once.",
    man: "@sockact/register",
    find: ({ environment }) => {
      const options = environment.get("NODE_OPTIONS");
      const file = preloadsOfOptions(options?.value ?? "").find(
        (one) => isRegister(one) && !/^(?:[/%]|file:)/.test(one),
      );
      return file === undefined
        ? []
        : [
            {
              at: options!.setting,
              message: `NODE_OPTIONS loads ${shown(file)}, which is not an absolute path`,
              fix: `--require= with what \`node -p "require.resolve('@sockact/register')"\` prints in the app's folder`,
            },
          ];
    },
  },
  "preload-replaced": {
    severity: "warning",
    why: "Only the last NODE_OPTIONS is used. Node does not load the modules of an earlier line, or of the unit that a drop-in changes.",
    man: "systemd.exec(5)",
    find: (service) => {
      const last = service.environment.get("NODE_OPTIONS");
      if (last === undefined) return [];
      const kept = preloadsOfOptions(last.value);
      const lost = valuesOfVariable(service, "NODE_OPTIONS")
        .flatMap(preloadsOfOptions)
        .find((file) => !kept.includes(file));
      return lost === undefined
        ? []
        : [
            {
              at: last.setting,
              message: `NODE_OPTIONS=${last.value} replaces an earlier value that loads ${shown(lost)}`,
              fix: "write all options in one NODE_OPTIONS",
            },
          ];
    },
  },
  "map-replaced": {
    severity: "warning",
    why: "Only the last SOCKACT_MAP is used. @sockact/register does not see the entries of an earlier line, or of the unit that a drop-in changes.",
    man: "systemd.exec(5)",
    find: (service) => {
      const last = service.environment.get("SOCKACT_MAP");
      const kept = mapEntries(last?.value ?? "");
      if (kept === undefined) return [];
      const earlier = valuesOfVariable(service, "SOCKACT_MAP").flatMap((value) => mapEntries(value) ?? []);
      const lost = new Set(
        earlier
          .filter(({ place }) => !kept.some((entry) => entry.place === place))
          .map(({ place, name }) => `${place}=${name}`),
      );
      return lost.size === 0
        ? []
        : [
            {
              at: last!.setting,
              message: `SOCKACT_MAP=${last!.value} replaces an earlier value with ${[...lost].join(",")}`,
              fix: `write all entries in one line: SOCKACT_MAP=${[...lost, last!.value].join(",")}`,
            },
          ];
    },
  },
  "map-name-repeated": {
    severity: "warning",
    why: "The first of these servers that listens gets all sockets of this name. The other server gets none, and opens its own port.",
    man: "@sockact/register",
    find: ({ environment }) => {
      const map = environment.get("SOCKACT_MAP");
      const placeOf = new Map<string, string>();
      for (const { place, name } of mapEntries(map?.value ?? "") ?? []) {
        const other = placeOf.get(name) ?? place;
        placeOf.set(name, other);
        if (withoutHost(other) === withoutHost(place)) continue;
        return [
          {
            at: map!.setting,
            message: `SOCKACT_MAP gives ${shown(name)} to ${other} and to ${place}`,
            fix: "give one of the two a socket with another name",
          },
        ];
      }
      return [];
    },
  },
  "map-name-unknown": {
    severity: "error",
    why: "@sockact/register does not find a socket of this name, and your app exits when it starts (SOCKACT_ERR_NAME_UNKNOWN).",
    man: "@sockact/register",
    find: (service) => {
      const map = service.environment.get("SOCKACT_MAP");
      const names = passedNames(service);
      const unknown = mapEntries(map?.value ?? "")?.find(({ name }) => names?.includes(name) === false);
      return unknown === undefined
        ? []
        : [
            {
              at: map!.setting,
              message: `no socket of the service has the name ${shown(unknown.name)}`,
              fix: `one of ${names!.join(", ")}; or FileDescriptorName=${unknown.name} in the socket`,
            },
          ];
    },
  },
};
