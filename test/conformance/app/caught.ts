import { HolonError } from "holon";
import type { z } from "zod";
import { CALLEE_FRAME } from "../outcome.ts";
import type { Caught } from "./contracts/shapes.ts";

/** Awaits a call that must fail, and returns its error as data. */
export async function caughtOf(call: Promise<unknown>): Promise<z.input<typeof Caught>> {
  try {
    await call;
  } catch (error) {
    const { code, message, details, executed, status, stack = "" } = error as HolonError;
    return {
      isHolonError: error instanceof HolonError,
      code,
      message: code === "CANCELLED" || code === "DEADLINE_EXCEEDED" ? "<any>" : message,
      ...(details === undefined ? {} : { details: details as z.input<typeof Caught>["details"] }),
      executed,
      status,
      hasCause: (error as Error).cause !== undefined,
      stackOfCallee: stack.includes(CALLEE_FRAME),
    };
  }
  throw new Error("the call succeeded");
}
