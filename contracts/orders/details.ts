import { z } from "zod";
import { Product } from "../catalog/index.ts";
import { User } from "../users/index.ts";
import { Order } from "./order.ts";

/** A part of an order's details that is missing because another context could not answer. */
export const MissingPart = z.enum(["buyer", "products"]);

/**
 * An order with its buyer and its products. The products are in the same sequence as the lines of the order. `buyer` is null if the account is closed, and a
 * product that was removed from the catalog is left out. The same happens to a part whose context could not answer; then `missing` names the part.
 */
export const OrderDetails = z.object({ order: Order, buyer: User.nullable(), products: z.array(Product), missing: z.array(MissingPart) });

export type OrderDetails = z.output<typeof OrderDetails>;
