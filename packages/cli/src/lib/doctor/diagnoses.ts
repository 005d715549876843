import type { Diagnosis } from "./model/diagnosis.ts";
import { unitNotLoaded } from "./diagnoses/unit-not-loaded.ts";

/** All that the doctor looks for. Of what is equally bad, it reports in this order. */
export const diagnoses: readonly Diagnosis[] = [unitNotLoaded];
