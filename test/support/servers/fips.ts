/**
 * OpenSSL's FIPS provider for the Node that runs the tests: Debian 13 has it as a package of its own, which is fetched and
 * unpacked into the cache folder; nothing of it is installed. Providers of one major version of OpenSSL load into another.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDebian } from './apt.ts';
import { withLock } from './lock.ts';
import type { OnDemand } from './on-demand.ts';
import { serverCache } from './paths.ts';
import { run } from './run.ts';
import { fetchUnpacked } from './unpacked.ts';

export const FIPS: OnDemand = {
  name: 'FIPS provider',
  doc: 'Node in FIPS mode',
  packages: ['openssl'],
  needsRoot: false,
};

/** The environment in which `node --force-fips` starts. */
export function fipsEnvironment(): Promise<Record<string, string>> {
  return withLock('fips', async () => {
    const tree = join(serverCache, `fips-${process.arch}`);
    await mkdir(serverCache, { recursive: true });
    let module = await moduleIn(tree);
    if (module === undefined) {
      if (!isDebian()) throw new Error('this is not Debian, so it cannot be fetched');
      await fetchUnpacked(tree, 'trixie', ['openssl-provider-fips'], () => {});
      module = await moduleIn(tree);
    }
    if (module === undefined) throw new Error('the package has no fips.so');
    const settings = join(tree, 'fipsmodule.cnf');
    // Runs the provider's own tests, and notes what it is.
    await run('openssl', ['fipsinstall', '-module', module, '-provider_name', 'fips', '-out', settings]);
    const config = join(tree, 'openssl.cnf');
    await writeFile(config, CONFIG.replace('SETTINGS', settings));
    return { OPENSSL_CONF: config, OPENSSL_MODULES: dirname(module) };
  });
}

async function moduleIn(tree: string): Promise<string | undefined> {
  const names = await readdir(tree, { recursive: true }).catch(() => []);
  const found = names.find((name) => name.endsWith('/fips.so'));
  return found === undefined ? undefined : join(tree, found);
}

const CONFIG = `nodejs_conf = nodejs_init
openssl_conf = nodejs_init
.include SETTINGS
[nodejs_init]
providers = provider_sect
alg_section = algorithm_sect
[provider_sect]
fips = fips_sect
base = base_sect
[base_sect]
activate = 1
[algorithm_sect]
default_properties = fips=yes
`;
