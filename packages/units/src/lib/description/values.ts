import type { Text } from "../systemd/specifiers.ts";

/**
 * A word of a command: a string, or a variable of the service's environment. systemd replaces a variable by
 * its value, as one word.
 */
export type Argument =
  | Text
  | {
      /** The name of the variable, without `$`. */
      readonly variable: string;
    };

/**
 * A command other than the program: an array of its absolute path and arguments, or an object that contains
 * one.
 *
 * See "Special executable prefixes" in systemd.service(5).
 */
export type Command =
  | readonly Argument[]
  | {
      /** The absolute path of the program, then its arguments. */
      readonly command: readonly Argument[];
      /** Whether a failure counts as success. The default is `false`. */
      readonly mayFail?: boolean | undefined;
      /** Whether the command runs as root, without the sandbox. The default is `false`. */
      readonly privileged?: boolean | undefined;
    };

/** An access mode in octal, as for chmod(1): `'0027'`. */
export type Mode = string;

/**
 * A limit of setrlimit(2): a number for both limits, `infinity`, or the soft and the hard limit:
 * `1024:524288`. Sizes may have a unit: `64M`.
 */
export type Limit = number | string;

/**
 * A number of bytes, or a string with a unit to the base of 1024: `512M`. Where the field allows it, also a
 * percentage of the machine's memory, `10%`, or `infinity`. A very small number without a unit is an error,
 * because the unit is probably missing.
 */
export type Size = number | string;

/** A signal of signal(7) by its full name. */
export type Signal = `SIG${string}`;

/**
 * The value of a directive in a raw section. It must be one line. Each `%` in it is literal, except in a
 * `Specifier`.
 */
export type RawValue = Text | number | boolean;

/** Directives without a field, by their names in the manual. An array writes one line per entry. */
export type RawSection = Readonly<Record<string, RawValue | readonly RawValue[]>>;

/**
 * Where a credential comes from: the absolute path of a file or a unix socket, the name of a credential that
 * systemd has, or an object.
 *
 * LoadCredential= and SetCredential=; with `encrypted`, LoadCredentialEncrypted= and SetCredentialEncrypted=,
 * since systemd 250.
 */
export type Credential =
  | string
  | {
      /**
       * The same as the string. Without `path` and `value`, systemd searches /etc/credstore and similar
       * folders (since systemd 251).
       */
      path?: string | undefined;
      /**
       * The credential, if there is none at `path`. Every user of the machine can read it in the unit, so it
       * must not be a secret unless it is encrypted.
       */
      value?: string | undefined;
      /** Whether it was created by systemd-creds(1) encrypt. */
      encrypted?: boolean | undefined;
    };
