import { bytesText, tookText } from "@sockact/shared/quantities";

/** How a format writes code, and what comes from the app. */
export interface Markup {
  /** Code in a sentence of ours. */
  code(text: string): string;
  /** A value from the app. It may contain anything. */
  value(text: string): string;
}

type Values = Readonly<Record<string, string | number | undefined>>;

/** The longest value of an app, in characters: such as the message of its error. */
const LONGEST = 200;

/** A number as a person writes it. */
const numberText = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 2 });

const units: Readonly<Record<string, (value: number) => string>> = {
  ms: tookText,
  bytes: (value) => bytesText(Math.max(0, value)),
  times: (value) => `${value.toFixed(1)} times`,
};

/** A value in the form that its place asks for, or undefined if it is not of that kind. */
function formOf(value: string | number | undefined, form: string | undefined, markup: Markup) {
  if (typeof value === "string" && form === undefined)
    return markup.value(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (form === undefined) return numberText(value);
  const unit = units[form];
  if (unit !== undefined) return unit(value);
  const [one, many] = form.split("|");
  const count = Math.max(0, value);
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** Fills a text of words.ts with values. Undefined if a value is unknown. */
export function fill(template: string, values: Values, markup: Markup): string | undefined {
  let isComplete = true;
  const text = template.replaceAll(
    /`([^`]+)`|\{(\??)(\w+)(?::([^}]+))?\}/g,
    (_, code: string | undefined, condition: string, name: string, form: string | undefined) => {
      if (code !== undefined) return markup.code(code);
      const value = values[name];
      if (condition === "?") {
        isComplete &&= value !== 0;
        return "";
      }
      const filled = formOf(value, form, markup);
      isComplete &&= filled !== undefined;
      return filled ?? "";
    },
  );
  return isComplete ? text : undefined;
}
