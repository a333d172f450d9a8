// SPDX-License-Identifier: Apache-2.0
// The loop under the real client::Ticker, on virtual time: queue of requests in, queue of events out, one turn end
// after everything that is ready. What the application does not take stays in the queue and makes the ticker hold
// still.
#pragma once

#include "lib/client/ticker.hpp"

#include <memory>

namespace godwit::testing {

class Client;
class World;

class TickerHost final : public client::Shell {
public:
    TickerHost(Client& client, World& world, engine::Config config, std::size_t events_max);

    void start();
    [[nodiscard]] std::optional<RequestId> ask(Request request);
    /// One report of a link, or anything else the loop would call.
    void enter(const std::function<void(client::Reports&)>& what);
    /// The application looks at its queue.
    void take_events();

    // client::Shell
    void observe(client::Reports&) override {}
    void run() override {}
    void stop() override {}
    void wake() override;
    [[nodiscard]] Moment now() override;
    void set_deadline(Instant deadline) override;
    void end_turn_soon() override;
    [[nodiscard]] bool in_background(std::function<void()> work, std::function<void()> done) override;
    void perform(engine::Effect effect) override;
    [[nodiscard]] std::vector<Heard> heard() override;
    void close_links() override;

private:
    /// `what` later, unless this process is gone by then.
    void later(Instant when, std::function<void(TickerHost&)> what);

    Client& client_;
    World& world_;
    std::shared_ptr<TickerHost*> self_; ///< Dies with this process: what was planned for it does nothing.
    bool woken_ = false;
    bool takes_later_ = false;
    std::uint64_t deadlines_ = 0;
    client::Mailbox mailbox_;
    client::EventQueue events_;
    client::Ticker ticker_;
};

} // namespace godwit::testing
