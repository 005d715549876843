import type { ComputedRef, InjectionKey } from "vue";
import type { FieldProblem } from "./model/build.ts";

/** The id of a field of the form, by its place in the state: `sockets[1].listen`. */
export const idOf = (field: string): string => `builder-${field.match(/\w+/g)?.join("-")}`;

/** The problems of the form. Each field looks for its own. */
export const problemsKey: InjectionKey<ComputedRef<readonly FieldProblem[]>> = Symbol("problems");
