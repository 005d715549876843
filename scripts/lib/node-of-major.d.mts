export function nodeOfMajor(major: string): string;
export function fail(message: string): never;
