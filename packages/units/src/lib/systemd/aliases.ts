/** Old names that systemd still reads, and what the manual calls the directive now: of the same meaning, or what took its place. */
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

/** Names are compared whatever their case: systemd would ignore another spelling. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** What the manual calls a directive that has another name as well. */
export function currentName(key: string): string {
  return Object.entries(directiveAliases).find(([old]) => sameName(old, key))?.[1] ?? key;
}
