import { createOpenApiDocument, type OpenApiDocument } from "../../edge/openapi/create-document.ts";
import type { App } from "./define-app.ts";

/**
 * The OpenAPI 3.1 document of an app, as every process of the app serves it at `/openapi.json`. Nothing is started.
 *
 * Errors: ContractError if two schemas have the same schema id.
 */
export function openApiOf({ name, api, contexts }: App): OpenApiDocument {
  return createOpenApiDocument(
    { title: name, version: "0.0.0", ...api },
    contexts.map(({ contract }) => contract),
  );
}
