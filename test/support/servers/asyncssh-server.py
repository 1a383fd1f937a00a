"""The asyncssh server of asyncssh.ts. Arguments: a file with its settings as JSON, and the port."""
import asyncio
import json
import os
import sys
import warnings

# cryptography calls Blowfish and its like deprecated; they are what this server is for.
warnings.filterwarnings('ignore')
import asyncssh  # noqa: E402

with open(sys.argv[1], encoding='utf-8') as file:
    settings = json.load(file)


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return settings['password'] is not None

    def validate_password(self, username, password):
        if password == settings['expired']:
            raise asyncssh.PasswordChangeRequired('Your password has expired')
        return username == settings['user'] and password == settings['password']

    def change_password(self, username, old_password, new_password):
        return old_password == settings['expired'] and len(new_password) >= 8

    def kbdint_auth_supported(self):
        return settings['challenge'] is not None

    def get_kbdint_challenge(self, username, lang, submethods):
        name, instructions, prompts = settings['challenge']['ask']
        return name, instructions, '', [(text, echo) for text, echo in prompts]

    def validate_kbdint_response(self, username, responses):
        return list(responses) == settings['challenge']['answers']


def forget_strict_kex():
    """As it was before CVE-2023-48795: the marker is neither sent nor heeded."""
    connection = asyncssh.connection.SSHConnection
    extra = connection._get_extra_kex_algs
    connection._get_extra_kex_algs = lambda self: [name for name in extra(self) if not name.startswith(b'kex-strict')]
    connection._strict_kex = property(lambda self: False, lambda self, value: None)


async def main():
    if not settings['strictKex']:
        forget_strict_kex()
    keys = [asyncssh.read_private_key(path) for path in settings['hostKeys']]
    for key, chain in settings['x509HostKeys']:
        certificates = [asyncssh.read_certificate(path) for path in chain]
        keys.append((asyncssh.read_private_key(key), certificates))
    more = dict(settings['listen'])
    if settings['x509TrustedCerts']:
        # It reads files again for each login, by when it is another user.
        more['x509_trusted_certs'] = [asyncssh.read_certificate(path) for path in settings['x509TrustedCerts']]
    await asyncssh.listen(
        '127.0.0.1',
        int(sys.argv[2]),
        server_factory=Server,
        server_host_keys=keys,
        authorized_client_keys=settings['authorizedKeys'],
        sftp_factory=True,
        sftp_version=settings['sftpVersion'],
        allow_scp=True,
        **more,
    )
    if settings['uid'] is not None:
        os.setgroups([])
        os.setgid(settings['gid'])
        os.setuid(settings['uid'])
    os.environ['HOME'] = settings['home']
    os.chdir(settings['home'])
    await asyncio.Event().wait()


asyncio.run(main())
