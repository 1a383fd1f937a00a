import type { CertificateFields } from './certificate.ts';
import type { CERTIFICATE_FIELDS } from './tables/certificate-fields.ts';
import type { FILE_FIELDS } from './tables/file-fields.ts';
import type { FIREWALL_FIELDS } from './tables/firewall-fields.ts';
import type { PROPERTIES } from './tables/properties.ts';
import type { Prefixed, Values } from './tables/rows.ts';

/** A key or certificate of a client: `client.sshCert`, `client.sshAcceptServerHostKey`. */
export type ClientCertificate = CertificateFields['view'];
/** Attributes of a remote file: `client.fileAttributes`. */
export type ClientFileAttributes = Values<typeof FILE_FIELDS>;
/** The proxy of a client: `client.firewall`. */
export type ClientFirewall = Values<typeof FIREWALL_FIELDS>;

/** The properties of a client under their flat names; `install.ts` makes the accessors. */
export interface FlatProperties
  extends Values<typeof PROPERTIES>,
    Prefixed<'sshCert', typeof CERTIFICATE_FIELDS>,
    Prefixed<'sshAcceptServerHostKey', typeof CERTIFICATE_FIELDS>,
    Prefixed<'file', typeof FILE_FIELDS>,
    Prefixed<'firewall', typeof FIREWALL_FIELDS> {
  /** Entry `index` of the last listing as the server shows it to people. */
  dirListEntry(index: number): string;
  /** Name of entry `index`. */
  dirListFileName(index: number): string;
  /** Bytes of entry `index`. */
  dirListFileSize(index: number): number;
  /** Last change of entry `index`. */
  dirListFileTime(index: number): string;
  /** Whether entry `index` is a folder. */
  dirListIsDir(index: number): boolean;
  /** Whether entry `index` is a symbolic link. */
  dirListIsSymlink(index: number): boolean;
}
