package org.coronacare.engine.openid;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.authentication.OAuth2AuthenticationToken;
import org.springframework.security.oauth2.client.endpoint.OAuth2AccessTokenResponseClient;
import org.springframework.security.oauth2.client.endpoint.OAuth2RefreshTokenGrantRequest;
import org.springframework.security.oauth2.client.oidc.userinfo.OidcUserRequest;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.security.oauth2.core.endpoint.OAuth2AccessTokenResponse;
import org.springframework.security.oauth2.core.oidc.OidcIdToken;
import org.springframework.security.oauth2.core.oidc.endpoint.OidcParameterNames;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.web.context.SecurityContextRepository;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Has the provider confirm each session again, with its groups, after half of `sign_in.checked_within`; a session that isn't confirmed
 * until the whole of it ends. So a short outage of the provider disturbs no one, and a leaver is out in time.
 */
final class SessionRenewal extends OncePerRequestFilter {

  private static final Logger LOG = LoggerFactory.getLogger(SessionRenewal.class);

  /** Pause after an attempt while the provider was away. */
  private static final Duration RETRIED_AFTER = Duration.ofSeconds(10);

  private static final String ATTEMPTED_AT = SessionRenewal.class.getName() + ".attemptedAt";

  /** Errors by which a provider refuses a refresh token (RFC 6749, 5.2); with others it may be away. */
  private static final Set<String> REFUSALS = Set.of("invalid_grant", "invalid_client", "unauthorized_client", "invalid_request", "invalid_scope");

  private final Provider provider;
  private final People people;
  private final OAuth2AccessTokenResponseClient<OAuth2RefreshTokenGrantRequest> tokens;
  private final OAuth2AuthorizedClientRepository clients;
  private final SecurityContextRepository contexts;
  private final Duration checkedWithin;

  SessionRenewal(
      Provider provider,
      People people,
      OAuth2AccessTokenResponseClient<OAuth2RefreshTokenGrantRequest> tokens,
      OAuth2AuthorizedClientRepository clients,
      SecurityContextRepository contexts,
      Duration checkedWithin) {
    this.provider = provider;
    this.people = people;
    this.tokens = tokens;
    this.clients = clients;
    this.contexts = contexts;
    this.checkedWithin = checkedWithin;
  }

  @Override
  protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    var authentication = SecurityContextHolder.getContext().getAuthentication();
    if (authentication instanceof OAuth2AuthenticationToken token
        && token.getPrincipal() instanceof Person person
        && isOlder(person.checkedAt(), checkedWithin.dividedBy(2))
        && !isConfirmed(token, person, request, response)) {
      SecurityContextHolder.clearContext();
      request.getSession().invalidate();
    }
    chain.doFilter(request, response);
  }

  /** Whether the session may go on: because the provider has confirmed it, or it is still within the time. */
  private boolean isConfirmed(OAuth2AuthenticationToken token, Person person, HttpServletRequest request, HttpServletResponse response) {
    var mayGoOn = !isOlder(person.checkedAt(), checkedWithin);
    OAuth2AuthorizedClient client = clients.loadAuthorizedClient(Provider.ID, token, request);
    if (client == null || client.getRefreshToken() == null || !startAttempt(request)) {
      return mayGoOn;
    }
    try {
      renew(client, person, request, response);
      return true;
    } catch (OAuth2AuthorizationException | OAuth2AuthenticationException | JwtException | IllegalArgumentException error) {
      var isRefused = error instanceof OAuth2AuthorizationException refusal && REFUSALS.contains(refusal.getError().getErrorCode());
      LOG.warn("the provider {} the session of {}", isRefused ? "has ended" : "didn't confirm", person.getName());
      return mayGoOn && !isRefused;
    }
  }

  /** Whether this request asks the provider: not while another of the session does, nor soon after one. */
  private static boolean startAttempt(HttpServletRequest request) {
    var session = request.getSession();
    synchronized (Provider.class) {
      var attemptedAt = (Instant) session.getAttribute(ATTEMPTED_AT);
      if (attemptedAt != null && !isOlder(attemptedAt, RETRIED_AFTER)) {
        return false;
      }
      session.setAttribute(ATTEMPTED_AT, Instant.now());
      return true;
    }
  }

  private void renew(OAuth2AuthorizedClient client, Person person, HttpServletRequest request, HttpServletResponse response) {
    var registration = provider.registration();
    var answer = tokens.getTokenResponse(new OAuth2RefreshTokenGrantRequest(registration, client.getAccessToken(), client.getRefreshToken()));
    var renewed = people.loadUser(new OidcUserRequest(registration, answer.getAccessToken(), idToken(answer, person)));
    var authentication = new OAuth2AuthenticationToken(renewed, renewed.getAuthorities(), Provider.ID);
    var context = new SecurityContextImpl(authentication);
    SecurityContextHolder.setContext(context);
    contexts.saveContext(context, request, response);
    clients.saveAuthorizedClient(
        new OAuth2AuthorizedClient(
            registration,
            renewed.getName(),
            answer.getAccessToken(),
            Objects.requireNonNullElse(answer.getRefreshToken(), client.getRefreshToken())),
        authentication,
        request,
        response);
    if (!renewed.groups().equals(person.groups())) {
      CamundaSession.reset(request);
    }
  }

  /** Returns the new ID token, which a provider may leave out: then the user info endpoint must have the groups. */
  private OidcIdToken idToken(OAuth2AccessTokenResponse answer, Person person) {
    var value = (String) answer.getAdditionalParameters().get(OidcParameterNames.ID_TOKEN);
    if (value == null) {
      throw new IllegalArgumentException("the provider sends no ID token when it refreshes");
    }
    var decoded = IdTokens.decoder(provider).decode(value);
    var token = new OidcIdToken(value, decoded.getIssuedAt(), decoded.getExpiresAt(), decoded.getClaims());
    if (!Person.id(token.getIssuer().toString(), token.getSubject()).equals(person.getName())) {
      throw new IllegalArgumentException("the provider sends the ID token of another person");
    }
    return token;
  }

  private static boolean isOlder(Instant moment, Duration age) {
    return Instant.now().isAfter(moment.plus(age));
  }
}
