package org.coronacare.engine.openid;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.coronacare.engine.security.RestAuthentication;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.SupplierJwtDecoder;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationToken;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.stereotype.Component;

/** Authentication at the REST API by an access token of the provider: of a service account, or of a person with a group. */
@Component
@ByOpenIdConnect
final class BearerAuthentication implements RestAuthentication {

  private final Map<String, String> servicesBySubject;
  private final GroupMapping groups;
  private final EmergencyAccount emergency;
  private final Directory directory;
  private final SignInLog log;
  private final Duration checkedWithin;
  private final SupplierJwtDecoder decoder;

  BearerAuthentication(
      Provider provider, GroupMapping groups, EmergencyAccount emergency, Directory directory, SignInLog log, SignInSettings settings) {
    this.groups = groups;
    this.directory = directory;
    this.log = log;
    this.emergency = emergency;
    this.checkedWithin = settings.checkedWithin();
    this.servicesBySubject = settings.services().entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
    this.decoder =
        new SupplierJwtDecoder(
            () ->
                provider.decoder(
                    new JwtIssuerValidator(provider.issuer()),
                    new JwtClaimValidator<List<String>>(
                        JwtClaimNames.AUD, audience -> audience != null && audience.contains(settings.audience()))));
  }

  @Override
  public String challenge() {
    return "Bearer";
  }

  @Override
  public void configure(HttpSecurity http, AuthenticationEntryPoint refusal) throws Exception {
    http.oauth2ResourceServer(
        server ->
            server.authenticationEntryPoint(refusal).jwt(jwt -> jwt.decoder(decoder).jwtAuthenticationConverter(this::toAccount)));
    if (emergency.isEnabled()) {
      http.httpBasic(basic -> basic.authenticationEntryPoint(refusal)).authenticationProvider(emergency);
    }
  }

  private AbstractAuthenticationToken toAccount(Jwt token) {
    var service = servicesBySubject.get(token.getSubject());
    if (service != null) {
      return new JwtAuthenticationToken(token, List.of(), service);
    }
    if (Objects.requireNonNullElse(token.getIssuedAt(), Instant.EPOCH).isBefore(Instant.now().minus(checkedWithin))) {
      throw new InvalidBearerTokenException("a person's token that is older than sign_in.checked_within");
    }
    var found = List.copyOf(groups.map(token.getClaims()));
    if (found.isEmpty()) {
      throw new InvalidBearerTokenException("no group has access");
    }
    var id = Person.id(token.getIssuer().toString(), token.getSubject());
    var person = new Directory.Account(id, token.getClaimAsString("given_name"), token.getClaimAsString("family_name"), found);
    if (directory.add(person)) {
      log.add(id, found);
    }
    return new JwtAuthenticationToken(token, found.stream().map(SimpleGrantedAuthority::new).toList(), id);
  }
}
