export const a = () => Date.now();
export const b = () => new Date();
export const c = () => Math.random();
export const d = () => console.log(new Date(0));
