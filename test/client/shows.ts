/** A test that says which names of SFTPClient it shows the behaviour of; behaviours.test.ts reads the calls. */
import { type TestContext, test } from 'node:test';

interface Rules {
  readonly skip?: string | false;
  readonly timeout?: number;
}

/** `names`: properties, methods, `event:` events and `config:` settings; `sshCert*` stands for all that begin so. */
export function shows(
  title: string,
  _names: readonly string[],
  rules: Rules | ((t: TestContext) => unknown),
  work?: (t: TestContext) => unknown,
): void {
  if (typeof rules === 'function') test(title, async (t) => void (await rules(t)));
  else test(title, { timeout: 60_000, ...rules }, async (t) => void (await work!(t)));
}
