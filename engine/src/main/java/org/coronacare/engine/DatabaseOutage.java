package org.coronacare.engine;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
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

  static final DatabaseOutage CURRENT = new DatabaseOutage(Clock.systemUTC());

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

  DatabaseOutage(Clock clock) {
    this.clock = clock;
  }

  /** Count a failure, and log it if that is due. */
  synchronized void failed(Throwable error) {
    var now = clock.instant();
    if (since == null) {
      since = nextLine = now;
      gap = FIRST_GAP;
      failures = 0;
    }
    failures++;
    lastFailure = now;
    if (!now.isBefore(nextLine)) {
      LOG.warn("the database can't be reached or written ({}); failures: {}", RedactedMessages.nameOf(error), failures);
      nextLine = now.plus(gap);
      gap = gap.multipliedBy(2).compareTo(MAX_GAP) > 0 ? MAX_GAP : gap.multipliedBy(2);
    }
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

  /** Leaves out of the log what others say of an outage. */
  public static final class OthersLines extends Filter<ILoggingEvent> {

    private static final Pattern ERRORS = Pattern.compile("(?:Persistence|Transaction\\w*|DataAccess\\w*|SQL\\w*)Exception\\b");

    @Override
    public FilterReply decide(ILoggingEvent event) {
      var isOther = !LOG.getName().equals(event.getLoggerName());
      return isOther && CURRENT.isRecent() && isOfDatabase(event) ? FilterReply.DENY : FilterReply.NEUTRAL;
    }

    private static boolean isOfDatabase(ILoggingEvent event) {
      for (IThrowableProxy each = event.getThrowableProxy(); each != null; each = each.getCause()) {
        if (ERRORS.matcher(each.getClassName()).find()) {
          return true;
        }
      }
      return ERRORS.matcher(event.getFormattedMessage()).find();
    }
  }
}
