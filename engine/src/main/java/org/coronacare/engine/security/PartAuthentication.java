package org.coronacare.engine.security;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.identity.Group;
import org.camunda.bpm.engine.rest.security.auth.AuthenticationResult;
import org.camunda.bpm.engine.rest.security.auth.impl.HttpBasicAuthenticationProvider;

/**
 * Basic authentication that remembers the accounts of the platform's own parts for some seconds.
 *
 * <p>They make most calls, and for each one Camunda hashes the password, and reads user, groups and tenants. Other accounts are
 * authenticated at each call: a removed person is out at once.
 */
final class PartAuthentication extends HttpBasicAuthenticationProvider {

  /** How long a changed password or group of a part takes to have effect. */
  static final Duration REMEMBERED = Duration.ofSeconds(5);

  private record SignIn(AuthenticationResult result, long untilNanos) {}

  private final Set<String> parts;
  private final LongSupplier nanoTime;

  /** By the digest of the credentials, so that no password stays in memory. */
  private final Map<ByteBuffer, SignIn> signIns = new ConcurrentHashMap<>();

  PartAuthentication(Set<String> parts, LongSupplier nanoTime) {
    this.parts = parts;
    this.nanoTime = nanoTime;
  }

  @Override
  public AuthenticationResult extractAuthenticatedUser(HttpServletRequest request, ProcessEngine engine) {
    String credentials = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (credentials == null) {
      return AuthenticationResult.unsuccessful();
    }
    ByteBuffer key = digest(credentials);
    SignIn known = signIns.get(key);
    if (known != null && nanoTime.getAsLong() < known.untilNanos) {
      return known.result;
    }
    signIns.remove(key);
    AuthenticationResult result = super.extractAuthenticatedUser(request, engine);
    if (result.isAuthenticated() && parts.contains(result.getAuthenticatedUser())) {
      readGroupsAndTenants(result, engine);
      signIns.put(key, new SignIn(result, nanoTime.getAsLong() + REMEMBERED.toNanos()));
    }
    return result;
  }

  private static void readGroupsAndTenants(AuthenticationResult result, ProcessEngine engine) {
    String user = result.getAuthenticatedUser();
    var groups = engine.getIdentityService().createGroupQuery().groupMember(user).list();
    result.setGroups(groups.stream().map(Group::getId).toList());
    // the platform has no tenants
    result.setTenants(List.of());
  }

  private static ByteBuffer digest(String credentials) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(credentials.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
