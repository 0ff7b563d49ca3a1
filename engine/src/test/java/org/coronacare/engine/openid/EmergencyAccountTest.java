package org.coronacare.engine.openid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;

class EmergencyAccountTest {

  private static final String PASSWORD = "kVn0qTz7" + "YpLw2Rt5";

  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private long now;

  private EmergencyAccount account(String password) {
    var settings =
        new SignInSettings("", "", "", List.of(), "", "groups", Map.of(), Map.of(), Duration.ofMinutes(10), "", "", password);
    return new EmergencyAccount(settings, metrics, () -> now);
  }

  private static boolean isAccepted(EmergencyAccount account, String username, String password) {
    try {
      return account.authenticate(UsernamePasswordAuthenticationToken.unauthenticated(username, password)).isAuthenticated();
    } catch (BadCredentialsException refusal) {
      return false;
    }
  }

  private double count(String result) {
    return metrics.counter("engine.emergency.sign.ins", "result", result).count();
  }

  @Test
  void thereIsNoneWithoutThePasswordInTheSettings() {
    var account = account("");
    assertFalse(account.isEnabled());
    assertFalse(isAccepted(account, EmergencyAccount.ID, ""));
    assertFalse(isAccepted(account, EmergencyAccount.ID, "null"));
    assertThrows(IllegalStateException.class, () -> account("short"));
  }

  @Test
  void afterEachWrongPasswordNoneIsAcceptedForLonger() {
    var account = account(PASSWORD);
    assertTrue(isAccepted(account, EmergencyAccount.ID, PASSWORD));
    for (int seconds : List.of(3, 6, 12, 24, 48, 60, 60)) {
      assertFalse(isAccepted(account, EmergencyAccount.ID, "wrong"));
      now += Duration.ofSeconds(seconds).toNanos() - 1;
      assertFalse(isAccepted(account, EmergencyAccount.ID, PASSWORD));
      now += 1;
    }
    assertTrue(isAccepted(account, EmergencyAccount.ID, PASSWORD));
    assertEquals(List.of(2.0, 14.0), List.of(count("accepted"), count("refused")));
  }

  @Test
  void theRightPasswordEndsTheThrottle() {
    var account = account(PASSWORD);
    for (int i = 0; i < 3; i++) {
      assertFalse(isAccepted(account, EmergencyAccount.ID, "wrong"));
      now += LoginThrottle.FIRST_PAUSE.toNanos();
      assertTrue(isAccepted(account, EmergencyAccount.ID, PASSWORD));
    }
  }

  @Test
  void anotherUsernameIsNoAttempt() {
    var account = account(PASSWORD);
    assertFalse(isAccepted(account, "admin", PASSWORD));
    assertTrue(isAccepted(account, EmergencyAccount.ID, PASSWORD));
    assertEquals(0, count("refused"));
  }
}
