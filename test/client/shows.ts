/** A test that says which names of SFTPClient it shows the behaviour of; behaviours.test.ts reads the calls. */
import { test } from 'node:test';

interface Rules {
  readonly skip?: string | false;
  readonly timeout?: number;
}

/** `names`: properties, methods, `event:` events and `config:` settings; `sshCert*` stands for all that begin so. */
export function shows(
  title: string,
  _names: readonly string[],
  rules: Rules | (() => unknown),
  work?: () => unknown,
): void {
  if (typeof rules === 'function') test(title, async () => void (await rules()));
  else test(title, { timeout: 60_000, ...rules }, async () => void (await work!()));
}
