export const low = () => import("../mesh/protocol/high.ts");
