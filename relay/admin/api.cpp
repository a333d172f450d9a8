// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/api.hpp"

#include "relay/admin/page.hpp"
#include "relay/admin/scopes.hpp"

#include <algorithm>
#include <cctype>

namespace godwit::relay::admin {
namespace {

constexpr std::size_t paced_max = 4096;

int status_of(ErrorCode code)
{
    switch (code) {
    case ErrorCode::invalid_argument: return 400;
    case ErrorCode::not_allowed: return 403;
    case ErrorCode::no_such_user:
    case ErrorCode::no_such_file: return 404;
    case ErrorCode::conflict:
    case ErrorCode::name_taken:
    case ErrorCode::quota_exceeded: return 409;
    case ErrorCode::unsupported: return 501;
    case ErrorCode::relay_unavailable: return 503;
    default: return 500;
    }
}

/// Answers name accounts: no cache keeps them.
http::Response guarded(http::Response response)
{
    response.headers.emplace_back("cache-control", "no-store");
    return response;
}

http::Response problem(const Error& why)
{
    return http::Response::problem(status_of(why.code), why.detail);
}

/// RFC 6750 section 2.1; the scheme in any case (RFC 9110 section 11.1).
std::string_view bearer_of(std::string_view authorization)
{
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size()) return {};
    for (std::size_t i = 0; i < scheme.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(authorization[i])) != scheme[i]) return {};
    return authorization.substr(scheme.size());
}

/// Total: what was stored long ago and is no UTF-8 is shown as well as it can be.
std::string text_of(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string seconds_of(Duration wait)
{
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count());
}

} // namespace

std::vector<const Endpoint*> all_endpoints()
{
    std::vector<const Endpoint*> out;
    for (const auto table : {relay_endpoints(), account_endpoints(), app_endpoints(), moderation_endpoints(),
                             directory_endpoints(), own_endpoints()})
        for (const auto& one : table)
            out.push_back(&one);
    return out;
}

Api::Api(Office office, Commit commit, Clock clock)
    : office_(std::move(office)), commit_(std::move(commit)), clock_(std::move(clock)),
      wrong_tokens_(wrong_tokens, paced_max), refusals_(refusals_recorded, paced_max)
{
}

void Api::serve(http::Router& router)
{
    for (const auto* const endpoint : all_endpoints())
        router.add({endpoint->method, std::string(endpoint->pattern),
                    [this, endpoint](const http::Request& request) { return answer(*endpoint, request); },
                    endpoint->changes() ? endpoint->body_bytes_max : 0});
    router.get("/openapi.json", [description = openapi(office_.version)](const http::Request&) {
        return http::Response::json(200, description);
    });
    serve_page(router);
}

http::Response Api::answer(const Endpoint& endpoint, const http::Request& request)
{
    const auto now = clock_();
    // A right one is never paced: behind a proxy all have one address, and nobody may lock the others out.
    if (const auto caller = office_.admin.tokens.caller(bearer_of(request.authorization), now.wall_ms))
        return guarded(serve_as(endpoint, request, *caller, now));
    if (office_.store.failed()) {
        (void)commit_();
        return guarded(http::Response::problem(503, "the relay cannot read its database now: try again"));
    }
    const auto address = request.from.subscriber().text();
    if (const auto wait = wrong_tokens_.wait(address, now.mono); wait > Duration::zero()) {
        auto out = http::Response::problem(429, "too many wrong tokens from this address: wait");
        out.headers.emplace_back("retry-after", seconds_of(wait));
        return guarded(std::move(out));
    }
    if (!request.authorization.empty()) wrong_tokens_.take(address, now.mono);
    auto out = http::Response::problem(401, "send a token: Authorization: Bearer gwa_…");
    out.headers.emplace_back("www-authenticate", "Bearer realm=\"godwit-relay\"");
    return guarded(std::move(out));
}

/// 403, and it stands in the audit log, so often.
http::Response Api::refused(const Endpoint& endpoint, const http::Request& request, const Caller& caller,
                            const std::string& why, Moment now)
{
    if (refusals_.wait(caller.name, now.mono) == Duration::zero()) {
        refusals_.take(caller.name, now.mono);
        office_.admin.audit.record(caller, endpoint.verb, request.path, R"({"refused":true})", now.wall_ms);
        (void)commit_();
    }
    return http::Response::problem(403, why);
}

http::Response Api::serve_as(const Endpoint& endpoint, const http::Request& request, const Caller& caller, Moment now)
{
    if (!may(caller.role, endpoint.verb))
        return refused(
            endpoint, request, caller,
            "a " + std::string(role_name(caller.role)) + " may not do " + std::string(verb_name(endpoint.verb)), now);
    if (!endpoint.body.empty() && !request.body.empty() &&
        request.content_type.substr(0, endpoint.body_type.size()) != endpoint.body_type)
        return http::Response::problem(415, "send " + std::string(endpoint.body_type));
    auto input = Input::read(request, endpoint.path, endpoint.query,
                             endpoint.body_type == "application/json" ? endpoint.body : std::span<const Field>());
    if (!input) return problem(input.error());
    if (const auto no = outside(office_, endpoint, caller, *input))
        return refused(endpoint, request, caller, no->detail, now);

    Result<Reply> reply = Error{};
    try {
        reply = endpoint.handle(office_, *input, caller, now);
    } catch (const std::exception&) {
        // What it had changed until then is in this tick's transaction, with all that is not its: it is said.
        if (endpoint.changes())
            office_.admin.audit.record(caller, endpoint.verb, request.path, R"({"failed":"internal"})", now.wall_ms);
        (void)commit_();
        return http::Response::problem(500, "the relay could not do this: the audit log has what was tried");
    }
    if (reply && reply->status < 300 && endpoint.changes())
        office_.admin.audit.record(caller, endpoint.verb, reply->target, text_of(reply->detail), now.wall_ms);
    // Also when it was refused or only read: the tick ends, and what it has read in vain is forgiven.
    const bool read_all = !office_.store.failed();
    const auto committed = commit_();
    if (!committed || !read_all)
        return http::Response::problem(503, "the relay cannot store now (is its disk full?): nothing was changed, try "
                                            "again");
    if (!reply) return problem(reply.error());
    if (reply->status == 204) return http::Response{204, {}, {}, {}, {}};
    return http::Response::json(reply->status, text_of(reply->body));
}

} // namespace godwit::relay::admin
