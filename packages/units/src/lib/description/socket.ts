import type { Duration } from "@sockact/shared/durations";
import type { Text } from "../systemd/specifiers.ts";
import type { Mode, RawSection, Size } from "./values.ts";

/**
 * An address as in systemd.socket(5): a port, `127.0.0.1:80`, `[::1]:80`, `[fe80::1]:80%eth0`,
 * `/run/app.sock`, `@abstract` or `vsock:2:1234`. A number is a port from 1 to 65535.
 */
export type ListenAddress = number | Text;

/** Who may send a PROXY header. sockact closes all other connections. */
export interface ProxyProtocolOptions {
  /**
   * The IP addresses and ranges of the load balancers, such as `10.0.0.1` and `10.0.0.0/8`. `unix` means
   * every client of a unix socket.
   */
  readonly from: readonly string[];
}

/** One socket unit. */
export interface SocketDescription {
  /** ListenStream=: addresses for streams, one line each: TCP, or SOCK_STREAM of unix(7) and vsock(7). */
  listen?: ListenAddress | readonly ListenAddress[] | undefined;
  /** ListenDatagram=: addresses for datagrams, one line each: UDP, or SOCK_DGRAM. */
  listenDatagram?: ListenAddress | readonly ListenAddress[] | undefined;
  /**
   * ListenSequentialPacket=: addresses for whole messages in order, one line each: SOCK_SEQPACKET of unix(7).
   */
  listenSequentialPacket?: Text | readonly Text[] | undefined;
  /**
   * SocketProtocol=: a protocol other than TCP and UDP, which the kernel must support. `mptcp` needs systemd
   * 257.
   */
  socketProtocol?: "udplite" | "sctp" | "mptcp" | undefined;
  /**
   * Accept=: whether systemd accepts connections, and starts a process for each one. The service is then the
   * template `<name>@.service`. It has only this socket, which may listen on several addresses.
   */
  accept?: boolean | undefined;
  /**
   * MaxConnections=, with `accept`: the maximum number of open connections. systemd closes further ones. The
   * default is 64.
   */
  maxConnections?: number | undefined;
  /**
   * MaxConnectionsPerSource=, with `accept`: how many of them may come from one address. The default is
   * `maxConnections`.
   */
  maxConnectionsPerSource?: number | undefined;
  /**
   * FlushPending=: when the service ends, drops waiting connections instead of starting the service again.
   * Not with `accept`.
   */
  flushPending?: boolean | undefined;
  /** Description= of the socket unit. The default is `<name> socket`. */
  description?: Text | undefined;
  /**
   * FileDescriptorName=: the name by which the service distinguishes its sockets. Required if there are
   * several sockets.
   *
   * At most 255 printable ASCII characters except `:` and `\`. `connection`, `stored` and `unknown` are
   * reserved by sd_listen_fds_with_names(3).
   */
  name?: string | undefined;
  /**
   * SOCKACT_PROXY_PROTOCOL in the service's environment: each connection begins with a PROXY header from a
   * load balancer such as HAProxy. The app then sees the client's address. With `true`, every client can send
   * a header and claim any address. Use it only if a firewall protects the socket.
   */
  proxyProtocol?: boolean | ProxyProtocolOptions | undefined;
  /** NoDelay=: turns Nagle's algorithm off. */
  noDelay?: boolean | undefined;
  /**
   * Backlog=: the maximum number of connections that wait to be accepted. The kernel limits it to
   * net.core.somaxconn.
   */
  backlog?: number | undefined;
  /** BindIPv6Only=: whether `[::]:80`, or a port alone, also accepts IPv4. */
  bindIPv6Only?: "default" | "both" | "ipv6-only" | undefined;
  /** BindToDevice=: the network interface to listen on. */
  bindToDevice?: string | undefined;
  /**
   * FreeBind=: allows an address that no interface has yet. It is the default, except for wildcards and
   * loopback addresses.
   */
  freeBind?: boolean | undefined;
  /** Transparent=: accepts traffic for addresses of other hosts that the firewall redirects here. */
  transparent?: boolean | undefined;
  /** Broadcast=: lets the service send broadcast datagrams. */
  broadcast?: boolean | undefined;
  /** ReusePort=: lets other sockets share the port. */
  reusePort?: boolean | undefined;
  /** KeepAlive=: probes idle TCP connections. */
  keepAlive?: boolean | undefined;
  /** KeepAliveTimeSec=: the idle time before the first probe. */
  keepAliveTimeSec?: Duration | undefined;
  /** KeepAliveIntervalSec=: the time between two probes. */
  keepAliveIntervalSec?: Duration | undefined;
  /** KeepAliveProbes=: the number of unanswered probes after which the connection ends. */
  keepAliveProbes?: number | undefined;
  /** DeferAcceptSec=: how long the kernel waits for the first byte before it reports a TCP connection. */
  deferAcceptSec?: Duration | undefined;
  /** Priority=: SO_PRIORITY of socket(7), 0 or more. */
  priority?: number | undefined;
  /** ReceiveBuffer=: SO_RCVBUF of socket(7). */
  receiveBuffer?: Size | undefined;
  /** SendBuffer=: SO_SNDBUF of socket(7). */
  sendBuffer?: Size | undefined;
  /** IPTOS=: the type of service of ip(7), from 0 to 255 or by name. */
  ipTOS?: number | "low-delay" | "throughput" | "reliability" | "low-cost" | undefined;
  /** IPTTL=: how many routers a packet may pass, from 1 to 255. */
  ipTTL?: number | undefined;
  /** Mark=: the firewall mark of the socket's packets. */
  mark?: number | undefined;
  /** TCPCongestion=: the congestion control of tcp(7): `cubic`, `bbr`. */
  tcpCongestion?: string | undefined;
  /** PassCredentials=: SO_PASSCRED of unix(7). */
  passCredentials?: boolean | undefined;
  /** PassPIDFD=, since systemd 258: SO_PASSPIDFD of unix(7). */
  passPIDFD?: boolean | undefined;
  /** PassSecurity=: SO_PASSSEC of unix(7). */
  passSecurity?: boolean | undefined;
  /** PassPacketInfo=: passes the address and interface on which a datagram arrived. */
  passPacketInfo?: boolean | undefined;
  /**
   * AcceptFileDescriptors=, since systemd 258: whether a unix socket accepts file descriptors from its peers.
   * The default is yes.
   */
  acceptFileDescriptors?: boolean | undefined;
  /** Timestamping=: records when a datagram arrived, in microseconds or nanoseconds. */
  timestamping?: "off" | "us" | "ns" | undefined;
  /**
   * SocketMode=: the access mode of a unix socket, in octal: `'0660'`. The default is `0666`: every user can
   * connect.
   */
  socketMode?: Mode | undefined;
  /** SocketUser=: the owner of a unix socket. The default is root. */
  socketUser?: Text | undefined;
  /** SocketGroup=: the group of a unix socket. */
  socketGroup?: Text | undefined;
  /**
   * DirectoryMode=: the access mode of folders that systemd creates for a unix socket, in octal. The default
   * is `0755`.
   */
  directoryMode?: Mode | undefined;
  /**
   * Symlinks=: absolute paths of links to the socket's file. The socket must have exactly one address, a
   * path.
   */
  symlinks?: Text | readonly Text[] | undefined;
  /** SmackLabel=: the label of a unix socket's file, if the kernel has Smack. */
  smackLabel?: Text | undefined;
  /** SmackLabelIPIn=: the label for incoming packets. */
  smackLabelIPIn?: Text | undefined;
  /** SmackLabelIPOut=: the label for outgoing packets. */
  smackLabelIPOut?: Text | undefined;
  /** SELinuxContextFromNet=: the service gets the SELinux level of its peer. */
  seLinuxContextFromNet?: boolean | undefined;
  /**
   * PassFileDescriptorsToExec=, since systemd 256: also passes the socket to the commands of the socket unit,
   * such as ExecStartPost=.
   */
  passFileDescriptorsToExec?: boolean | undefined;
  /** TimeoutSec=: the time limit for these commands. 0 means no limit. */
  timeoutSec?: Duration | undefined;
  /** RemoveOnStop=: removes the file of a unix socket when the socket unit stops. */
  removeOnStop?: boolean | undefined;
  /** PollLimitIntervalSec=, since systemd 255: the interval in which PollLimitBurst= counts. */
  pollLimitIntervalSec?: Duration | undefined;
  /**
   * PollLimitBurst=, since systemd 255: how often traffic may wake systemd in that interval. After that,
   * systemd ignores the socket until the interval ends.
   */
  pollLimitBurst?: number | undefined;
  /**
   * DeferTrigger=, since systemd 258: starts the service only when no unit conflicts with it. Not with
   * `accept`.
   */
  deferTrigger?: "no" | "yes" | "patient" | undefined;
  /** DeferTriggerMaxSec=, since systemd 258: how long systemd waits for that. */
  deferTriggerMaxSec?: Duration | "infinity" | undefined;
  /** Directives of this socket unit that have no field. */
  raw?:
    | {
        /** Directives of [Unit]; systemd.unit(5). */
        readonly Unit?: RawSection | undefined;
        /** Directives of [Socket]; systemd.socket(5). */
        readonly Socket?: RawSection | undefined;
        /** Directives of [Install]; systemd.unit(5). */
        readonly Install?: RawSection | undefined;
      }
    | undefined;
}
