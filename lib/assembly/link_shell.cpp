// SPDX-License-Identifier: Apache-2.0
// Effects go to the link that they name; what links say goes to the reports under the same name.
#include "lib/assembly/link_shell.hpp"

#include "lib/assembly/wire_link.hpp"
#include "transport/loop/network_watch.hpp"
#include "transport/loop/system_entropy.hpp"

#include <unordered_map>

namespace godwit::assembly {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

class LinkShell final : public client::Shell {
public:
    explicit LinkShell(ShellOptions options)
        : media_(std::move(options.media)), wall_ms_(std::move(options.wall_ms)), ice_(loop_, options.trace),
          world_{loop_,
                 entropy_,
                 ice_,
                 reports_,
                 options.loopback_allowed,
                 false,
                 media_.get(),
                 [this](client::LinkId link, Error reason) { ended(link, std::move(reason)); }}
    {
        if (media_) media_->attach([this] { media_wakeup_.notify(); });
    }
    ~LinkShell() override
    {
        if (!media_) return;
        media_->attach({});
        media_->end_all();
    }

    void observe(client::Reports& reports) override { reports_ = &reports; }
    void run() override { loop_.run(); }
    void stop() override { loop_.stop(); }
    void wake() override { wakeup_.notify(); }
    void run_once(Duration wait_max) override { loop_.run_once(wait_max); }
    std::optional<Duration> quiet_for() const override { return loop_.backend_timeout(); }
    int driver_fd() const override { return loop_.backend_fd(); }
    Moment now() override
    {
        Moment now = loop::Loop::now();
        if (wall_ms_) now.wall_ms = wall_ms_();
        return now;
    }
    void set_deadline(Instant deadline) override
    {
        if (deadline_.deadline() != deadline) deadline_.set(deadline);
    }
    void end_turn_soon() override { turn_.set(Instant{}); }
    bool in_background(std::function<void()> work, std::function<void()> done) override
    {
        return loop_.run_in_background(std::move(work), std::move(done));
    }

    void perform(engine::Effect effect) override
    {
        std::visit(Overloaded{
                       [this](engine::DialRelay& e) {
                           const auto id = e.link;
                           open(id, make_relay_link(world_, std::move(e)));
                       },
                       [this](engine::OpenPath& e) {
                           const auto id = e.link;
                           open(id, make_peer_link(world_, std::move(e)));
                       },
                       [this](engine::SetRemoteDescription& e) {
                           if (auto* link = find(e.link)) link->set_remote(e);
                       },
                       [this](engine::AddRemoteCandidate& e) {
                           if (auto* link = find(e.link)) link->add_remote(e);
                       },
                       [this](engine::RemoteGatheringDone& e) {
                           if (auto* link = find(e.link)) link->remote_done();
                       },
                       [this](engine::SendFrame& e) { send(e); },
                       [this](engine::CloseLink& e) { close(e.link); },
                       [](engine::Compute&) {}, // The ticker's.
                       [this](engine::DropDirect& e) {
                           world_.drop_direct = e.drop;
                           for (auto& [id, link] : links_)
                               link->apply_drop();
                       },
                       [this](engine::DirectMedia& e) {
                           if (media_) media_->order(e.call, std::move(e.order));
                       },
                   },
                   effect);
    }

    std::vector<Heard> heard() override
    {
        std::vector<Heard> out;
        for (auto& [id, link] : links_)
            if (auto* frames = link->frames()) out.push_back({id, frames->quality().last_heard});
        return out;
    }

    void close_links() override
    {
        if (media_) media_->end_all(); // their engine goes too
        for (auto& [id, link] : std::exchange(links_, {}))
            if (auto* frames = link->frames()) frames->close();
    }

private:
    /// Media threads have something for peers, or for the engine.
    void from_media()
    {
        for (auto& one : media_->take_datagrams()) {
            auto* link = find(one.link);
            auto* frames = link == nullptr ? nullptr : link->frames();
            if (frames != nullptr) (void)frames->send_datagram(one.datagram); // a lost one is concealed
        }
        for (auto& one : media_->take_reports())
            if (reports_ != nullptr) reports_->media_report(one.call, std::move(one.report));
    }
    WireLink* find(client::LinkId id)
    {
        const auto it = links_.find(id);
        return it == links_.end() ? nullptr : it->second.get();
    }
    void open(client::LinkId id, std::unique_ptr<WireLink> link)
    {
        auto* opened = link.get();
        links_.insert_or_assign(id, std::move(link));
        opened->start();
    }
    void send(const engine::SendFrame& what)
    {
        auto* link = find(what.link);
        auto* frames = link == nullptr ? nullptr : link->frames();
        if (frames == nullptr || frames->send(what.frame, what.lane)) return;
        frames->close();
        ended(what.link, Error{ErrorCode::busy, "the link takes no more: the far side is too slow", 0});
    }
    void close(client::LinkId id)
    {
        const auto node = links_.extract(id);
        if (node.empty()) return;
        if (auto* frames = node.mapped()->frames()) frames->close();
    }
    /// `node` lives until the report has been made: the caller may be inside it.
    void ended(client::LinkId id, Error reason)
    {
        const auto node = links_.extract(id);
        if (!node.empty()) reports_->link_down(id, reason);
    }

    std::shared_ptr<port::MediaHost> media_;
    // Destroyed from the last to the first: links before ICE before the loop.
    std::function<WallMs()> wall_ms_;
    loop::Loop loop_;
    loop::SystemEntropy entropy_;
    ice::IceRuntime ice_;
    client::Reports* reports_ = nullptr;
    LinkWorld world_;
    std::unordered_map<client::LinkId, std::unique_ptr<WireLink>> links_;
    loop::Wakeup wakeup_{loop_, [this] { reports_->woken(); }};
    loop::Wakeup media_wakeup_{loop_, [this] { from_media(); }};
    loop::Timer turn_{loop_, [this] { reports_->turn_ended(); }};
    loop::Timer deadline_{loop_, [this] { reports_->deadline_reached(); }};
    loop::NetworkWatch watch_{loop_, [this] { reports_->network_changed(); }};
};

} // namespace

std::unique_ptr<client::Shell> make_link_shell(ShellOptions options)
{
    return std::make_unique<LinkShell>(std::move(options));
}

} // namespace godwit::assembly
