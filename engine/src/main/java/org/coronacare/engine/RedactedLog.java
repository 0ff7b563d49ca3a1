package org.coronacare.engine;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.camunda.bpm.engine.OptimisticLockingException;

/** The log's converters (logback-spring.xml): no text of an exception comes into the log. */
public final class RedactedLog {

  private RedactedLog() {}

  /** The message, in which the name of an exception stands for its text. */
  public static final class Message extends ClassicConverter {

    private static final Pattern TEXT = Pattern.compile("([\\w.$]+(?:Exception|Error)): .*");
    // another transaction was faster, and the caller repeats the call: no defect, whose place would matter
    private static final String CONFLICT = OptimisticLockingException.class.getName();

    @Override
    public String convert(ILoggingEvent event) {
      var message = event.getFormattedMessage();
      for (var each = event.getThrowableProxy(); each != null; each = each.getCause()) {
        if (each.getMessage() != null && !each.getMessage().isBlank()) {
          message = message.replace(each.getMessage(), RedactedMessages.nameOf(each.getClassName(), each.getMessage()));
        }
      }
      return withoutTexts(message);
    }

    /** Camunda writes the trace of what it answers with 500 into the message itself. */
    private static String withoutTexts(String message) {
      var first = message.lines().findFirst().orElse("");
      var isTraced = !first.contains(CONFLICT);
      var kept =
          message.lines().filter(line -> isTraced && (line.startsWith("\tat ") || line.startsWith("Caused by: ")));
      return Stream.concat(Stream.of(first), kept)
          .map(line -> TEXT.matcher(line).replaceFirst("$1"))
          .collect(Collectors.joining("\n"));
    }
  }

  /** Classes and places of an exception and of its causes; none where a running engine's database is away, which is no defect. */
  public static final class Trace extends ThrowableHandlingConverter {

    @Override
    public String convert(ILoggingEvent event) {
      if (!(event.getThrowableProxy() instanceof ThrowableProxy proxy)) {
        return "";
      }
      var isOutage = !DatabaseOutage.CURRENT.isStarting() && DatabaseAway.causeOf(proxy.getThrowable()) != null;
      return isOutage ? "" : RedactedMessages.traceOf(proxy.getThrowable());
    }
  }
}
