package org.coronacare.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.spi.LoggingEvent;
import org.junit.jupiter.api.Test;

class RedactedLogTest {

  private static final String TRACE = ": Ada Lovelace\n\tat org.example.One.call(One.java:1)\nCaused by: java.io.IOException: Ada\n";

  private static String logged(String error) {
    var event = new LoggingEvent();
    event.setMessage("ENGINE-REST-HTTP500 " + error + TRACE);
    return new RedactedLog.Message().convert(event);
  }

  @Test
  void aStackTraceIsLoggedWithoutMessages() {
    var trace = "\n\tat org.example.One.call(One.java:1)\nCaused by: java.io.IOException";
    assertEquals("ENGINE-REST-HTTP500 java.lang.IllegalStateException" + trace, logged("java.lang.IllegalStateException"));
  }

  @Test
  void anOptimisticLockingExceptionIsOneLine() {
    var expected = "ENGINE-REST-HTTP500 org.camunda.bpm.engine.OptimisticLockingException";
    assertEquals(expected, logged("org.camunda.bpm.engine.OptimisticLockingException"));
  }
}
