/** Gives programs that need TypeScript's compiler in JavaScript the version that still has one: `typescript` itself is the native compiler. */
export function resolve(specifier, context, next) {
  return next(specifier === "typescript" ? "typescript-6" : specifier, context);
}
