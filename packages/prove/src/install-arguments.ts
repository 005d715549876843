import type { AppOptions } from "./options.ts";

/** The arguments of `sockact install` for these options. */
export function installArguments(
  entry: string | undefined,
  {
    config,
    name,
    listen = [],
    runAs,
    hardening,
    idleTimeout,
    handover,
    bundle,
    environmentFile = [],
    node,
    preload,
  }: AppOptions,
): string[] {
  const valued = { config, name, "run-as": runAs, hardening, "idle-timeout": idleTimeout, node };
  return [
    ...(entry === undefined ? [] : [entry]),
    ...Object.entries(valued).flatMap(([option, value]) =>
      value === undefined ? [] : [`--${option}`, value],
    ),
    ...listen.flatMap((address) => ["--listen", address]),
    ...environmentFile.flatMap((file) => ["--environment-file", file]),
    ...(handover === true ? ["--handover"] : []),
    ...(bundle === true ? ["--bundle"] : []),
    ...(preload === false ? ["--no-preload"] : []),
  ];
}
