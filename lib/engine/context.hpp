// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what its parts share. Parts see the outside only through this.
#pragma once

#include "lib/engine/engine.hpp"
#include "lib/engine/touched.hpp"

#include <deque>

namespace godwit::engine {

struct Context {
    const Config& config;
    port::Store& store;
    port::Entropy& entropy;
    port::Trace& trace;

    std::deque<Effect> effects;
    std::deque<Event> events;
    std::uint64_t frames_rejected = 0;
    LinkId last_link = 0;
    Touched touched;

    [[nodiscard]] LinkId new_link() { return ++last_link; }
    void effect(Effect what) { effects.push_back(std::move(what)); }
    void event(Event what)
    {
        touched.note(what);
        events.push_back(std::move(what));
    }

    template <class Value>
    void reply(RequestId id, Value value)
    {
        event::Reply out;
        out.id = id;
        out.value = std::move(value);
        event(std::move(out));
    }
    void reply_ok(RequestId id) { event(event::Reply{id, {ErrorCode::ok, {}, 0}, {}}); }
    void refuse(RequestId id, Error why) { event(event::Reply{id, std::move(why), {}}); }

    void security(SecurityKind kind, std::string user, const DeviceId& device, std::string detail)
    {
        trace.line(port::TraceLevel::warning, "security", std::string(security_kind_name(kind)) + ": " + detail);
        event(event::Security{kind, std::move(user), device, std::move(detail)});
    }
    /// Nonsense from outside: counted, dropped.
    void reject(std::string_view what)
    {
        ++frames_rejected;
        trace.line(port::TraceLevel::warning, "engine", what);
    }
    void log(std::string_view what) { trace.line(port::TraceLevel::debug, "engine", what); }
};

/// The same may be asked again, later.
[[nodiscard]] constexpr bool is_temporary(ErrorCode code)
{
    return code == ErrorCode::timed_out || code == ErrorCode::rate_limited || code == ErrorCode::relay_unavailable ||
           code == ErrorCode::not_connected || code == ErrorCode::busy;
}

/// Up to a fifth more or less, so that a thousand clients do not come back in the same millisecond.
[[nodiscard]] inline Duration jittered(Duration duration, port::Entropy& entropy)
{
    const auto per_mille = static_cast<Duration::rep>(800 + entropy.next_u64() % 401);
    return Duration(duration.count() / 1000 * per_mille + duration.count() % 1000 * per_mille / 1000);
}

} // namespace godwit::engine
