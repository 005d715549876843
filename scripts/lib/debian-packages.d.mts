/** The Debian package of each program, or file, that a test needs. */
export declare const packageOf: Readonly<Record<string, string>>;
