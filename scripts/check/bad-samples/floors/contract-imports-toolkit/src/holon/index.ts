export const defineContext = 1;
