// SPDX-License-Identifier: Apache-2.0
// How the sums of the public face are copied, moved and destroyed: once for the whole program, for each of them is a
// table of as many functions as it has kinds.
#include <godwit/event.hpp>
#include <godwit/request.hpp>

namespace godwit {

Request::Request() noexcept = default;
Request::Request(const Request&) = default;
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(const Request&) = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

Event::Event() noexcept = default;
Event::Event(const Event&) = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(const Event&) = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;

event::ReplyValue::ReplyValue() noexcept = default;
event::ReplyValue::ReplyValue(const ReplyValue&) = default;
event::ReplyValue::ReplyValue(ReplyValue&&) noexcept = default;
event::ReplyValue& event::ReplyValue::operator=(const ReplyValue&) = default;
event::ReplyValue& event::ReplyValue::operator=(ReplyValue&&) noexcept = default;
event::ReplyValue::~ReplyValue() = default;

} // namespace godwit
