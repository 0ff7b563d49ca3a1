package org.coronacare.engine.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.camunda.bpm.engine.IdentityService;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;

class PasswordAuthenticationTest {

  private ProcessEngine engine;
  private long now;
  private PasswordAuthentication authentication;

  @BeforeEach
  void createAccounts() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:authentication;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    engine = configuration.buildProcessEngine();
    create("workers");
    create("doctor");
    engine.getIdentityService().saveGroup(engine.getIdentityService().newGroup("parts"));
    engine.getIdentityService().createMembership("workers", "parts");
    authentication = new PasswordAuthentication(engine, new ServiceAccounts(Map.of("workers", List.of())), () -> now);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private void create(String account) {
    var user = engine.getIdentityService().newUser(account);
    user.setPassword("right");
    engine.getIdentityService().saveUser(user);
  }

  private Authentication signIn(String account, String password) {
    return authentication.authenticate(UsernamePasswordAuthenticationToken.unauthenticated(account, password));
  }

  private void assertRefused(String account, String password) {
    assertThrows(BadCredentialsException.class, () -> signIn(account, password));
  }

  @Test
  void aPartIsRememberedForSomeSeconds() {
    var groups = signIn("workers", "right").getAuthorities().stream().map(GrantedAuthority::getAuthority).toList();
    assertEquals(List.of("parts"), groups);
    IdentityService identity = engine.getIdentityService();
    identity.deleteUser("workers");
    now += PasswordAuthentication.REMEMBERED.toNanos() - 1;
    assertTrue(signIn("workers", "right").isAuthenticated());
    now += 1;
    assertRefused("workers", "right");
  }

  @Test
  void aPersonIsNotRemembered() {
    assertTrue(signIn("doctor", "right").isAuthenticated());
    engine.getIdentityService().deleteUser("doctor");
    assertRefused("doctor", "right");
  }

  @Test
  void aWrongPasswordIsRefusedWhileTheRightOneIsRemembered() {
    assertTrue(signIn("workers", "right").isAuthenticated());
    assertRefused("workers", "wrong");
    assertTrue(signIn("workers", "right").isAuthenticated());
  }
}
