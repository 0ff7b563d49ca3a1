package org.coronacare.engine.openid;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.MalformedURLException;
import java.net.URI;
import java.time.Duration;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.converter.ClaimTypeConverter;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.client.oidc.authentication.OidcIdTokenDecoderFactory;
import org.springframework.stereotype.Component;
import org.springframework.util.function.SingletonSupplier;

/**
 * The OpenID provider: its endpoints, and the keys that verify its tokens. Both are read when they are first needed, so that the engine
 * starts while the provider is away; a failed attempt is repeated at the next use.
 */
@Component
@ByOpenIdConnect
final class Provider implements ClientRegistrationRepository {

  /** Id of the only provider, in URLs. */
  static final String ID = "openid";

  static final String CALLBACK = "/camunda/sign-in/callback";

  static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final int TIMEOUT_MS = (int) TIMEOUT.toMillis();
  private static final int MAX_KEYS_BYTES = 200_000;
  private static final Duration KEYS_TTL = Duration.ofMinutes(15);

  /** How long known keys verify tokens while the provider doesn't answer. */
  private static final Duration KEYS_TTL_IN_OUTAGE = Duration.ofHours(12);

  private final SignInSettings settings;
  private final SingletonSupplier<ClientRegistration> registration = SingletonSupplier.of(this::discover);
  private final SingletonSupplier<DefaultJWTProcessor<SecurityContext>> processor = SingletonSupplier.of(this::createProcessor);

  Provider(SignInSettings settings) {
    settings.check();
    this.settings = settings;
  }

  @Override
  public ClientRegistration findByRegistrationId(String id) {
    return ID.equals(id) ? registration() : null;
  }

  ClientRegistration registration() {
    return registration.obtain();
  }

  String issuer() {
    return registration().getProviderDetails().getIssuerUri();
  }

  /** Returns the URL at which the provider ends its session; null if it has none. */
  String endSessionUrl() {
    return (String) registration().getProviderDetails().getConfigurationMetadata().get("end_session_endpoint");
  }

  /** Returns a decoder of the provider's tokens that also checks their times, with a minute of leeway, and by these validators. */
  @SafeVarargs
  final JwtDecoder decoder(OAuth2TokenValidator<Jwt>... validators) {
    var decoder = new NimbusJwtDecoder(processor.obtain());
    decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(new JwtTimestampValidator(), new DelegatingOAuth2TokenValidator<>(validators)));
    decoder.setClaimSetConverter(new ClaimTypeConverter(OidcIdTokenDecoderFactory.createDefaultClaimTypeConverters()));
    return decoder;
  }

  private ClientRegistration discover() {
    var isPublic = settings.clientSecret().isEmpty();
    return ClientRegistrations.fromOidcIssuerLocation(settings.issuer())
        .registrationId(ID)
        .clientId(settings.clientId())
        .clientSecret(settings.clientSecret())
        .clientAuthenticationMethod(isPublic ? ClientAuthenticationMethod.NONE : ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
        .clientSettings(ClientRegistration.ClientSettings.builder().requireProofKey(true).build())
        .scope(settings.scopes())
        .redirectUri(settings.staffUrl() + CALLBACK)
        .build();
  }

  private DefaultJWTProcessor<SecurityContext> createProcessor() {
    var created = new DefaultJWTProcessor<SecurityContext>();
    created.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.Family.SIGNATURE, keys()));
    // of access tokens (RFC 9068) and logout tokens; each decoder checks the claims of its kind
    created.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), new JOSEObjectType("logout+jwt"), null));
    // the decoder's validators check the claims
    created.setJWTClaimsSetVerifier((claims, context) -> {});
    return created;
  }

  private JWKSource<SecurityContext> keys() {
    var retriever = new DefaultResourceRetriever(TIMEOUT_MS, TIMEOUT_MS, MAX_KEYS_BYTES);
    try {
      var url = URI.create(registration().getProviderDetails().getJwkSetUri()).toURL();
      // a token that names an unknown key has the keys read again, at most twice in half a minute
      return JWKSourceBuilder.<SecurityContext>create(url, retriever)
          .cache(KEYS_TTL.toMillis(), TIMEOUT_MS)
          .rateLimited(true)
          .outageTolerant(KEYS_TTL_IN_OUTAGE.toMillis())
          .build();
    } catch (MalformedURLException error) {
      throw new IllegalStateException(error);
    }
  }
}
