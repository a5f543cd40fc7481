#pragma once

#include <napi.h>

#include <memory>

#include "embed/life.hpp"

namespace moorage {

/**
 * Puts `embedded` (EmbeddedBinding of host/binding.ts) on `exports` and makes `life` reach it. Also
 * `embedded.ending(reason)`, by which the main script says why the host is about to end.
 */
void initEmbedded(Napi::Env env, Napi::Object exports, const std::shared_ptr<Life>& life);

}  // namespace moorage
