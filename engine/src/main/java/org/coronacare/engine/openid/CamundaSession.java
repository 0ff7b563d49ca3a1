package org.coronacare.engine.openid;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Map;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.rest.security.auth.AuthenticationProvider;
import org.camunda.bpm.engine.rest.security.auth.AuthenticationResult;
import org.camunda.bpm.engine.rest.security.auth.ProcessEngineAuthenticationFilter;
import org.camunda.bpm.webapp.impl.security.auth.ContainerBasedAuthenticationFilter;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.context.SecurityContextHolder;

/** Signs the person of Spring Security's session in to Tasklist, Cockpit and Admin. */
@Configuration
@ByOpenIdConnect
class CamundaSession {

  /** Attribute in which Camunda keeps the account, its groups and applications. */
  private static final String ATTRIBUTE = "authenticatedUser";

  @Bean
  FilterRegistrationBean<Filter> signedInPeople() {
    var registration = new FilterRegistrationBean<Filter>(new ContainerBasedAuthenticationFilter());
    registration.setInitParameters(
        Map.of(ProcessEngineAuthenticationFilter.AUTHENTICATION_PROVIDER_PARAM, FromSpringSecurity.class.getName()));
    registration.addUrlPatterns("/camunda/app/*", "/camunda/api/*");
    registration.setAsyncSupported(true);
    // after Spring Security's filters, before Camunda's
    registration.setOrder(-298);
    return registration;
  }

  /** Has Camunda look up groups and applications again at the next request. */
  static void reset(HttpServletRequest request) {
    request.getSession().removeAttribute(ATTRIBUTE);
  }

  /** Instantiated by Camunda's filter. */
  public static final class FromSpringSecurity implements AuthenticationProvider {

    @Override
    public AuthenticationResult extractAuthenticatedUser(HttpServletRequest request, ProcessEngine engine) {
      var account = SecurityContextHolder.getContext().getAuthentication();
      if (account == null || !account.isAuthenticated()) {
        return AuthenticationResult.unsuccessful();
      }
      var result = AuthenticationResult.successful(account.getName());
      result.setGroups(account.getAuthorities().stream().map(GrantedAuthority::getAuthority).toList());
      result.setTenants(List.of());
      return result;
    }

    @Override
    public void augmentResponseByAuthenticationChallenge(HttpServletResponse response, ProcessEngine engine) {
      // the browser's page shows how to sign in
    }
  }
}
