/** Resolves `typescript` to the version with a compiler in JavaScript, for programs that need it: the current `typescript` is the native compiler. */
export function resolve(specifier, context, next) {
  return next(specifier === "typescript" ? "typescript-6" : specifier, context);
}
