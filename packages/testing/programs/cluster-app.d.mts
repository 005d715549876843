export function runPrimary(): void;
