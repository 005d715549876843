import type { Text } from "../systemd/specifiers.ts";

/** A word of a command: a text, or a variable of the service's environment, which systemd puts there whole and as one word. */
export type Argument = Text | { readonly variable: string };

/**
 * A command that runs besides the program: its absolute path and arguments, or an object with them.
 *
 * `mayFail`: a failure counts as success. `privileged`: it runs as root with no sandbox. systemd.service(5) "Special executable prefixes".
 */
export type Command =
  | readonly Argument[]
  | {
      readonly command: readonly Argument[];
      readonly mayFail?: boolean | undefined;
      readonly privileged?: boolean | undefined;
    };

/** An access mode in octal, as chmod(1) has it: `'0027'`. */
export type Mode = string;

/** setrlimit(2): one number for both limits, `infinity`, or the soft and the hard one: `1024:524288`. Sizes may have a unit: `64M`. */
export type Limit = number | string;

/** Bytes as a number, or with a unit to the base of 1024, `512M`; where it says so a share of the machine's, `10%`, or `infinity`. A number without a unit that is too small to be meant is refused. */
export type Size = number | string;

/** A signal of signal(7) by its whole name. */
export type Signal = `SIG${string}`;

/** A value of a directive in a raw section; it stays in its own line, and its `%` are literal unless it is a `Specifier`. */
export type RawValue = Text | number | boolean;

/** Directives that have no field here, by their names in the manual; an array is a line for each entry. */
export type RawSection = Readonly<Record<string, RawValue | readonly RawValue[]>>;

/**
 * Where a credential comes from: the absolute path of a file or a unix socket, the name under which systemd itself has it, or an object.
 *
 * LoadCredential=, SetCredential=, and with `encrypted` LoadCredentialEncrypted= and SetCredentialEncrypted=, which are of systemd 250.
 */
export type Credential =
  | string
  | {
      /** As the string; left out, with no `value` either, systemd looks in /etc/credstore and the like (systemd 251). */
      path?: string | undefined;
      /** The credential itself, if there is none at `path`. Everyone on the machine can read it in the unit: no secret, unless it is encrypted. */
      value?: string | undefined;
      /** Whether it was made by systemd-creds(1) encrypt. */
      encrypted?: boolean | undefined;
    };
