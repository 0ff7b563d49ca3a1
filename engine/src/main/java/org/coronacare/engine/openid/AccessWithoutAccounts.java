package org.coronacare.engine.openid;

import java.util.List;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.authorization.Authorization;
import org.camunda.bpm.engine.authorization.Permissions;
import org.camunda.bpm.engine.authorization.Resource;
import org.camunda.bpm.engine.authorization.Resources;
import org.camunda.bpm.engine.impl.plugin.AdministratorAuthorizationPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/**
 * Prepares the database for sign-in by a provider: gives the administrators' group its permissions, and the deployer those by which it
 * provisions the others; and deletes the accounts with passwords of an engine that had them before.
 */
@Component
@ByOpenIdConnect
final class AccessWithoutAccounts extends AdministratorAuthorizationPlugin {

  private static final Logger LOG = LoggerFactory.getLogger(AccessWithoutAccounts.class);
  private static final String DEPLOYER = "deployer";
  private static final List<String> TABLES = List.of("ACT_ID_MEMBERSHIP", "ACT_ID_INFO", "ACT_ID_USER", "ACT_ID_GROUP");

  private final JdbcTemplate database;

  AccessWithoutAccounts(JdbcTemplate database) {
    this.database = database;
    setAdministratorGroupName(SignInSettings.ADMINISTRATORS);
  }

  @Override
  public void postProcessEngineBuild(ProcessEngine engine) {
    super.postProcessEngineBuild(engine);
    for (var resource : List.of(Resources.AUTHORIZATION, Resources.FILTER)) {
      grantDeployer(engine, resource);
    }
    var accounts = database.queryForObject("SELECT COUNT(*) FROM ACT_ID_USER", Long.class);
    if (accounts != null && accounts > 0) {
      TABLES.forEach(table -> database.update("DELETE FROM " + table));
      LOG.warn("deleted {} accounts with passwords: people sign in at the provider", accounts);
    }
  }

  private static void grantDeployer(ProcessEngine engine, Resource resource) {
    var service = engine.getAuthorizationService();
    if (service.createAuthorizationQuery().userIdIn(DEPLOYER).resourceType(resource).count() == 0) {
      var grant = service.createNewAuthorization(Authorization.AUTH_TYPE_GRANT);
      grant.setUserId(DEPLOYER);
      grant.setResource(resource);
      grant.setResourceId(Authorization.ANY);
      grant.addPermission(Permissions.ALL);
      service.saveAuthorization(grant);
    }
  }
}
