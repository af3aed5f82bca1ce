export { b } from "./contexts/catalog/b.ts";
