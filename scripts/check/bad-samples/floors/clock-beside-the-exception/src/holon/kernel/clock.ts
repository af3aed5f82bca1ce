export const now = () => Date.now();
export const random = () => Math.random();
