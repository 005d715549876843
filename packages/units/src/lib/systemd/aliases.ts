/** Old names that systemd still accepts, and the current name of the directive. */
export const directiveAliases: Readonly<Record<string, string>> = {
  // systemd.unit(5)
  BindTo: "BindsTo",
  PropagateReloadFrom: "ReloadPropagatedFrom",
  PropagateReloadTo: "PropagatesReloadTo",
  RequiresOverridable: "Requires",
  RequisiteOverridable: "Requisite",
  // systemd.exec(5)
  InaccessibleDirectories: "InaccessiblePaths",
  ReadOnlyDirectories: "ReadOnlyPaths",
  ReadWriteDirectories: "ReadWritePaths",
  // systemd.resource-control(5): of control groups v1
  BlockIOAccounting: "IOAccounting",
  BlockIODeviceWeight: "IODeviceWeight",
  BlockIOReadBandwidth: "IOReadBandwidthMax",
  BlockIOWeight: "IOWeight",
  BlockIOWriteBandwidth: "IOWriteBandwidthMax",
  CPUShares: "CPUWeight",
  MemoryLimit: "MemoryMax",
  StartupBlockIOWeight: "StartupIOWeight",
  StartupCPUShares: "StartupCPUWeight",
};

const currentNames = new Map(
  Object.entries(directiveAliases).map(([old, current]) => [old.toLowerCase(), current]),
);

/** Compared without case, because systemd ignores a directive with another case. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The current name of a directive with several names. */
export function currentName(key: string): string {
  return currentNames.get(key.toLowerCase()) ?? key;
}
