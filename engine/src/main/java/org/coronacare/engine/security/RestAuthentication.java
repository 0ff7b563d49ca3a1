package org.coronacare.engine.security;

import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.AuthenticationEntryPoint;

/** How callers of the REST API authenticate; the authorities of an authenticated caller are its groups. */
public interface RestAuthentication {

  /** The value of WWW-Authenticate in an answer 401. */
  String challenge();

  /**
   * Adds the authentication to the filters of the REST API.
   *
   * @param refusal answers a call without valid credentials
   */
  void configure(HttpSecurity http, AuthenticationEntryPoint refusal) throws Exception;
}
