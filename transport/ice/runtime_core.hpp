// SPDX-License-Identifier: Apache-2.0
// Private: what the sessions of one loop share. Lives until the last session has closed, longer than the IceRuntime.
#pragma once

#include "transport/ice/glib_pump.hpp"
#include "transport/ice/ice_session.hpp"
#include "transport/loop/uv_access.hpp"

#include <memory>
#include <vector>

namespace godwit::ice {

class RuntimeCore : public std::enable_shared_from_this<RuntimeCore> {
public:
    explicit RuntimeCore(loop::Loop& loop) : loop_(loop), pump_(GlibPump::create(loop::uv_loop_of(loop))) {}

    [[nodiscard]] loop::Loop& loop() const noexcept { return loop_; }

    [[nodiscard]] GMainContext* context() const noexcept { return pump_->context(); }
    [[nodiscard]] bool blackhole() const noexcept { return blackhole_; }
    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }

    Result<std::shared_ptr<SessionCore>> open(const IceConfig& config, IceObserver& observer);
    void set_blackhole(bool on);
    /// The session's agent is gone: forget it.
    void session_closed(SessionCore* session);
    /// No session is open any more; waits for those that are closing, then leaves the loop.
    void shut();
    /// Before a call into libnice returns to the loop: see GlibPump::poke.
    void poke() { pump_->poke(); }
    /// The same in a turn of the loop, where nothing waits yet.
    void look() noexcept { pump_->look(); }

private:
    loop::Loop& loop_;
    GlibPump* pump_; ///< Frees itself after close().
    std::vector<std::shared_ptr<SessionCore>> sessions_;
    bool blackhole_ = false;
};

} // namespace godwit::ice
