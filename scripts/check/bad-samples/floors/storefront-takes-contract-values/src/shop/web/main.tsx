import { Product } from "#contracts/catalog";
export const product = Product;
