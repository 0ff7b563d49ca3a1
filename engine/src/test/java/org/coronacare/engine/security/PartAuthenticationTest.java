package org.coronacare.engine.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.camunda.bpm.engine.IdentityService;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.rest.security.auth.AuthenticationResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartAuthenticationTest {

  private ProcessEngine engine;
  private long now;
  private PartAuthentication authentication;

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
    authentication = new PartAuthentication(Set.of("workers"), () -> now);
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

  private AuthenticationResult signIn(String account, String password) {
    String header = "Basic " + Base64.getEncoder().encodeToString((account + ":" + password).getBytes());
    var request =
        (HttpServletRequest)
            Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {HttpServletRequest.class}, (proxy, method, arguments) -> header);
    return authentication.extractAuthenticatedUser(request, engine);
  }

  @Test
  void aPartIsRememberedForSomeSeconds() {
    assertEquals(List.of("parts"), signIn("workers", "right").getGroups());
    IdentityService identity = engine.getIdentityService();
    identity.deleteUser("workers");
    now += PartAuthentication.REMEMBERED.toNanos() - 1;
    assertTrue(signIn("workers", "right").isAuthenticated());
    now += 1;
    assertFalse(signIn("workers", "right").isAuthenticated());
  }

  @Test
  void aPersonIsNotRemembered() {
    assertTrue(signIn("doctor", "right").isAuthenticated());
    engine.getIdentityService().deleteUser("doctor");
    assertFalse(signIn("doctor", "right").isAuthenticated());
  }

  @Test
  void aWrongPasswordIsRefusedWhileTheRightOneIsRemembered() {
    assertTrue(signIn("workers", "right").isAuthenticated());
    assertFalse(signIn("workers", "wrong").isAuthenticated());
    assertTrue(signIn("workers", "right").isAuthenticated());
  }
}
