package org.coronacare.engine.openid;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.HttpSessionBindingEvent;
import jakarta.servlet.http.HttpSessionBindingListener;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpMethod;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * Single sign-out. A person who signs out here is also signed out at the provider (RP-Initiated Logout); and the provider ends sessions here
 * when a person signs out elsewhere (Back-Channel Logout).
 */
@Component
@ByOpenIdConnect
final class SignOut extends OncePerRequestFilter {

  static final String PATH = "/camunda/sign-out";
  static final String DONE = "/camunda/signed-out";
  static final String BACK_CHANNEL = "/camunda/sign-out/back-channel";

  private static final Logger LOG = LoggerFactory.getLogger(SignOut.class);
  private static final String EVENT = "http://schemas.openid.net/event/backchannel-logout";
  private static final String ATTRIBUTE = SignOut.class.getName();

  private final Provider provider;
  private final String staffUrl;

  /** The open sessions by the provider's session id, and by person. */
  private final Map<String, Set<HttpSession>> sessions = new ConcurrentHashMap<>();

  SignOut(Provider provider, SignInSettings settings) {
    this.provider = provider;
    this.staffUrl = settings.staffUrl();
  }

  /** Remembers a session, so that the provider can end it. */
  void register(HttpSession session, Person person) {
    var sid = person.getClaimAsString("sid");
    session.setAttribute(ATTRIBUTE, new Registration(sid == null ? Set.of(person.getName()) : Set.of(person.getName(), sid)));
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !Set.of(PATH, DONE, BACK_CHANNEL).contains(request.getRequestURI());
  }

  @Override
  protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    switch (request.getRequestURI()) {
      case PATH -> signOut(request, response);
      case DONE -> showSignedOut(request, response);
      default -> endSessions(request, response);
    }
  }

  private void signOut(HttpServletRequest request, HttpServletResponse response) throws IOException {
    var authentication = SecurityContextHolder.getContext().getAuthentication();
    end(request);
    if (authentication == null || !(authentication.getPrincipal() instanceof Person person)) {
      response.sendRedirect(DONE);
      return;
    }
    response.sendRedirect(endSessionUrl(person));
  }

  private String endSessionUrl(Person person) {
    try {
      var url = provider.endSessionUrl();
      if (url != null) {
        return UriComponentsBuilder.fromUri(URI.create(url))
            .queryParam("id_token_hint", person.getIdToken().getTokenValue())
            .queryParam("client_id", provider.registration().getClientId())
            .queryParam("post_logout_redirect_uri", "{done}")
            .encode()
            .buildAndExpand(staffUrl + DONE)
            .toUriString();
      }
    } catch (RuntimeException error) {
      LOG.warn("sign-out: the provider can't be reached ({})", error.getClass().getSimpleName());
    }
    return DONE;
  }

  private static void showSignedOut(HttpServletRequest request, HttpServletResponse response) throws IOException {
    end(request);
    WebPage.write(
        response,
        HttpServletResponse.SC_OK,
        "You have signed out",
        "<p><a href=\"%s\">Sign in again</a></p>".formatted(SignIn.HOME));
  }

  private static void end(HttpServletRequest request) {
    SecurityContextHolder.clearContext();
    var session = request.getSession(false);
    if (session != null) {
      session.invalidate();
    }
  }

  /** Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout 1.0, 2.5 to 2.8). */
  private void endSessions(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setHeader("Cache-Control", "no-store");
    if (!HttpMethod.POST.matches(request.getMethod())) {
      response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
      return;
    }
    try {
      var token = decode(String.valueOf(request.getParameter("logout_token")));
      var sid = token.getClaimAsString("sid");
      var key = sid == null ? Person.id(token.getIssuer().toString(), token.getSubject()) : sid;
      // a copy: an ended session leaves the set
      var ended = Set.copyOf(sessions.getOrDefault(key, Set.of()));
      ended.forEach(SignOut::invalidate);
      LOG.info("the provider has ended {} sessions", ended.size());
    } catch (JwtException | IllegalArgumentException error) {
      LOG.warn("refused a logout token ({})", error.getClass().getSimpleName());
      response.setStatus(HttpServletResponse.SC_BAD_REQUEST);
    }
  }

  private Jwt decode(String token) {
    var registration = provider.registration();
    return provider
        .decoder(
            new JwtIssuerValidator(provider.issuer()),
            new JwtClaimValidator<List<String>>("aud", audience -> audience != null && audience.contains(registration.getClientId())),
            new JwtClaimValidator<Map<String, Object>>("events", events -> events != null && events.containsKey(EVENT)),
            new JwtClaimValidator<Object>("nonce", nonce -> nonce == null))
        .decode(token);
  }

  private static void invalidate(HttpSession session) {
    try {
      session.invalidate();
    } catch (IllegalStateException alreadyEnded) {
      LOG.debug("the session had ended");
    }
  }

  /** A session's entries in the registry, removed when it ends or expires. */
  private final class Registration implements HttpSessionBindingListener {

    private final Set<String> keys;

    Registration(Set<String> keys) {
      this.keys = keys;
    }

    @Override
    public void valueBound(HttpSessionBindingEvent event) {
      keys.forEach(key -> sessions.computeIfAbsent(key, any -> ConcurrentHashMap.newKeySet()).add(event.getSession()));
    }

    @Override
    public void valueUnbound(HttpSessionBindingEvent event) {
      keys.forEach(
          key ->
              sessions.computeIfPresent(
                  key,
                  (any, open) -> {
                    open.remove(event.getSession());
                    return open.isEmpty() ? null : open;
                  }));
    }
  }
}
