package org.coronacare.engine;

import java.util.regex.Pattern;

/**
 * Says what went wrong without what a patient has typed: the text of an exception may have a value in it ("Invalid format: …"), its
 * class and place haven't. Kept are texts that have none: of an expression or a decision, which the diagrams wrote, and of a database
 * that is in use.
 */
final class RedactedMessages {

  private static final int MOST_FRAMES = 20;
  private static final Pattern KNOWN =
      Pattern.compile(
          "(?:Unknown (?:property|method) used in expression|Error while evaluating expression): [$#]\\{[^}]*}"
              + "|FEEL/SCALA-\\d+ Error while evaluating expression: Assertion failure on evaluate the expression 'assert[^']*'"
              + "|The file is locked|Database may be already in use");

  private RedactedMessages() {}

  /** The classes of an exception and of its causes, in a line. */
  static String nameOf(Throwable exception) {
    var name = new StringBuilder();
    for (var each = exception; each != null; each = each.getCause()) {
      name.append(name.isEmpty() ? "" : ", caused by ").append(nameOf(each.getClass().getSimpleName(), each.getMessage()));
    }
    return name.toString();
  }

  static String nameOf(String type, String message) {
    var known = KNOWN.matcher(message == null ? "" : message);
    return known.lookingAt() ? type + ": " + known.group() : type;
  }

  /** Where it was thrown. */
  static String traceOf(Throwable exception) {
    var trace = new StringBuilder();
    for (var each = exception; each != null; each = each.getCause()) {
      trace.append(nameOf(each.getClass().getName(), each.getMessage())).append('\n');
      var frames = each.getStackTrace();
      for (int i = 0; i < Math.min(MOST_FRAMES, frames.length); i++) {
        trace.append("\tat ").append(frames[i]).append('\n');
      }
    }
    return trace.toString();
  }
}
