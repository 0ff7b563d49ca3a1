package org.coronacare.engine.security;

import java.util.regex.Pattern;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Refuses to start with an empty or default administrator password, as config/secrets.py does for all other secrets. */
@Component
@ByPassword
public class AdministratorPassword {

  private static final int MIN_LENGTH = 12;
  private static final int MIN_LENGTH_WITHOUT_COMMON_WORDS = 8;
  private static final Pattern COMMON_WORDS =
      Pattern.compile("coronacare|camunda|passw[o0]rd|change[-_]?me|secret|welcome|default|admin|demo|test|1234\\d*");

  AdministratorPassword(@Value("${camunda.bpm.admin-user.password}") String password) {
    check("ENGINE_ADMIN_PASSWORD", password);
  }

  /**
   * Refuses a weak password.
   *
   * @param name of the setting
   */
  public static void check(String name, String password) {
    var unknown = COMMON_WORDS.matcher(password.toLowerCase()).replaceAll("");
    if (password.length() < MIN_LENGTH || unknown.length() < MIN_LENGTH_WITHOUT_COMMON_WORDS) {
      throw new IllegalStateException(
          name + " is empty, short, or known to everybody: set it to 12 random characters or more");
    }
  }
}
