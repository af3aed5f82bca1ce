import { catalogueError, HolonError } from "holon";
import { expect, test } from "vitest";
import { declineReasonOf } from "./decline-reason.ts";

const PRODUCT = "0b7cf0a5-8a46-4b58-9e6c-2a9f1c0f4d11";

test.each([
  [
    new HolonError("OUT_OF_STOCK", "no", { details: { productId: PRODUCT, available: 3 } }),
    { code: "OUT_OF_STOCK", message: `There are only 3 left of product ${PRODUCT}.`, productId: PRODUCT, available: 3 },
  ],
  [
    new HolonError("UNKNOWN_PRODUCT", "no", { details: { productId: PRODUCT } }),
    { code: "UNKNOWN_PRODUCT", message: `There is no product ${PRODUCT}.`, productId: PRODUCT },
  ],
  [new HolonError("PAYMENT_DECLINED", "no funds"), { code: "PAYMENT_DECLINED", message: "no funds" }],
  [catalogueError("NOT_FOUND", "There is no such user."), { code: "UNKNOWN_CUSTOMER", message: "There is no such customer." }],
  [catalogueError("UNAVAILABLE", "10.0.0.7 refused"), { code: "FAILED", message: "The order could not be placed: UNAVAILABLE." }],
  [new TypeError("secret of ours"), { code: "FAILED", message: "The order could not be placed: INTERNAL." }],
])("an order is declined with a reason in words for customers: %s", (error, reason) => {
  expect(declineReasonOf(error)).toEqual(reason);
});
