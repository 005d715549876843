import { privateFolders } from "../../../systemd/folders.ts";
import type { Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { foldersIn, inService, isTrue } from "./settings.ts";

/** The folders that a service may write to despite a read-only file system. */
function writableFolders({ unit }: ServiceSubject): string[] {
  const hasTemporary =
    isTrue(unit, "DynamicUser") ||
    !/^(?:0|n|no|f|false|off)?$/i.test(inService(unit, "PrivateTmp")?.value ?? "");
  const folders = { ...privateFolders, ConfigurationDirectory: "/etc/", ReadWritePaths: "", BindPaths: "" };
  return [
    "/dev",
    "/proc",
    "/sys",
    ...(hasTemporary ? ["/tmp", "/var/tmp"] : []),
    ...foldersIn(unit, folders),
  ];
}

/** Finds a compile cache in a folder that the sandbox makes read-only. */
export const compileCacheRule: Rule<ServiceSubject> = {
  severity: "info",
  why: "In this sandbox, Node cannot write to the folder, and reports no error. Unless the cache already exists, Node compiles the app at each start.",
  man: "systemd.exec(5)",
  find: (service) => {
    const { unit, program, environment, user } = service;
    const cache = environment.get("NODE_COMPILE_CACHE");
    const isReadOnly = isTrue(unit, "DynamicUser") || inService(unit, "ProtectSystem")?.value === "strict";
    const hasRoot = ["RootDirectory", "RootImage"].some((key) => inService(unit, key) !== undefined);
    if (
      cache === undefined ||
      !cache.value.startsWith("/") ||
      !program?.isNode ||
      !isReadOnly ||
      user ||
      hasRoot
    )
      return [];
    const isWritable = writableFolders(service).some((folder) =>
      `${cache.value}/`.startsWith(`${folder.replace(/\/+$/, "")}/`),
    );
    return isWritable
      ? []
      : [
          {
            at: cache.setting,
            message: `NODE_COMPILE_CACHE=${cache.value} is read-only`,
            fix: "CacheDirectory=app and Environment=NODE_COMPILE_CACHE=%C/app",
          },
        ];
  },
};
