import { directiveNamed } from "./directives.ts";

/** The oldest systemd that a description may name: the first with the system call groups of the sandbox. */
export const oldestVersion = 239;

/** The systemd version that added a value to a directive. */
export const sinceValue: Readonly<Record<string, number>> = {
  "CPUSchedulingPolicy=ext": 260,
  "FileDescriptorStorePreserve=on-success": 261,
  "OnFailureJobMode=lenient": 258,
  "OnSuccessJobMode=lenient": 258,
  "PrivateTmp=disconnected": 257,
  "PrivateUsers=full": 258,
  "PrivateUsers=identity": 257,
  "PrivateUsers=managed": 260,
  "PrivateUsers=self": 257,
  "ProtectControlGroups=private": 257,
  "ProtectControlGroups=strict": 257,
  "ProtectHostname=private": 258,
  "RestartMode=debug": 257,
  "RestrictAddressFamilies=none": 249,
  "SocketProtocol=mptcp": 257,
  "StandardError=append:": 240,
  "StandardError=truncate:": 248,
  "StandardOutput=append:": 240,
  "StandardOutput=truncate:": 248,
  "SystemCallFilter=@sandbox": 254,
  "Type=exec": 240,
  "Type=notify-reload": 253,
};

const withNewValues = new Set(Object.keys(sinceValue).map((name) => name.slice(0, name.indexOf("="))));

/** What a line requires of systemd: a value or a word of it, if only that is new, or the directive. */
export function nameOf(key: string, value: string): string {
  if (!withNewValues.has(key)) return key;
  const words = value.split(" ").map((word) => word.replace(/^~/, "").replace(/:.*/s, ":"));
  return words.map((word) => `${key}=${word}`).find((name) => Object.hasOwn(sinceValue, name)) ?? key;
}

/** The version that added a directive or a value. */
export function sinceOf(name: string): number {
  if (Object.hasOwn(sinceValue, name)) return sinceValue[name]!;
  return directiveNamed(name)?.since ?? oldestVersion;
}

/** Whether the systemd of a description knows this line. True without a version. */
export function knowsDirective(systemd: number | undefined, key: string, value: string): boolean {
  return systemd === undefined || sinceOf(nameOf(key, value)) <= systemd;
}
