import { z } from "zod";
import { Id, Quantity, Version } from "../values.ts";

/** A line of an order that was sold. */
export const SoldLine = z.object({ productId: Id, name: z.string(), quantity: Quantity, unitPriceCents: z.int().min(1) });

/** An order as sales see it. `version` is the order's: of two states of one order, the one of the higher version is the later. */
export const Sale = z.object({ orderId: Id, version: Version, lines: z.array(SoldLine).max(100) });

export type Sale = z.output<typeof Sale>;
