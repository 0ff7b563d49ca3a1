package org.coronacare.engine.openid;

import org.springframework.security.oauth2.client.oidc.authentication.OidcIdTokenValidator;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoderFactory;
import org.springframework.stereotype.Component;

/** Decoders of ID tokens: issuer, audience and authorized party are checked; Spring Security checks the nonce. */
@Component
@ByOpenIdConnect
final class IdTokens implements JwtDecoderFactory<ClientRegistration> {

  private final Provider provider;

  IdTokens(Provider provider) {
    this.provider = provider;
  }

  @Override
  public JwtDecoder createDecoder(ClientRegistration registration) {
    return decoder(provider);
  }

  static JwtDecoder decoder(Provider provider) {
    return provider.decoder(new OidcIdTokenValidator(provider.registration()));
  }
}
