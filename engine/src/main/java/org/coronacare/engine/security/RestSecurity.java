package org.coronacare.engine.security;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.camunda.bpm.engine.IdentityService;
import org.camunda.bpm.engine.ProcessEngine;
import org.coronacare.engine.support.Names;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.web.filter.OncePerRequestFilter;

/** Requires authentication for the REST API, which Camunda ships open, and limits the platform's own parts to the calls that they need. */
@Configuration
public class RestSecurity {

  @Bean
  @Order(1)
  SecurityFilterChain restFilterChain(
      HttpSecurity http, SecurityHeaders headers, RestAuthentication accounts, ServiceAccounts parts, ProcessEngine engine)
      throws Exception {
    var callsOfParts = parts.calls();
    AuthenticationEntryPoint entryPoint = (request, response, error) -> requireSignIn(response, accounts.challenge());
    accounts.configure(http, entryPoint);
    // what the container has mapped to the REST API's servlet, whatever the URL looks like
    return http.securityMatcher(request -> request.getServletPath().equals(Names.REST_API))
        .authorizeHttpRequests(
            calls ->
                calls
                    .anyRequest()
                    .access(
                        (account, call) ->
                            // people may make all calls: the engine checks their permissions
                            new AuthorizationDecision(
                                callsOfParts.getOrDefault(account.get().getName(), any -> true).matches(call.getRequest()))))
        .exceptionHandling(
            refusals ->
                refusals
                    .authenticationEntryPoint(entryPoint)
                    .accessDeniedHandler((request, response, refusal) -> refuseCall(response)))
        .addFilterAfter(new EngineAuthentication(engine.getIdentityService()), AuthorizationFilter.class)
        .headers(
            each -> headers.customize(each.contentSecurityPolicy(csp -> csp.policyDirectives("default-src 'none'; frame-ancestors 'none'"))))
        .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .anonymous(AbstractHttpConfigurer::disable)
        .csrf(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .build();
  }

  private static void requireSignIn(HttpServletResponse response, String challenge) {
    response.setHeader(HttpHeaders.WWW_AUTHENTICATE, challenge);
    response.setStatus(HttpServletResponse.SC_UNAUTHORIZED);
  }

  private static void refuseCall(HttpServletResponse response) throws IOException {
    response.setStatus(HttpServletResponse.SC_FORBIDDEN);
    response.setContentType("application/json");
    response
        .getWriter()
        .write("{\"type\": \"AuthorizationException\", \"message\": \"This account is not for this call.\"}");
  }

  /** Passes the signed-in account and its groups to the engine, which checks permissions. */
  private static final class EngineAuthentication extends OncePerRequestFilter {

    private final IdentityService identities;

    EngineAuthentication(IdentityService identities) {
      this.identities = identities;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws ServletException, IOException {
      var account = SecurityContextHolder.getContext().getAuthentication();
      var groups = account.getAuthorities().stream().map(GrantedAuthority::getAuthority).toList();
      // the platform has no tenants
      identities.setAuthentication(account.getName(), groups, List.of());
      try {
        chain.doFilter(request, response);
      } finally {
        identities.clearAuthentication();
      }
    }
  }
}
