package org.coronacare.engine.security;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Objects;
import java.util.regex.Pattern;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.web.SecurityFilterChain;

/** Tasklist, Cockpit and Admin, which have a sign-in, sessions and CSRF protection of their own; and all else but the REST API. */
@Configuration
public class WebappSecurity {

  /** CVE-2026-77226: without an administrator, these paths create one without authentication. */
  private static final Pattern SET_UP = Pattern.compile("/camunda/(api/admin/setup|app/admin/[^/]+/setup)(/.*)?");

  @Bean
  @Order(2)
  SecurityFilterChain webappFilterChain(HttpSecurity http, SecurityHeaders headers) throws Exception {
    return http.authorizeHttpRequests(
            requests -> requests.requestMatchers(WebappSecurity::isSetUp).denyAll().anyRequest().permitAll())
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

  /** By the path that the container has decoded and normalized, as it chooses the servlet. */
  private static boolean isSetUp(HttpServletRequest request) {
    return SET_UP.matcher(request.getServletPath() + Objects.requireNonNullElse(request.getPathInfo(), "")).matches();
  }
}
