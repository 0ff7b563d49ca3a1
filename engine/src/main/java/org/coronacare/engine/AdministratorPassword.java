package org.coronacare.engine;

import java.util.regex.Pattern;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** The engine doesn't start with an administrator's password that is none; config/secrets.py says the same of all others. */
@Component
public class AdministratorPassword {

  private static final int LEAST = 12;
  private static final int LEAST_WITHOUT_KNOWN = 8;
  private static final Pattern KNOWN =
      Pattern.compile("coronacare|camunda|passw[o0]rd|change[-_]?me|secret|welcome|default|admin|demo|test|1234\\d*");

  AdministratorPassword(@Value("${camunda.bpm.admin-user.password}") String password) {
    var unknown = KNOWN.matcher(password.toLowerCase()).replaceAll("");
    if (password.length() < LEAST || unknown.length() < LEAST_WITHOUT_KNOWN) {
      throw new IllegalStateException(
          "ENGINE_ADMIN_PASSWORD is empty, short, or known to everybody: set it to 12 random characters or more");
    }
  }
}
