declare module 'ssh2-sftp-client';
