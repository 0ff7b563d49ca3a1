package org.coronacare.engine.openid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PersonTest {

  /** tests/unit/webapp/test_openid_claims.py has the same value. */
  @Test
  void theIdIsTheSameAsInPython() {
    assertEquals("322b5101deeb382bc7d8a123c6eb3286", Person.id("https://id.example", "auth0|ä"));
    assertNotEquals(Person.id("https://a.example", "dana"), Person.id("https://b.example", "dana"));
  }

  @Test
  void theTableGivesTheGroups() {
    assertEquals(Set.of("doctors"), groups("groups", Map.of("groups", List.of("/h/doctors", "x"))));
    assertEquals(Set.of(), groups("groups", Map.of("groups", List.of("doctors"))));
    assertEquals(Set.of(), groups("groups", Map.of("groups", List.of(List.of("/h/doctors"), 1))));
    assertEquals(Set.of("doctors"), groups("realm_access.roles", Map.of("realm_access", Map.of("roles", List.of("/h/doctors")))));
    assertEquals(Set.of(), groups("realm_access.roles", Map.of("realm_access", "/h/doctors")));
    assertEquals(Set.of("doctors"), groups("https://h.example/g", Map.of("https://h.example/g", "/h/doctors")));
    assertEquals(Set.of("doctors"), groups("email", Map.of("email", "/h/doctors", "email_verified", true)));
    assertEquals(Set.of(), groups("email", Map.of("email", "/h/doctors", "email_verified", "true")));
  }

  private static Set<String> groups(String claim, Map<String, Object> claims) {
    var table = Map.of("doctors", List.of("/h/doctors"));
    var settings =
        new SignInSettings("", "", "", List.of(), "", claim, table, Map.of(), Duration.ofMinutes(10), "", "", "");
    return new GroupMapping(settings).map(claims);
  }
}
