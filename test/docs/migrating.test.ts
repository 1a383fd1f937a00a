/** The blocks of docs/migrating-from-the-reference-class.md run, each with a client of its own. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SSHAuthModes } from '../../src/client/index.ts';
import { clientOf } from '../real/client/clients.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/migrating-from-the-reference-class.md'), 'utf8');
const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block!);
const GIVEN =
  'client, host, port, username, password, privateKeyFile, remoteFile, remoteFolder, localFile, localFolder, confirm';

describe('blocks of the migration page', requireServer('openssh', 'password'), () => {
  for (const [i, block] of blocks.entries()) {
    test(`block ${i + 1} runs`, { timeout: 30_000 }, async () => {
      await using scratch = await makeScratch('migrating-');
      const { host, port, user: username, password } = realServer('openssh');
      const { userKeys } = await getFixtures();
      const localFolder = join(scratch.path, 'local');
      const remoteFolder = scratch.path;
      await mkdir(localFolder);
      const localFile = join(localFolder, 'file.txt');
      const remoteFile = join(remoteFolder, 'file.txt');
      await writeFile(remoteFile, 'an example\n');
      await writeFile(localFile, 'an exam');
      const client = await clientOf();
      if (password !== undefined) {
        client.sshAuthMode = SSHAuthModes.amPassword;
        client.sshPassword = password;
      }
      const given = {
        ...{ client, host, port, username, password, remoteFile, remoteFolder, localFile, localFolder },
        privateKeyFile: userKeys.ed25519.files.openssh,
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
