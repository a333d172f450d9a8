// SPDX-License-Identifier: Apache-2.0
// The handles callers hold, and what the sessions of one loop share.
#include "transport/ice/ice_session.hpp"

#include "lib/base/check.hpp"
#include "transport/ice/nice_log.hpp"
#include "transport/ice/runtime_core.hpp"
#include "transport/ice/session_core.hpp"

#include <algorithm>

namespace godwit::ice {

namespace {

/// A close takes close_rto_ms * 4 with a dead TURN server (session_core.cpp); twice that is a bug of libnice, and then
/// we would rather leak an agent than hang the application.
constexpr Duration close_max = std::chrono::milliseconds(800);

} // namespace

Result<std::shared_ptr<SessionCore>> RuntimeCore::open(const IceConfig& config, IceObserver& observer)
{
    if (sessions_.size() >= sessions_max)
        return Error{ErrorCode::quota_exceeded, "Too many ICE sessions at once (64): close some first.", 1000};
    auto session = std::make_shared<SessionCore>(shared_from_this(), config, observer);
    if (auto started = session->start(); !started) return std::move(started).error();
    sessions_.push_back(session);
    pump_->start();
    pump_->look();
    return session;
}

void RuntimeCore::set_blackhole(bool on)
{
    blackhole_ = on;
    for (auto& session : sessions_)
        session->apply_blackhole();
}

void RuntimeCore::session_closed(SessionCore* session)
{
    const auto keep = shared_from_this(); // The session may be the last to hold us.
    std::erase_if(sessions_, [&](const auto& held) { return held.get() == session; });
    if (sessions_.empty()) pump_->stop();
}

void RuntimeCore::shut()
{
    pump_->run_out(close_max, [&] { return sessions_.empty(); });
    pump_->close();
}

IceRuntime::IceRuntime(loop::Loop& loop, port::Trace* trace)
    : log_(std::make_unique<NiceLog>(trace)), core_(std::make_shared<RuntimeCore>(loop))
{
}
IceRuntime::~IceRuntime()
{
    core_->shut();
}
std::size_t IceRuntime::session_count() const noexcept
{
    return core_->session_count();
}
void IceRuntime::set_blackhole(bool on)
{
    core_->set_blackhole(on);
}

Result<std::unique_ptr<IceSession>> IceRuntime::open(const IceConfig& config, IceObserver& observer)
{
    auto core = core_->open(config, observer);
    if (!core) return std::move(core).error();
    return std::make_unique<IceSession>(std::move(core).value());
}

IceSession::IceSession(std::shared_ptr<SessionCore> core) : core_(std::move(core))
{
    core_->attach(this);
}
IceSession::~IceSession()
{
    core_->abandon();
}
const IceDescription& IceSession::local_description() const noexcept
{
    return core_->local();
}
void IceSession::gather()
{
    core_->gather();
}
Result<void> IceSession::set_remote(const IceDescription& description)
{
    return core_->set_remote(description);
}
Result<void> IceSession::add_remote_candidate(std::string_view text)
{
    return core_->add_remote_candidate(text);
}
void IceSession::remote_gathering_done()
{
    core_->remote_gathering_done();
}
bool IceSession::connected() const noexcept
{
    return core_->connected();
}
port::DatagramPath& IceSession::path() noexcept
{
    return *core_;
}
IceCounters IceSession::counters() const noexcept
{
    return core_->counters();
}
void IceSession::set_blackhole(bool on)
{
    core_->set_blackhole(on);
}

std::optional<IcePair> IceSession::pair() const
{
    if (!core_->connected()) return std::nullopt;
    return core_->pair();
}

} // namespace godwit::ice
