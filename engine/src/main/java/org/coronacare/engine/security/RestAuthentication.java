package org.coronacare.engine.security;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.http.HttpServletResponse;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.rest.security.auth.AuthenticationProvider;
import org.camunda.bpm.engine.rest.security.auth.ProcessEngineAuthenticationFilter;
import org.coronacare.engine.support.Names;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Requires authentication for what Camunda ships open: the REST API, and the web applications' set-up path. */
@Configuration
public class RestAuthentication {

  @Bean
  FilterRegistrationBean<ProcessEngineAuthenticationFilter> restSignIn(ProcessEngine engine, ServiceAccounts accounts) {
    var parts = new PartAuthentication(accounts.serviceAccounts().keySet(), System::nanoTime);
    var registration = new FilterRegistrationBean<ProcessEngineAuthenticationFilter>(new EverythingSignedIn(engine, parts));
    registration.addUrlPatterns(Names.REST_API + "/*");
    // long polls (fetch and lock) are asynchronous
    registration.setAsyncSupported(true);
    registration.setOrder(10);
    return registration;
  }

  @Bean
  FilterRegistrationBean<ServiceAccountFilter> partsCallWhatTheyNeed(ProcessEngine engine, ServiceAccounts accounts) {
    var registration = new FilterRegistrationBean<>(new ServiceAccountFilter(engine, accounts));
    registration.addUrlPatterns(Names.REST_API + "/*");
    registration.setAsyncSupported(true);
    // after authentication
    registration.setOrder(11);
    return registration;
  }

  /** Camunda lists the engines without authentication. */
  private static final class EverythingSignedIn extends ProcessEngineAuthenticationFilter {

    private final ProcessEngine engine;

    EverythingSignedIn(ProcessEngine engine, AuthenticationProvider provider) {
      this.engine = engine;
      authenticationProvider = provider;
    }

    /** Camunda's own searches the class path for a provider of engines at each request. */
    @Override
    protected ProcessEngine getAddressedEngine(String name) {
      return name.equals(engine.getName()) ? engine : null;
    }

    /** Without parameters: Camunda's own creates the provider by the name of its class. */
    @Override
    public void init(FilterConfig configuration) {}

    @Override
    protected boolean requiresEngineAuthentication(String requestUrl) {
      return true;
    }
  }

  /** CVE-2026-77226: without an administrator, this path creates one without authentication. */
  @Bean
  FilterRegistrationBean<Filter> noOpenSetUp() {
    Filter refuse =
        (request, response, chain) ->
            ((HttpServletResponse) response).sendError(HttpServletResponse.SC_NOT_FOUND);
    var registration = new FilterRegistrationBean<>(refuse);
    registration.addUrlPatterns("/camunda/api/admin/setup/*", "/camunda/app/admin/default/setup/*");
    registration.setOrder(-200);
    return registration;
  }
}
