import { isHolonError, type Logger } from "holon";

/** A step that may have to be undone. */
interface Step<Result> {
  readonly name: string;
  readonly run: () => Promise<Result>;
  readonly undo: () => Promise<unknown>;
}

/** Remembers what was done elsewhere, to undo it when a later step fails. */
export interface UndoList {
  /** Runs a step. One that failed is remembered too, unless it is known not to have run: an answer that is lost says nothing of what was done. */
  run<Result>(step: Step<Result>): Promise<Result>;
  /** Undoes all steps, the last one first. An undo that fails is logged, and the others go on. */
  undo(log: Logger): Promise<void>;
  /** Leaves everything as it is: nobody knows whether the whole was done. */
  forget(log: Logger): void;
}

/** An empty list. */
export function createUndoList(): UndoList {
  const steps: Step<unknown>[] = [];
  return {
    async run(step) {
      try {
        const result = await step.run();
        steps.push(step);
        return result;
      } catch (error) {
        if (!isHolonError(error) || error.executed !== "no") steps.push(step);
        throw error;
      }
    },

    async undo(log) {
      for (const step of steps.splice(0).reverse()) {
        try {
          await step.undo();
        } catch (error) {
          log.error(
            { step: step.name, code: isHolonError(error) ? error.code : "INTERNAL" },
            "a step of an order could not be undone; placing the order with the same key again does it",
          );
        }
      }
    },

    forget(log) {
      log.error(
        { steps: steps.splice(0).map((step) => step.name) },
        "nobody knows whether an order was confirmed; placing it with the same key again finds out",
      );
    },
  };
}
