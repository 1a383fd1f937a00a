/** What SFTPClient is made of and what needs no server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toClientError } from '../../src/client/client-error.ts';
import { Emitter } from '../../src/client/emitter.ts';
import { setAttributes, showAttributes } from '../../src/client/file-attributes.ts';
import { formatFileTime } from '../../src/client/file-time.ts';
import { ConnectionEvents, SFTPClient, SFTPClientError, SSHAuthModes } from '../../src/client/index.ts';
import { maskTest } from '../../src/client/mask.ts';
import { remoteName, shownFolder } from '../../src/client/paths.ts';
import { ClientState } from '../../src/client/state.ts';
import { CLIENT_ERRORS } from '../../src/client/tables/errors.ts';
import {
  toConnectOptions,
  toDownloadOptions,
  toLoginInput,
  toOpenOptions,
  toUploadOptions,
  type Vocabulary,
} from '../../src/client/to-core.ts';
import { ERROR_CODES, type ErrorCode, WherryError } from '../../src/index.ts';
import { generateKey } from '../../src/keys.ts';
import { shows } from './shows.ts';

function vocabulary(): Vocabulary & { state: ClientState } {
  const state = new ClientState();
  const { main, firewall, settings } = state;
  return {
    state,
    properties: main.view,
    firewall: firewall.view,
    settings,
    isSet: (name) => main.isSet(name),
  };
}

/** The setting, and what it makes of the options. */
const CONNECT: readonly (readonly [config: string, expected: object])[] = [
  ['UseStrictKeyExchange=0', { strictKex: 'off' }],
  ['UseStrictKeyExchange=1', { strictKex: 'offer' }],
  ['UseStrictKeyExchange=2', { strictKex: 'protect' }],
  ['UseStrictKeyExchange=3', { strictKex: 'require' }],
  ['KeyRenegotiationThreshold=524288000', { rekeyBytes: 524_288_000 }],
  ['ClientSSHVersionString=SSH-2.0-mine', { clientVersion: 'SSH-2.0-mine' }],
  [
    'SSHVersionPattern=*SSH-1.99-*,*SSH-2.0-*,*SSH-2.99-*',
    { serverVersionPattern: ['*SSH-1.99-*', '*SSH-2.0-*', '*SSH-2.99-*'] },
  ],
  ['PreferredDHGroupBits=4096', { preferredGroupBits: 4096 }],
  ['SSHKeepAliveInterval=7', { keepAlive: { interval: 7000, count: 5 } }],
  ['SSHKeepAliveCountMax=2', { keepAlive: { interval: 0, count: 2 } }],
  ['MaxPacketSize=40000', { maxPacketSize: 40_000 }],
  ['MaxWindowSize=65536', { maxWindowSize: 65_536 }],
  ['WaitForChannelClose=False', { waitForChannelClose: false }],
  ['WaitForServerDisconnect=True', { waitForServerDisconnect: true }],
  [
    'SSHKeyExchangeAlgorithms=curve25519-sha256, ecdh-sha2-nistp256',
    { algorithms: { kex: ['curve25519-sha256', 'ecdh-sha2-nistp256'] } },
  ],
  ['SSHMacAlgorithms=hmac-sha2-256', { algorithms: { macs: ['hmac-sha2-256'] } }],
  ['SSHPublicKeyAlgorithms=ssh-ed25519', { algorithms: { hostKey: ['ssh-ed25519'] } }],
  ['SSHPubKeyAuthSigAlgorithms=rsa-sha2-512', { algorithms: { publicKey: ['rsa-sha2-512'] } }],
  ['LogLevel=1', { logDetail: 'events' }],
  ['LogLevel=2', { logDetail: 'packets' }],
  ['LogLevel=3', { logDetail: 'bytes' }],
];

test('settings of the connection become options of the core, and only where they were set', () => {
  for (const [config, expected] of CONNECT) {
    const from = vocabulary();
    const [name, ...value] = config.split('=');
    from.settings.set(name as 'LogLevel', value.join('='));
    const options = toConnectOptions(from) as unknown as Record<string, unknown>;
    for (const [option, wanted] of Object.entries(expected))
      assert.deepEqual(options[option], wanted, config);
  }
  const plain = toConnectOptions(vocabulary());
  assert.deepEqual([plain.algorithms, plain.proxy, 'rekeyBytes' in plain], [{}, undefined, false]);
  const from = vocabulary();
  from.properties.sshEncryptionAlgorithms =
    'aes256-ctr,aes192-ctr,aes128-ctr,3des-ctr,arcfour256,arcfour128,arcfour,aes256-gcm@openssh.com';
  from.properties.sshCompressionAlgorithms = 'none,zlib';
  assert.deepEqual(toConnectOptions(from).algorithms, {
    ciphers: from.properties.sshEncryptionAlgorithms.split(','),
    compressions: ['none', 'zlib'],
  });
  from.firewall.type = 3;
  assert.equal(from.firewall.port, 1080);
  assert.throws(() => toConnectOptions(from), { code: 118 });
  Object.assign(from.firewall, { host: 'p', user: 'u', password: 'w' });
  assert.deepEqual(toConnectOptions(from).proxy, {
    type: 'socks5',
    host: 'p',
    port: 1080,
    username: 'u',
    password: 'w',
  });
  from.firewall.type = 1;
  assert.equal(from.firewall.port, 80);
  from.firewall.type = 0;
  from.firewall.autoDetect = true;
  assert.equal(toConnectOptions(from).proxy, 'environment');
  from.properties.localPort = 1234;
  assert.equal(toConnectOptions(from).localPort, 1234);
});

const NO_PARTS = { key: undefined };

test('the modes of logging in, and the settings about it', async () => {
  const privateKey = await generateKey('ed25519');
  const login = (mode: number, ...settings: string[]): Record<string, unknown> => {
    const from = vocabulary();
    from.properties.sshUser = 'user';
    from.properties.sshPassword = 'secret';
    from.properties.sshAuthMode = mode;
    for (const setting of settings) from.settings.set(...(setting.split('=') as ['LogLevel', string]));
    return toLoginInput(from, {
      key: { comment: '', publicKey: privateKey.publicKey, privateKey },
    }) as never;
  };
  const methods = (...of: Parameters<typeof login>): unknown =>
    (login(...of).login as { methods: unknown }).methods;
  assert.deepEqual(methods(SSHAuthModes.amNone), ['none']);
  assert.deepEqual(methods(SSHAuthModes.amPassword), ['password']);
  assert.deepEqual(methods(SSHAuthModes.amPublicKey), ['publickey']);
  assert.deepEqual(methods(SSHAuthModes.amMultiFactor), ['publickey', 'password', 'keyboard-interactive']);
  assert.deepEqual(methods(SSHAuthModes.amCustom), ['custom']);
  assert.deepEqual(methods(SSHAuthModes.amPassword, 'EnablePageantAuth=1'), ['publickey', 'password']);
  assert.deepEqual(methods(SSHAuthModes.amPassword, 'EnablePageantAuth=2'), ['publickey']);
  assert.equal(
    (login(SSHAuthModes.amPassword, 'EnablePageantAuth=2').agent as { required: boolean }).required,
    true,
  );
  assert.deepEqual(methods(SSHAuthModes.amPassword, 'TryAllAvailableAuthMethods=1'), [
    'password',
    'publickey',
    'keyboard-interactive',
  ]);
  assert.equal((login(SSHAuthModes.amPassword).login as { repeat: string }).repeat, 'never');
  const again = login(SSHAuthModes.amPassword, 'DoNotRepeatAuthMethods=0').login as { repeat: string };
  assert.equal(again.repeat, 'always');
  const kerberos = ['KerberosRealm=EXAMPLE.COM', 'KerberosSPN=host/a', 'KerberosDelegation=False'];
  assert.deepEqual(login(SSHAuthModes.amGSSAPIWithMic, ...kerberos).gssapi, {
    delegate: false,
    keyExchange: false,
    realm: 'EXAMPLE.COM',
    servicePrincipal: 'host/a',
    principal: 'user',
    password: 'secret',
  });
  assert.equal((login(SSHAuthModes.amGSSAPIKeyex).gssapi as { keyExchange: boolean }).keyExchange, true);
  assert.deepEqual(
    login(SSHAuthModes.amPublicKey, 'SignedSSHCert=ssh-rsa-cert-v01@openssh.com AAAA').certificate,
    ['ssh-rsa-cert-v01@openssh.com AAAA'],
  );
  const without = vocabulary();
  without.properties.sshUser = 'user';
  without.properties.sshAuthMode = SSHAuthModes.amPublicKey;
  assert.throws(() => toLoginInput(without, NO_PARTS), { code: 1006 });
});

test('settings of transfers become options of the core', async () => {
  const from = vocabulary();
  const plain = toDownloadOptions(from, 0, true);
  assert.deepEqual(
    [plain.requestBytes, plain.maxRequests, plain.askSize, plain.length],
    [undefined, undefined, true, undefined],
  );
  from.settings.set('MaxFileData', '14745');
  from.settings.set('MaxOutstandingPackets', '4');
  from.settings.set('TransferredDataLimit', '100');
  const down = toDownloadOptions(from, 50, true);
  assert.deepEqual([down.requestBytes, down.maxRequests, down.resume, down.length], [14_745, 4, 50, 150]);
  from.settings.set('AsyncTransfer', 'False');
  assert.equal(toDownloadOptions(from, 0, true).maxRequests, 1);
  from.settings.set('RealTimeUpload', 'True');
  from.settings.set('RealTimeUploadAgeLimit', '3');
  assert.deepEqual(toUploadOptions(from, 0, false, true).follow, { idle: 3000 });
  assert.equal(toUploadOptions(from, 0, false, false).follow, undefined);
  assert.deepEqual(
    [toUploadOptions(from, 0, true, true).at, toUploadOptions(from, 9, false, true).resume],
    ['end', 9],
  );
  from.settings.set('ProtocolVersion', '6');
  from.settings.set('CodePage', '1251');
  assert.deepEqual([toOpenOptions(from).version, toOpenOptions(from).nameEncoding], [6, 'windows-1251']);
  await assert.rejects(new SFTPClient().config('CodePage=12345'), { code: 434 });
});

shows(
  'fields of packets: written, read by name and by type, refused',
  ['setSshParam', 'getSshParam', 'getSshParamBytes', 'encodePacket', 'decodePacket'],
  () => {
    const client = new SFTPClient();
    let packet = client.setSshParam(Buffer.alloc(0), 'b', '98');
    for (const [type, value] of [
      ['i', '0x10'],
      ['s', 'x11-req'],
      ['f', 'True'],
      ['f', 'False'],
      ['s', 'MIT-MAGIC-COOKIE-1'],
      ['s', 'c0ffee'],
      ['i', '3'],
    ] as const) {
      packet = client.setSshParam(packet, type, value);
    }
    assert.deepEqual(
      [
        'ChannelId',
        'RequestType',
        'WantsReply',
        'SingleConnection',
        'X11AuthProtocol',
        'X11AuthCookie',
        'X11ScreenNumber',
      ].map((field) => client.getSshParam(packet, field)),
      ['16', 'x11-req', 'True', 'False', 'MIT-MAGIC-COOKIE-1', 'c0ffee', '3'],
    );
    assert.equal(client.getSshParam(packet, '%i,s'), 'x11-req');
    assert.deepEqual(client.getSshParamBytes(packet, '%i,s'), Buffer.from('x11-req'));
    assert.deepEqual(client.decodePacket(client.encodePacket(packet)), packet);
    assert.equal(client.encodePacket(Buffer.of(0, 171)), '00AB');
    for (const [type, value] of [
      ['m', '1234'],
      ['m', '128'],
      ['m', '0'],
      ['l', '18446744073709551615'],
      ['sb', 'A1B23C'],
    ] as const) {
      const one = client.setSshParam(Buffer.of(1), type, value);
      assert.equal(client.getSshParam(one, `%${type}`), value);
    }
    assert.deepEqual(client.setSshParam(Buffer.alloc(0), 'm', '128'), Buffer.of(0, 0, 0, 2, 0, 128));
    for (const bad of [
      () => client.setSshParam(packet, 'x', '1'),
      () => client.setSshParam(packet, 'i', '4294967296'),
      () => client.setSshParam(packet, 'b', '-1'),
      () => client.setSshParam(packet, 'f', 'maybe'),
      () => client.decodePacket('abc'),
      () => client.getSshParam(packet, 'TerminalType'),
      () => client.getSshParam(packet.subarray(0, 9), 'RequestType'),
      () => client.getSshParam(Buffer.of(98, 0, 0, 0, 0, 255, 255, 255, 255), '%i,s'),
    ]) {
      assert.throws(bad, SFTPClientError);
    }
  },
);

test('handlers: in order, awaited, once, taken away; an error event nobody hears throws nothing', async () => {
  const client = new SFTPClient();
  assert.equal(
    client.on('log', () => {}),
    client,
  );
  assert.throws(() => client.on('transfers' as 'transfer', () => {}), /did you mean transfer\?/);
  assert.throws(() => client.on('transfer', undefined as never), { code: 10022 });
  const emitter = new Emitter();
  const order: string[] = [];
  const slow = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('slow');
  };
  emitter.add('sshStatus', slow, false);
  emitter.add('sshStatus', () => order.push('quick'), true);
  await emitter.emit('sshStatus', { message: '' });
  await emitter.emit('sshStatus', { message: '' });
  assert.deepEqual(order, ['slow', 'quick', 'slow']);
  emitter.remove('sshStatus', slow);
  assert.equal(emitter.hears('sshStatus'), false);
  emitter.notify('error', { errorCode: 1, description: '', localFile: '', remoteFile: '' });
  const errors: string[] = [];
  emitter.add('error', (e) => errors.push(e.description), false);
  emitter.add('error', () => Promise.reject(new Error('in the error handler')), false);
  emitter.add('log', () => Promise.reject(new Error('late')), false);
  emitter.notify('log', { logLevel: 1, message: '', logType: '' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(errors, ['late']);
  assert.ok(Object.values(ConnectionEvents).length === 6);
});

shows(
  'settings that are kept, read only, or about this program',
  [
    ...['config:BuildInfo', 'config:LicenseInfo', 'config:ProcessIdleEvents'],
    ...[
      'config:UseFIPSCompliantAPI',
      'config:UseInternalSecurityAPI',
      'config:RecordLength',
      'config',
      'reset',
    ],
    ...['config:ChannelDataEOL', 'config:ChannelDataEOLFound', 'config:MaxChannelDataLength', 'error:10022'],
  ],
  async () => {
    const client = new SFTPClient();
    assert.match(await client.config('BuildInfo'), /^wherry \d.*Node v/);
    assert.match(await client.config('LicenseInfo'), /MIT/);
    await client.config('ChannelDataEOL[3]="\r\n"');
    assert.deepEqual(
      [await client.config('channeldataeol[3]'), await client.config('ChannelDataEOL[4]')],
      ['\r\n', ''],
    );
    await client.config('MaxChannelDataLength[3]=10');
    assert.equal(await client.config('ChannelDataEOLFound[3]'), 'False');
    for (const inert of ['ProcessIdleEvents=No', 'UseInternalSecurityAPI=0', 'RecordLength=4'])
      await client.config(inert);
    assert.deepEqual(
      [await client.config('RecordLength'), await client.config('MaxChannelDataLength[3]')],
      ['4', '10'],
    );
    assert.equal(await client.config('ProcessIdleEvents'), 'False');
    await assert.rejects(client.config('UseFIPSCompliantAPI=True'), { code: 211 });
    assert.equal(await client.config('UseFIPSCompliantAPI'), 'False');
    assert.equal(await client.config('MaskSensitiveData'), 'True');
    for (const [bad, better] of [
      ['MaxFileDate=1', 'MaxFileData'],
      ['sshkeepalive=3', 'SSHKeepAlive'],
      ['MaxFileData[2]=1', 'brackets'],
      ['MaxFileData=0', '261120'],
      ['MaxFileData=many', 'whole number'],
      ['AsyncTransfer=perhaps', 'True or False'],
      ['LocalEOL=X', 'one of'],
    ] as const) {
      await assert.rejects(
        client.config(bad),
        (error: SFTPClientError) => error.code === 10022 && error.message.includes(better),
        bad,
      );
    }
    await client.reset();
    assert.deepEqual(
      [await client.config('ProcessIdleEvents'), await client.config('ChannelDataEOL[3]')],
      ['True', ''],
    );
  },
);

test('attributes of later SFTP versions are shown and sent', () => {
  const { file } = new ClientState();
  const told = {
    type: 'file',
    size: 7,
    allocationSize: 4096,
    owner: 'alice',
    group: 'users',
    createTime: 1_600_000_000,
    createTimeNanoseconds: 5_000_000,
    modifyTime: 1,
    acl: 'ALLOWED::alice:READ_DATA',
    bits: 5,
    bitsValid: 7,
  } as const;
  showAttributes(file, told);
  const { view } = file;
  assert.deepEqual(
    [
      view.acl,
      view.allocationSize,
      view.attributeBits,
      view.attributeBitsValid,
      view.creationTime,
      view.ownerId,
    ],
    [told.acl, 4096, 5, 7, 1_600_000_000_005, 'alice'],
  );
  assert.deepEqual(setAttributes(file, told, 6), {});
  view.acl = 'other';
  view.creationTime = 1_500_000_000_250;
  view.groupId = 'staff';
  view.modifiedTime = 2500;
  assert.deepEqual(setAttributes(file, told, 6), {
    acl: 'other',
    createTime: 1_500_000_000,
    createTimeNanoseconds: 250_000_000,
    owner: 'alice',
    group: 'staff',
    modifyTime: 2,
    modifyTimeNanoseconds: 500_000_000,
  });
  assert.throws(() => showAttributes(file, { modifyTime: 2 ** 52 }), { code: 1103 });
});

test('masks', () => {
  for (const [mask, name, fits] of [
    ['C*t', 'Coast', true],
    ['C*t', 'Cats', false],
    ['[0-9,a-d,f]', 'f', true],
    ['[0-9,a-d,f]', 'e', false],
    ['[[]Something].txt', '[Something].txt', true],
    ['[?][*][\\]', '?*\\', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['[', '[', true],
    ['[]', '[]', true],
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['?', '😀', true],
  ] as const) {
    assert.equal(maskTest(mask, false)(name), fits, `${mask} ${name}`);
  }
  assert.equal(maskTest('A*', true)('abc'), true);
  const worst = maskTest(`${'*a'.repeat(200)}b`, false);
  assert.equal(worst('a'.repeat(5000)), false);
});

test('file times', () => {
  const at = Date.UTC(2024, 1, 9, 15, 4, 5, 67);
  for (const [format, text] of [
    ['yyyy-MM-dd HH:mm:ss.fff', '2024-02-09 15:04:05.067'],
    ["d MMMM yy, h tt 'o''clock'", '9 February 24, 3 PM oclock'],
    ['dddd ddd M "MM" hh\\h', 'Friday Fri 2 MM 03h'],
    ['zzz', '+00:00'],
  ] as const) {
    assert.equal(formatFileTime(at, format, true), text);
  }
  assert.equal(formatFileTime(at, '', true, Date.UTC(2024, 5, 1)), 'Feb 09 15:04');
  assert.equal(formatFileTime(at, '', true, Date.UTC(2025, 5, 1)), 'Feb 09 2024');
});

test('remote names', () => {
  const rules = { backslash: false, normalize: true };
  assert.equal(remoteName('a\\b', '/home', rules), '/home/a/b');
  assert.equal(remoteName('a\\b', '/home', { ...rules, backslash: true }), '/home/a\\b');
  assert.equal(remoteName('/a', '/home', rules), '/a');
  assert.equal(remoteName('a', '', rules), 'a');
  assert.equal(remoteName('a', '/', rules), '/a');
  assert.equal(shownFolder('/a//b/../c/', rules), '/a/c');
  assert.equal(shownFolder('/', rules), '/');
});

test('every code of the core has a number of the table', () => {
  const numbers = new Set(CLIENT_ERRORS.map(({ code }) => code));
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const error = toClientError(new WherryError(code, 'text', { sftpStatus: undefined as never }));
    assert.ok(numbers.has(error.code), `${code} is ${error.code}`);
    assert.equal(error.coreCode, code);
  }
});

test('network errors have their numbers, whatever Node calls them', () => {
  for (const row of CLIENT_ERRORS) {
    if (row.errno === undefined) {
      if (row.group === 'TCP/IP') assert.ok(row.never, `${row.code} has no errno and no reason`);
      continue;
    }
    const error = toClientError(new WherryError('CONNECT_FAILED', 'x', { errno: row.errno }));
    assert.deepEqual([error.code, error.errno], [row.code, row.errno]);
    assert.ok(error.message.startsWith(row.text));
  }
  assert.equal(
    toClientError(new WherryError('SFTP_FAILURE', 'x', { sftpStatus: 4 })).message,
    'SFTP error 4: x',
  );
  assert.equal(toClientError(new WherryError('CONNECTION_LOST', 'x', { phase: 'keep-alive' })).code, 1039);
  for (const [phase, number] of [
    ['curve25519-sha256', 1038],
    ['diffie-hellman-group14-sha256', 1034],
  ] as const)
    assert.equal(toClientError(new WherryError('SSH_KEY_EXCHANGE', 'x', { phase })).code, number);
  assert.equal(toClientError(Object.assign(new Error('x'), { code: 'ENOENT' })).code, 302);
  const own = new SFTPClientError(1030);
  assert.equal(toClientError(new WherryError('ABORTED', 'x', {}, own)), own);
});

/** Failures of the core that have a number by what they are about. */
const BY_DETAILS: readonly (readonly [number: number, code: ErrorCode, details: object])[] = [
  [434, 'INVALID_ARGUMENT', { phase: 'name encoding' }],
  [1005, 'INVALID_ARGUMENT', { ours: ['aes999-ctr'] }],
  [302, 'INVALID_ARGUMENT', { errno: 'ENOENT' }],
  [1102, 'SFTP_PROTOCOL', { theirs: ['2'] }],
  [1016, 'SSH_MALFORMED', { phase: 'decompression' }],
  [1021, 'SSH_PROTOCOL', { phase: 'channel number' }],
  [1022, 'SSH_PROTOCOL', { phase: 'channel data' }],
  [1022, 'SSH_MALFORMED', { phase: 'channel data' }],
  [1039, 'CONNECTION_LOST', { phase: 'keep-alive' }],
];

test('what a failure is about decides where its code does not', () => {
  for (const [number, code, details] of BY_DETAILS)
    assert.equal(toClientError(new WherryError(code, 'x', details)).code, number, `${code} ${number}`);
});
