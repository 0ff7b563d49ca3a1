package org.coronacare.engine.security;

import java.util.Set;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.identity.db.DbIdentityServiceProvider;
import org.camunda.bpm.engine.impl.interceptor.Session;
import org.camunda.bpm.engine.impl.interceptor.SessionFactory;
import org.camunda.bpm.engine.impl.persistence.entity.UserEntity;
import org.springframework.stereotype.Component;

/**
 * Exempts the accounts of the platform's own parts from the throttle of failed sign-ins: otherwise a visitor of the sign-in page could
 * stop the platform. These accounts have long random passwords, which can't be guessed.
 */
@Component
@ByPassword
public class LoginThrottleForPeople extends AbstractProcessEnginePlugin {

  private final Set<String> spared;

  LoginThrottleForPeople(ServiceAccounts accounts) {
    spared = accounts.serviceAccounts().keySet();
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setIdentityProviderSessionFactory(new Factory(spared));
  }

  private record Factory(Set<String> spared) implements SessionFactory {

    @Override
    public Class<?> getSessionType() {
      return Accounts.class;
    }

    @Override
    public Session openSession() {
      return new Accounts(spared);
    }
  }

  private static final class Accounts extends DbIdentityServiceProvider {

    private final Set<String> spared;

    Accounts(Set<String> spared) {
      this.spared = spared;
    }

    @Override
    protected void lockUser(UserEntity user) {
      if (!spared.contains(user.getId())) {
        super.lockUser(user);
      }
    }
  }
}
