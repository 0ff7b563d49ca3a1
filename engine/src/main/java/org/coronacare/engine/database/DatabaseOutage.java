package org.coronacare.engine.database;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.coronacare.engine.privacy.RedactedMessages;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs an outage of the database: one line at its start, further lines after growing pauses, one at its end. Errors and stack traces
 * that callers of the database log about the same outage are filtered out.
 */
public final class DatabaseOutage {

  public static final DatabaseOutage CURRENT = new DatabaseOutage(Clock.systemUTC()).whileStarting();

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseOutage.class);
  private static final Duration FIRST_LOG_INTERVAL = Duration.ofSeconds(10);
  private static final Duration MAX_LOG_INTERVAL = Duration.ofMinutes(10);
  // some calls may succeed during an outage: it ends when none has failed for this time
  private static final Duration RECOVERY_TIME = Duration.ofSeconds(5);
  // calls that began to wait for a connection during the outage fail after its end
  private static final Duration CONNECTION_TIMEOUT = Duration.ofMinutes(1);

  private final Clock clock;
  private volatile Instant since;
  private volatile Instant ended = Instant.EPOCH;
  private Instant lastFailure;
  private Instant nextLine;
  private Duration logInterval;
  private int failures;
  // an engine that can't start because of its database exits, and its log must have the full reason
  private volatile boolean starting;

  DatabaseOutage(Clock clock) {
    this.clock = clock;
  }

  /** Marks the engine as starting: until it is up, nothing is filtered out of the log. */
  DatabaseOutage whileStarting() {
    starting = true;
    return this;
  }

  public void started() {
    starting = false;
  }

  public boolean isStarting() {
    return starting;
  }

  /** Counts a failure, and logs it if a line is due. */
  synchronized void failed(Throwable error) {
    var now = clock.instant();
    count(now);
    if (!now.isBefore(nextLine)) {
      LOG.warn("{} ({}); failures: {}", problemOf(error), RedactedMessages.nameOf(error), failures);
      nextLine = now.plus(logInterval);
      logInterval = logInterval.multipliedBy(2).compareTo(MAX_LOG_INTERVAL) > 0 ? MAX_LOG_INTERVAL : logInterval.multipliedBy(2);
    }
  }

  /** SQLSTATE class 28: invalid authorization, a refused sign-in. */
  private static String problemOf(Throwable error) {
    for (var each = error; each != null; each = each.getCause()) {
      if (each instanceof SQLException refusal && refusal.getSQLState() != null && refusal.getSQLState().startsWith("28")) {
        return "the database refuses engine.database_username or engine.database_password";
      }
    }
    return "the database can't be reached or written";
  }

  /** Counts a failure that another logger is about to log: the outage's own line follows with the next failure, or at its end. */
  synchronized void noticed() {
    if (isOn() || !isRecent()) {
      count(clock.instant());
    }
  }

  private void count(Instant now) {
    if (since == null) {
      since = nextLine = now;
      logInterval = FIRST_LOG_INTERVAL;
      failures = 0;
    }
    failures++;
    lastFailure = now;
  }

  /** Ends the outage, if no call has failed for long enough. */
  void succeeded() {
    if (since != null) {
      end();
    }
  }

  private synchronized void end() {
    var now = clock.instant();
    if (since != null && now.isAfter(lastFailure.plus(RECOVERY_TIME))) {
      LOG.warn("the database works again after {} s; failures: {}", Duration.between(since, now).toSeconds(), failures);
      since = null;
      ended = now;
    }
  }

  boolean isOn() {
    return since != null;
  }

  /** Whether there is an outage, or one has just ended. */
  boolean isRecent() {
    return isOn() || clock.instant().isBefore(ended.plus(CONNECTION_TIMEOUT));
  }

  /** Filters other loggers' messages about an outage out of the log; errors with another cause stay in. */
  public static final class LogFilter extends Filter<ILoggingEvent> {

    // Camunda writes the stack trace of a 500 into the message itself, which has no SQLSTATE; the last pattern is Hikari's
    private static final Pattern TEXT_OF_TRACE =
        Pattern.compile(
            "\\bCannotGetJdbcConnectionException\\b|\\.SQL(?:Transient|NonTransient)ConnectionException\\b"
                + "|\\.SQLRecoverableException\\b|\\.SQLException: Connection is closed"
                + "|\\.PSQLException: (?:This connection has been closed|An I/O error occurred|Connection to \\S+ refused"
                + "|The connection attempt failed|FATAL: (?:terminating connection|the database system is))"
                + "|^\\S+ - Failed to validate connection ");

    private final DatabaseOutage outage;

    public LogFilter() {
      this(CURRENT);
    }

    LogFilter(DatabaseOutage outage) {
      this.outage = outage;
    }

    @Override
    public FilterReply decide(ILoggingEvent event) {
      if (outage.isStarting() || LOG.getName().equals(event.getLoggerName()) || !isOfOutage(event)) {
        return FilterReply.NEUTRAL;
      }
      // the engine logs an error before DatabaseUnavailable gives it a code, and so before this outage is noticed
      outage.noticed();
      return FilterReply.DENY;
    }

    private static boolean isOfOutage(ILoggingEvent event) {
      return event.getThrowableProxy() instanceof ThrowableProxy proxy
          ? DatabaseUnavailable.hasCertainCause(proxy.getThrowable())
          : TEXT_OF_TRACE.matcher(event.getFormattedMessage()).find();
    }
  }
}
