// The build puts the pages of docs/ into the program, so that they are not written twice.
import doctor from "../../../../../docs/doctor.md";
import errors from "../../../../../docs/errors.md";
import lint from "../../../../../docs/lint.md";

/** The pages of docs/ that have tables of codes. */
export const pages: Readonly<Record<string, string>> = {
  "errors.md": errors,
  "lint.md": lint,
  "doctor.md": doctor,
};
