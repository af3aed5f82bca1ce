export const low = () => import("../wire/high.ts");
