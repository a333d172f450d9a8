// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/relay_host.hpp"

#include "tests/sim/broken.hpp"
#include "tests/sim/world.hpp"

namespace godwit::testing {

RelayHost::RelayHost(World& world, std::uint64_t seed, relay::Config config, DiskKind disk_kind)
    : disk(disk_kind, seed ^ 0x27d4eb2f), world_(world), config_(std::move(config)), entropy_(seed)
{
}

Moment RelayHost::now() const
{
    return {world_.now(), world_.wall_ms() + clock_skew_ms};
}

void RelayHost::start()
{
    if (core_ != nullptr) return;
    world_.say("the relay starts");
    ++life_;
    core_ = std::make_unique<relay::Core>(config_, disk.store(), entropy_);
    wake_ = never;
    turn_planned_ = false;
}

void RelayHost::crash(Leaves leaves)
{
    if (core_ == nullptr) return;
    world_.say("the relay crashes");
    world_.hash.note(world_.now(), "relay", life_);
    core_.reset();
    plan_.reset();
    disk.crash(leaves);
    world_.relay_is_gone();
    if (world_.observer != nullptr) world_.observer->relay_died();
}

void RelayHost::crash_at(Seam seam, std::uint64_t detail, Leaves leaves)
{
    if (core_ == nullptr) return;
    live_on();
    plan_ = Plan{seam, detail, leaves};
    if (seam == Seam::before_commit) disk.doom(detail, leaves);
}

void RelayHost::input(const std::function<void(relay::Core&, Moment)>& what)
{
    if (core_ == nullptr) return;
    what(*core_, now());
    if (std::exchange(turn_planned_, true)) return;
    if (batch == Duration(0)) return turn();
    world_.at(world_.now() + batch, [this, life = life_] {
        if (life_ == life && core_ != nullptr) turn();
    });
}

/// gather → commit → speak
void RelayHost::turn()
{
    turn_planned_ = false;
    const bool writes = disk.store().dirty();
    const auto leaves = plan_ ? plan_->leaves : Leaves::all;
    // Without a disk below there is no middle of a commit: the transaction is lost.
    if (plan_ && plan_->seam == Seam::before_commit && writes && disk.kind() == DiskKind::memory) return crash(leaves);
    const auto committed = core_->commit(now());
    if (disk.doomed()) return crash(leaves);
    if (!committed.ok() && !disk.store().alive().ok()) {
        // As the daemon does: after a failed fsync nothing can be trusted, so the process ends and is started again.
        crash(Leaves::all);
        return start();
    }
    const bool dies = plan_ && plan_->seam != Seam::before_commit && writes;
    std::vector<relay::Output> outputs;
    while (auto output = core_->next_output())
        outputs.push_back(std::move(*output));
    std::size_t said = outputs.size();
    if (dies && plan_->seam == Seam::after_commit) said = 0;
    if (dies && plan_->seam == Seam::mid_speak) said = plan_->detail % (outputs.size() + 1);
    for (std::size_t i = 0; i < said; ++i)
        world_.relay_says(std::move(outputs[i]));
    if (dies) return crash(leaves);
    schedule_deadline();
}

void RelayHost::schedule_deadline()
{
    const auto due = core_->deadline();
    if (due == never || due >= wake_) return;
    wake_ = due;
    world_.at(due, [this, due, life = life_] {
        if (life_ != life || core_ == nullptr || wake_ != due) return;
        wake_ = never;
        input([](relay::Core& core, Moment moment) { core.handle_deadline(moment); });
    });
}

} // namespace godwit::testing
