/**
 * A test that says which names of SFTPClient it shows the behaviour of. It fails when it does not use one of them;
 * behaviours.test.ts reads the calls and finds names without a test. With WHERRY_WITHOUT_EACH=1 each test is run once for each of
 * its names with that name out of action, and must fail then.
 */
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { record } from './recorder.ts';
import { camel, surface } from './surface.ts';

interface Rules {
  readonly skip?: string | false;
  readonly timeout?: number;
}

type Work = (t: TestContext) => unknown;

const WITHOUT_EACH = process.env.WHERRY_WITHOUT_EACH === '1';
/** Milliseconds after which a test that waits for what is out of action has failed. */
const PATIENCE = 15_000;
/** Names of Windows, empty anywhere else. */
const EMPTY_HERE = /PrivateKeyContainer$/;
if (WITHOUT_EACH) after(() => setTimeout(() => process.exit(), 100));

/**
 * `names`: properties, methods, `event:` events, `config:` settings and `error:` numbers; `sshCert*` stands for all that
 * begin so.
 */
export function shows(title: string, names: readonly string[], rules: Rules | Work, work?: Work): void {
  const options = typeof rules === 'function' ? {} : { timeout: 60_000, ...rules };
  const run = typeof rules === 'function' ? rules : work!;
  if (WITHOUT_EACH) {
    for (const name of spelledOut(names).filter((one) => !EMPTY_HERE.test(one)))
      test(`${title} [without ${name}]`, options, (t) => failsWithout(name, run, t));
    return;
  }
  test(title, options, async (t) => {
    const used = record();
    const skipped = watchSkips(t);
    await run(t);
    if (skipped.size > 0) return;
    assert.deepEqual(
      spelledOut(names).filter((name) => !used.has(name)),
      [],
      'names that the test is to show and does not use',
    );
  });
}

/** `sshCert*` in full. */
function spelledOut(names: readonly string[]): string[] {
  const properties = surface.properties.map(({ name }) => camel(name));
  return names.flatMap((name) =>
    name.endsWith('*') ? properties.filter((one) => one.startsWith(name.slice(0, -1))) : [name],
  );
}

async function failsWithout(name: string, run: Work, t: TestContext): Promise<void> {
  record(name);
  const skipped = watchSkips(t);
  const outcome = Promise.resolve(run(t)).then(
    () => 'passed',
    () => 'failed',
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE, 'late');
  });
  const ended = await Promise.race([outcome, late]);
  clearTimeout(timer);
  record();
  assert.ok(ended !== 'passed' || skipped.size > 0, `it does not notice that ${name} has no effect`);
}

/** What the test was skipped for while it ran. */
function watchSkips(t: TestContext): ReadonlySet<string> {
  const reasons = new Set<string>();
  const skip = t.skip.bind(t);
  t.skip = (reason = '') => {
    reasons.add(reason);
    skip(reason);
  };
  return reasons;
}
