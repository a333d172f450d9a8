// SPDX-License-Identifier: Apache-2.0
// page: the administration in a browser. Static files, compiled in (page/, tools/embed.py); they ask the API with the
// token that whoever opens the page types in, and keep it in memory only. Nothing comes from elsewhere, and the browser
// is told so (Content-Security-Policy).
#pragma once

#include "relay/http/router.hpp"

#include <span>

namespace godwit::relay::admin {

struct PageFile {
    std::string_view path; ///< "/admin.js"
    std::string_view type;
    std::string_view content;
};
[[nodiscard]] std::span<const PageFile> page_files();

/// "/", "/admin.js", "/admin.css".
void serve_page(http::Router& router);

} // namespace godwit::relay::admin
