import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.common.kex.BuiltinDHFactories;
import org.apache.sshd.common.mac.BuiltinMacs;
import org.apache.sshd.scp.server.ScpCommandFactory;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.password.PasswordChangeRequiredException;
import org.apache.sshd.server.config.keys.AuthorizedKeysAuthenticator;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;

/** Arguments: port, authorized_keys file, user, password, host key files. With the password `expired` a new one is asked for. */
public class MinaServer {
  public static void main(String[] args) throws Exception {
    SshServer server = SshServer.setUpDefaultServer();
    server.setHost("127.0.0.1");
    server.setPort(Integer.parseInt(args[0]));
    List<Path> hostKeys = new ArrayList<>();
    for (int i = 4; i < args.length; i++) hostKeys.add(Paths.get(args[i]));
    server.setKeyPairProvider(new FileKeyPairProvider(hostKeys));
    server.setPublickeyAuthenticator(new AuthorizedKeysAuthenticator(Paths.get(args[1])));
    server.setPasswordAuthenticator((user, password, session) -> {
      if (!user.equals(args[2])) return false;
      if (password.equals("expired")) throw new PasswordChangeRequiredException("expired", "Password expired", "en");
      return password.equals(args[3]);
    });
    server.setCipherFactories(BuiltinCiphers.VALUES.stream().filter(BuiltinCiphers::isSupported)
        .filter(cipher -> !cipher.getName().equals("none")).collect(Collectors.toList()));
    server.setMacFactories(BuiltinMacs.VALUES.stream().filter(BuiltinMacs::isSupported).collect(Collectors.toList()));
    server.setKeyExchangeFactories(
        NamedFactory.setUpTransformedFactories(true, BuiltinDHFactories.VALUES, ServerBuilder.DH2KEX));
    server.setSubsystemFactories(List.of(new SftpSubsystemFactory.Builder().build()));
    server.setCommandFactory(new ScpCommandFactory());
    server.start();
    Thread.sleep(Long.MAX_VALUE);
  }
}
