import { catalog } from "./catalog/index.ts";
import { notifications } from "./notifications/index.ts";
import { orders } from "./orders/index.ts";
import { payments } from "./payments/index.ts";
import { users } from "./users/index.ts";

/** All contracts of the shop, for its clients. */
export const contracts = { users, catalog, orders, payments, notifications };
