import { DOCUMENT_PATH } from "./document-route.ts";

/** The path of the page. */
export const DOCS_PATH = "/docs";

/** The path of its scripts and styles. */
export const ASSETS_PATH = `${DOCS_PATH}/assets`;

/** The page's other files, all of `@fastify/swagger-ui`. */
export const ASSETS: readonly string[] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/** The page loads nothing from another host and sends nothing there. The viewer sets styles on its elements; scripts are in files only. */
export const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** The page. It shows the document of this process. */
export function docsPage(title: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>
<link rel="icon" type="image/png" href="${ASSETS_PATH}/favicon-32x32.png"><link rel="stylesheet" href="${ASSETS_PATH}/swagger-ui.css"></head>
<body><div id="docs"></div><script src="${ASSETS_PATH}/swagger-ui-bundle.js"></script><script src="${DOCS_PATH}/page.js"></script></body>
</html>
`;
}

/** Starts the viewer. Without `validatorUrl: null` it would send the document to a validator of its makers. */
export const PAGE_SCRIPT = `SwaggerUIBundle({
  url: "${DOCUMENT_PATH}",
  dom_id: "#docs",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  deepLinking: true,
  displayOperationId: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
});
`;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
