/** Keys and certificates in the stores of Windows, through the optional package koffi. */
import { createHash } from 'node:crypto';
import { platform } from 'node:process';
import type koffiModule from 'koffi';
import { sameBytes } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { requirePackage } from '../../../base/require-package.ts';
import { sanitize } from '../../../base/text.ts';
import type { KeyEntry } from '../formats/key-entry.ts';
import { unsupported } from '../formats/key-errors.ts';
import { keyElsewhere, type Signer } from '../key-elsewhere.ts';
import type { PrivateKey } from '../key-pair.ts';
import { issuersOf } from '../x509/issuers.ts';
import { parseX509, type X509 } from '../x509/x509.ts';
import { bindStores } from './bind-stores.ts';
import type { SignRequest, StoredCertificate, StorePlace, WindowsStores } from './stores.ts';

interface Found {
  readonly stored: StoredCertificate;
  readonly certificate: X509;
}

/**
 * The certificates of a store; those that cannot be read are left out. The private keys stay with Windows and sign there,
 * synchronously, also where Windows asks a person for consent or a PIN.
 */
export function openWindowsStore(place: StorePlace, stores: WindowsStores = loadStores()): KeyEntry[] {
  const found = certificatesIn(place, stores);
  const own = found.map(({ certificate }) => certificate);
  let issuers: X509[] | undefined;
  return found.map(({ stored: { friendlyName, container }, certificate }) => {
    const comment = sanitize(friendlyName);
    const { publicKey } = certificate;
    if (container === undefined || publicKey === undefined) return { comment, publicKey, certificate };
    issuers ??= [
      ...own,
      ...intermediates(place.owner, stores).filter(
        (one) => !own.some((other) => sameBytes(one.raw, other.raw)),
      ),
    ];
    const privateKey = storedKey(stores, place, certificate, comment);
    const chain = issuersOf(certificate, issuers);
    return { comment, publicKey, privateKey, certificate, chain, keyContainer: sanitize(container) };
  });
}

function certificatesIn(place: StorePlace, stores: WindowsStores): Found[] {
  return stores.list(place).flatMap((stored) => {
    try {
      return [{ stored, certificate: parseX509(stored.der) }];
    } catch {
      return [];
    }
  });
}

/** Windows keeps the certificates between a person's and a root in a store of their own. */
function intermediates(owner: StorePlace['owner'], stores: WindowsStores): X509[] {
  try {
    return certificatesIn({ owner, name: 'CA' }, stores).map(({ certificate }) => certificate);
  } catch {
    return [];
  }
}

function storedKey(stores: WindowsStores, place: StorePlace, certificate: X509, comment: string): PrivateKey {
  const sha1 = createHash('sha1').update(certificate.raw).digest();
  const signer =
    (family: SignRequest['family']): Signer =>
    (row, data) => {
      const hash = row.hash!;
      return stores.sign(place, sha1, { family, hash, digest: createHash(hash).update(data).digest() });
    };
  const signers = { rsa: signer('rsa'), ec: signer('ec') };
  return keyElsewhere(certificate.publicKey!, comment, 'a key of Windows', signers);
}

function loadStores(): WindowsStores {
  if (platform !== 'win32') throw unsupported("Windows' own certificate stores are there on Windows only");
  let koffi: typeof koffiModule;
  try {
    koffi = requirePackage('koffi') as typeof koffiModule;
  } catch (cause) {
    const text =
      "Windows' own certificate stores need the package koffi, which is not installed: npm install koffi";
    throw new WherryError('KEY_UNSUPPORTED', text, {}, cause);
  }
  const load = (name: string) => koffi.load(`${name}.dll`);
  const [crypt32, ncrypt] = [load('crypt32'), load('ncrypt')];
  return bindStores(koffi, { crypt32, ncrypt, advapi32: load('advapi32'), kernel32: load('kernel32') });
}
