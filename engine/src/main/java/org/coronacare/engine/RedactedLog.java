package org.coronacare.engine;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.coronacare.engine.database.DatabaseOutage;
import org.coronacare.engine.database.DatabaseUnavailable;
import org.coronacare.engine.privacy.RedactedMessages;

/** Converters of logback-spring.xml that keep the messages of exceptions out of the log: they may contain patients' data. */
public final class RedactedLog {

  private RedactedLog() {}

  /** Converts a log message: the message of an exception is replaced by its class name. */
  public static final class Message extends ClassicConverter {

    private static final Pattern TEXT = Pattern.compile("([\\w.$]+(?:Exception|Error)): .*");
    // optimistic locking: the caller repeats the call, so that the stack trace is of no use
    private static final String CONFLICT = OptimisticLockingException.class.getName();

    @Override
    public String convert(ILoggingEvent event) {
      var message = event.getFormattedMessage();
      for (var each = event.getThrowableProxy(); each != null; each = each.getCause()) {
        if (each.getMessage() != null && !each.getMessage().isBlank()) {
          message = message.replace(each.getMessage(), RedactedMessages.nameOf(each.getClassName(), each.getMessage()));
        }
      }
      return redact(message);
    }

    /** Camunda writes the stack trace of a 500 into the log message itself. */
    private static String redact(String message) {
      var first = message.lines().findFirst().orElse("");
      var isTraced = !first.contains(CONFLICT);
      var kept =
          message.lines().filter(line -> isTraced && (line.startsWith("\tat ") || line.startsWith("Caused by: ")));
      return Stream.concat(Stream.of(first), kept)
          .map(line -> TEXT.matcher(line).replaceFirst("$1"))
          .collect(Collectors.joining("\n"));
    }
  }

  /** Converts a stack trace to classes and locations, without messages; omits it during an outage of the database. */
  public static final class Trace extends ThrowableHandlingConverter {

    @Override
    public String convert(ILoggingEvent event) {
      if (!(event.getThrowableProxy() instanceof ThrowableProxy proxy)) {
        return "";
      }
      var isOutage = !DatabaseOutage.CURRENT.isStarting() && DatabaseUnavailable.causeOf(proxy.getThrowable()) != null;
      return isOutage ? "" : RedactedMessages.traceOf(proxy.getThrowable());
    }
  }
}
