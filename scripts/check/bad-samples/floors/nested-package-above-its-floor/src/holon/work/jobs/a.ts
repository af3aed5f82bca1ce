import { Queue } from "bullmq";
export const a = Queue;
