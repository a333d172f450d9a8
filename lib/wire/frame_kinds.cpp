// SPDX-License-Identifier: Apache-2.0
// How the sums of frames are copied, moved and destroyed: once for the whole program.
#include "lib/wire/frames.hpp"

#include "lib/base/assign.hpp"

namespace godwit::wire {

peer::Frame::Frame() noexcept = default;
peer::Frame::Frame(const Frame&) = default;
peer::Frame::Frame(Frame&&) noexcept = default;
peer::Frame& peer::Frame::operator=(const Frame& other)
{
    return assign(*this, other);
}
peer::Frame& peer::Frame::operator=(Frame&& other) noexcept
{
    return assign(*this, std::move(other));
}
peer::Frame::~Frame() = default;

relay::RequestBody::RequestBody() noexcept = default;
relay::RequestBody::RequestBody(const RequestBody&) = default;
relay::RequestBody::RequestBody(RequestBody&&) noexcept = default;
relay::RequestBody& relay::RequestBody::operator=(const RequestBody& other)
{
    return assign(*this, other);
}
relay::RequestBody& relay::RequestBody::operator=(RequestBody&& other) noexcept
{
    return assign(*this, std::move(other));
}
relay::RequestBody::~RequestBody() = default;

relay::ResponseBody::ResponseBody() noexcept = default;
relay::ResponseBody::ResponseBody(const ResponseBody&) = default;
relay::ResponseBody::ResponseBody(ResponseBody&&) noexcept = default;
relay::ResponseBody& relay::ResponseBody::operator=(const ResponseBody& other)
{
    return assign(*this, other);
}
relay::ResponseBody& relay::ResponseBody::operator=(ResponseBody&& other) noexcept
{
    return assign(*this, std::move(other));
}
relay::ResponseBody::~ResponseBody() = default;

relay::ServerFrame::ServerFrame() noexcept = default;
relay::ServerFrame::ServerFrame(const ServerFrame&) = default;
relay::ServerFrame::ServerFrame(ServerFrame&&) noexcept = default;
relay::ServerFrame& relay::ServerFrame::operator=(const ServerFrame& other)
{
    return assign(*this, other);
}
relay::ServerFrame& relay::ServerFrame::operator=(ServerFrame&& other) noexcept
{
    return assign(*this, std::move(other));
}
relay::ServerFrame::~ServerFrame() = default;

relay::ClientFrame::ClientFrame() noexcept = default;
relay::ClientFrame::ClientFrame(const ClientFrame&) = default;
relay::ClientFrame::ClientFrame(ClientFrame&&) noexcept = default;
relay::ClientFrame& relay::ClientFrame::operator=(const ClientFrame& other)
{
    return assign(*this, other);
}
relay::ClientFrame& relay::ClientFrame::operator=(ClientFrame&& other) noexcept
{
    return assign(*this, std::move(other));
}
relay::ClientFrame::~ClientFrame() = default;

} // namespace godwit::wire
