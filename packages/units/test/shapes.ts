/** Lines of this many bytes in all; each is made from its number. */
function lines(bytes: number, line: (index: number) => string): string {
  let text = "";
  for (let index = 0; text.length < bytes; index += 1) text += line(index);
  return text;
}

const repeated = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / text.length));

/** A line of 1 MiB is refused before it is read: long values stay just below. */
const oneLine = (text: string, bytes: number): string => repeated(text, Math.min(bytes, 1_048_000));

const program = "ExecStart=/usr/bin/node /srv/app/server.js\n";
const socket = { "app.socket": "[Socket]\nListenStream=80\n" };
const service = (text: string) => ({ "app.service": `[Service]\n${program}${text}`, ...socket });
const only = (text: string) => ({ "app.service": `[Service]\n${text}`, ...socket });

/** A name of seven letters for a number. */
const letters = (index: number): string =>
  Array.from({ length: 7 }, (_, place) =>
    String.fromCharCode(97 + (Math.floor(index / 26 ** place) % 26)),
  ).join("");

/** Many files of one kind that have this many bytes in all. */
function files(bytes: number, some: (index: number) => Record<string, string>): Record<string, string> {
  const all: [string, string][] = [];
  for (let [index, size] = [0, 0]; size < bytes; index += 1) {
    for (const [name, text] of Object.entries(some(index))) {
      all.push([name, text]);
      size += name.length + text.length;
    }
  }
  return Object.fromEntries(all);
}

/** Unit files of a size, each with much of one thing. */
export const shapes: Readonly<Record<string, (bytes: number) => Record<string, string>>> = {
  "addresses, all different": (bytes) => ({
    "app.socket": `[Socket]\n${lines(bytes, (index) => `ListenStream=10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:80\n`)}`,
    "app.service": `[Service]\n${program}`,
  }),
  "addresses, all equal": (bytes) => ({
    "app.socket": `[Socket]\n${lines(bytes, () => "ListenStream=80\n")}`,
    "app.service": `[Service]\n${program}`,
  }),
  "sockets, all with the same address": (bytes) =>
    files(bytes, (index) => ({ [`app${index}.socket`]: "[Socket]\nListenStream=80\n" })),
  "comments behind values": (bytes) => service(lines(bytes, () => "User=a # b\n")),
  "a value of # signs": (bytes) => service(`User=a${oneLine(" #x", bytes)}`),
  "a value of # signs and line separators": (bytes) => service(`User=a${oneLine(" # \u2028", bytes)}`),
  "a value of # signs before a line separator": (bytes) => service(`User=a${oneLine(" # ", bytes)}\u2028b`),
  "a value of spaces": (bytes) => service(`User=a${oneLine(" ", bytes)}b`),
  "continued lines": (bytes) => service(`Environment=A=1${repeated(" \\\n a", bytes)}`),
  "continued lines with comments": (bytes) => service(`Environment=A=1${repeated(" \\\n# a", bytes)}`),
  "backslashes in a value": (bytes) => service(`Environment=A=${oneLine("\\", bytes)}x`),
  "backslashes at line ends": (bytes) => service(lines(bytes, () => "Environment=A=1\\\\\\\n")),
  "directives that are unknown": (bytes) => service(lines(bytes, (index) => `Priv${letters(index)}=x\n`)),
  "directives that are misspelled": (bytes) =>
    service(lines(bytes, (index) => `NoNewPrivilege${index % 10}=x\n`)),
  "directives that are misplaced": (bytes) => service(lines(bytes, (index) => `Wants=a${index}.service\n`)),
  "sections that are unknown": (bytes) => service(lines(bytes, (index) => `[Sect${index}]\n`)),
  "sections of one kind": (bytes) => service(lines(bytes, () => "[Unit]\n[Service]\n")),
  "lines that are ignored": (bytes) => service(lines(bytes, () => "nothing\n")),
  "blank lines": (bytes) => service(repeated("\n", bytes)),
  "values that are invalid": (bytes) => service(lines(bytes, () => "RestartSec=fast\n")),
  "values of old": (bytes) => service(lines(bytes, () => "StandardOutput=syslog\n")),
  "addresses of old": (bytes) => ({
    "app.socket": `[Socket]\n${lines(bytes, (index) => `ListenStream=/var/run/${index}.sock\n`)}`,
    "app.service": `[Service]\n${program}`,
  }),
  "names on one line": (bytes) => ({
    "app.service": `[Unit]\nRequires=${oneLine("a.service ", bytes)}\n[Service]\n${program}`,
    ...socket,
  }),
  "names on many lines": (bytes) => ({
    "app.service": `[Unit]\n${lines(bytes, (index) => `Requires=a${index}.service\n`)}[Service]\n${program}`,
    ...socket,
  }),
  "units before a socket, on one line": (bytes) => ({
    "app.socket": `[Unit]\nAfter=${oneLine("b.service ", bytes / 2)}\n[Socket]\nListenStream=80\n`,
    "b.service": `[Unit]\n${lines(bytes / 2, () => "Description=x\n")}[Service]\n${program}`,
  }),
  "sockets in folders of the service": (bytes) => ({
    "app.socket": `[Socket]\n${lines(bytes / 2, (index) => `ListenStream=/run/q${index}/s\n`)}`,
    "app.service": `[Service]\n${program}RuntimeDirectory=${lines(bytes / 2, (index) => `d${index} `)}\n`,
  }),
  "quotes that are not closed": (bytes) => service(lines(bytes, () => `Environment="A=1\n`)),
  "quotes in one value": (bytes) => service(`Environment=A=${oneLine(`"' `, bytes)}`),
  "variables in one value": (bytes) => service(`Environment=${oneLine("A=1 ", bytes)}LISTEN_FDS=1 PORT=80`),
  "variables of systemd in one value": (bytes) =>
    service(`Environment=${lines(Math.min(bytes, 1_048_000), (index) => `LISTEN_FDS=${index} `)}`),
  "one long variable": (bytes) => service(`Environment=LISTEN_FDS=1 PORT=80 A=${oneLine("x", bytes)}`),
  "one long variable in quotes": (bytes) =>
    service(`Environment=LISTEN_FDS=1 PORT=80 "A=${oneLine("\\n", bytes)}"`),
  "variables on many lines": (bytes) => service(lines(bytes, (index) => `Environment=A${index}=1\n`)),
  "variables of systemd on many lines": (bytes) => service(lines(bytes, () => "Environment=LISTEN_FDS=1\n")),
  "specifiers in one value": (bytes) => service(`Environment=A=${oneLine("%n", bytes)}`),
  "folders in one value": (bytes) => service(`ReadWritePaths=${oneLine("/a ", bytes)}`),
  "arguments of a program": (bytes) => only(`ExecStart=/usr/bin/node ${oneLine("a ", bytes)}`),
  "one long argument": (bytes) => only(`ExecStart=/usr/bin/node ${oneLine("a", bytes)}`),
  "bytes of an argument": (bytes) => only(`ExecStart=/usr/bin/node ${oneLine("\\x61", bytes)}`),
  "commands on one line": (bytes) => only(`Type=oneshot\nExecStart=${oneLine("/a ; ", bytes)}`),
  "commands on many lines": (bytes) => only(lines(bytes, () => "ExecStart=/usr/bin/node\n")),
  "folders of a program": (bytes) => only(`ExecStart=${oneLine("/.", bytes)}/node`),
  "semicolons on one line": (bytes) => only(`ExecStart=/a ${oneLine("\\; ", bytes)}`),
  "resets of a list": (bytes) => service(lines(bytes, () => "Environment=A=1\nEnvironment=\n")),
  "services and sockets": (bytes) =>
    files(bytes, (index) => ({
      [`app${index}.socket`]: `[Socket]\nListenStream=/run/${index}.sock\n`,
      [`app${index}.service`]: `[Service]\n${program}`,
    })),
  "services and sockets with drop-ins": (bytes) =>
    files(bytes, (index) => ({
      [`app${index}.socket`]: `[Socket]\nListenStream=127.0.0.1:${index}\n`,
      [`app${index}.service`]: `[Service]\n${program}`,
      [`app${index}.socket.d/a.conf`]: "[Socket]\nBacklog=1\n",
      [`app${index}.service.d/a.conf`]: "[Service]\nUser=a\n",
      [`app${index}.service.d/b.conf`]: "[Service]\nUser=b\n",
    })),
  "drop-ins of one service": (bytes) => ({
    ...service(""),
    ...files(bytes, (index) => ({ [`app.service.d/${index}.conf`]: "[Service]\nMemoryMax=1G\n" })),
  }),
  "sockets of one service": (bytes) => ({
    ...service(""),
    ...files(bytes, (index) => ({
      [`app${index}.socket`]: `[Socket]\nService=app.service\nListenStream=/run/${index}.sock\n`,
    })),
  }),
  "an instance with a long name": (bytes) => ({
    [`${repeated("a-", bytes)}@${repeated("b-", bytes)}.service`]: `[Service]\n${program}`,
  }),
  "a long name in each word": (bytes) => ({
    [`${repeated("a-", bytes / 2)}.service`]: `[Service]\n${program}Environment=${oneLine("%n ", bytes / 2)}`,
  }),
  "units with names of many parts": (bytes) =>
    files(bytes, (index) => ({ [`${"a-".repeat(110)}${index}@b-c.service`]: `[Service]\n${program}` })),
};
