// SPDX-License-Identifier: Apache-2.0
// How the sums of frames are copied, moved and destroyed: once for the whole program.
#include "lib/wire/frames.hpp"

namespace godwit::wire {

peer::Frame::Frame() noexcept = default;
peer::Frame::Frame(const Frame&) = default;
peer::Frame::Frame(Frame&&) noexcept = default;
peer::Frame& peer::Frame::operator=(const Frame&) = default;
peer::Frame& peer::Frame::operator=(Frame&&) noexcept = default;
peer::Frame::~Frame() = default;

relay::RequestBody::RequestBody() noexcept = default;
relay::RequestBody::RequestBody(const RequestBody&) = default;
relay::RequestBody::RequestBody(RequestBody&&) noexcept = default;
relay::RequestBody& relay::RequestBody::operator=(const RequestBody&) = default;
relay::RequestBody& relay::RequestBody::operator=(RequestBody&&) noexcept = default;
relay::RequestBody::~RequestBody() = default;

relay::ResponseBody::ResponseBody() noexcept = default;
relay::ResponseBody::ResponseBody(const ResponseBody&) = default;
relay::ResponseBody::ResponseBody(ResponseBody&&) noexcept = default;
relay::ResponseBody& relay::ResponseBody::operator=(const ResponseBody&) = default;
relay::ResponseBody& relay::ResponseBody::operator=(ResponseBody&&) noexcept = default;
relay::ResponseBody::~ResponseBody() = default;

relay::ServerFrame::ServerFrame() noexcept = default;
relay::ServerFrame::ServerFrame(const ServerFrame&) = default;
relay::ServerFrame::ServerFrame(ServerFrame&&) noexcept = default;
relay::ServerFrame& relay::ServerFrame::operator=(const ServerFrame&) = default;
relay::ServerFrame& relay::ServerFrame::operator=(ServerFrame&&) noexcept = default;
relay::ServerFrame::~ServerFrame() = default;

relay::ClientFrame::ClientFrame() noexcept = default;
relay::ClientFrame::ClientFrame(const ClientFrame&) = default;
relay::ClientFrame::ClientFrame(ClientFrame&&) noexcept = default;
relay::ClientFrame& relay::ClientFrame::operator=(const ClientFrame&) = default;
relay::ClientFrame& relay::ClientFrame::operator=(ClientFrame&&) noexcept = default;
relay::ClientFrame::~ClientFrame() = default;

} // namespace godwit::wire
