const WIDTH = 40;

/** The output of a progress bar: a terminal, or a file. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows the progress of work: a bar on a terminal; elsewhere a line for every tenth. */
export function createProgressBar(output: ProgressOutput, total: number, what: string): (done: number) => void {
  let shown = -1;
  return (done) => {
    const steps = output.isTTY === true ? WIDTH * 4 : 10;
    const step = Math.floor((done / total) * steps);
    if (step === shown && done < total) return;
    shown = step;
    const filled = Math.floor((done / total) * WIDTH);
    const bar = `[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${done}/${total} ${what}`;
    output.write(output.isTTY === true ? `\r${bar}${done === total ? "\n" : ""}` : `${bar}\n`);
  };
}
