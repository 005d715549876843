const IN_TLS = "tls: { key, cert, … }";

/** Where an option belongs that is often written one level too high. */
const PLACES: Readonly<Record<string, string>> = {
  key: IN_TLS,
  cert: IN_TLS,
  sni: "tls: { key, cert, sni: { … } }",
  proxyProtocol: "sockets: { NAME: { proxyProtocol } }, where NAME is the name of the socket",
  from: "sockets: { NAME: { proxyProtocol: { from } } }, where NAME is the name of the socket",
};

/** Returns where in the options an option with this name belongs. Undefined if it is not such an option. */
export function placeOf(name: string): string | undefined {
  return Object.hasOwn(PLACES, name) ? PLACES[name] : undefined;
}
