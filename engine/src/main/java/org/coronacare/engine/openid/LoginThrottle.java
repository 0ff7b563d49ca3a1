package org.coronacare.engine.openid;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Refuses all attempts for a while after a wrong password, as Camunda does for its own accounts: for 3 s, and for twice as long after each
 * further one, up to a minute.
 */
final class LoginThrottle {

  static final Duration FIRST_PAUSE = Duration.ofSeconds(3);
  static final Duration MAX_PAUSE = Duration.ofMinutes(1);

  private final LongSupplier nanoTime;
  private Duration pause = Duration.ZERO;
  private long pausedAt;

  LoginThrottle(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Returns whether the password is right, and none was wrong just before. */
  synchronized boolean attempt(BooleanSupplier isRight) {
    if (!pause.isZero() && nanoTime.getAsLong() - pausedAt < pause.toNanos()) {
      return false;
    }
    if (isRight.getAsBoolean()) {
      pause = Duration.ZERO;
      return true;
    }
    pausedAt = nanoTime.getAsLong();
    var longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
    pause = longer.compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : longer;
    return false;
  }
}
