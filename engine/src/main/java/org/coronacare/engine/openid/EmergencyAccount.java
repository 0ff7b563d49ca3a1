package org.coronacare.engine.openid;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.function.LongSupplier;
import org.coronacare.engine.security.AdministratorPassword;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.stereotype.Component;

/**
 * An administrator with a password, for when the provider is away for long. There is none unless `sign_in.emergency_password` is set, and
 * each use is logged as an error and counted. The password is in the settings only, never in the database. After a wrong one, none is
 * accepted for a while.
 */
@Component
@ByOpenIdConnect
final class EmergencyAccount implements AuthenticationProvider {

  static final String ID = "emergency";

  private static final Logger LOG = LoggerFactory.getLogger(EmergencyAccount.class);

  private final byte[] password;
  private final Counter signIns;
  private final Counter refusals;
  private final LoginThrottle throttle;

  @Autowired
  EmergencyAccount(SignInSettings settings, MeterRegistry metrics) {
    this(settings, metrics, System::nanoTime);
  }

  EmergencyAccount(SignInSettings settings, MeterRegistry metrics, LongSupplier nanoTime) {
    throttle = new LoginThrottle(nanoTime);
    password = settings.emergencyPassword().getBytes(StandardCharsets.UTF_8);
    signIns = metrics.counter("engine.emergency.sign.ins", "result", "accepted");
    refusals = metrics.counter("engine.emergency.sign.ins", "result", "refused");
    if (isEnabled()) {
      AdministratorPassword.check("sign_in.emergency_password", settings.emergencyPassword());
      LOG.warn("the emergency account is enabled: remove sign_in.emergency_password when the provider is back");
    }
  }

  boolean isEnabled() {
    return password.length > 0;
  }

  @Override
  public boolean supports(Class<?> kind) {
    return UsernamePasswordAuthenticationToken.class.isAssignableFrom(kind);
  }

  @Override
  public Authentication authenticate(Authentication request) {
    var given = String.valueOf(request.getCredentials()).getBytes(StandardCharsets.UTF_8);
    if (!isEnabled() || !ID.equals(request.getName())) {
      throw new BadCredentialsException("not the emergency account");
    }
    if (!throttle.attempt(() -> MessageDigest.isEqual(password, given))) {
      refusals.increment();
      throw new BadCredentialsException("a wrong password of the emergency account, or one soon after a wrong one");
    }
    signIns.increment();
    LOG.error("the emergency account is used");
    return UsernamePasswordAuthenticationToken.authenticated(
        ID, null, List.of(new SimpleGrantedAuthority(SignInSettings.ADMINISTRATORS)));
  }
}
