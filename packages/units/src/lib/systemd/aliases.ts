/**
 * Old names that systemd still reads, and the current name of the directive in the manual. Both mean the
 * same, or the new one replaces the old one.
 */
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

/** Names are compared whatever their case, because systemd would ignore another spelling. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The current name in the manual of a directive that has several names. */
export function currentName(key: string): string {
  return currentNames.get(key.toLowerCase()) ?? key;
}
