/// The one JSON document of a command on stdout.
#pragma once

#include <nlohmann/json.hpp>

#include <iostream>

namespace bolide::cli {

/// Names in models may be any bytes; what is no UTF-8 becomes U+FFFD.
inline void print_json(const nlohmann::json& document) {
  std::cout << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace bolide::cli
