#pragma once

#include <curl/curl.h>

#include <optional>
#include <string>

namespace moorage {

/** How a driver at https:// proves who it is, and who we are: PEM texts, as in `TLSConfig` of Docker's plugin files. */
struct DriverTls {
  bool insecureSkipVerify = false;
  std::optional<std::string> ca;    // the machine's own certificates when absent
  std::optional<std::string> cert;  // with `key`: who we are
  std::optional<std::string> key;
};

/** Sets a transfer up for TLS. The texts must outlive it. Throws EffectError (`tls`) when libcurl cannot. */
void useTls(CURL* easy, const DriverTls& tls);

/** Whether a transfer that ended so failed for TLS: it was not sent. */
bool isTlsFailure(CURLcode result);

}  // namespace moorage
