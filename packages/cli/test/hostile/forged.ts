// What a client writes that wants to be somebody else.

const ADDRESS = "6.6.6.6";
const names = [
  "X-Forwarded-For",
  "X-Real-IP",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "Forwarded",
];

/** Headers of one request, by what is odd about them. No header has a line twice in HTTP/2. */
export const forged: Readonly<Record<string, readonly (readonly [name: string, value: string])[]>> = {
  "the usual ones": [
    ["X-Forwarded-For", ADDRESS],
    ["X-Forwarded-Proto", "gopher"],
    ["X-Forwarded-Host", "OTHER"],
    ["X-Forwarded-Port", "666"],
    ["X-Forwarded-Ssl", "off"],
    ["X-Forwarded-Server", "OTHER"],
    ["X-Real-IP", ADDRESS],
    ["Forwarded", `for=${ADDRESS};proto=gopher;host=OTHER;by=${ADDRESS}`],
  ],
  "those of other proxies": [
    ["CF-Connecting-IP", ADDRESS],
    ["True-Client-IP", ADDRESS],
    ["X-Client-IP", ADDRESS],
    ["X-Cluster-Client-IP", ADDRESS],
    ["Fastly-Client-IP", ADDRESS],
    ["X-Forwarded", `for=${ADDRESS}`],
    ["Forwarded-For", ADDRESS],
    ["X-Original-Host", "OTHER"],
    ["X-Host", "OTHER"],
    ["X-Original-URL", "/smuggled"],
    ["X-Rewrite-URL", "/smuggled"],
    ["X-HTTP-Method-Override", "DELETE"],
    ["Via", "1.1 OTHER"],
  ],
  "_ for -": names.map((name) => [name.replaceAll("-", "_"), ADDRESS] as const),
  lists: [
    ["X-Forwarded-For", `${ADDRESS}, 127.0.0.1, ${ADDRESS}`],
    ["X-Forwarded-Proto", "http, gopher"],
    ["X-Forwarded-Host", "OTHER, OTHER"],
    ["Forwarded", `for=${ADDRESS}, for=${ADDRESS};proto=http`],
  ],
  "several lines": names.flatMap(
    (name) =>
      [
        [name, ADDRESS],
        [name, "7.7.7.7"],
        [name.toLowerCase(), ADDRESS],
      ] as const,
  ),
  empty: names.map((name) => [name, ""] as const),
  commas: names.map((name) => [name, ",,"] as const),
  IPv6: [
    ["X-Forwarded-For", "2001:db8::6"],
    ["X-Real-IP", "[2001:db8::6]"],
    ["Forwarded", 'for="[2001:db8::6]:47011"'],
  ],
  ports: [
    ["X-Forwarded-For", `${ADDRESS}:666`],
    ["X-Real-IP", "[2001:db8::6]:666"],
    ["X-Forwarded-Host", "OTHER:666"],
  ],
  "very long": [["X-Forwarded-For", Array.from({ length: 300 }, () => ADDRESS).join(", ")]],
  "names of the machine": names.map((name) => [name, "unix:"] as const),
  "removed by Connection": [
    ["Connection", `close, ${names.join(", ")}`],
    ["X-Forwarded-For", ADDRESS],
  ],
};
