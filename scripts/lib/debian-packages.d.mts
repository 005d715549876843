/** The Debian package of each program that a test needs. */
export declare const packageOf: Readonly<Record<string, string>>;
