export type High = 1;
