import pino from "pino";
export const a = pino;
