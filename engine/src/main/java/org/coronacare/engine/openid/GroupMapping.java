package org.coronacare.engine.openid;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.stereotype.Component;

/** The groups in the engine of a person, by the groups or roles that the provider's token names. */
@Component
@ByOpenIdConnect
final class GroupMapping {

  private final String claim;
  private final Map<String, List<String>> valuesByGroup;

  GroupMapping(SignInSettings settings) {
    claim = settings.groupsClaim();
    valuesByGroup = settings.groups();
  }

  /** Whether the claims tell the groups; a token without the claim may have them at the user info endpoint. */
  boolean isKnown(Map<String, Object> claims) {
    return find(claims) != null;
  }

  Set<String> map(Map<String, Object> claims) {
    var groups = new TreeSet<String>();
    // anybody may enter anybody's address at some providers, until it is verified
    if (claim.equals("email") && !Boolean.TRUE.equals(claims.get("email_verified"))) {
      return groups;
    }
    var found = find(claims);
    var values = found instanceof Collection<?> many ? many : found == null ? List.of() : List.of(found);
    valuesByGroup.forEach(
        (group, accepted) -> {
          if (values.stream().anyMatch(value -> value instanceof String text && accepted.contains(text))) {
            groups.add(group);
          }
        });
    return groups;
  }

  /** Returns the value of the claim: by its whole name, which may be a URL with dots, or by its path. */
  private Object find(Map<String, Object> claims) {
    if (claims.containsKey(claim)) {
      return claims.get(claim);
    }
    Object value = claims;
    for (String step : Arrays.asList(claim.split("\\."))) {
      value = value instanceof Map<?, ?> map ? map.get(step) : null;
    }
    return value;
  }
}
