package org.coronacare.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import ch.qos.logback.core.spi.FilterReply;
import java.sql.SQLTransientConnectionException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class DatabaseOutageTest {

  private static final Exception AWAY = new SQLTransientConnectionException("Ada Lovelace");

  private final Logger logger = (Logger) LoggerFactory.getLogger(DatabaseOutage.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final ManualClock clock = new ManualClock();
  private final DatabaseOutage outage = new DatabaseOutage(clock);

  private static final class ManualClock extends Clock {

    private Instant now = Instant.parse("2020-05-10T12:00:00Z");

    void advance(int seconds) {
      now = now.plus(Duration.ofSeconds(seconds));
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(lines);
  }

  @Test
  void anOutageIsAFewLinesWithGrowingPausesAndOneAtItsEnd() {
    for (int second = 0; second < 60; second++) {
      for (int call = 0; call < 20; call++) {
        outage.failed(AWAY);
      }
      clock.advance(1);
    }
    clock.advance(10);
    outage.succeeded();
    outage.succeeded();
    assertFalse(outage.isOn());
    assertTrue(outage.isRecent());
    clock.advance(61);
    assertFalse(outage.isRecent());
    var prefix = "the database can't be reached or written (SQLTransientConnectionException); failures: ";
    var last = "the database works again after 70 s; failures: 1200";
    assertEquals(List.of(prefix + 1, prefix + 201, prefix + 601, last), messages());
  }

  @Test
  void callsThatSucceedAndFailByTurnsAreOneOutage() {
    for (int second = 0; second < 9; second++) {
      outage.failed(AWAY);
      outage.succeeded();
      clock.advance(1);
    }
    assertEquals(1, messages().size());
    assertTrue(outage.isOn());
  }

  @Test
  void onlyWhatSpeaksOfTheDatabaseIsLeftOutAndOnlyDuringAnOutage() {
    var filter = new DatabaseOutage.OthersLines();
    assertEquals(FilterReply.NEUTRAL, filter.decide(line("failed", AWAY)));
    DatabaseOutage.CURRENT.failed(AWAY);
    assertEquals(FilterReply.DENY, filter.decide(line("failed", new IllegalStateException(AWAY))));
    assertEquals(FilterReply.DENY, filter.decide(line("org.camunda.bpm.engine.ProcessEnginePersistenceException: a\n\tat b", null)));
    assertEquals(FilterReply.NEUTRAL, filter.decide(line("failed", new IllegalStateException())));
    assertEquals(FilterReply.NEUTRAL, filter.decide(line("a diagram is wrong", null)));
  }

  @Test
  void aDatabaseThatIsAwayHasNoTrace() {
    var trace = new RedactedLog.Trace();
    assertEquals("", trace.convert(line("failed", new IllegalStateException(AWAY))));
    assertTrue(trace.convert(line("failed", new IllegalStateException())).contains("\tat "));
  }

  private LoggingEvent line(String message, Throwable error) {
    var another = logger.getLoggerContext().getLogger("another");
    return new LoggingEvent("", another, Level.WARN, message, error, null);
  }

  private List<String> messages() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
