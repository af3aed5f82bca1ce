/** Resolves `typescript` to version 6, whose compiler is JavaScript, for programs that need it. The current `typescript` is the native compiler. */
export function resolve(specifier, context, next) {
  return next(specifier === "typescript" ? "typescript-6" : specifier, context);
}
