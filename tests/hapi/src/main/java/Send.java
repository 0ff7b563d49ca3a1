import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.model.v251.message.ACK;
import ca.uhn.hl7v2.util.StandardSocketFactory;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Sends files of HL7 v2 by MLLP over TLS, and prints the code of each acknowledgement. */
public class Send {
  /** Arguments: port on this machine, certificate of the authority in PEM, files. */
  public static void main(String[] args) throws Exception {
    SSLSocketFactory sockets = trust(Path.of(args[1])).getSocketFactory();
    try (DefaultHapiContext context = new DefaultHapiContext(ValidationContextFactory.noValidation())) {
      context.setSocketFactory(new StandardSocketFactory() {
        @Override
        public Socket createTlsSocket() throws IOException {
          return sockets.createSocket();
        }
      });
      Connection connection = context.newClient("localhost", Integer.parseInt(args[0]), true);
      for (int i = 2; i < args.length; i++) {
        String message = Files.readString(Path.of(args[i]));
        ACK answer = (ACK) connection.getInitiator().sendAndReceive(context.getPipeParser().parse(message));
        System.out.println(answer.getMSA().getAcknowledgmentCode().getValue());
      }
      connection.close();
    }
  }

  private static SSLContext trust(Path certificate) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream pem = Files.newInputStream(certificate)) {
      store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }
}
