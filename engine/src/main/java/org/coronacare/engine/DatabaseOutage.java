package org.coronacare.engine;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log says of an outage of the database: a line at its begin, others after growing pauses, one at its end. What everybody who
 * calls the database says of the same outage, with traces, is left out.
 */
final class DatabaseOutage {

  static final DatabaseOutage CURRENT = new DatabaseOutage(Clock.systemUTC()).whileStarting();

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseOutage.class);
  private static final Duration FIRST_GAP = Duration.ofSeconds(10);
  private static final Duration MAX_GAP = Duration.ofMinutes(10);
  // some calls may succeed during an outage: it is over when none has failed for so long
  private static final Duration QUIET = Duration.ofSeconds(5);
  // calls that have waited for a connection since the outage fail after its end
  private static final Duration LATE = Duration.ofMinutes(1);

  private final Clock clock;
  private volatile Instant since;
  private volatile Instant ended = Instant.EPOCH;
  private Instant lastFailure;
  private Instant nextLine;
  private Duration gap;
  private int failures;
  // an engine that can't start because of its database ends, and its log says all of why
  private volatile boolean starting;

  DatabaseOutage(Clock clock) {
    this.clock = clock;
  }

  /** Of an engine that starts: nothing is left out of the log until it is up. */
  DatabaseOutage whileStarting() {
    starting = true;
    return this;
  }

  void started() {
    starting = false;
  }

  boolean isStarting() {
    return starting;
  }

  /** Count a failure, and log it if that is due. */
  synchronized void failed(Throwable error) {
    var now = clock.instant();
    count(now);
    if (!now.isBefore(nextLine)) {
      LOG.warn("{} ({}); failures: {}", problemOf(error), RedactedMessages.nameOf(error), failures);
      nextLine = now.plus(gap);
      gap = gap.multipliedBy(2).compareTo(MAX_GAP) > 0 ? MAX_GAP : gap.multipliedBy(2);
    }
  }

  /** SQLSTATE class 28 is a refused sign-in. */
  private static String problemOf(Throwable error) {
    for (var each = error; each != null; each = each.getCause()) {
      if (each instanceof SQLException refusal && refusal.getSQLState() != null && refusal.getSQLState().startsWith("28")) {
        return "the database refuses engine.database_username or engine.database_password";
      }
    }
    return "the database can't be reached or written";
  }

  /** Count a failure of which another is about to log something: the outage's line comes with the next one, or at its end. */
  synchronized void noticed() {
    if (isOn() || !isRecent()) {
      count(clock.instant());
    }
  }

  private void count(Instant now) {
    if (since == null) {
      since = nextLine = now;
      gap = FIRST_GAP;
      failures = 0;
    }
    failures++;
    lastFailure = now;
  }

  /** End the outage, if there is one that is over. */
  void succeeded() {
    if (since != null) {
      end();
    }
  }

  private synchronized void end() {
    var now = clock.instant();
    if (since != null && now.isAfter(lastFailure.plus(QUIET))) {
      LOG.warn("the database works again after {} s; failures: {}", Duration.between(since, now).toSeconds(), failures);
      since = null;
      ended = now;
    }
  }

  boolean isOn() {
    return since != null;
  }

  /** Whether an outage is on, or has ended just now. */
  boolean isRecent() {
    return isOn() || clock.instant().isBefore(ended.plus(LATE));
  }

  /** Leaves out of the log what others say of an outage: an error with another cause stays in. */
  public static final class OthersLines extends Filter<ILoggingEvent> {

    // Camunda writes the trace of what it answers with 500 into the message itself, which has no states; the last is Hikari's
    private static final Pattern TEXT_OF_TRACE =
        Pattern.compile(
            "\\bCannotGetJdbcConnectionException\\b|\\.SQL(?:Transient|NonTransient)ConnectionException\\b"
                + "|\\.SQLRecoverableException\\b|\\.SQLException: Connection is closed"
                + "|\\.PSQLException: (?:This connection has been closed|An I/O error occurred|Connection to \\S+ refused"
                + "|The connection attempt failed|FATAL: (?:terminating connection|the database system is))"
                + "|^\\S+ - Failed to validate connection ");

    private final DatabaseOutage outage;

    public OthersLines() {
      this(CURRENT);
    }

    OthersLines(DatabaseOutage outage) {
      this.outage = outage;
    }

    @Override
    public FilterReply decide(ILoggingEvent event) {
      if (outage.isStarting() || LOG.getName().equals(event.getLoggerName()) || !isOfOutage(event)) {
        return FilterReply.NEUTRAL;
      }
      // the engine logs an error before it is given its code, and before this outage is known
      outage.noticed();
      return FilterReply.DENY;
    }

    private static boolean isOfOutage(ILoggingEvent event) {
      return event.getThrowableProxy() instanceof ThrowableProxy proxy
          ? DatabaseAway.hasCertainCause(proxy.getThrowable())
          : TEXT_OF_TRACE.matcher(event.getFormattedMessage()).find();
    }
  }
}
