import type { FastifyInstance, FastifyRequest } from "fastify";

const FORM_BYTES = 16 * 1024;

/** Lets the routes of a scope take what forms send, and nothing else. */
export function takeForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string", bodyLimit: FORM_BYTES }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)));
  });
}

/** A field of a form; empty where it is not there. */
export function formField({ body }: FastifyRequest, name: string): string {
  return body instanceof URLSearchParams ? (body.get(name) ?? "") : "";
}
