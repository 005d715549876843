/** An ActivationError of any copy of the package. */
export interface OwnError extends Error {
  readonly code: string;
  readonly hint: string;
}

export function isOwnError(error: unknown): error is OwnError {
  return error instanceof Error && error.name === "ActivationError" && "hint" in error;
}
