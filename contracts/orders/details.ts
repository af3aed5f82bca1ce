import { z } from "zod";
import { Product } from "../catalog/index.ts";
import { User } from "../users/index.ts";
import { Order } from "./order.ts";

/** What another context would have said and could not. */
export const MissingPart = z.enum(["buyer", "products"]);

/**
 * An order and what belongs to it. `buyer` is null where the account is closed, and a product is left out that is not sold any more; both also where they could not be
 * had, and then `missing` says so. Products are those of the lines, in their sequence.
 */
export const OrderDetails = z.object({ order: Order, buyer: User.nullable(), products: z.array(Product), missing: z.array(MissingPart) });

export type OrderDetails = z.output<typeof OrderDetails>;
