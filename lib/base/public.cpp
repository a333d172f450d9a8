// SPDX-License-Identifier: Apache-2.0
// How the sums of the public face are copied, moved and destroyed: once for the whole program, for each of them is a
// table of as many functions as it has kinds.
#include "lib/base/assign.hpp"

#include <godwit/event.hpp>
#include <godwit/request.hpp>

namespace godwit {

Request::Request() noexcept = default;
Request::Request(const Request&) = default;
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(const Request& other)
{
    return assign(*this, other);
}
Request& Request::operator=(Request&& other) noexcept
{
    return assign(*this, std::move(other));
}
Request::~Request() = default;

Event::Event() noexcept = default;
Event::Event(const Event&) = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(const Event& other)
{
    return assign(*this, other);
}
Event& Event::operator=(Event&& other) noexcept
{
    return assign(*this, std::move(other));
}
Event::~Event() = default;

event::ReplyValue::ReplyValue() noexcept = default;
event::ReplyValue::ReplyValue(const ReplyValue&) = default;
event::ReplyValue::ReplyValue(ReplyValue&&) noexcept = default;
event::ReplyValue& event::ReplyValue::operator=(const ReplyValue& other)
{
    return assign(*this, other);
}
event::ReplyValue& event::ReplyValue::operator=(ReplyValue&& other) noexcept
{
    return assign(*this, std::move(other));
}
event::ReplyValue::~ReplyValue() = default;

} // namespace godwit
