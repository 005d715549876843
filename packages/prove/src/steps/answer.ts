import { heldIf, type Step } from "../step.ts";

const REQUESTS = 20;

/** Each request gets the expected status. */
export const answer: Step = async (app) => {
  const statuses = new Set<number>();
  for (let count = 0; count < REQUESTS; count++) statuses.add((await app.request()).status);
  const other = [...statuses].find((status) => status !== app.asking.status);
  return heldIf(
    other === undefined,
    {},
    other === undefined
      ? []
      : [
          {
            code: "SOCKACT_PROVE_STATUS",
            details: { path: app.asking.path, status: other, expected: app.asking.status },
            places: [],
          },
        ],
  );
};
