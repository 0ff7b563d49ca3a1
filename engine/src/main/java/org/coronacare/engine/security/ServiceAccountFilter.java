package org.coronacare.engine.security;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.camunda.bpm.engine.ProcessEngine;
import org.coronacare.engine.support.Names;
import org.springframework.http.server.PathContainer;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Limits each part's account to the REST calls that application.yaml lists for it. Camunda's permissions are too coarse: an account that
 * may correlate a message with a case may also change its variables, and move it to any other step.
 */
final class ServiceAccountFilter extends OncePerRequestFilter {

  private record Call(String method, PathPattern path) {

    static Call of(String line) {
      var words = line.split(" ");
      return new Call(words[0], PathPatternParser.defaultInstance.parse(words[1]));
    }

    boolean is(HttpServletRequest request, PathContainer path) {
      return method.equals(request.getMethod()) && this.path.matches(path);
    }
  }

  private final ProcessEngine engine;
  private final Map<String, List<Call>> allowed;

  ServiceAccountFilter(ProcessEngine engine, ServiceAccounts accounts) {
    this.engine = engine;
    this.allowed =
        accounts.serviceAccounts().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().stream().map(Call::of).toList()));
  }

  @Override
  protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    var authentication = engine.getIdentityService().getCurrentAuthentication();
    var calls = authentication == null ? null : allowed.get(authentication.getUserId());
    var path = PathContainer.parsePath(request.getRequestURI().substring(Names.REST_API.length()));
    if (calls != null && calls.stream().noneMatch(call -> call.is(request, path))) {
      response.setStatus(HttpServletResponse.SC_FORBIDDEN);
      response.setContentType("application/json");
      response
          .getWriter()
          .write("{\"type\": \"AuthorizationException\", \"message\": \"This account is not for this call.\"}");
      return;
    }
    chain.doFilter(request, response);
  }
}
