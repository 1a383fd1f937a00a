/** Starts MIT Kerberos' KDC for one realm on a loopback port, with a host principal and a user, and gets tickets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getFixtures } from './fixtures.ts';
import type { OnDemand } from './on-demand.ts';
import { run } from './run.ts';
import { freePort } from './server.ts';

export const KERBEROS: OnDemand = {
  name: 'kerberos',
  doc: 'a KDC, for gssapi-with-mic, gssapi-keyex and the gss-* key exchanges',
  packages: ['krb5-kdc', 'krb5-admin-server', 'krb5-user', 'libgssapi-krb5-2'],
  needsRoot: true,
};

export const REALM = 'WHERRY.TEST';
/** The host every principal and certificate of it is for: a name, since principals have names. */
export const KERBEROS_HOST = 'localhost';

export interface Kdc extends AsyncDisposable {
  /** For a client of it, or a server: KRB5_CONFIG, KRB5CCNAME, KRB5_KTNAME. */
  readonly env: Record<string, string>;
  readonly user: string;
  readonly password: string;
  /** Fills the cache of `env` with a ticket of the user's. */
  getTicket(): Promise<void>;
  dropTicket(): Promise<void>;
}

export async function startKdc(user: string): Promise<Kdc> {
  const dir = await mkdtemp(join((await getFixtures()).dir, 'kdc-'));
  const port = await freePort();
  const at = (name: string): string => join(dir, name);
  await mkdir(at('db'));
  await writeFile(
    at('krb5.conf'),
    `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  forwardable = true
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  ${KERBEROS_HOST} = ${REALM}
`,
  );
  await writeFile(
    at('kdc.conf'),
    `[kdcdefaults]
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${REALM} = {
    database_name = ${at('db/principal')}
    acl_file = ${at('acl')}
    key_stash_file = ${at('stash')}
    supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
  }
`,
  );
  await writeFile(at('acl'), '');
  const env = {
    KRB5_CONFIG: at('krb5.conf'),
    KRB5_KDC_PROFILE: at('kdc.conf'),
    KRB5CCNAME: `FILE:${at('cache')}`,
    KRB5_KTNAME: `FILE:${at('host.keytab')}`,
  };
  const password = 'Kerberos-of-the-tests-1';
  await run('kdb5_util', ['create', '-s', '-P', 'master of the tests', '-r', REALM], { env });
  for (const query of [
    `addprinc -pw ${password} ${user}`,
    `addprinc -randkey host/${KERBEROS_HOST}`,
    `ktadd -k ${at('host.keytab')} host/${KERBEROS_HOST}`,
  ])
    await run('kadmin.local', ['-r', REALM, '-q', query], { env });
  const child = spawn('krb5kdc', ['-n', '-r', REALM], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  const getTicket = async (): Promise<void> => {
    await run('kinit', [user], { env, input: `${password}\n` });
  };
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await getTicket();
        break;
      } catch (error) {
        if (attempt === 50 || child.exitCode !== null) throw error;
        await sleep(100);
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const dropTicket = async (): Promise<void> => {
    await run('kdestroy', [], { env, allowFailure: true });
  };
  return { env, user, password, getTicket, dropTicket, [Symbol.asyncDispose]: stop };
}
