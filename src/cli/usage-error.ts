/** Wrong use of the command line, told without a byte on the network: exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}
