import type { ComputedRef, InjectionKey } from "vue";
import type { FieldProblem } from "./model/build.ts";

/** The problems of the form. Each field looks for its own. */
export const problemsKey: InjectionKey<ComputedRef<readonly FieldProblem[]>> = Symbol("problems");
