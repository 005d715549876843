import { computed, onBeforeUnmount, ref, shallowRef, watch } from "vue";
import type { Finding } from "@sockact/units";
import { checkUnits, fixFiles, isTooLong, lengthOf, type Checked } from "./model/check.ts";
import { example } from "./model/example.ts";
import { begin, redo, step, undo } from "./model/history.ts";
import type { Shared } from "./model/link.ts";
import { pasteInto, type Pasted } from "./model/paste.ts";
import { freeName, longestName, mostFiles, type UnitText } from "./model/split.ts";

interface State extends Shared {
  /** The file in the editor. */
  active: number;
  /** The files before the first fix. */
  base: readonly UnitText[] | undefined;
}

const empty: State = { files: [{ name: "app.service", text: "" }], active: 0, user: false, base: undefined };

/**
 * If the files are shorter than this in total, they are checked at each key. Longer files are checked after a
 * pause.
 */
const quick = 20_000;
const PAUSE = 300;

/** The files on the page, their history, and the findings of the linter. */
export function useWorkspace() {
  const history = shallowRef(begin(empty));
  const state = computed(() => history.value.now);
  const active = computed(() => state.value.files[state.value.active]!);
  const isShort = computed(() => lengthOf(state.value.files) <= quick);

  const awaited = shallowRef<State>(empty);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    state,
    (now) => {
      clearTimeout(timer);
      if (isShort.value) awaited.value = now;
      else timer = setTimeout(() => (awaited.value = now), PAUSE);
    },
    { flush: "sync" },
  );
  onBeforeUnmount(() => clearTimeout(timer));
  /** The result of the linter, or `undefined` until long files have been checked. */
  const checked = computed<Checked | undefined>(() =>
    awaited.value === state.value ? checkUnits(state.value.files, state.value.user) : undefined,
  );

  /** A remark about the text that the reader has pasted last. */
  const notice = ref("");

  function change(changes: Partial<State>, kind: string): void {
    notice.value = "";
    history.value = step(history.value, { ...state.value, ...changes }, kind, Date.now());
  }
  const withActive = (file: Partial<UnitText>): UnitText[] =>
    state.value.files.map((one, index) => (index === state.value.active ? { ...one, ...file } : one));

  /** Replaces all files. */
  function replace({ files, user }: Shared): void {
    change({ files, user, active: 0, base: undefined }, "replace");
  }

  return {
    state,
    active,
    checked,
    isShort,
    notice,
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    undo: () => (history.value = undo(history.value)),
    redo: () => (history.value = redo(history.value)),
    replace,
    showExample: () => replace({ files: [...example], user: false }),
    clear: () => replace(empty),
    type: (text: string) => change({ files: withActive({ text }) }, "type"),
    /** If the text contains several units, each becomes a file. */
    paste(around: Pasted): void {
      const { files, active: at, user } = state.value;
      const pasted = pasteInto(files, at, around);
      const isPasted = !isTooLong(pasted.files);
      if (isPasted) change({ files: pasted.files, user: user || pasted.user, base: undefined }, "paste");
      notice.value = isPasted
        ? pasted.rest > 0
          ? `This page shows up to ${mostFiles} files, so the last file contains ${pasted.rest} more.`
          : ""
        : "This text is too long for this page, so it was not pasted. Units have a few kilobytes. In a terminal, use `npx sockact lint`.";
    },
    fix(finding?: Finding): void {
      const { files, user, base } = state.value;
      change({ files: fixFiles(files, finding, user), base: base ?? files }, "fix");
    },
    /** Shows another file in the editor. This is not a change, so Undo ignores it. */
    show(index: number): void {
      history.value = { ...history.value, now: { ...state.value, active: index } };
    },
    add(): void {
      const { files } = state.value;
      const stem = files[0]!.name.replace(/\.[^.]*$/, "");
      const name = freeName(
        files.some((file) => file.name.endsWith(".socket")) ? `${stem}.service` : `${stem}.socket`,
        files,
      );
      change({ files: [...files, { name, text: "" }], active: files.length }, "add");
    },
    remove(): void {
      const { files, active: at } = state.value;
      change({ files: files.toSpliced(at, 1), active: Math.max(0, at - 1) }, "remove");
    },
    /** Renames the file, unless the new name is empty. If another file has this name, adds a number. */
    rename(wanted: string): void {
      const name = wanted.trim().slice(0, longestName);
      const others = state.value.files.filter((file) => file !== active.value);
      if (name !== "" && name !== active.value.name)
        change({ files: withActive({ name: freeName(name, others) }) }, "rename");
    },
    setUser: (user: boolean) => change({ user }, "option"),
  };
}
