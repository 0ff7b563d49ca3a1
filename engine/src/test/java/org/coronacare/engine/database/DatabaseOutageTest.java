package org.coronacare.engine.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import ch.qos.logback.core.spi.FilterReply;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.camunda.bpm.engine.ProcessEnginePersistenceException;
import org.coronacare.engine.RedactedLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.UnexpectedRollbackException;

class DatabaseOutageTest {

  private static final Exception AWAY = new SQLTransientConnectionException("Ada Lovelace");

  private final Logger logger = (Logger) LoggerFactory.getLogger(DatabaseOutage.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final ManualClock clock = new ManualClock();
  private final DatabaseOutage outage = new DatabaseOutage(clock);
  private final DatabaseOutage.LogFilter filter = new DatabaseOutage.LogFilter(outage);

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
  void anOutageIsLoggedAtGrowingIntervalsAndAtItsEnd() {
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
  void aRefusedPasswordIsNamed() {
    outage.failed(new SQLTransientConnectionException("", new SQLException("", "28P01")));
    assertEquals("the database refuses engine.database_username or engine.database_password (SQLTransientConnectionException, "
        + "caused by SQLException); failures: 1", messages().get(0));
  }

  @Test
  void alternatingSuccessesAndFailuresAreOneOutage() {
    for (int second = 0; second < 9; second++) {
      outage.failed(AWAY);
      outage.succeeded();
      clock.advance(1);
    }
    assertEquals(1, messages().size());
    assertTrue(outage.isOn());
  }

  private static final String LONG_TRACE =
      "org.camunda.bpm.engine.ProcessEnginePersistenceException: a\n\tat b\nCaused by: org.postgresql.util.PSQLException: ";

  @Test
  void messagesOfOtherLoggersAboutAnOutageAreFilteredOutAndCounted() {
    for (var error :
        List.of(
            AWAY,
            new IllegalStateException(AWAY),
            new CannotCreateTransactionException("", AWAY),
            new SQLException("Connection is closed"),
            new SQLException("", "08006"),
            new SQLException("", "57P01"),
            new SQLException("", "53100"))) {
      assertEquals(FilterReply.DENY, filter.decide(line("failed", error)), error.toString());
    }
    for (var message :
        List.of(
            "metrics of waiting tasks and jobs are unavailable: CannotGetJdbcConnectionException",
            "ENGINE-REST-HTTP500 a: b\n\tat c\nCaused by: java.sql.SQLException: Connection is closed\n\tat d",
            LONG_TRACE + "This connection has been closed.",
            LONG_TRACE + "FATAL: the database system is shutting down",
            "HikariPool-1 - Failed to validate connection org.postgresql.jdbc.PgConnection@1 (closed)")) {
      assertEquals(FilterReply.DENY, filter.decide(line(message, null)), message);
    }
    assertEquals(List.of(), messages());
    clock.advance(10);
    outage.succeeded();
    assertEquals(List.of("the database works again after 10 s; failures: 12"), messages());
  }

  @Test
  void aCallThatFailsShortlyAfterAnOutageStartsNoOther() {
    outage.failed(AWAY);
    clock.advance(10);
    outage.succeeded();
    assertEquals(FilterReply.DENY, filter.decide(line("failed", AWAY)));
    assertFalse(outage.isOn());
    clock.advance(61);
    assertEquals(FilterReply.DENY, filter.decide(line("failed", AWAY)));
    assertTrue(outage.isOn());
    outage.failed(AWAY);
    assertEquals(3, messages().size());
  }

  @Test
  void anErrorWithAnotherCauseIsLoggedDuringAnOutage() {
    outage.failed(AWAY);
    var unique = new SQLException("", "23505");
    for (var error :
        List.of(
            unique,
            new SQLException(""),
            new ProcessEnginePersistenceException("", unique),
            new DuplicateKeyException("", unique),
            new UnexpectedRollbackException(""),
            new IllegalStateException())) {
      assertEquals(FilterReply.NEUTRAL, filter.decide(line("failed", error)), error.toString());
    }
    for (var message :
        List.of(
            "a diagram is wrong",
            "org.camunda.bpm.engine.ProcessEnginePersistenceException: a\n\tat b",
            LONG_TRACE + "ERROR: duplicate key value violates unique constraint")) {
      assertEquals(FilterReply.NEUTRAL, filter.decide(line(message, null)), message);
    }
  }

  @Test
  void nothingIsFilteredOutUntilTheEngineHasStarted() {
    outage.whileStarting();
    assertEquals(FilterReply.NEUTRAL, filter.decide(line("failed", AWAY)));
    outage.started();
    assertEquals(FilterReply.DENY, filter.decide(line("failed", AWAY)));
  }

  @Test
  void anUnavailableDatabaseIsLoggedWithoutStackTrace() {
    var trace = new RedactedLog.Trace();
    DatabaseOutage.CURRENT.whileStarting();
    assertTrue(trace.convert(line("failed", AWAY)).contains("\tat "));
    DatabaseOutage.CURRENT.started();
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
