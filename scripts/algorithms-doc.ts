/**
 * `npm run algorithms`: writes docs/algorithms.md from the rows of the algorithm tables and from the proofs that
 * test/real/interop.test.ts runs. A test compares.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CERTIFICATE_ALGORITHMS } from '../src/ssh/crypto/certificate-algorithms.ts';
import { CIPHERS, type CipherRow } from '../src/ssh/crypto/ciphers.ts';
import { COMPRESSIONS } from '../src/ssh/crypto/compression/compressions.ts';
import { KEX_ALGORITHMS } from '../src/ssh/crypto/key-exchanges.ts';
import { MACS } from '../src/ssh/crypto/macs.ts';
import type { AlgorithmRow } from '../src/ssh/crypto/security.ts';
import { SIGNATURE_ALGORITHMS } from '../src/ssh/crypto/signatures.ts';
import { PEERS } from '../test/support/interop/peers.ts';
import { CERTIFICATE_PROOFS, PROOFS, type Proof } from '../test/support/interop/proofs.ts';

export const TARGET: string = fileURLToPath(new URL('../docs/algorithms.md', import.meta.url));

type Kind = keyof typeof PROOFS;

const HEAD = `# Algorithms

Generated from the tables in \`src/ssh/crypto\` by \`npm run algorithms\`: edit those.

The option \`algorithms\` of \`connect\` takes a list for each kind, best first. What a list names is all that is offered.

- **default**: offered when you name nothing, in this order.
- **supported**: sound, used when you name it.
- **insecure**: broken or too weak for today. Used only when you name it, and each use is a warning in the log.

"Proved with" are servers that a test logs in to with this one algorithm and moves 1 MiB each way. Where no server we
can install knows it, the published vectors stand in for one, together with our own server half.
`;

const SECTIONS: Record<Kind, { title: string; table: Readonly<Record<string, AlgorithmRow>>; note: string }> =
  {
    kex: {
      title: 'Key exchange (`kex`)',
      table: KEX_ALGORITHMS,
      note: 'The `mlkem…` and `sntrup761…` methods also hold against quantum computers. The `gss-…` methods, in which Kerberos proves the server, are offered only where you ask for them.',
    },
    ciphers: {
      title: 'Ciphers (`ciphers`)',
      table: CIPHERS,
      note: 'Terrapin (CVE-2023-48795) matters only with a server that does not do strict key exchange.',
    },
    macs: {
      title: 'MACs (`macs`)',
      table: MACS,
      note: 'Not used beside `…-gcm` and `chacha20-poly1305`, which authenticate by themselves.',
    },
    compressions: {
      title: 'Compression (`compressions`)',
      table: COMPRESSIONS,
      note: 'A compressed packet may inflate to no more than an uncompressed one may hold.',
    },
    hostKey: {
      title: 'Host keys and signatures (`hostKey`, `publicKey`)',
      table: SIGNATURE_ALGORITHMS,
      note: 'Keys in certificates sign by these rows too, under names of their own: see below.',
    },
  };

function proof({ peers, vectors, elsewhere }: Proof): string {
  if (vectors !== undefined) return `no server; ${vectors}`;
  return elsewhere ?? peers.map((peer) => PEERS[peer].title).join(', ');
}

function terrapin(row: CipherRow): string {
  if (!row.terrapin) return 'no';
  return row.aead ? 'yes' : 'with an `-etm` MAC';
}

function table(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((cells) => `| ${cells.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(rows[0]!.length)}`, ...body].join('\n');
}

function section(kind: Kind): string {
  const { title, table: rows, note } = SECTIONS[kind];
  const withTerrapin = kind === 'ciphers';
  const head = ['name', 'security', ...(withTerrapin ? ['Terrapin'] : []), 'specification', 'proved with'];
  const body = Object.entries(rows).map(([name, row]) => [
    `\`${name}\``,
    row.security,
    ...(withTerrapin ? [terrapin(row as CipherRow)] : []),
    row.ref,
    proof(PROOFS[kind][name]!),
  ]);
  return `## ${title}\n\n${note}\n\n${table([head, ...body])}\n`;
}

function certificates(): string {
  const head = ['name', 'kind', 'security', 'signs by', 'specification', 'proved with'];
  const body = Object.entries(CERTIFICATE_ALGORITHMS).map(([name, row]) => [
    `\`${name}\``,
    row.kind === 'x509' ? 'X.509' : 'OpenSSH',
    row.security,
    `\`${row.signature}\``,
    row.ref,
    proof(CERTIFICATE_PROOFS[name]!),
  ]);
  const note =
    'Offered where the trust source has a CA for the host or X.509 roots, and by name. The insecure ones only by name.';
  return `## Host keys in certificates (\`hostKey\`)\n\n${note}\n\n${table([head, ...body])}\n`;
}

/** The text of docs/algorithms.md. */
export function algorithmsDoc(): string {
  return [HEAD, ...(Object.keys(SECTIONS) as Kind[]).map(section), certificates()].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(TARGET, algorithmsDoc());
  console.log(TARGET);
}
