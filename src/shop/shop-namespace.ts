/** The namespace of all ids that the shop derives from names. It must never change: seeded rows and repeated orders are found by these ids. */
export const SHOP_NAMESPACE = "5d6a9d3c-2c0e-4b7b-9d0e-1f6f4a4c8e21";
