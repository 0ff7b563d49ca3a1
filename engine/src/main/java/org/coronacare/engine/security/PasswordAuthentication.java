package org.coronacare.engine.security;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.camunda.bpm.engine.IdentityService;
import org.camunda.bpm.engine.ProcessEngine;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.stereotype.Component;

/**
 * Authentication by account and password of the engine; the authorities are the account's groups.
 *
 * <p>The platform's own parts, which make most calls, are remembered for some seconds: for each other call the engine hashes the password,
 * and reads the groups. People are authenticated at each call: a removed person is out at once.
 */
@Component
@ByPassword
final class PasswordAuthentication implements AuthenticationProvider, RestAuthentication {

  /** How long a changed password or group of a part takes to have effect. */
  static final Duration REMEMBERED = Duration.ofSeconds(5);

  private record SignIn(Authentication authentication, long untilNanos) {}

  private final IdentityService identities;
  private final Set<String> parts;
  private final LongSupplier nanoTime;

  /** By the digest of account and password, so that no password stays in memory. */
  private final Map<ByteBuffer, SignIn> signIns = new ConcurrentHashMap<>();

  @Autowired
  PasswordAuthentication(ProcessEngine engine, ServiceAccounts parts) {
    this(engine, parts, System::nanoTime);
  }

  PasswordAuthentication(ProcessEngine engine, ServiceAccounts parts, LongSupplier nanoTime) {
    this.identities = engine.getIdentityService();
    this.parts = parts.serviceAccounts().keySet();
    this.nanoTime = nanoTime;
  }

  @Override
  public String challenge() {
    return "Basic realm=\"default\"";
  }

  @Override
  public void configure(HttpSecurity http, AuthenticationEntryPoint refusal) throws Exception {
    http.httpBasic(basic -> basic.authenticationEntryPoint(refusal)).authenticationProvider(this);
  }

  @Override
  public boolean supports(Class<?> kind) {
    return UsernamePasswordAuthenticationToken.class.isAssignableFrom(kind);
  }

  @Override
  public Authentication authenticate(Authentication request) {
    String account = request.getName();
    var password = (String) request.getCredentials();
    return parts.contains(account) ? authenticatePart(account, password) : authenticate(account, password);
  }

  private Authentication authenticatePart(String account, String password) {
    var key = digest(account + ":" + password);
    var known = signIns.get(key);
    if (known != null && nanoTime.getAsLong() < known.untilNanos) {
      return known.authentication;
    }
    signIns.remove(key);
    var authentication = authenticate(account, password);
    signIns.put(key, new SignIn(authentication, nanoTime.getAsLong() + REMEMBERED.toNanos()));
    return authentication;
  }

  private Authentication authenticate(String account, String password) {
    if (!identities.checkPassword(account, password)) {
      throw new BadCredentialsException("wrong account or password");
    }
    var groups = identities.createGroupQuery().groupMember(account).list();
    var authorities = groups.stream().map(each -> new SimpleGrantedAuthority(each.getId())).toList();
    return UsernamePasswordAuthenticationToken.authenticated(account, null, authorities);
  }

  private static ByteBuffer digest(String credentials) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(credentials.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
