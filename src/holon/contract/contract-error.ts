/** An error in a contract. Its message names the place and the cure. It is thrown when the contract is declared. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  readonly where: string;

  constructor(where: string, problem: string) {
    super(`${where}: ${problem}`);
    this.where = where;
  }
}
