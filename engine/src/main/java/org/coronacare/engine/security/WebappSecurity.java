package org.coronacare.engine.security;

import jakarta.servlet.http.HttpServletResponse;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.web.SecurityFilterChain;

/** Tasklist, Cockpit and Admin, which have a sign-in, sessions and CSRF protection of their own; and all else but the REST API. */
@Configuration
@ByPassword
public class WebappSecurity {

  @Bean
  @Order(2)
  SecurityFilterChain webappFilterChain(HttpSecurity http, SecurityHeaders headers) throws Exception {
    return http.authorizeHttpRequests(
            requests -> requests.requestMatchers(WebappPaths::isSetUp).denyAll().anyRequest().permitAll())
        .exceptionHandling(
            refusals ->
                refusals.authenticationEntryPoint((request, response, refusal) -> response.sendError(HttpServletResponse.SC_NOT_FOUND)))
        .headers(headers)
        .csrf(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .sessionManagement(AbstractHttpConfigurer::disable)
        .securityContext(AbstractHttpConfigurer::disable)
        .build();
  }
}
