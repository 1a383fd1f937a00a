import type { MessageRow } from '../wire/message.ts';

/** The messages of draft-miller-ssh-agent a client needs. */
export const AGENT = {
  SSH_AGENT_FAILURE: { number: 5, fields: {}, ref: 'draft-miller-ssh-agent section 4.1' },
  SSH_AGENT_SUCCESS: { number: 6, fields: {}, ref: 'draft-miller-ssh-agent section 4.1' },
  SSH_AGENTC_REQUEST_IDENTITIES: { number: 11, fields: {}, ref: 'draft-miller-ssh-agent section 4.4' },
  SSH_AGENT_IDENTITIES_ANSWER: {
    number: 12,
    fields: { count: 'u32', keys: 'rest' },
    ref: 'draft-miller-ssh-agent section 4.4',
  },
  SSH_AGENTC_SIGN_REQUEST: {
    number: 13,
    fields: { key: 'string', data: 'string', flags: 'u32' },
    ref: 'draft-miller-ssh-agent section 4.5',
  },
  SSH_AGENT_SIGN_RESPONSE: {
    number: 14,
    fields: { signature: 'string' },
    ref: 'draft-miller-ssh-agent section 4.5',
  },
  SSH_AGENTC_EXTENSION: {
    number: 27,
    fields: { name: 'text', contents: 'rest' },
    ref: 'draft-miller-ssh-agent section 4.7',
  },
} as const;
AGENT satisfies Record<string, MessageRow>;

/** Flags of a sign request: which hash an RSA key signs with; without one it is SHA-1. */
export const SIGN_FLAGS: Readonly<Record<string, number>> = {
  'rsa-sha2-256': 2,
  'rsa-sha2-512': 4,
};
