package org.coronacare.engine.privacy;

import java.util.regex.Pattern;

/**
 * Describes exceptions without patients' data: the message of an exception may contain a value ("Invalid format: …"), its class and
 * location don't. Messages without values are kept: those about expressions and decisions, whose text comes from the diagrams, and that
 * of a database file in use.
 */
public final class RedactedMessages {

  private static final int MAX_FRAMES = 20;
  private static final Pattern WITHOUT_VALUES =
      Pattern.compile(
          "(?:Unknown (?:property|method) used in expression|Error while evaluating expression): [$#]\\{[^}]*}"
              + "|FEEL/SCALA-\\d+ Error while evaluating expression: Assertion failure on evaluate the expression 'assert[^']*'"
              + "|The file is locked|Database may be already in use");

  private RedactedMessages() {}

  /** The classes of an exception and of its causes, in one line. */
  public static String nameOf(Throwable exception) {
    var name = new StringBuilder();
    for (var each = exception; each != null; each = each.getCause()) {
      name.append(name.isEmpty() ? "" : ", caused by ").append(nameOf(each.getClass().getSimpleName(), each.getMessage()));
    }
    return name.toString();
  }

  public static String nameOf(String type, String message) {
    var known = WITHOUT_VALUES.matcher(message == null ? "" : message);
    return known.lookingAt() ? type + ": " + known.group() : type;
  }

  /** The location where it was thrown. */
  public static String traceOf(Throwable exception) {
    var trace = new StringBuilder();
    for (var each = exception; each != null; each = each.getCause()) {
      trace.append(nameOf(each.getClass().getName(), each.getMessage())).append('\n');
      var frames = each.getStackTrace();
      for (int i = 0; i < Math.min(MAX_FRAMES, frames.length); i++) {
        trace.append("\tat ").append(frames[i]).append('\n');
      }
    }
    return trace.toString();
  }
}
