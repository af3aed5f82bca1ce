import { defineContext } from "holon";
import { catalog } from "#contracts/catalog";
import { notifications } from "#contracts/notifications";
import { orders as ordersContract } from "#contracts/orders";
import { payments } from "#contracts/payments";
import { users } from "#contracts/users";
import * as tables from "./tables.ts";

/** Orders, from placing to delivery. */
export const orders = defineContext(ordersContract, { tables, calls: { users, catalog, payments, notifications } });
