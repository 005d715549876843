/** An end of the connection between a client and a proxy. */
export interface ProxyAddress {
  /** The IP address, or the path of a unix socket. The name of an abstract socket starts with `@`. */
  readonly address: string;
  /** The port. Undefined for a unix socket. */
  readonly port: number | undefined;
}

/** An additional fact about a connection in version 2 of the protocol: a type, a length and a value. */
export interface ProxyTlv {
  /**
   * The type, as listed in section 2.2 of the specification. For example, 0x02 is the host name that the
   * client requested (SNI).
   */
  readonly type: number;
  /** The value. */
  readonly value: Buffer;
}

/** What a proxy reports about a connection in its PROXY header. */
export interface ProxyHeader {
  /** The version of the protocol. */
  readonly version: 1 | 2;
  /**
   * `proxy`: the proxy forwards a client's connection. `local`: the connection is the proxy's own, for
   * example a health check.
   */
  readonly command: "proxy" | "local";
  /** The address family, or `unknown` if the header has no addresses. */
  readonly family: "ipv4" | "ipv6" | "unix" | "unknown";
  /** The client's address. Undefined if the family is `unknown`. */
  readonly source: ProxyAddress | undefined;
  /** The address that the client connected to. Undefined if the family is `unknown`. */
  readonly destination: ProxyAddress | undefined;
  /** Additional facts, in the order of the header. Always empty in version 1. */
  readonly tlvs: readonly ProxyTlv[];
}

/** A header and its length in bytes. */
export interface ParsedHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}
