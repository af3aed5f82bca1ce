import { createOpenApiDocument, type OpenApiDocument } from "../../edge/index.ts";
import type { App } from "./define-app.ts";

/**
 * The OpenAPI 3.1 document of an app, as every process of it answers at `/openapi.json`. Nothing is started.
 *
 * Errors: ContractError where one schema id stands for two schemas.
 */
export function openApiOf({ name, api, contexts }: App): OpenApiDocument {
  return createOpenApiDocument(
    { title: name, version: "0.0.0", ...api },
    contexts.map(({ contract }) => contract),
  );
}
