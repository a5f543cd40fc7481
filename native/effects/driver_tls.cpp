#include "effects/driver_tls.hpp"

#include "effects/error.hpp"

namespace moorage {
namespace {

void mustTake(CURLcode result, const char* what) {
  if (result == CURLE_OK) return;
  throw EffectError(FailureKind::failed, "tls",
                    std::string("TLS of a driver: libcurl does not take ") + what + " (" + curl_easy_strerror(result) +
                        "); install libcurl with OpenSSL, or serve the driver on a unix socket");
}

void setText(CURL* easy, CURLoption option, const std::optional<std::string>& text, const char* what) {
  if (!text) return;
  curl_blob blob{const_cast<char*>(text->data()), text->size(), CURL_BLOB_NOCOPY};
  mustTake(curl_easy_setopt(easy, option, &blob), what);
}

}  // namespace

void useTls(CURL* easy, const DriverTls& tls) {
  mustTake(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.insecureSkipVerify ? 0L : 1L), "a check of certificates");
  mustTake(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.insecureSkipVerify ? 0L : 2L), "a check of names");
  mustTake(curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)), "TLS 1.2");
  // Beside a CA of one's own libcurl would believe the machine's too.
  if (tls.ca) mustTake(curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr), "no other certificates");
  setText(easy, CURLOPT_CAINFO_BLOB, tls.ca, "certificates of a CA");
  setText(easy, CURLOPT_SSLCERT_BLOB, tls.cert, "a certificate of ours");
  setText(easy, CURLOPT_SSLKEY_BLOB, tls.key, "a key of ours");
  // Without it a key with a password would have OpenSSL ask for that on the terminal.
  curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
}

bool isTlsFailure(CURLcode result) {
  switch (result) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return true;
    default:
      return false;
  }
}

}  // namespace moorage
