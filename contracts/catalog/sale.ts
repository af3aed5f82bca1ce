import { z } from "zod";
import { Id, Quantity, Version } from "../values.ts";

/** A line of an order that was sold. */
export const SoldLine = z.object({ productId: Id, name: z.string(), quantity: Quantity, unitPriceCents: z.int().min(1) });

/**
 * The state of an order for the sales figures. `version` is the version of the order: of two states of one order, the state with the higher version is the
 * later one.
 */
export const Sale = z.object({ orderId: Id, version: Version, lines: z.array(SoldLine).max(100) });

export type Sale = z.output<typeof Sale>;
