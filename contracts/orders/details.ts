import { z } from "zod";
import { Product } from "../catalog/index.ts";
import { User } from "../users/index.ts";
import { Order } from "./order.ts";

/** The parts of an order's details that another context could not answer. */
export const MissingPart = z.enum(["buyer", "products"]);

/**
 * An order with its buyer and its products, in the order of its lines. `buyer` is null if the account is closed, and a product that is no longer sold
 * is left out. Both also happen if another context could not answer; then `missing` names the part.
 */
export const OrderDetails = z.object({ order: Order, buyer: User.nullable(), products: z.array(Product), missing: z.array(MissingPart) });

export type OrderDetails = z.output<typeof OrderDetails>;
