package org.coronacare.engine.security;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.coronacare.engine.support.Names;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.http.server.PathContainer;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * The accounts of the platform's own parts, and the REST calls that each may make. The engine's permissions are too coarse: an account that
 * may correlate a message with a case may also change its variables, and move it to any other step.
 *
 * @param serviceAccounts by account, lines like "POST /task/*&#47;submit-form"
 */
@ConfigurationProperties("coronacare")
public record ServiceAccounts(Map<String, List<String>> serviceAccounts) {

  /** The permitted requests by account. */
  Map<String, RequestMatcher> calls() {
    return serviceAccounts.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, each -> anyOf(each.getValue())));
  }

  private static RequestMatcher anyOf(List<String> lines) {
    var calls = lines.stream().map(ServiceAccounts::call).toList();
    return request -> calls.stream().anyMatch(call -> call.matches(request));
  }

  private static RequestMatcher call(String line) {
    var words = line.split(" ");
    var path = PathPatternParser.defaultInstance.parse(Names.REST_API + words[1]);
    return request -> words[0].equals(request.getMethod()) && path.matches(PathContainer.parsePath(request.getRequestURI()));
  }
}
