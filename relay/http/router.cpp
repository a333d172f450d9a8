// SPDX-License-Identifier: Apache-2.0
#include "relay/http/router.hpp"

#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::relay::http {
namespace {

/// The next segment of "a/b/c", taken from it; the '/' after it too.
std::string_view take_segment(std::string_view& rest)
{
    const auto slash = rest.find('/');
    const auto out = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    return out;
}

bool is_variable(std::string_view segment)
{
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// nullopt: another path.
std::optional<Pairs> matched(std::string_view pattern, std::string_view path)
{
    Pairs out;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    for (;;) {
        if (pattern == "*") {
            out.emplace_back("*", path);
            return out;
        }
        const bool is_last = pattern.find('/') == std::string_view::npos;
        if (is_last != (path.find('/') == std::string_view::npos)) return std::nullopt;
        const auto want = take_segment(pattern);
        const auto have = take_segment(path);
        if (is_variable(want)) {
            if (have.empty()) return std::nullopt;
            out.emplace_back(want.substr(1, want.size() - 2), have);
        } else if (want != have)
            return std::nullopt;
        if (is_last) return out;
    }
}

std::size_t literal_bytes(std::string_view pattern)
{
    return std::min({pattern.find('{'), pattern.find('*'), pattern.size()});
}

bool serves(Method route, Method asked)
{
    return route == asked || (route == Method::get && asked == Method::head);
}

std::string allowed(const std::vector<const Route*>& routes)
{
    std::string out;
    const auto add = [&](std::string_view name) { (out += out.empty() ? "" : ", ") += name; };
    for (const auto* const route : routes) {
        add(method_name(route->method));
        if (route->method == Method::get) add("HEAD");
    }
    return out;
}

} // namespace

void Router::add(Route route)
{
    GODWIT_ASSERT(route.handler && !route.pattern.empty() && route.pattern.front() == '/');
    GODWIT_ASSERT(routes_.size() < routes_max);
    GODWIT_ASSERT(static_cast<std::size_t>(std::count(route.pattern.begin(), route.pattern.end(), '/')) <=
                  path_segments_max);
    for (const auto& other : routes_)
        GODWIT_ASSERT(other.method != route.method || other.pattern != route.pattern);
    routes_.push_back(std::move(route));
}

void Router::get(std::string pattern, Handler handler)
{
    add({Method::get, std::move(pattern), std::move(handler), 0});
}

Router::Match Router::match(Method method, std::string_view path) const
{
    Match out;
    std::vector<const Route*> others;
    if (path.empty() || path.front() != '/') {
        out.status = 404;
        return out;
    }
    for (const auto& route : routes_) {
        auto parameters = matched(route.pattern, path);
        if (!parameters) continue;
        if (!serves(route.method, method)) {
            others.push_back(&route);
            continue;
        }
        if (out.route != nullptr && literal_bytes(out.route->pattern) >= literal_bytes(route.pattern)) continue;
        out.route = &route;
        out.parameters = *std::move(parameters);
    }
    if (out.route != nullptr) return out;
    out.status = others.empty() ? 404 : 405;
    out.allow = allowed(others);
    return out;
}

Response Router::answer(Request request) const
{
    auto found = match(request.method, request.path);
    if (found.route == nullptr) {
        auto out = Response::problem(found.status, found.status == 404 ? "there is nothing at this path"
                                                                       : "this path does not take this method");
        if (!found.allow.empty()) out.headers.emplace_back("allow", std::move(found.allow));
        return out;
    }
    request.parameters = std::move(found.parameters);
    try {
        return found.route->handler(request);
    } catch (const std::exception&) {
        return Response::problem(500, "the relay could not do this: its log may say more");
    }
}

} // namespace godwit::relay::http
