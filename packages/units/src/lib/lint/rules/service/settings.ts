import { valueOf, valuesOf, type LoadedUnit, type Setting } from "../../../parse/load.ts";
import type { ServiceSubject, SocketSubject } from "../../subjects/subjects.ts";
import { nodeCommand, nodeOptionWords, preloadsOfOptions } from "../../../node/command-line.ts";
import type { Rule } from "../../findings/finding.ts";
import { wordsOf } from "../../../parse/words.ts";
import { expandSpecifiers } from "../../../systemd/expansion.ts";
import { booleanOf } from "../../../systemd/booleans.ts";

export const inService = (unit: LoadedUnit, key: string): Setting | undefined =>
  valueOf(unit, "Service", key);

export const isTrue = (unit: LoadedUnit, key: string): boolean =>
  booleanOf(inService(unit, key)?.value) === true;

export const notifies = (unit: LoadedUnit): boolean =>
  /^notify(?:-reload)?$/.test(inService(unit, "Type")?.value ?? "");

/**
 * The folders that directives of a service name, by parent folder. For BindPaths=, the path inside the
 * service.
 */
export const foldersIn = (unit: LoadedUnit, roots: Readonly<Record<string, string>>): string[] =>
  Object.entries(roots).flatMap(([key, root]) =>
    valuesOf(unit, "Service", key)
      .flatMap(({ value }) => wordsOf(value).words)
      .map((word) => {
        const [source = "", target = source] = expandSpecifiers(word, unit.name)
          .replace(/^[-+]*/, "")
          .split(":");
        return root + (key === "BindPaths" ? target : source);
      }),
  );

/** The sockets that the service itself gets. With Accept=yes, it gets only connections. */
export const listeners = ({ sockets }: ServiceSubject): SocketSubject[] =>
  sockets.filter(({ accepts }) => !accepts);

/** Whether the program is Node and gets sockets. */
export const isActivatedNode = (service: ServiceSubject): boolean =>
  service.program?.isNode === true && listeners(service).length > 0;

/** The modules that Node loads before the app. */
export const preloadsOf = ({ program, environment }: ServiceSubject): readonly string[] => [
  ...(program?.node?.preloads ?? []),
  ...preloadsOfOptions(environment.get("NODE_OPTIONS")?.value ?? ""),
];

/** The options of Node and their lines. */
export function nodeOptionsOf({ program, environment }: ServiceSubject): { option: string; at: Setting }[] {
  const variable = environment.get("NODE_OPTIONS");
  const words = nodeOptionWords(variable?.value ?? "") ?? [];
  return [
    ...(program?.node?.options ?? []).map((option) => ({ option, at: program!.setting })),
    ...nodeCommand(["node", ...words]).options.map((option) => ({ option, at: variable!.setting })),
  ];
}

/** Whether the service runs as root, which is the default. */
export function runsAsRoot({ unit, user, program }: ServiceSubject): boolean {
  if (user) return false;
  if (program?.keepsRoot === true) return true;
  if (isTrue(unit, "DynamicUser")) return false;
  return /^(?:root|0)?$/.test(inService(unit, "User")?.value ?? "");
}

/** The rule, except for programs that run outside the sandbox. */
export const ofSandbox = ({ find, ...rule }: Rule<ServiceSubject>): Rule<ServiceSubject> => ({
  ...rule,
  find: (service) => (service.program?.isUnconfined === true ? [] : find(service)),
});

/** App servers that distributions also install. */
const appServers =
  /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|uwsgi|puma|unicorn|thin|falcon|bun|deno|frankenphp)$/;

export const isAppServer = ({ program }: Pick<ServiceSubject, "program">): boolean =>
  appServers.test(program?.name ?? "");

/** Folders of apps that are not from a distribution. */
const appFolders = /^\/(?:srv|opt|home|root|var\/www|usr\/local)\//;

/**
 * Whether this unit is for the author's own app. Distribution maintainers have already chosen limits and
 * dependencies.
 */
export function isApp({ program }: ServiceSubject): boolean {
  if (program === undefined) return false;
  // Inline scripts and modules have no folder that could show this.
  const isInline =
    /^(?:python|ruby|perl|php)[\d.]*$/.test(program.name) &&
    /^-[a-zA-Z]*[cemr]$/.test(program.words[1] ?? "");
  return (
    program.isNode ||
    isInline ||
    isAppServer({ program }) ||
    program.words.some((word) => appFolders.test(word))
  );
}
