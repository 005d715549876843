import { heldIf, type Step } from "../step.ts";

const REQUESTS = 20;

/** Each request gets the expected answer. */
export const answer: Step = async (app) => {
  for (let count = 0; count < REQUESTS; count++) {
    const request = app.nextRequest();
    const answered = await app.request(request);
    if (app.isExpected(answered)) continue;
    const { path } = request;
    const { status } = answered;
    const { status: expected } = app.asking;
    if (status === expected)
      return { verdict: "broken", problem: `the body of the answer to ${path} is not the expected one` };
    return heldIf(false, {}, [
      { code: "SOCKACT_PROVE_STATUS", details: { path, status, expected }, places: [] },
    ]);
  }
  return heldIf(true);
};
