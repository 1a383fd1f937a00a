/** A store of a key with its certificate, made with the usual tools. */
import { join } from 'node:path';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { run } from '../../support/servers/run.ts';

/** A PFX of the RSA test key, with a certificate that has every field; its password is `certpassword`. */
export async function makePfx(folder: string): Promise<string> {
  const { userKeys } = await getFixtures();
  const key = join(folder, 'key.pem');
  await run('cp', [userKeys.rsa.files.openssh, key]);
  await run('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-P', '', '-N', '', '-f', key]);
  const cert = join(folder, 'cert.pem');
  await run('openssl', [
    ...['req', '-x509', '-key', key, '-out', cert, '-days', '30', '-set_serial', '0x0102AB', '-sha256'],
    ...['-subj', '/CN=www.server.com/O=Test/C=US', '-addext', 'subjectAltName=DNS:a.example,DNS:b.example'],
    ...['-addext', 'keyUsage=digitalSignature,keyEncipherment', '-addext', 'extendedKeyUsage=clientAuth'],
  ]);
  const pfx = join(folder, 'cert.pfx');
  await run('openssl', [
    'pkcs12',
    '-export',
    '-inkey',
    key,
    '-in',
    cert,
    '-out',
    pfx,
    '-passout',
    'pass:certpassword',
  ]);
  return pfx;
}
