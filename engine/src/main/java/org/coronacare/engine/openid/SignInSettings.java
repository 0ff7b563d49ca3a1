package org.coronacare.engine.openid;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.camunda.bpm.engine.authorization.Groups;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of sign-in by OpenID Connect, which stack/parts.py passes from the section `sign_in` of config/default.yaml.
 *
 * @param issuer URL of the provider, below which its configuration is at /.well-known/openid-configuration
 * @param audience required in access tokens for the REST API
 * @param groupsClaim name of the claim with a person's groups or roles; its path, with dots, if it is nested
 * @param groups values of that claim by group of the engine
 * @param services subject of the access tokens by service account
 * @param checkedWithin maximum time until a lost group, or a locked account, has effect
 * @param contact whom to ask for access
 * @param staffUrl URL of Tasklist and Cockpit, as browsers reach them
 * @param emergencyPassword of the emergency account; empty: there is none
 */
@ConfigurationProperties("coronacare.sign-in")
public record SignInSettings(
    String issuer,
    String clientId,
    @DefaultValue("") String clientSecret,
    @DefaultValue({"openid", "profile"}) List<String> scopes,
    @DefaultValue("") String audience,
    @DefaultValue("groups") String groupsClaim,
    @DefaultValue Map<String, List<String>> groups,
    @DefaultValue Map<String, String> services,
    @DefaultValue("10m") Duration checkedWithin,
    @DefaultValue("") String contact,
    String staffUrl,
    @DefaultValue("") String emergencyPassword) {

  /** The engine's group of administrators. */
  static final String ADMINISTRATORS = Groups.CAMUNDA_ADMIN;

  /** Fails with the name of the first setting that is missing. */
  void check() {
    require("issuer", issuer);
    require("client_id", clientId);
    require("audience", audience);
  }

  private static void require(String name, String value) {
    if (Objects.requireNonNullElse(value, "").isBlank()) {
      throw new IllegalStateException("sign_in.%s is empty: set it for sign-in by OpenID Connect".formatted(name));
    }
  }
}
