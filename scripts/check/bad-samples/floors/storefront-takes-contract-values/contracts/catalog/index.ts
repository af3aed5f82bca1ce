export const Product = 1;
