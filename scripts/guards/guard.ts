/** A guard of a promise: a piece of code without which a test must fail. */
export interface Guard {
  /** The number of the promise that it keeps, as in docs/promises.md; or the text in the first column of the table "Seen red" there. */
  readonly of: string;
  /** What is taken out, in the words of the table "Seen red" of docs/promises.md. */
  readonly takenOut: string;
  /** The changes that take it out. Each text is in its file exactly once. */
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** The test file that must fail. */
  readonly test: string;
  /** The tests of the file that are run, as a pattern of vitest's `-t`; all of them if it is not given. */
  readonly only?: string;
}
