export type * from "./api-info.ts";
export * from "./create-document.ts";
export * from "./docs-routes.ts";
export * from "./document-route.ts";
