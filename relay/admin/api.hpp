// SPDX-License-Identifier: Apache-2.0
// api: administration over HTTP, as a function from requests to responses. The listener is relay/http's.
//
//   request -> who (Bearer token; wrong ones are paced by address) -> which endpoint's verb: may this role?
//           -> is everything that it says allowed (input.hpp)? -> is it about the caller's application (scopes.hpp)?
//           -> the endpoint -> record of the audit log -> commit -> response. Nothing is said that rests on what is not
//           stored.
//
// Endpoints stand in tables, a file for each subject; docs/admin.md shows them in use.
#pragma once

#include "relay/admin/admin.hpp"
#include "relay/admin/input.hpp"
#include "relay/admin/uptime.hpp"
#include "relay/core/core.hpp"
#include "relay/http/router.hpp"

namespace godwit::relay::admin {

/// Wrong tokens from one address.
inline constexpr Rate wrong_tokens{10, std::chrono::seconds(6)};
/// Refusals by role that the audit log takes, for each token.
inline constexpr Rate refusals_recorded{10, std::chrono::minutes(1)};
inline constexpr std::size_t pages_items_max = 1000;

/// What endpoints work on. All of it outlives the Api.
struct Office {
    Core& core;
    Store& store;
    Admin& admin;
    Uptime& uptime;
    std::string version;
    /// What else is counted beside the core: visit(name, value).
    std::function<void(const std::function<void(std::string_view, std::uint64_t)>&)> more_counters;
};

struct Reply {
    int status = 200;
    Json body = Json::object();
    // Of what changes something: for the audit log.
    std::string target;
    Json detail = Json::object();
};

/// One thing that can be asked.
struct Endpoint {
    http::Method method = http::Method::get;
    std::string_view pattern; ///< As http::Route::pattern.
    Verb verb = Verb::state_read;
    std::string_view summary;
    std::span<const Field> path = {};
    std::span<const Field> query = {};
    std::span<const Field> body = {};
    Result<Reply> (*handle)(Office&, const Input&, const Caller&, Moment) = nullptr;
    std::string_view body_type = "application/json"; ///< "text/csv": input.raw_body().
    std::size_t body_bytes_max = json_body_bytes_max;

    [[nodiscard]] bool changes() const noexcept { return method != http::Method::get; }
};

// The tables.
[[nodiscard]] std::span<const Endpoint> relay_endpoints();      ///< State, availability, client versions, notices.
[[nodiscard]] std::span<const Endpoint> account_endpoints();    ///< Accounts, quotas, invitations.
[[nodiscard]] std::span<const Endpoint> app_endpoints();        ///< Applications.
[[nodiscard]] std::span<const Endpoint> moderation_endpoints(); ///< Bans, reports, groups.
[[nodiscard]] std::span<const Endpoint> directory_endpoints();
[[nodiscard]] std::span<const Endpoint> own_endpoints(); ///< The audit log, tokens.
[[nodiscard]] std::vector<const Endpoint*> all_endpoints();

/// OpenAPI 3.0.3 of all endpoints.
[[nodiscard]] std::string openapi(std::string_view version);

class Api {
public:
    /// Ends the core's tick. An error means that nothing of it was stored.
    using Commit = std::function<Result<void>()>;
    using Clock = std::function<Moment()>;

    Api(Office office, Commit commit, Clock clock);

    /// All endpoints, /openapi.json and the page. The Api outlives the router.
    void serve(http::Router& router);
    [[nodiscard]] http::Response answer(const Endpoint& endpoint, const http::Request& request);

private:
    [[nodiscard]] http::Response refused(const Endpoint& endpoint, const http::Request& request, const Caller& caller,
                                         const std::string& why, Moment now);
    [[nodiscard]] http::Response serve_as(const Endpoint& endpoint, const http::Request& request, const Caller& caller,
                                          Moment now);

    Office office_;
    Commit commit_;
    Clock clock_;
    PaceTable wrong_tokens_;
    PaceTable refusals_;
};

} // namespace godwit::relay::admin
