// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/page.hpp"

namespace godwit::relay::admin {

void serve_page(http::Router& router)
{
    for (const auto& file : page_files())
        router.get(std::string(file.path), [&file](const http::Request&) {
            http::Response out;
            out.content_type = file.type;
            out.body = file.content;
            out.headers = {
                {"content-security-policy",
                 "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
                 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                {"referrer-policy", "no-referrer"},
                {"cross-origin-opener-policy", "same-origin"},
                {"cross-origin-resource-policy", "same-origin"},
                {"cache-control", "no-cache"},
            };
            return out;
        });
}

} // namespace godwit::relay::admin
