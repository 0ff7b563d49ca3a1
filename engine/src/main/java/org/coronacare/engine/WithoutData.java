package org.coronacare.engine;

import java.util.regex.Pattern;

/**
 * Says what went wrong without what a patient has typed: the text of an exception may have a value in it ("Invalid format: …"), its
 * class and place haven't. The name of the expression that failed, which the diagram wrote, is kept.
 */
final class WithoutData {

  private static final int MOST_FRAMES = 20;
  private static final Pattern OF_A_DIAGRAM =
      Pattern.compile("(?:Unknown (?:property|method) used in expression|Error while evaluating expression): [$#]\\{[^}]*}");

  private WithoutData() {}

  /** The classes of an exception and of its causes, in a line. */
  static String nameOf(Throwable exception) {
    var name = new StringBuilder();
    for (var each = exception; each != null; each = each.getCause()) {
      name.append(name.isEmpty() ? "" : ", caused by ").append(nameOf(each.getClass().getSimpleName(), each.getMessage()));
    }
    return name.toString();
  }

  static String nameOf(String type, String message) {
    var known = OF_A_DIAGRAM.matcher(message == null ? "" : message);
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
