export const a = process.env;
export const b = process["env"];
const { env } = globalThis.process;
export const c = env;
