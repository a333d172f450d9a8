// SPDX-License-Identifier: Apache-2.0
// Assignment of the public sums and of frames: what it was, or what it is given, also when memory runs out between.
#include "tests/alloc/scarce.hpp"

#include "lib/wire/frames.hpp"

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::test;

namespace {

/// Longer than what fits into a string itself, so that each copy of it asks for memory.
std::string long_text(char of)
{
    return std::string(100, of);
}

event::MessageReceived received(char of)
{
    event::MessageReceived out;
    out.message.with = out.message.from = out.message.text = out.message.path_reason = long_text(of);
    return out;
}

bool is(const Event& event, char of)
{
    const auto* const in = std::get_if<event::MessageReceived>(&event);
    const auto whole = long_text(of);
    return in != nullptr && in->message.with == whole && in->message.from == whole && in->message.text == whole &&
           in->message.path_reason == whole;
}

request::Send sending(char of)
{
    request::Send out;
    out.to = out.text = out.key = long_text(of);
    return out;
}

bool is(const Request& request, char of)
{
    const auto* const send = std::get_if<request::Send>(&request);
    const auto whole = long_text(of);
    return send != nullptr && send->to == whole && send->text == whole && send->key == whole;
}

wire::relay::RequestBody registering(char of)
{
    wire::relay::RegisterAccount out;
    out.user = long_text(of);
    out.vault = out.certificate = Bytes(100, static_cast<std::uint8_t>(of));
    return {std::move(out)};
}

bool is(const wire::relay::RequestBody& body, char of)
{
    const auto* const asked = std::get_if<wire::relay::RegisterAccount>(&body);
    const Bytes bytes(100, static_cast<std::uint8_t>(of));
    return asked != nullptr && asked->user == long_text(of) && asked->vault == bytes && asked->certificate == bytes;
}

template <class Sum, class Made>
void check_assignment(Made made)
{
    const Sum given(made('b'));
    Sum target(made('a'));
    std::uint64_t unchanged = 0;
    const auto failures = at_each_allocation(
        [&] {
            target = given;
            return true;
        },
        [&] { unchanged += is(target, 'a') ? 1U : 0U; });
    CHECK(failures >= 2);
    CHECK(unchanged == failures);
    CHECK(is(target, 'b'));

    const auto& itself = target;
    target = itself;
    CHECK(is(target, 'b'));
    Sum other;
    other = std::move(target);
    CHECK(is(other, 'b'));
    auto& same = other;
    other = std::move(same);
    CHECK(is(other, 'b'));
}

} // namespace

TEST_CASE("what an event, a request or a frame is assigned to stays what it was when memory runs out")
{
    check_assignment<Event>(received);
    check_assignment<Request>(sending);
    check_assignment<wire::relay::RequestBody>(registering);
}
