/** The blocks of docs/migrating-from-the-reference-class.md run, each with a client of its own. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SSHAuthModes } from '../../src/client/index.ts';
import { clientOf } from '../real/client/clients.ts';
import { makePfx } from '../real/client/pfx.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { run } from '../support/servers/run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/migrating-from-the-reference-class.md'), 'utf8');
const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block!);
const GIVEN =
  'client, host, port, username, password, privateKeyFile, pfxFile, fingerprint, caKey, userCertificate, ' +
  'remoteFile, remoteFolder, localFile, localFolder, confirm';

/** What the examples of the reference do, each beside what the page must have in their notation and in ours. */
const EXAMPLES: readonly (readonly [theirs: string, ours: string])[] = [
  ['SSHClient.SSHLogon(', 'client.sshLogon(host, port)'],
  ['SftpSSHAuthModes.amPassword', 'SSHAuthModes.amPassword'],
  ['SSHCertStoreTypes.cstPFXFile', 'CertStoreTypes.cstPFXFile'],
  ['SFTPControl.Download()', 'client.download()'],
  ['FTPControl.Upload()', 'client.upload()'],
  ['SFTPControl.ListDirectory()', 'client.listDirectory()'],
  ['sftp1.ChangeRemotePath("/home/user")', 'client.changeRemotePath(remoteFolder)'],
  ['ChangeRemotePath("../../another/folder")', "client.changeRemotePath('../folder')"],
  ['Config("CheckFileHash")', "config('CheckFileHash')"],
  ['Config("CopyRemoteData=', 'config(`CopyRemoteData='],
  ['Config("CopyRemoteFile=', 'config(`CopyRemoteFile='],
  ['Config("LocalEOL=', "config('LocalEOL="],
  ['Config("ServerEOL=', "config('ServerEOL="],
  ['Config("ReadLink=', 'config(`ReadLink='],
  ['Config("EnablePageantAuth=1")', "config('EnablePageantAuth=1')"],
  ['Config("KeyRenegotiationThreshold=524288000")', "config('KeyRenegotiationThreshold=524288000')"],
  ['Config("NegotiatedStrictKex")', "config('NegotiatedStrictKex')"],
  ['Config("SignedSSHCert=', 'config(`SignedSSHCert='],
  ['Config("SSHAcceptServerCAKey=', 'config(`SSHAcceptServerCAKey='],
  ['Config("SSHAcceptServerHostKeyFingerprint=', 'config(`SSHAcceptServerHostKeyFingerprint='],
  ['Config("SSHKeyRenegotiate")', "config('SSHKeyRenegotiate')"],
];

test('every example of the reference is there, and ours beside it', () => {
  const theirs = [...page.matchAll(/```text\n([\s\S]*?)```/g)].map(([, block]) => block!).join('');
  for (const [before, after] of EXAMPLES) {
    assert.ok(theirs.includes(before), before);
    assert.ok(
      blocks.some((block) => block.includes(after)),
      after,
    );
  }
});

/** The public key of an authority, and a user's certificate that it has signed. */
async function makeAuthority(folder: string, publicLine: string): Promise<[ca: string, certificate: string]> {
  const [ca, user] = [join(folder, 'ca'), join(folder, 'user')];
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', ca]);
  await writeFile(`${user}.pub`, `${publicLine}\n`);
  await run('ssh-keygen', ['-q', '-s', ca, '-I', 'user', `${user}.pub`]);
  const [line, certificate] = await Promise.all([
    readFile(`${ca}.pub`, 'utf8'),
    readFile(`${user}-cert.pub`, 'utf8'),
  ]);
  return [line.trim(), certificate.trim()];
}

describe('blocks of the migration page', requireServer('openssh', 'password'), () => {
  for (const [i, block] of blocks.entries()) {
    test(`block ${i + 1} runs`, { timeout: 30_000 }, async () => {
      await using scratch = await makeScratch('migrating-');
      const { host, port, user: username, password, hostKeys } = realServer('openssh');
      const { userKeys } = await getFixtures();
      const localFolder = join(scratch.path, 'local');
      const remoteFolder = scratch.path;
      await mkdir(localFolder);
      const localFile = join(localFolder, 'file.txt');
      const remoteFile = join(remoteFolder, 'file.txt');
      await writeFile(remoteFile, 'an example\n');
      await writeFile(localFile, 'an exam');
      await mkdir(join(remoteFolder, 'folder'), { mode: 0o777 });
      await chmod(join(remoteFolder, 'folder'), 0o777);
      await writeFile(join(remoteFolder, 'folder/file2.txt'), 'another\n');
      await symlink('file.txt', join(remoteFolder, 'link'));
      const [caKey, userCertificate] = await makeAuthority(localFolder, userKeys.ed25519.publicLine);
      const [{ fingerprint }] = hostKeys as [(typeof hostKeys)[0]];
      const client = await clientOf();
      if (password !== undefined) {
        client.sshAuthMode = SSHAuthModes.amPassword;
        client.sshPassword = password;
      }
      const given = {
        ...{ client, host, port, username, password, remoteFile, remoteFolder, localFile, localFolder },
        privateKeyFile: userKeys.ed25519.files.openssh,
        pfxFile: await makePfx(localFolder),
        ...{ fingerprint, caKey, userCertificate },
        confirm: async () => true,
      };
      const file = join(scratch.path, 'block.mts');
      await writeFile(file, moduleOf(block));
      const module = (await import(pathToFileURL(file).href)) as { run(given: unknown): Promise<void> };
      await module.run(given).finally(() => client.disconnect());
    });
  }
});

function moduleOf(block: string): string {
  const entry = pathToFileURL(join(root, 'src/client/index.ts')).href;
  const imports = [...block.matchAll(/^import .*;$/gm)].map(([line]) =>
    line.replace("'wherry/client'", `'${entry}'`),
  );
  const body = block.replace(/^import .*;$/gm, '');
  return `${imports.join('\n')}\nconst console = { log() {} };\nexport async function run({ ${GIVEN} }) {\n{\n${body}\n}\n}\n`;
}
