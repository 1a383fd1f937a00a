/** A flow or a connection that did not end with success; its record has the rest. */
export class RunFailed extends Error {
  readonly status: string;

  constructor(status: string, message: string) {
    super(message === '' ? `it ended with status ${status}` : message);
    this.status = status;
  }
}
