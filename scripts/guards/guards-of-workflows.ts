import type { Guard } from "./guard.ts";

/** Guards of workflows: P8, P24 of workflows, and versions that run beside each other. */
export const GUARDS_OF_WORKFLOWS: readonly Guard[] = [
  {
    of: "P8",
    takenOut: "the same key for each attempt of a step (`<run>/<step>`)",
    edits: [
      {
        file: "src/holon/work/workflows/step-runner.ts",
        from: "const key = `${claim.id}/${step.name}`;",
        to: "const key = `${claim.id}/${step.name}/${attempt}`;",
      },
      // Without this edit the test runs only some of its cases, which its seed chooses.
      { file: "src/holon/pipeline/workflow-crashes.test.ts", from: "SCALE < 0.5 ?", to: "false ?" },
    ],
    test: "src/holon/pipeline/workflow-crashes.test.ts",
    only: "at reserve:after completes elsewhere",
  },
  {
    of: "P8",
    takenOut: "a body gets answers in their recorded order, one at a time (`AnswerOrder`)",
    edits: [
      {
        file: "src/holon/work/workflows/answer-order.ts",
        from: "this.#reached.set(step, deliver);",
        to: "this.#recorded.splice(this.#recorded.indexOf(step), 1);\n    deliver();",
      },
    ],
    test: "src/holon/pipeline/workflow-races.test.ts",
    only: "a race of steps",
  },
  {
    of: "P8",
    takenOut: "while a step runs, sleeps of the run can end and its events can be taken (`RunWaits`)",
    edits: [{ file: "src/holon/work/workflows/run-waits.ts", from: "this.#deps.onDue();", to: "" }],
    test: "src/holon/pipeline/workflow-races.test.ts",
    only: "a sleep that is over is seen by the body",
  },
  {
    of: "P8",
    takenOut: "a stop ends a session whose body awaits a promise that is not a step (`SessionSteps.turn`)",
    edits: [
      {
        file: "src/holon/work/workflows/session-steps.ts",
        from: 'this.#runner.isSessionOver = kind !== "going" && kind !== "over";\n    this.#move();',
        to: 'this.#runner.isSessionOver = kind !== "going" && kind !== "over";',
      },
    ],
    test: "src/holon/pipeline/hanging-workflows.test.ts",
    only: "ends with the process",
  },
  {
    of: "P24",
    takenOut: "names, keys and answers of a workflow's body are checked before they are written (`isStorable`, `RunSession.#return`)",
    edits: [
      {
        file: "src/holon/work/workflows/replay.ts",
        from: "if (record === undefined && !isStorable(name, GREATEST_TEXT_LENGTH))",
        to: "if (false)",
      },
    ],
    test: "src/holon/pipeline/failing-workflows.test.ts",
    only: "is named with U\\+0000",
  },
  {
    of: "P24",
    takenOut: "names, keys and answers of a workflow's body are checked before they are written (`isStorable`, `RunSession.#return`)",
    edits: [
      {
        file: "src/holon/work/workflows/run-session.ts",
        from: "at each replay, so the run fails.\n      return this.#fail(error);",
        to: "throw error;",
      },
    ],
    test: "src/holon/pipeline/failing-workflows.test.ts",
    only: "answers a BigInt that its schema lets through",
  },
  {
    of: "P24",
    takenOut: "an error of the toolkit is recognised only if it can be read (`isHolonError`)",
    edits: [
      { file: "src/holon/kernel/holon-error.ts", from: "value instanceof HolonError && isReadable(value) &&", to: "value instanceof HolonError &&" },
    ],
    test: "src/holon/pipeline/failing-workflows.test.ts",
    only: "when its undo throws",
  },
  {
    of: "old beside new",
    takenOut:
      "a job of another version is left to other processes (`startWorker`: `handlers.has`), and so is a run, by its version, its state and its steps (`RunStore.claim`, `isUnderstood`)",
    edits: [{ file: "src/holon/work/workflows/run-store.ts", from: "return `r.state = any(${list(CLAIMED_STATES)}) and (", to: "return `true or (" }],
    test: "src/holon/pipeline/older-version.test.ts",
    only: "is left as it is by a process that does not know",
  },
];
