import type { MessageRow } from './message.ts';

/** Transport messages, RFC 4253 and RFC 8308; the ping pair is OpenSSH PROTOCOL section 1.9. */
export const TRANSPORT = {
  SSH_MSG_DISCONNECT: {
    number: 1,
    fields: { reason: 'u32', description: 'text' },
    ref: 'RFC 4253 section 11.1; the language tag is left unread, for some servers omit it',
  },
  SSH_MSG_IGNORE: { number: 2, fields: { data: 'rest' }, ref: 'RFC 4253 section 11.2' },
  SSH_MSG_UNIMPLEMENTED: { number: 3, fields: { sequence: 'u32' }, ref: 'RFC 4253 section 11.4' },
  SSH_MSG_DEBUG: {
    number: 4,
    fields: { alwaysDisplay: 'bool', message: 'text' },
    ref: 'RFC 4253 section 11.3',
  },
  SSH_MSG_SERVICE_REQUEST: { number: 5, fields: { service: 'text' }, ref: 'RFC 4253 section 10' },
  SSH_MSG_SERVICE_ACCEPT: { number: 6, fields: { service: 'text' }, ref: 'RFC 4253 section 10' },
  SSH_MSG_EXT_INFO: { number: 7, fields: { count: 'u32', extensions: 'rest' }, ref: 'RFC 8308 section 2.3' },
  SSH_MSG_NEWCOMPRESS: { number: 8, fields: {}, ref: 'RFC 8308 section 3.2' },
  SSH_MSG_KEXINIT: {
    number: 20,
    fields: { cookieAndLists: 'rest' },
    ref: 'RFC 4253 section 7.1; fields in transport/kexinit.ts',
  },
  SSH_MSG_NEWKEYS: { number: 21, fields: {}, ref: 'RFC 4253 section 7.3' },
  SSH_MSG_PING: { number: 192, fields: { data: 'string' }, ref: 'OpenSSH PROTOCOL section 1.9' },
  SSH_MSG_PONG: { number: 193, fields: { data: 'string' }, ref: 'OpenSSH PROTOCOL section 1.9' },
} as const;
TRANSPORT satisfies Record<string, MessageRow>;

/** Numbers 30 to 49 mean what the negotiated key exchange says. */
export const KEX_DH = {
  SSH_MSG_KEXDH_INIT: { number: 30, fields: { e: 'mpint' }, ref: 'RFC 4253 section 8' },
  SSH_MSG_KEXDH_REPLY: {
    number: 31,
    fields: { hostKey: 'string', f: 'mpint', signature: 'string' },
    ref: 'RFC 4253 section 8',
  },
} as const;
KEX_DH satisfies Record<string, MessageRow>;

export const KEX_ECDH = {
  SSH_MSG_KEX_ECDH_INIT: {
    number: 30,
    fields: { clientPublic: 'string' },
    ref: 'RFC 5656 section 4, RFC 8731',
  },
  SSH_MSG_KEX_ECDH_REPLY: {
    number: 31,
    fields: { hostKey: 'string', serverPublic: 'string', signature: 'string' },
    ref: 'RFC 5656 section 4; the hybrid methods use the same pair',
  },
} as const;
KEX_ECDH satisfies Record<string, MessageRow>;

export const KEX_GEX = {
  SSH_MSG_KEX_DH_GEX_GROUP: { number: 31, fields: { p: 'mpint', g: 'mpint' }, ref: 'RFC 4419 section 5' },
  SSH_MSG_KEX_DH_GEX_INIT: { number: 32, fields: { e: 'mpint' }, ref: 'RFC 4419 section 5' },
  SSH_MSG_KEX_DH_GEX_REPLY: {
    number: 33,
    fields: { hostKey: 'string', f: 'mpint', signature: 'string' },
    ref: 'RFC 4419 section 5',
  },
  SSH_MSG_KEX_DH_GEX_REQUEST: {
    number: 34,
    fields: { min: 'u32', preferred: 'u32', max: 'u32' },
    ref: 'RFC 4419 section 5',
  },
} as const;
KEX_GEX satisfies Record<string, MessageRow>;

/** RFC 4462 section 2 and RFC 8732; the public values are mpints or strings, as in the exchange without Kerberos. */
export const KEX_GSS = {
  SSH_MSG_KEXGSS_INIT: {
    number: 30,
    fields: { token: 'string', value: 'rest' },
    ref: 'RFC 4462 section 2.1',
  },
  SSH_MSG_KEXGSS_CONTINUE: { number: 31, fields: { token: 'string' }, ref: 'RFC 4462 section 2.1' },
  SSH_MSG_KEXGSS_COMPLETE: { number: 32, fields: { rest: 'rest' }, ref: 'RFC 4462 section 2.1' },
  SSH_MSG_KEXGSS_HOSTKEY: { number: 33, fields: { hostKey: 'string' }, ref: 'RFC 4462 section 2.1' },
  SSH_MSG_KEXGSS_ERROR: {
    number: 34,
    fields: { major: 'u32', minor: 'u32', text: 'text' },
    ref: 'RFC 4462 section 2.1; the language tag is left unread',
  },
  SSH_MSG_KEXGSS_GROUPREQ: {
    number: 40,
    fields: { min: 'u32', preferred: 'u32', max: 'u32' },
    ref: 'RFC 4462 section 2.2',
  },
  SSH_MSG_KEXGSS_GROUP: { number: 41, fields: { p: 'mpint', g: 'mpint' }, ref: 'RFC 4462 section 2.2' },
} as const;
KEX_GSS satisfies Record<string, MessageRow>;

export const USERAUTH = {
  SSH_MSG_USERAUTH_REQUEST: {
    number: 50,
    fields: { user: 'text', service: 'text', method: 'text', specific: 'rest' },
    ref: 'RFC 4252 section 5',
  },
  SSH_MSG_USERAUTH_FAILURE: {
    number: 51,
    fields: { methods: 'nameList', partialSuccess: 'bool' },
    ref: 'RFC 4252 section 5.1',
  },
  SSH_MSG_USERAUTH_SUCCESS: { number: 52, fields: {}, ref: 'RFC 4252 section 5.1' },
  SSH_MSG_USERAUTH_BANNER: { number: 53, fields: { message: 'text' }, ref: 'RFC 4252 section 5.4' },
} as const;
USERAUTH satisfies Record<string, MessageRow>;

/** Numbers 60 to 79 mean what the login method under way says. */
export const AUTH_PUBLICKEY = {
  SSH_MSG_USERAUTH_PK_OK: {
    number: 60,
    fields: { algorithm: 'text', key: 'string' },
    ref: 'RFC 4252 section 7',
  },
} as const;
AUTH_PUBLICKEY satisfies Record<string, MessageRow>;

export const AUTH_PASSWORD = {
  SSH_MSG_USERAUTH_PASSWD_CHANGEREQ: { number: 60, fields: { prompt: 'text' }, ref: 'RFC 4252 section 8' },
} as const;
AUTH_PASSWORD satisfies Record<string, MessageRow>;

export const AUTH_KEYBOARD = {
  SSH_MSG_USERAUTH_INFO_REQUEST: {
    number: 60,
    fields: { name: 'text', instruction: 'text', language: 'text', count: 'u32', prompts: 'rest' },
    ref: 'RFC 4256 section 3.2',
  },
  SSH_MSG_USERAUTH_INFO_RESPONSE: {
    number: 61,
    fields: { count: 'u32', responses: 'rest' },
    ref: 'RFC 4256 section 3.4',
  },
} as const;
AUTH_KEYBOARD satisfies Record<string, MessageRow>;

export const AUTH_GSSAPI = {
  SSH_MSG_USERAUTH_GSSAPI_RESPONSE: { number: 60, fields: { mech: 'string' }, ref: 'RFC 4462 section 3.3' },
  SSH_MSG_USERAUTH_GSSAPI_TOKEN: { number: 61, fields: { token: 'string' }, ref: 'RFC 4462 section 3.4' },
  SSH_MSG_USERAUTH_GSSAPI_EXCHANGE_COMPLETE: { number: 63, fields: {}, ref: 'RFC 4462 section 3.5' },
  SSH_MSG_USERAUTH_GSSAPI_ERROR: {
    number: 64,
    fields: { major: 'u32', minor: 'u32', text: 'text' },
    ref: 'RFC 4462 section 3.8; the language tag is left unread',
  },
  SSH_MSG_USERAUTH_GSSAPI_ERRTOK: { number: 65, fields: { token: 'string' }, ref: 'RFC 4462 section 3.9' },
  SSH_MSG_USERAUTH_GSSAPI_MIC: { number: 66, fields: { mic: 'string' }, ref: 'RFC 4462 section 3.5' },
} as const;
AUTH_GSSAPI satisfies Record<string, MessageRow>;

export const CONNECTION = {
  SSH_MSG_GLOBAL_REQUEST: {
    number: 80,
    fields: { name: 'text', wantReply: 'bool', specific: 'rest' },
    ref: 'RFC 4254 section 4',
  },
  SSH_MSG_REQUEST_SUCCESS: { number: 81, fields: { specific: 'rest' }, ref: 'RFC 4254 section 4' },
  SSH_MSG_REQUEST_FAILURE: { number: 82, fields: {}, ref: 'RFC 4254 section 4' },
  SSH_MSG_CHANNEL_OPEN: {
    number: 90,
    fields: { type: 'text', sender: 'u32', window: 'u32', maxPacket: 'u32', specific: 'rest' },
    ref: 'RFC 4254 section 5.1',
  },
  SSH_MSG_CHANNEL_OPEN_CONFIRMATION: {
    number: 91,
    fields: { recipient: 'u32', sender: 'u32', window: 'u32', maxPacket: 'u32', specific: 'rest' },
    ref: 'RFC 4254 section 5.1',
  },
  SSH_MSG_CHANNEL_OPEN_FAILURE: {
    number: 92,
    fields: { recipient: 'u32', reason: 'u32', description: 'text', language: 'text' },
    ref: 'RFC 4254 section 5.1',
  },
  SSH_MSG_CHANNEL_WINDOW_ADJUST: {
    number: 93,
    fields: { recipient: 'u32', bytes: 'u32' },
    ref: 'RFC 4254 section 5.2',
  },
  SSH_MSG_CHANNEL_DATA: {
    number: 94,
    fields: { recipient: 'u32', data: 'string' },
    ref: 'RFC 4254 section 5.2',
  },
  SSH_MSG_CHANNEL_EXTENDED_DATA: {
    number: 95,
    fields: { recipient: 'u32', type: 'u32', data: 'string' },
    ref: 'RFC 4254 section 5.2',
  },
  SSH_MSG_CHANNEL_EOF: { number: 96, fields: { recipient: 'u32' }, ref: 'RFC 4254 section 5.3' },
  SSH_MSG_CHANNEL_CLOSE: { number: 97, fields: { recipient: 'u32' }, ref: 'RFC 4254 section 5.3' },
  SSH_MSG_CHANNEL_REQUEST: {
    number: 98,
    fields: { recipient: 'u32', name: 'text', wantReply: 'bool', specific: 'rest' },
    ref: 'RFC 4254 section 5.4',
  },
  SSH_MSG_CHANNEL_SUCCESS: { number: 99, fields: { recipient: 'u32' }, ref: 'RFC 4254 section 5.4' },
  SSH_MSG_CHANNEL_FAILURE: { number: 100, fields: { recipient: 'u32' }, ref: 'RFC 4254 section 5.4' },
} as const;
CONNECTION satisfies Record<string, MessageRow>;

const NAMES = new Map<number, string>(
  [TRANSPORT, USERAUTH, CONNECTION].flatMap((set) =>
    Object.entries(set).map(([name, row]) => [row.number, name] as const),
  ),
);

/** The name of a message number for logs and errors; numbers whose meaning depends on the state stay numbers. */
export function messageName(number: number): string {
  return NAMES.get(number) ?? `message ${number}`;
}
