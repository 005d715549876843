import type { SocketDescription } from "../../description/socket.ts";
import * as addresses from "../values/addresses.ts";
import * as durations from "../values/durations.ts";
import * as names from "../values/names.ts";
import * as numbers from "../values/numbers.ts";
import * as paths from "../values/paths.ts";
import * as read from "../values/readers.ts";
import { fieldsByDirective, type Directive } from "./fields.ts";

/** The fields that do not write a directive of the socket unit. */
export const otherSocketFields = ["proxyProtocol", "raw"] as const;

/** The fields that are directives of the socket unit. */
export type SocketField = Exclude<keyof SocketDescription, (typeof otherSocketFields)[number]>;

/** In the order of the unit file. */
export const socketDirectives: Record<Exclude<SocketField, "description">, Directive> = {
  listen: { key: "ListenStream", read: read.oneOrMore(addresses.address) },
  listenDatagram: { key: "ListenDatagram", read: read.oneOrMore(addresses.address) },
  listenSequentialPacket: { key: "ListenSequentialPacket", read: read.oneOrMore(addresses.unixAddress) },
  socketProtocol: { key: "SocketProtocol", read: read.oneOf(["udplite", "sctp", "mptcp"]) },
  accept: { key: "Accept", read: read.boolean },
  maxConnections: { key: "MaxConnections", read: numbers.integer(1, 4_294_967_295) },
  maxConnectionsPerSource: { key: "MaxConnectionsPerSource", read: numbers.count },
  flushPending: { key: "FlushPending", read: read.boolean },
  name: { key: "FileDescriptorName", read: names.descriptorName },
  noDelay: { key: "NoDelay", read: read.boolean },
  backlog: { key: "Backlog", read: numbers.count },
  bindIPv6Only: { key: "BindIPv6Only", read: read.oneOf(["default", "both", "ipv6-only"]) },
  bindToDevice: { key: "BindToDevice", read: names.networkInterface },
  freeBind: { key: "FreeBind", read: read.boolean },
  transparent: { key: "Transparent", read: read.boolean },
  broadcast: { key: "Broadcast", read: read.boolean },
  reusePort: { key: "ReusePort", read: read.boolean },
  keepAlive: { key: "KeepAlive", read: read.boolean },
  keepAliveTimeSec: { key: "KeepAliveTimeSec", read: durations.duration },
  keepAliveIntervalSec: { key: "KeepAliveIntervalSec", read: durations.duration },
  keepAliveProbes: { key: "KeepAliveProbes", read: numbers.count },
  deferAcceptSec: { key: "DeferAcceptSec", read: durations.duration },
  priority: { key: "Priority", read: numbers.integer(0, 2_147_483_647) },
  receiveBuffer: { key: "ReceiveBuffer", read: numbers.size },
  sendBuffer: { key: "SendBuffer", read: numbers.size },
  ipTOS: { key: "IPTOS", read: numbers.typeOfService },
  ipTTL: { key: "IPTTL", read: numbers.integer(1, 255) },
  mark: { key: "Mark", read: numbers.integer(0, 2_147_483_647) },
  tcpCongestion: { key: "TCPCongestion", read: names.congestion },
  passCredentials: { key: "PassCredentials", read: read.boolean },
  passPIDFD: { key: "PassPIDFD", read: read.boolean },
  passSecurity: { key: "PassSecurity", read: read.boolean },
  passPacketInfo: { key: "PassPacketInfo", read: read.boolean },
  acceptFileDescriptors: { key: "AcceptFileDescriptors", read: read.boolean },
  timestamping: { key: "Timestamping", read: read.oneOf(["off", "us", "ns"]) },
  socketMode: { key: "SocketMode", read: numbers.mode },
  socketUser: { key: "SocketUser", read: names.account },
  socketGroup: { key: "SocketGroup", read: names.account },
  directoryMode: { key: "DirectoryMode", read: numbers.mode },
  symlinks: { key: "Symlinks", read: read.oneOrMore(paths.plainPath) },
  smackLabel: { key: "SmackLabel", read: read.sentence },
  smackLabelIPIn: { key: "SmackLabelIPIn", read: read.sentence },
  smackLabelIPOut: { key: "SmackLabelIPOut", read: read.sentence },
  seLinuxContextFromNet: { key: "SELinuxContextFromNet", read: read.boolean },
  passFileDescriptorsToExec: { key: "PassFileDescriptorsToExec", read: read.boolean },
  timeoutSec: { key: "TimeoutSec", read: durations.duration },
  removeOnStop: { key: "RemoveOnStop", read: read.boolean },
  pollLimitIntervalSec: { key: "PollLimitIntervalSec", read: durations.duration },
  pollLimitBurst: { key: "PollLimitBurst", read: numbers.countOfLimit },
  deferTrigger: { key: "DeferTrigger", read: read.oneOf(["no", "yes", "patient"]) },
  deferTriggerMaxSec: { key: "DeferTriggerMaxSec", read: durations.durationOrInfinity },
};

export const withDescription: Record<SocketField, Directive> = {
  ...socketDirectives,
  description: { key: "Description", read: read.sentence },
};

/** The field of a socket directive. */
export const socketFieldOf: (directive: string) => string | undefined = fieldsByDirective(withDescription);
