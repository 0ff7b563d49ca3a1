package org.coronacare.engine.openid;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.core.oidc.OidcIdToken;
import org.springframework.security.oauth2.core.oidc.OidcUserInfo;
import org.springframework.security.oauth2.core.oidc.user.DefaultOidcUser;

/** A person who has signed in at the provider; the authorities are the person's groups in the engine. */
final class Person extends DefaultOidcUser {

  private static final int ID_BYTES = 16;

  private final String id;
  private final Instant checkedAt = Instant.now();

  Person(Set<String> groups, OidcIdToken token, OidcUserInfo info) {
    super(groups.stream().map(SimpleGrantedAuthority::new).toList(), token, info);
    this.id = id(token.getIssuer().toString(), token.getSubject());
  }

  /**
   * Returns the id of a person in the engine, the same as webapp/openid.py computes. A name could be another person's at another
   * provider, could be given to a successor, or be that of a service account; the subject may have characters that the engine refuses.
   */
  static String id(String issuer, String subject) {
    try {
      var digest = MessageDigest.getInstance("SHA-256").digest((issuer + " " + subject).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, ID_BYTES);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  @Override
  public String getName() {
    return id;
  }

  /** When the provider confirmed the account and its groups. */
  Instant checkedAt() {
    return checkedAt;
  }

  List<String> groups() {
    return getAuthorities().stream().map(GrantedAuthority::getAuthority).sorted().toList();
  }
}
