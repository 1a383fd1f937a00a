/** Host keys a server has besides the one it has shown (OpenSSH PROTOCOL section 2.5). */
import { WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import { algorithmsForBlob, HOST_KEY_ALGORITHMS } from '../crypto/certificate-algorithms.ts';
import { verifySignature } from '../crypto/signatures.ts';
import { blobType, type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import type { Transport } from '../transport/transport.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import type { Mux } from './mux.ts';

const ANNOUNCED = 'hostkeys-00@openssh.com';
const PROVE = 'hostkeys-prove-00@openssh.com';

/**
 * What listens to the server's notices: it has the announced keys proved, all of them, and hands them on. Nothing that
 * goes wrong here ends the connection, which works without; it is logged.
 */
export function hostKeyNotices(
  transport: Transport,
  mux: Mux,
  onHostKeys: (keys: readonly PublicKey[]) => Promise<void>,
  log: Log,
): (name: string, specific: Uint8Array) => void {
  let heard = false;
  return (name, specific) => {
    if (name !== ANNOUNCED || heard) return;
    heard = true;
    const announced = Uint8Array.from(specific);
    Promise.resolve()
      .then(() => prove(transport, mux, readKeys(announced)))
      .then(onHostKeys)
      .catch((error: Error) => log.event({ kind: 'hostKeys', outcome: `not updated: ${error.message}` }));
  };
}

/** The announced keys of types known here; those in certificates are vouched for by a CA, and not recorded. */
function readKeys(specific: Uint8Array): PublicKey[] {
  const reader = new WireReader(specific, 0, ANNOUNCED);
  const keys: PublicKey[] = [];
  for (let count = 1; reader.remaining > 0; count++) {
    checkLimit('announcedHostKeys', count);
    const blob = reader.string();
    if (isPlain(blobType(blob) ?? '')) keys.push(parsePublicKey(blob));
  }
  return keys;
}

function isPlain(type: string): boolean {
  return [...HOST_KEY_ALGORITHMS.values()].some((one) => one.kind === undefined && one.blobType === type);
}

async function prove(
  transport: Transport,
  mux: Mux,
  keys: readonly PublicKey[],
): Promise<readonly PublicKey[]> {
  if (keys.length === 0) return [];
  const request = new WireWriter(4096);
  for (const { blob } of keys) request.string(blob);
  const answer = await mux.globalRequest(PROVE, request.finish());
  if (answer === undefined) throw new WherryError('SSH_PROTOCOL', 'the server does not prove its host keys');
  const reader = new WireReader(answer, 0, PROVE);
  for (const key of keys) {
    const data = new WireWriter(1024).text(PROVE).string(transport.sessionId).string(key.blob).finish();
    if (!isProof(key, data, reader.string()))
      throw new WherryError(
        'SSH_HOST_KEY_SIGNATURE',
        `the server does not own the ${key.type} key it announces`,
      );
  }
  return keys;
}

function isProof(key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean {
  return algorithmsForBlob(key.type).some(
    ({ signature: name, security }) =>
      security !== 'insecure' && verifySignature(name, key.key, data, signature, key.application),
  );
}
