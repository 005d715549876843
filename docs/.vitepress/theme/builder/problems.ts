import type { ComputedRef, InjectionKey } from "vue";
import type { FieldProblem } from "./model/build.ts";
import { limits } from "./model/state.ts";

/**
 * The HTML id of a form field. The argument is the path of the field in the state, such as
 * `sockets[1].listen`.
 */
export const idOf = (field: string): string => `builder-${field.match(/\w+/g)?.join("-")}`;

/**
 * The maximum length of a text field. One character more than the limit, so that the form reports a longer
 * value instead of cutting it off silently.
 */
export const longestText = limits.characters + 1;

/** All problems of the form. Each field selects its own. */
export const problemsKey: InjectionKey<ComputedRef<readonly FieldProblem[]>> = Symbol("problems");
